//! Multi-head attention with a connection mask, and its slot in a model.

use burn::module::{Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::activation::softmax;
use burn::tensor::{Int, Tensor, TensorData};
use spat_cpu::AttentionShape;
use spat_spec::{AttentionStructure, ModuleId, sparse_count};

use crate::forward_context::{ForwardContext, MapValues};
use crate::initial::Initial;
use crate::operations::{
    Attention, AutoCorrelation, Pattern, SparseQueries, add_norm, attend, auto_correlate, dropout,
    linear,
};

/// The tokens of a batch as rows: `[batch · tokens, width]`. The residual stream keeps this form, so that
/// projections, norms and feed-forward parts are plain matrix operations.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    pub(crate) rows: Tensor<2>,
    pub(crate) batch: usize,
}

impl Tokens {
    /// Tokens of a sample.
    pub(crate) fn tokens(&self) -> usize {
        self.rows.dims()[0] / self.batch
    }

    pub(crate) fn with_rows(&self, rows: Tensor<2>) -> Self {
        Self {
            rows,
            batch: self.batch,
        }
    }
}

/// Pre-softmax scores that are passed from layer to layer in architectures with residual attention
/// (`res_attention` of PatchTST's authors; RealFormer, arXiv 2012.11747).
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::large_enum_variant,
    reason = "only one exists at a time, on the stack"
)]
pub(crate) enum ScoreChain {
    /// Residual attention is off.
    #[default]
    Off,
    /// No layer has computed scores yet.
    Empty,
    /// Scores of every head that exists in some earlier layer.
    Scores {
        /// Numbers of those heads in the dense module, ascending.
        heads: Vec<usize>,
        /// `[B, heads, L, L]`, each from the last layer that has the head.
        scores: Tensor<4>,
    },
}

impl ScoreChain {
    /// Adds the incoming scores to a layer's own scores `[B, H, L, L]`; the chain then carries the sum.
    ///
    /// The chain works per head: head h adds the scores of head h in the last earlier layer that has it. A
    /// removed head (or module) passes its incoming scores on unchanged.
    fn through(&mut self, heads: &[usize], own: Tensor<4>) -> Tensor<4> {
        let before = std::mem::take(self);
        let (known, scores) = match before {
            Self::Off => return own,
            Self::Empty => (Vec::new(), None),
            Self::Scores { heads, scores } => (heads, Some(scores)),
        };
        let Some(scores) = scores else {
            *self = Self::Scores {
                heads: heads.to_vec(),
                scores: own.clone(),
            };
            return own;
        };
        if known == heads {
            let sum = own + scores;
            *self = Self::Scores {
                heads: known,
                scores: sum.clone(),
            };
            return sum;
        }
        let came = |head: usize| {
            let place = known.iter().position(|&known| known == head)?;
            Some(scores.clone().narrow(1, place, 1))
        };
        let summed: Vec<Tensor<4>> = heads
            .iter()
            .enumerate()
            .map(|(place, &head)| {
                let own = own.clone().narrow(1, place, 1);
                match came(head) {
                    Some(came) => own + came,
                    None => own,
                }
            })
            .collect();
        let mut on: Vec<(usize, Tensor<4>)> =
            heads.iter().copied().zip(summed.iter().cloned()).collect();
        on.extend(
            known
                .iter()
                .filter(|head| !heads.contains(head))
                .filter_map(|&head| Some((head, came(head)?))),
        );
        on.sort_by_key(|(head, _)| *head);
        let (heads, on): (Vec<usize>, Vec<Tensor<4>>) = on.into_iter().unzip();
        *self = Self::Scores {
            heads,
            scores: Tensor::cat(on, 1),
        };
        Tensor::cat(summed, 1)
    }
}

/// How the tokens of a sample are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum AttentionKind {
    /// `softmax(Q Kᵀ / √w)` over all keys.
    #[default]
    Full,
    /// The same over the tokens 0 to i for token i. For self-attention in a model without residual scores.
    Causal,
    /// The lags at which queries and keys correlate most ([`auto_correlate`]). For modules of one head in a
    /// model without residual scores.
    AutoCorrelation {
        /// Number of lags.
        lags: usize,
    },
    /// Full attention of the queries that stand out, and a mean, or a sum if causal, of the values for the
    /// others ([`Pattern::Sparse`]). For models without residual scores and routers; it has no dropout.
    Sparse {
        /// Queries and sampled keys are this many times the logarithm of their number.
        factor: usize,
        /// Whether token i attends to the tokens 0 to i only. For self-attention.
        causal: bool,
        /// Whether the contexts of all heads are joined one head after the other, as in public codes: a
        /// token then has parts of one or two heads, at several tokens.
        mixed: bool,
    },
}

