//! Work in blocks, on several threads where it is worth waking them.

/// Values below which a pass stays on the calling thread: waking another takes about as long as
/// passing over so many.
const FEW: usize = 1 << 15;

/// Values of one block.
const BLOCK: usize = 1 << 13;

/// Rows of a block for rows of `width` values.
pub(crate) fn block_rows(width: usize) -> usize {
    (BLOCK / width.max(1)).max(1)
}

/// Whether a task that touches `values` values is worth more than one thread.
#[cfg(feature = "threads")]
pub(crate) fn worthwhile(values: usize) -> bool {
    values >= FEW && rayon::current_num_threads() > 1
}

/// Whether a task is worth more than one thread: here there is one.
#[cfg(not(feature = "threads"))]
pub(crate) fn worthwhile(values: usize) -> bool {
    let _ = values >= FEW;
    false
}

/// Calls `each` on every block and gives back what it returns, in order. `values` is what all blocks
/// touch together.
#[cfg(feature = "threads")]
pub(crate) fn each_block<B: Send, R: Send>(
    values: usize,
    blocks: impl Iterator<Item = B>,
    each: impl Fn(B) -> R + Send + Sync,
) -> Vec<R> {
    use rayon::prelude::*;

    if worthwhile(values) {
        let blocks: Vec<B> = blocks.collect();
        blocks.into_par_iter().map(each).collect()
    } else {
        blocks.map(each).collect()
    }
}

/// Calls `each` on every block and gives back what it returns, in order.
#[cfg(not(feature = "threads"))]
pub(crate) fn each_block<B: Send, R: Send>(
    _values: usize,
    blocks: impl Iterator<Item = B>,
    each: impl Fn(B) -> R + Send + Sync,
) -> Vec<R> {
    blocks.map(each).collect()
}
