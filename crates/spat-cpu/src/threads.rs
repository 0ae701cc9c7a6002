//! Division of work into blocks, on several threads where that pays off.

/// Number of values below which a pass stays on the calling thread.
const FEW: usize = 1 << 13;

/// Values per block.
const BLOCK: usize = 1 << 12;

/// Rows per block for rows of `width` values.
pub(crate) fn block_rows(width: usize) -> usize {
    (BLOCK / width.max(1)).max(1)
}

/// Calls `each` on every block and returns its results in order. `values` is the total work of all blocks,
/// in units of one pass over a value.
#[cfg(feature = "threads")]
pub(crate) fn each_block<B: Send, R: Send>(
    values: usize,
    blocks: impl Iterator<Item = B>,
    each: impl Fn(B) -> R + Send + Sync,
) -> Vec<R> {
    use std::sync::{Mutex, PoisonError};

    let pool = crate::pool::Pool::get();
    if values < FEW || pool.threads() == 1 {
        return blocks.map(each).collect();
    }
    /// A block, replaced by its result.
    enum Place<B, R> {
        Block(B),
        Taken,
        Result(R),
    }
    let places: Vec<Mutex<Place<B, R>>> = blocks
        .map(|block| Mutex::new(Place::Block(block)))
        .collect();
    let swap = |number: usize, new: Place<B, R>| {
        let mut place = places[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *place, new)
    };
    pool.run(places.len(), &|number| {
        if let Place::Block(block) = swap(number, Place::Taken) {
            swap(number, Place::Result(each(block)));
        }
    });
    places
        .into_iter()
        .filter_map(|place| {
            match place.into_inner().unwrap_or_else(PoisonError::into_inner) {
                Place::Result(result) => Some(result),
                // The pool calls every piece, or panics.
                Place::Block(_) | Place::Taken => None,
            }
        })
        .collect()
}

/// Calls `each` on every block and returns its results in order.
#[cfg(not(feature = "threads"))]
pub(crate) fn each_block<B: Send, R: Send>(
    values: usize,
    blocks: impl Iterator<Item = B>,
    each: impl Fn(B) -> R + Send + Sync,
) -> Vec<R> {
    let _ = values >= FEW;
    blocks.map(each).collect()
}