/// Attention over the tokens of a sample.
///
/// `MHA(x) = Concat_h[(M ⊙ A)_h V_h] W_o`, `A = softmax(Q Kᵀ / √(d/H))`, where d and H are those of the
/// dense module, also if heads are removed. K and V are of the same tokens as Q, or of a memory, which has the
/// tokens of each sample or, as a batch of one, the same for all.
#[derive(Module, Debug)]
pub struct MultiHeadAttention {
    /// `W_q`, `[d_model, heads · head_width]` with bias.
    pub query: Linear,
    /// `W_k`, `[width of the keys' tokens, heads · head_width]` with bias.
    pub key: Linear,
    /// `W_v`.
    pub value: Linear,
    /// `W_o`, `[heads · head_width, d_model]` with bias.
    pub output: Linear,
    head_width: usize,
    dropout: f64,
    #[module(skip)]
    kind: AttentionKind,
}

/// Widths of the tokens around an attention module.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenWidths {
    /// Of the tokens that queries are of.
    pub(crate) queries: usize,
    /// Of the tokens that keys and values are of.
    pub(crate) keys: usize,
    /// Of the output.
    pub(crate) output: usize,
}

impl TokenWidths {
    /// Of a module whose tokens all have one width.
    fn all(width: usize) -> Self {
        Self {
            queries: width,
            keys: width,
            output: width,
        }
    }
}

impl MultiHeadAttention {
    fn init(
        initial: &mut Initial<'_>,
        widths: TokenWidths,
        head_width: usize,
        heads: usize,
        dropout: f64,
    ) -> Self {
        let inner = heads * head_width;
        Self {
            query: initial.linear(widths.queries, inner),
            key: initial.linear(widths.keys, inner),
            value: initial.linear(widths.keys, inner),
            output: initial.linear(inner, widths.output),
            head_width,
            dropout,
            kind: AttentionKind::Full,
        }
    }

    /// With these W_q, W_k, W_v and W_o; token i attends to the tokens 0 to i only.
    pub(crate) fn causal(weights: [Linear; 4], head_width: usize, dropout: f64) -> Self {
        let [query, key, value, output] = weights;
        Self {
            query,
            key,
            value,
            output,
            head_width,
            dropout,
            kind: AttentionKind::Causal,
        }
    }

    /// The input of W_o, `[B · L, H · w]`. Keys and values are those of `memory`, if there is one.
    fn context(
        &self,
        x: &Tokens,
        memory: Option<&Tokens>,
        id: &ModuleId,
        heads: &[usize],
        chain: &mut ScoreChain,
        cx: &mut ForwardContext,
    ) -> Tensor<2> {
        match chain {
            ScoreChain::Off => self.attend(x, memory, id, Some(id), cx),
            chain => {
                let rows = |layer: &Linear| linear(layer, x.rows.clone());
                let projections = [rows(&self.query), rows(&self.key), rows(&self.value)];
                self.attend_in_chain(projections, x.batch, id, heads, chain, cx)
            }
        }
    }

    /// `drop(M ⊙ A) V`, `[B · L, H · w]`. `map` is the name of A for probes; without one it is not probed.
    fn attend(
        &self,
        x: &Tokens,
        memory: Option<&Tokens>,
        id: &ModuleId,
        map: Option<&ModuleId>,
        cx: &mut ForwardContext,
    ) -> Tensor<2> {
        let shape = AttentionShape {
            samples: x.batch,
            tokens: x.tokens(),
            heads: self.query.weight.dims()[1] / self.head_width,
            head_width: self.head_width,
        };
        let keys = memory.map_or(shape.tokens, Tokens::tokens);
        let pattern = match self.kind {
            AttentionKind::AutoCorrelation { lags } => {
                return self.auto_correlate(x, memory, lags, map, cx);
            }
            AttentionKind::Full => Pattern::Full,
            AttentionKind::Causal => Pattern::Causal,
            AttentionKind::Sparse { factor, causal, .. } => Pattern::Sparse(SparseQueries {
                counts: cx.sample(id, [shape.tokens, keys], sparse_count(factor, keys)),
                selected: sparse_count(factor, shape.tokens),
                causal,
            }),
        };
        let dropout = match self.kind {
            AttentionKind::Sparse { .. } => None,
            _ => cx.dropout(self.dropout),
        };
        let causal = pattern.is_causal();
        let maps = [x.batch, shape.heads, shape.tokens, keys];
        let attention = Attention {
            mask: map.and_then(|map| cx.mask(map, maps, causal, &x.rows.device())),
            pattern,
            dropout,
            x: x.rows.clone(),
            memory: memory.map(|memory| memory.rows.clone()),
            is_shared: memory.is_some_and(|memory| memory.batch == 1 && x.batch > 1),
            projections: [&self.query, &self.key, &self.value],
            shape,
        };
        let (context, maps) = attend(attention, map.is_some() && cx.wants_maps());
        if let (Some(map), Some(values)) = (map, maps) {
            cx.record_maps(map, MapValues { values, causal });
        }
        context
    }

