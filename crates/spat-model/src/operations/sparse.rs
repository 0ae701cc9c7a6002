//! ProbSparse attention (arXiv 2012.07436): only the queries that stand out by a sample of their scores get
//! softmax attention.
//!
//! It is computed as a dense map, whose product with V is exactly that of the sparse form: the scores of the
//! sample are read from `Q Kᵀ`, and queries that are not selected have equal weights.

use burn::tensor::Tensor;
use burn::tensor::activation::softmax;

use super::attend::{MASKED, later_keys};
use super::auto_correlation::ranks;

/// Queries, keys and values of each head.
#[derive(Debug, Clone)]
pub(crate) struct SparseAttention {
    /// `[B, H, Lq, w]`.
    pub(crate) query: Tensor<4>,
    /// `[B, H, Lk, w]`.
    pub(crate) key: Tensor<4>,
    /// `[B, H, Lk, w]`.
    pub(crate) value: Tensor<4>,
    /// How often each key is in the sample of each query, `[Lq, Lk]`.
    pub(crate) counts: Tensor<2>,
    /// Number of queries that are selected, per sample and head.
    pub(crate) selected: usize,
    /// Whether token i attends to the tokens 0 to i only. For self-attention.
    pub(crate) causal: bool,
    /// M, `[B or 1, H, Lq, Lk]`.
    pub(crate) mask: Option<Tensor<4>>,
}

/// `(M ⊙ A') V`, `[B, H, Lq, w]`, and A', `[B, H, Lq, Lk]`.
///
/// The selected queries are those with the largest `max_s(q · k) − Σ_s(q · k) / Lk` over the sample s. Their
/// rows of A' are `softmax(Q Kᵀ / √w)`. Other rows are `1 / Lk`, and with a causal mask 1 up to their own token:
/// the public codes take a sum there, not a mean. The selection has no gradient; of equal queries the first is
/// selected.
pub(crate) fn attend_sparsely(input: SparseAttention) -> (Tensor<4>, Tensor<4>) {
    let SparseAttention {
        query,
        key,
        value,
        counts,
        selected,
        causal,
        mask,
    } = input;
    let [batch, heads, queries, width] = query.dims();
    let keys = key.dims()[2];
    let device = query.device();
    let products = query.matmul(key.transpose());

    let counts = counts.unsqueeze::<4>();
    let sampled = products.clone().detach();
    let largest = sampled
        .clone()
        .mask_fill(
            counts
                .clone()
                .expand([batch, heads, queries, keys])
                .equal_elem(0.0),
            MASKED,
        )
        .max_dim(3);
    let sums = (sampled * counts).sum_dim(3) / keys as f64;
    let measures = (largest - sums).reshape([batch * heads, queries]);
    let is_passive = ranks(measures)
        .greater_equal_elem(selected as f32)
        .reshape([batch, heads, queries, 1])
        .expand([batch, heads, queries, keys]);

    let mut scores = products / (width as f64).sqrt();
    let passive = if causal {
        let later = later_keys(queries, &device);
        scores = scores.mask_fill(later.unsqueeze::<4>(), MASKED);
        Tensor::<2>::ones([queries, keys], &device).tril(0)
    } else {
        Tensor::<2>::ones([queries, keys], &device) / keys as f64
    };
    let passive = passive
        .unsqueeze::<4>()
        .expand([batch, heads, queries, keys]);
    let maps = softmax(scores, 3).mask_where(is_passive, passive);
    let connected = match mask {
        Some(mask) => maps.clone() * mask,
        None => maps.clone(),
    };
    (connected.matmul(value), maps)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    fn random(rows: usize) -> Tensor<4> {
        Tensor::random(
            [2, 3, rows, 4],
            Distribution::Normal(0.0, 1.0),
            &Device::flex(),
        )
    }

    fn input(queries: usize, keys: usize, selected: usize, causal: bool) -> SparseAttention {
        SparseAttention {
            query: random(queries),
            key: random(keys),
            value: random(keys),
            counts: Tensor::ones([queries, keys], &Device::flex()),
            selected,
            causal,
            mask: None,
        }
    }

    fn largest(difference: Tensor<4>) -> f32 {
        difference.abs().max().into_scalar()
    }

    #[test]
    fn with_every_query_selected_it_is_full_attention() {
        for causal in [false, true] {
            let sparse = input(6, 6, 6, causal);
            let mut scores = sparse.query.clone().matmul(sparse.key.clone().transpose()) / 2.0;
            if causal {
                let later = later_keys(6, &Device::flex());
                scores = scores.mask_fill(later.unsqueeze::<4>(), MASKED);
            }
            let full = softmax(scores, 3).matmul(sparse.value.clone());
            assert!(largest(attend_sparsely(sparse).0 - full) < 1e-6);
        }
    }

    /// Each unmasked row is a mean, so that equal values are left as they are; a causal row that is not selected
    /// is a sum.
    #[test]
    fn rows_of_equal_values_keep_them() {
        let device = Device::flex();
        let ones = |rows| Tensor::<4>::ones([2, 3, rows, 4], &device);
        let sparse = SparseAttention {
            value: ones(7),
            ..input(5, 7, 2, false)
        };
        assert!(largest(attend_sparsely(sparse).0 - ones(5)) < 1e-6);

        let causal = SparseAttention {
            value: ones(5),
            ..input(5, 5, 2, true)
        };
        let sums = attend_sparsely(causal).0.narrow(3, 0, 1).into_data();
        let sums: Vec<f32> = sums.try_to_vec().unwrap();
        for head in sums.chunks(5) {
            let summed = (1..5).filter(|&row| (head[row] - (row + 1) as f32).abs() < 1e-5);
            // Two are selected, of which one may be row 0, whose sum is 1 as well.
            assert!((2..=3).contains(&summed.count()), "{head:?}");
            let ones = head.iter().filter(|sum| (**sum - 1.0).abs() < 1e-5);
            assert!((2..=3).contains(&ones.count()), "{head:?}");
        }
    }

    /// Query 1 stands out by a key that is in its sample, query 0 by one that is not.
    #[test]
    fn only_the_sample_decides_which_queries_are_selected() {
        let device = Device::flex();
        let of =
            |values: [[f32; 2]; 2]| Tensor::<2>::from_data(values, &device).reshape([1, 1, 2, 2]);
        let sparse = SparseAttention {
            query: of([[9.0, 0.0], [0.0, 1.0]]),
            key: of([[1.0, 0.0], [0.0, 1.0]]),
            value: of([[1.0, 0.0], [0.0, 1.0]]),
            counts: Tensor::from_data([[0.0, 2.0], [1.0, 1.0]], &device),
            selected: 1,
            causal: false,
            mask: None,
        };
        let maps: Vec<f32> = attend_sparsely(sparse).1.into_data().try_to_vec().unwrap();
        assert_eq!(maps[..2], [0.5, 0.5]);
        assert!(maps[3] > 0.6);
    }
}
