//! Which keys a query attends to.

/// Which keys a query attends to.
#[derive(Debug, Clone, Copy, Default)]
pub enum AttentionPattern<'a> {
    /// All keys.
    #[default]
    Full,
    /// Query i attends to the keys 0 to i.
    Causal,
    /// ProbSparse attention.
    Sparse(SparsePattern<'a>),
}

/// ProbSparse attention (arXiv 2012.07436): only the queries that stand out by a sample of their scores get
/// softmax attention. The rows of the others are `1 / Lk`, or, if causal, 1 up to their own token.
#[derive(Debug, Clone, Copy)]
pub struct SparsePattern<'a> {
    /// How often each key is in the sample of each query, `[L, Lk]`.
    pub counts: &'a [f32],
    /// Number of queries that are selected, per sample and head.
    pub selected: usize,
    /// Whether query i attends to the keys 0 to i only.
    pub causal: bool,
}

impl<'a> AttentionPattern<'a> {
    pub(super) fn sparse(self) -> Option<SparsePattern<'a>> {
        match self {
            Self::Sparse(sparse) => Some(sparse),
            Self::Full | Self::Causal => None,
        }
    }

    fn is_causal(self) -> bool {
        match self {
            Self::Full => false,
            Self::Causal => true,
            Self::Sparse(sparse) => sparse.causal,
        }
    }

    /// Number of keys that the query attends to, of `keys` keys.
    #[inline(always)]
    pub(super) fn keys_of(self, query: usize, keys: usize) -> usize {
        if self.is_causal() {
            (query + 1).min(keys)
        } else {
            keys
        }
    }

    /// The weight of each key in a row that is not selected.
    #[inline(always)]
    pub(super) fn passive_weight(self, keys: usize) -> f32 {
        if self.is_causal() {
            1.0
        } else {
            1.0 / keys as f32
        }
    }
}

impl SparsePattern<'_> {
    /// Marks the queries that are not selected. Selected are those with the largest
    /// `max_s(q · k) − Σ_s(q · k) / Lk` over the sample s; of equal queries the first. The rows of `scores` are
    /// `q · k` of all keys, `padded` values apart.
    #[inline(always)]
    pub(super) fn select(
        &self,
        scores: &[f32],
        padded: usize,
        keys: usize,
        is_passive: &mut [bool],
    ) {
        let rows = scores
            .chunks_exact(padded)
            .zip(self.counts.chunks_exact(keys));
        let mut queries: Vec<(f32, usize)> = rows
            .map(|(scores, counts)| measure(&scores[..keys], counts))
            .zip(0..)
            .collect();
        queries.sort_by(|(a, i), (b, j)| b.total_cmp(a).then(i.cmp(j)));
        for (_, query) in queries.into_iter().skip(self.selected) {
            is_passive[query] = true;
        }
    }
}

/// How much a query stands out.
#[inline(always)]
fn measure(scores: &[f32], counts: &[f32]) -> f32 {
    let mut largest = f32::NEG_INFINITY;
    let mut sum = 0.0;
    for (score, count) in scores.iter().zip(counts) {
        let sampled = if *count > 0.0 {
            *score
        } else {
            f32::NEG_INFINITY
        };
        largest = if sampled > largest { sampled } else { largest };
        sum += score * count;
    }
    largest - sum / scores.len() as f32
}