    /// The contexts `[B · L, H · w]`, joined as W_o reads them.
    fn mix(&self, context: Tensor<2>, batch: usize) -> Tensor<2> {
        if !matches!(self.kind, AttentionKind::Sparse { mixed: true, .. }) {
            return context;
        }
        let shape = context.dims();
        self.split_heads(context, batch).reshape(shape)
    }

    /// `(M ⊙ w) V` over the strongest lags, `[B · L, d]`. A batch has the same lags in training, and each
    /// sample its own in evaluation, where a mask is therefore per sample too.
    fn auto_correlate(
        &self,
        x: &Tokens,
        memory: Option<&Tokens>,
        lags: usize,
        map: Option<&ModuleId>,
        cx: &mut ForwardContext,
    ) -> Tensor<2> {
        let memory = memory.unwrap_or(x);
        let project = |layer: &Linear, from: &Tokens| {
            let rows = linear(layer, from.rows.clone());
            let [count, width] = rows.dims();
            rows.reshape([from.batch, count / from.batch, width])
        };
        let shared = cx.is_training();
        let table = [x.batch, 1, x.tokens(), lags];
        let device = x.rows.device();
        let input = AutoCorrelation {
            query: project(&self.query, x),
            key: project(&self.key, memory),
            value: project(&self.value, memory),
            lags,
            shared,
            mask: map.and_then(|map| match shared {
                true => cx.mask(map, table, false, &device),
                false => cx.mask_per_sample(map, table, &device),
            }),
        };
        let (context, weights) = auto_correlate(input);
        if let Some(map) = map.filter(|_| cx.wants_maps()) {
            cx.record_maps(map, weights.detach().into());
        }
        let [batch, rows, width] = context.dims();
        context.reshape([batch * rows, width])
    }

    /// [`Self::attend`] with residual scores that are passed on to the next layer.
    fn attend_in_chain(
        &self,
        projections: [Tensor<2>; 3],
        batch: usize,
        id: &ModuleId,
        heads: &[usize],
        chain: &mut ScoreChain,
        cx: &mut ForwardContext,
    ) -> Tensor<2> {
        let [query, key, value] = projections.map(|rows| self.split_heads(rows, batch));
        let scale = 1.0 / (self.head_width as f64).sqrt();
        let scores = chain.through(heads, query.matmul(key.transpose()) * scale);

        let attention = cx.connect(id, softmax(scores, 3));
        let attention = dropout(attention, cx.dropout(self.dropout));
        Self::join_heads(attention.matmul(value))
    }

    /// `[B · L, H · w]` → `[B, H, L, w]`.
    fn split_heads(&self, rows: Tensor<2>, batch: usize) -> Tensor<4> {
        let [count, inner] = rows.dims();
        rows.reshape([
            batch,
            count / batch,
            inner / self.head_width,
            self.head_width,
        ])
        .swap_dims(1, 2)
    }

    /// `[B, H, L, w]` → `[B · L, H · w]`.
    fn join_heads(context: Tensor<4>) -> Tensor<2> {
        let [batch, heads, tokens, width] = context.dims();
        context
            .swap_dims(1, 2)
            .reshape([batch * tokens, heads * width])
    }

