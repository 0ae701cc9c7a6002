//! Which keys a query attends to.

use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Device, Tensor, TensorData};
use spat_cpu::{AttentionPattern, SparsePattern};

use super::auto_correlation::ranks;

/// Which keys a query attends to.
#[derive(Debug, Clone, Default)]
pub(crate) enum Pattern {
    /// All keys.
    #[default]
    Full,
    /// Token i attends to the tokens 0 to i. For self-attention.
    Causal,
    /// ProbSparse attention (arXiv 2012.07436): only the queries that stand out by a sample of their scores get
    /// softmax attention.
    ///
    /// It is computed as a dense map, whose product with V is exactly that of the sparse form: the scores of the
    /// sample are read from `Q Kᵀ`, and queries that are not selected have equal weights.
    Sparse(SparseQueries),
}

/// Parameters of ProbSparse attention.
#[derive(Debug, Clone)]
pub(crate) struct SparseQueries {
    /// How often each key is in the sample of each query, `[Lq, Lk]`.
    pub(crate) counts: Vec<f32>,
    /// Number of queries that are selected, per sample and head.
    pub(crate) selected: usize,
    /// Whether token i attends to the tokens 0 to i only. For self-attention.
    pub(crate) causal: bool,
}

impl Pattern {
    pub(super) fn is_full(&self) -> bool {
        matches!(self, Self::Full)
    }

    /// Whether token i attends to the tokens 0 to i only.
    pub(crate) fn is_causal(&self) -> bool {
        match self {
            Self::Full => false,
            Self::Causal => true,
            Self::Sparse(sparse) => sparse.causal,
        }
    }

    /// The pattern for the kernels of the CPU.
    pub(super) fn on_cpu(&self) -> AttentionPattern<'_> {
        match self {
            Self::Full => AttentionPattern::Full,
            Self::Causal => AttentionPattern::Causal,
            Self::Sparse(sparse) => AttentionPattern::Sparse(SparsePattern {
                counts: &sparse.counts,
                selected: sparse.selected,
                causal: sparse.causal,
            }),
        }
    }

    /// A, `[B, H, Lq, Lk]`, from `Q Kᵀ`: `softmax(scale · Q Kᵀ)` over the keys that a query attends to. It is the
    /// reference of the kernels.
    pub(super) fn maps(&self, products: Tensor<4>, scale: f64) -> Tensor<4> {
        let [.., queries, _] = products.dims();
        let mut scores = products.clone() * scale;
        if self.is_causal() {
            let later = later_keys(queries, &products.device());
            scores = scores.mask_fill(later.unsqueeze::<4>(), MASKED);
        }
        let maps = softmax(scores, 3);
        match self {
            Self::Full | Self::Causal => maps,
            Self::Sparse(sparse) => sparse.with_passive_rows(maps, products.detach()),
        }
    }
}

impl SparseQueries {
    /// The maps with equal weights in the rows of queries that are not selected: `1 / Lk`, and with a causal mask 1
    /// up to their own token, because the public codes take a sum there, not a mean.
    ///
    /// The selected queries are those with the largest `max_s(q · k) − Σ_s(q · k) / Lk` over the sample s. The
    /// selection has no gradient; of equal queries the first is selected.
    fn with_passive_rows(&self, maps: Tensor<4>, products: Tensor<4>) -> Tensor<4> {
        let shape = products.dims();
        let [batch, heads, queries, keys] = shape;
        let device = products.device();
        let counts = TensorData::new(self.counts.clone(), [1, 1, queries, keys]);
        let counts = Tensor::<4>::from_data(counts, &device);
        let unsampled = counts.clone().equal_elem(0.0).expand(shape);
        let largest = products.clone().mask_fill(unsampled, MASKED).max_dim(3);
        let sums = (products * counts).sum_dim(3) / keys as f64;
        let measures = (largest - sums).reshape([batch * heads, queries]);
        let is_passive = ranks(measures)
            .greater_equal_elem(self.selected as f32)
            .reshape([batch, heads, queries, 1])
            .expand(shape);

        let ones = Tensor::<2>::ones([queries, keys], &device);
        let passive = if self.causal {
            ones.tril(0)
        } else {
            ones / keys as f64
        };
        maps.mask_where(is_passive, passive.unsqueeze::<4>().expand(shape))
    }
}

/// Score of a key that a token does not attend to: its exponential is 0 beside any other.
const MASKED: f32 = -1e30;

/// Whether a key is after the query's token, `[tokens, tokens]`.
fn later_keys(tokens: usize, device: &Device) -> Tensor<2, Bool> {
    Tensor::<2, Bool>::tril_mask([tokens, tokens], 0, device)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;

    fn random(queries: usize, keys: usize) -> Tensor<4> {
        let shape = [2, 3, queries, keys];
        Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
    }

    /// Every key is sampled.
    fn sparse(queries: usize, keys: usize, selected: usize, causal: bool) -> Pattern {
        Pattern::Sparse(SparseQueries {
            counts: vec![1.0; queries * keys],
            selected,
            causal,
        })
    }

    fn largest(difference: Tensor<4>) -> f32 {
        difference.abs().max().into_scalar()
    }

    #[test]
    fn with_every_query_selected_it_is_full_attention() {
        for (causal, full) in [(false, Pattern::Full), (true, Pattern::Causal)] {
            let products = random(6, 6);
            let maps = sparse(6, 6, 6, causal).maps(products.clone(), 0.5);
            assert!(largest(maps - full.maps(products, 0.5)) < 1e-6);
        }
    }

    #[test]
    fn a_row_sums_to_one_unless_it_is_causal_and_not_selected() {
        let sums = |pattern: Pattern, keys| -> Vec<f32> {
            let maps = pattern.maps(random(5, keys), 1.0);
            maps.sum_dim(3).into_data().try_to_vec().unwrap()
        };
        let is = |sum: f32, expected: f32| (sum - expected).abs() < 1e-5;
        assert!(
            sums(sparse(5, 7, 2, false), 7)
                .iter()
                .all(|sum| is(*sum, 1.0))
        );
        for head in sums(sparse(5, 5, 2, true), 5).chunks(5) {
            let summed = (1..5).filter(|&row| is(head[row], (row + 1) as f32));
            // Two are selected, of which one may be row 0, whose sum is 1 as well.
            assert!((2..=3).contains(&summed.count()), "{head:?}");
            let ones = head.iter().filter(|sum| is(**sum, 1.0));
            assert!((2..=3).contains(&ones.count()), "{head:?}");
        }
    }

    /// Query 1 stands out by a key that is in its sample, query 0 by one that is not.
    #[test]
    fn only_the_sample_decides_which_queries_are_selected() {
        let products = Tensor::<2>::from_data([[9.0, 0.0], [0.0, 1.0]], &Device::flex());
        let pattern = Pattern::Sparse(SparseQueries {
            counts: vec![0.0, 2.0, 1.0, 1.0],
            selected: 1,
            causal: false,
        });
        let maps = pattern.maps(products.reshape([1, 1, 2, 2]), 1.0);
        let maps: Vec<f32> = maps.into_data().try_to_vec().unwrap();
        assert_eq!(maps[..2], [0.5, 0.5]);
        assert!(maps[3] > 0.6);
    }
}