    /// The module with only the heads at `places` (their order in this module), without the other columns
    /// of W_q, W_k and W_v and the other rows of W_o. W_o's bias is unchanged.
    fn retain(self, places: &[usize]) -> Self {
        let columns: Vec<i64> = places
            .iter()
            .flat_map(|head| {
                (head * self.head_width..(head + 1) * self.head_width).map(|column| column as i64)
            })
            .collect();
        let device = self.query.weight.device();
        let columns =
            Tensor::<1, Int>::from_data(TensorData::new(columns.clone(), [columns.len()]), &device);
        let keep_columns = |layer: Linear| Linear {
            weight: select(layer.weight, 1, &columns),
            bias: layer.bias.map(|bias| select(bias, 0, &columns)),
        };
        Self {
            query: keep_columns(self.query),
            key: keep_columns(self.key),
            value: keep_columns(self.value),
            output: Linear {
                weight: select(self.output.weight, 0, &columns),
                bias: self.output.bias,
            },
            ..self
        }
    }
}

/// A parameter with only these places along an axis, as trainable as before.
fn select<const D: usize>(
    param: Param<Tensor<D>>,
    axis: usize,
    places: &Tensor<1, Int>,
) -> Param<Tensor<D>> {
    param.map(|old| {
        let is_trained = old.is_require_grad();
        let selected = old.select(axis, places.clone());
        if selected.is_autodiff() {
            // A parameter is a leaf of the graph.
            Tensor::from_inner(selected.inner()).set_require_grad(is_trained)
        } else {
            selected
        }
    })
}

/// Learned tokens (routers) that collect from the tokens of a sample by attention. What they collected are
/// the keys and values of a module whose queries are the same tokens (Crossformer's router mechanism).
#[derive(Module, Debug)]
pub struct Sender {
    /// The routers of each of a window's samples, `[samples of a window, routers, d_model]`.
    pub routers: Param<Tensor<3>>,
    /// From routers to tokens.
    pub attention: MultiHeadAttention,
}

impl Sender {
    fn collect(
        &self,
        x: &Tokens,
        id: &ModuleId,
        map: Option<&ModuleId>,
        cx: &mut ForwardContext,
    ) -> Tokens {
        let routers = self.routers.val();
        let [samples, count, width] = routers.dims();
        let rows = routers
            .reshape([1, samples * count * width])
            .repeat_dim(0, x.batch / samples)
            .reshape([x.batch * count, width]);
        let queries = x.with_rows(rows);
        let context = self.attention.attend(&queries, Some(x), id, map, cx);
        queries.with_rows(linear(&self.attention.output, context))
    }
}

/// The slot of an attention module. `None` is a removed module: it adds 0 to the residual stream (it does
/// not pass on its input, which would double the stream).
#[derive(Module, Debug)]
pub struct AttentionSlot {
    #[module(skip)]
    id: ModuleId,
    #[module(skip)]
    heads: Vec<usize>,
    /// The module; `None` if it is removed.
    pub module: Option<MultiHeadAttention>,
    /// Where the keys and values of the module come from, if not from its own tokens or a memory. Scored and
    /// removed with the module, head by head.
    pub sender: Option<Sender>,
    /// Norm of the module's tokens, in layouts with norms in front. Removed with the module.
    pub norm: Option<LayerNorm>,
}

impl AttentionSlot {
    pub(crate) fn init(
        initial: &mut Initial<'_>,
        structure: &AttentionStructure,
        d_model: usize,
        head_width: usize,
        dropout: f64,
    ) -> Self {
        let widths = TokenWidths::all(d_model);
        Self::with_widths(initial, structure, widths, head_width, dropout)
    }

    /// The slot of a module of tokens of several widths.
    pub(crate) fn with_widths(
        initial: &mut Initial<'_>,
        structure: &AttentionStructure,
        widths: TokenWidths,
        head_width: usize,
        dropout: f64,
    ) -> Self {
        let heads = structure.heads.len();
        let module = (heads > 0)
            .then(|| MultiHeadAttention::init(initial, widths, head_width, heads, dropout));
        Self {
            id: structure.module.clone(),
            heads: structure.heads.clone(),
            module,
            sender: None,
            norm: None,
        }
    }

    /// The slot of a module with all heads, and the norm of its tokens.
    pub(crate) fn pre_norm(
        id: ModuleId,
        heads: usize,
        module: MultiHeadAttention,
        norm: LayerNorm,
    ) -> Self {
        Self {
            id,
            heads: (0..heads).collect(),
            module: Some(module),
            sender: None,
            norm: Some(norm),
        }
    }

    /// The slot with new routers, `routers` for each of a window's `samples`, unless its module is removed.
    pub(crate) fn with_sender(
        mut self,
        initial: &mut Initial<'_>,
        samples: usize,
        routers: usize,
    ) -> Self {
        self.sender = self.module.as_ref().map(|receiver| {
            let d_model = receiver.query.weight.dims()[0];
            let (width, dropout) = (receiver.head_width, receiver.dropout);
            Sender {
                routers: initial.normal([samples, routers, d_model], 1.0),
                attention: MultiHeadAttention::init(
                    initial,
                    TokenWidths::all(d_model),
                    width,
                    self.heads.len(),
                    dropout,
                ),
            }
        });
        self
    }

    /// The slot with a module of another kind.
    pub(crate) fn with_kind(mut self, kind: AttentionKind) -> Self {
        if let Some(module) = &mut self.module {
            module.kind = kind;
        }
        self
    }

    /// Everything that is removed with the module: the sender's attention, if there is one, and the module.
    pub fn parts(&self) -> impl Iterator<Item = &MultiHeadAttention> {
        let sender = self.sender.iter().map(|sender| &sender.attention);
        sender.chain(&self.module)
    }

    /// Identifier of the module.
    pub fn id(&self) -> &ModuleId {
        &self.id
    }

    /// Numbers, in the dense module, of the heads that are not removed.
    pub fn heads(&self) -> &[usize] {
        &self.heads
    }

    /// Width of one head, which stays that of the dense module.
    pub fn head_width(&self) -> Option<usize> {
        self.module.as_ref().map(|module| module.head_width)
    }

    /// The input of W_o, and W_o; `None` if the module is removed, which passes the score chain on
    /// unchanged. Keys and values are those of `memory`, if there is one.
    pub(crate) fn context(
        &self,
        x: &Tokens,
        memory: Option<&Tokens>,
        chain: &mut ScoreChain,
        cx: &mut ForwardContext,
    ) -> Option<(Tensor<2>, &Linear)> {
        let module = self.module.as_ref()?;
        let normed = self.norm.as_ref().map(|norm| {
            let rows = add_norm(x.rows.clone(), None, None, norm);
            x.with_rows(rows)
        });
        let x = normed.as_ref().unwrap_or(x);
        let context = match &self.sender {
            None => module.context(x, memory, &self.id, &self.heads, chain, cx),
            Some(sender) => {
                let [sent, received] = ["sender", "receiver"].map(|name| self.id.map(name));
                // A map of single keys is constant. It is probed only if there is no other.
                let is_received = sender.routers.val().dims()[1] > 1;
                let sent = (x.tokens() > 1 || !is_received).then_some(&sent);
                let collected = sender.collect(x, &self.id, sent, cx);
                let received = is_received.then_some(&received);
                module.attend(x, Some(&collected), &self.id, received, cx)
            }
        };
        let context = cx.gate_heads(&self.id, context, module.head_width);
        Some((module.mix(context, x.batch), &module.output))
    }

    /// `MHA(x)` without a score chain, for models with their own layers; `None` if the module is removed.
    ///
    /// # Shapes
    /// - `tokens` and output: `[B, L, d_model]`
    pub fn attend(&self, tokens: Tensor<3>, cx: &mut ForwardContext) -> Option<Tensor<3>> {
        let [batch, length, width] = tokens.dims();
        let rows = tokens.reshape([batch * length, width]);
        let (context, output) =
            self.context(&Tokens { rows, batch }, None, &mut ScoreChain::Off, cx)?;
        let branch_output = cx.gate_module(&self.id, linear(output, context));
        Some(branch_output.reshape([batch, length, width]))
    }

    /// Drops W_q, W_k, W_v and W_o, a sender with its routers, and the norm of the tokens.
    pub fn remove(self) -> Self {
        Self {
            heads: Vec::new(),
            module: None,
            sender: None,
            norm: None,
            ..self
        }
    }

    /// Keeps only the given heads (numbers of the dense module); an empty list removes the module.
    pub fn retain_heads(self, keep: &[usize]) -> Self {
        let places: Vec<usize> = (0..self.heads.len())
            .filter(|&place| keep.contains(&self.heads[place]))
            .collect();
        if places.is_empty() {
            return self.remove();
        }
        Self {
            heads: places.iter().map(|&place| self.heads[place]).collect(),
            module: self.module.map(|module| module.retain(&places)),
            sender: self.sender.map(|sender| Sender {
                attention: sender.attention.retain(&places),
                ..sender
            }),
            ..self
        }
    }
}
