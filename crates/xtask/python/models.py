"""Reference forecasters in PyTorch, with the state-dict names of the public code.

Written anew from the papers and from the layouts of the public repositories:
- iTransformer: arXiv 2310.06625; key names of github.com/thuml/iTransformer.
- PatchTST: arXiv 2211.14730; two layouts, github.com/thuml/Time-Series-Library
  (`PatchTST`) and the authors' github.com/yuqinie98/PatchTST (`PatchTSTOfficial`).
- DLinear: arXiv 2205.13504. RLinear: arXiv 2305.10721. TSMixer: arXiv 2303.06053.
- LightTS: arXiv 2207.01186; key names and sizes of Time-Series-Library.
- TiDE: arXiv 2304.08424; key names of Time-Series-Library.
- TimeMixer: arXiv 2405.14616; key names of Time-Series-Library.
- FITS: arXiv 2307.03756; key names of github.com/VEWOXIC/FITS.
- Crossformer: openreview vSVLM2j9eie; key names of Time-Series-Library.
- Transformer: arXiv 1706.03762; key names of Time-Series-Library.
- S-Mamba: arXiv 2403.11144; key names of github.com/wzhwzhwzh0921/S-D-Mamba and, within a block, of
  github.com/state-spaces/mamba.
- Informer: arXiv 2012.07436; key names of Time-Series-Library, steps of zhouhaoyi/Informer2020.
- Autoformer: arXiv 2106.13008; key names and steps of github.com/thuml/Autoformer.
- GPT4TS: arXiv 2302.11939; key names of github.com/DAMO-DI-ML/NeurIPS2023-One-Fits-All, whose
  backbone is Hugging Face's `GPT2Model`.
- Time-LLM: arXiv 2310.01728; key names and steps of github.com/KimMeen/Time-LLM, without its
  rounding to bfloat16. The tokens of its prompts are a buffer, `prompt` [B, C, P].

Every model is called as `model(x, mark=None, masks=None, tap=None)`:
x [B, L, C] -> forecast [B, T, C]; mark [B, L, F] or, for TiDE and the models
with a decoder, [B, L + T, F] matters to some.
`masks` holds one connection mask (or None) per attention map, [H, Lq, Lk] or [B, H, Lq, Lk],
multiplied on the softmax output before attention dropout; the gradient with respect
to it is the sensitivity. Autoformer's maps are tables of rows by lags, [1, Lq, k], shared by
its heads. `tap`, a list, receives each map (None if removed). `causal_maps` has the numbers of
the maps whose row i has the keys 0 to i only, if there are any.
"""

import functools
import math

import torch
import torch.nn.functional as F
from torch import nn


def attend(q, k, v, scale, dropout=0.0, mask=None, tap=None, bias=None, explicit=True):
    """Scaled dot-product attention on [B, H, L, e]; returns the context and the scores.

    The fused kernel never forms the attention matrix, so it is taken only when nobody
    asks for the matrix, a mask or the scores.
    """
    if not explicit and mask is None and tap is None and bias is None:
        return F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, scale=scale), None
    scores = q @ k.transpose(-1, -2) * scale
    if bias is not None:
        scores = scores + bias
    a = torch.softmax(scores, dim=-1)
    if tap is not None:
        tap.append(a)
    if mask is not None:
        a = a * mask
    return F.dropout(a, dropout, training=dropout > 0) @ v, scores


def split_heads(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge_heads(x):
    return x.transpose(1, 2).flatten(2)


def window_norm(x, detach_std=False):
    """Per-window statistics over time: mean detached, population variance + 1e-5."""
    mean = x.mean(1, keepdim=True).detach()
    std = torch.sqrt(torch.var(x, dim=1, keepdim=True, unbiased=False) + 1e-5)
    if detach_std:
        std = std.detach()
    return (x - mean) / std, mean, std


class Transpose(nn.Module):
    """Channel-last to channel-first and back, so that BatchNorm1d sees d_model."""

    def forward(self, x):
        return x.transpose(1, 2)


def batch_norm(d):
    # The Sequential gives the public key names (`….1.weight`).
    return nn.Sequential(Transpose(), nn.BatchNorm1d(d), Transpose())


class AttentionLayer(nn.Module):
    """Multi-head attention in thuml's layout: four projections with bias."""

    def __init__(self, d, heads, dropout, explicit):
        super().__init__()
        self.query_projection = nn.Linear(d, d)
        self.key_projection = nn.Linear(d, d)
        self.value_projection = nn.Linear(d, d)
        self.out_projection = nn.Linear(d, d)
        self.heads, self.dropout, self.explicit = heads, dropout, explicit
        self.scale = (d // heads) ** -0.5

    def forward(self, x, mask=None, tap=None, memory=None, causal=False):
        memory = x if memory is None else memory
        q = split_heads(self.query_projection(x), self.heads)
        k = split_heads(self.key_projection(memory), self.heads)
        v = split_heads(self.value_projection(memory), self.heads)
        drop = self.dropout if self.training else 0.0
        later = q.new_full((x.shape[1], x.shape[1]), -math.inf).triu(1) if causal else None
        out, _ = attend(q, k, v, self.scale, drop, mask, tap, later, explicit=self.explicit)
        return self.out_projection(merge_heads(out))


class EncoderLayer(nn.Module):
    """Post-LN layer; a removed attention branch contributes 0, norms and FFN stay.

    The feed-forward weights keep the public Conv1d shape [out, in, 1]; `ffn="linear"`
    applies the same weights as matrix products, which saves the transposes.
    """

    def __init__(self, d, ff, heads, dropout, removed, explicit, ffn):
        super().__init__()
        self.attention = None if removed else AttentionLayer(d, heads, dropout, explicit)
        self.conv1 = nn.Conv1d(d, ff, 1)
        self.conv2 = nn.Conv1d(ff, d, 1)
        self.norm1 = nn.LayerNorm(d)
        self.norm2 = nn.LayerNorm(d)
        self.dropout = nn.Dropout(dropout)
        self.ffn = ffn

    def forward(self, x, mask=None, tap=None):
        if self.attention is not None:
            x = x + self.dropout(self.attention(x, mask, tap))
        elif tap is not None:
            tap.append(None)
        x = self.norm1(x)
        if self.ffn == "linear":
            y = F.linear(x, self.conv1.weight.squeeze(-1), self.conv1.bias)
            y = self.dropout(F.gelu(y))
            y = self.dropout(F.linear(y, self.conv2.weight.squeeze(-1), self.conv2.bias))
        else:
            y = self.dropout(F.gelu(self.conv1(x.transpose(1, 2))))
            y = self.dropout(self.conv2(y).transpose(1, 2))
        return self.norm2(x + y)


class Encoder(nn.Module):
    def __init__(self, layers, norm):
        super().__init__()
        self.attn_layers = nn.ModuleList(layers)
        self.norm = norm
        self.conv_layers = ()

    def forward(self, x, masks=None, tap=None):
        for i, layer in enumerate(self.attn_layers):
            x = layer(x, masks[i] if masks else None, tap)
            if i < len(self.conv_layers):
                x = self.conv_layers[i](x)
        return self.norm(x)


def encoder(cfg, norm):
    removed = set(cfg.get("removed", ()))
    layers = [
        EncoderLayer(cfg["d_model"], cfg["d_ff"], cfg["heads"], cfg.get("dropout", 0.0),
                     i in removed, cfg.get("attention", "explicit") == "explicit",
                     cfg.get("ffn", "conv"))
        for i in range(cfg["layers"])
    ]
    return Encoder(layers, norm)


class InvertedEmbedding(nn.Module):
    """One token per variate, and one per time-stamp feature (not normalised)."""

    def __init__(self, lookback, d, dropout):
        super().__init__()
        self.value_embedding = nn.Linear(lookback, d)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, mark):
        x = x.transpose(1, 2)
        if mark is not None:
            x = torch.cat([x, mark.transpose(1, 2)], 1)
        return self.dropout(self.value_embedding(x))


class ITransformer(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d = cfg["d_model"]
        self.enc_embedding = InvertedEmbedding(cfg["lookback"], d, cfg.get("dropout", 0.0))
        self.encoder = encoder(cfg, nn.LayerNorm(d))
        self.projector = nn.Linear(d, cfg["horizon"])

    def forward(self, x, mark=None, masks=None, tap=None):
        channels = x.shape[-1]
        x, mean, std = window_norm(x)
        h = self.encoder(self.enc_embedding(x, mark), masks, tap)
        # The projector runs on the time-stamp tokens too, as in the public code.
        return self.projector(h).transpose(1, 2)[:, :, :channels] * std + mean


class SinusoidalPosition(nn.Module):
    """Sines on even, cosines on odd columns; kept as the buffer `pe` [1, max_len, d]."""

    def __init__(self, d, max_len):
        super().__init__()
        position = torch.arange(max_len).float().unsqueeze(1)
        rate = torch.exp(torch.arange(0, d, 2).float() * -(math.log(10000.0) / d))
        pe = torch.zeros(1, max_len, d)
        pe[0, :, 0::2] = torch.sin(position * rate)
        pe[0, :, 1::2] = torch.cos(position * rate)
        self.register_buffer("pe", pe)

    def forward(self, n):
        return self.pe[:, :n]


def patches(x, patch_len, stride):
    """[B, C, L] -> [B, C, n, patch_len]; the last value is repeated `stride` times."""
    x = F.pad(x, (0, stride), mode="replicate")
    return x.unfold(-1, patch_len, stride)


def patch_count(cfg):
    return (cfg["lookback"] - cfg["patch_len"]) // cfg["stride"] + 2


class PatchEmbedding(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d = cfg["d_model"]
        self.patch = (cfg["patch_len"], cfg["stride"])
        self.value_embedding = nn.Linear(cfg["patch_len"], d, bias=False)
        self.position_embedding = SinusoidalPosition(d, cfg.get("positions", 5000))
        self.dropout = nn.Dropout(cfg.get("dropout", 0.0))

    def forward(self, x):
        x = patches(x, *self.patch).flatten(0, 1)
        return self.dropout(self.value_embedding(x) + self.position_embedding(x.shape[1]))


class FlattenHead(nn.Module):
    """Flattens (d_model, patch) with the patch index fastest, then one Linear for all channels."""

    def __init__(self, cfg):
        super().__init__()
        self.linear = nn.Linear(cfg["d_model"] * patch_count(cfg), cfg["horizon"])
        self.dropout = nn.Dropout(cfg.get("head_dropout", cfg.get("dropout", 0.0)))

    def forward(self, h, channels):
        h = h.unflatten(0, (-1, channels)).transpose(2, 3)
        return self.dropout(self.linear(h.flatten(2))).transpose(1, 2)


class PatchTST(nn.Module):
    """Time-Series-Library's layout: LayerNorm in the layers, BatchNorm1d as final norm."""

    def __init__(self, cfg):
        super().__init__()
        self.patch_embedding = PatchEmbedding(cfg)
        self.encoder = encoder(cfg, batch_norm(cfg["d_model"]))
        self.head = FlattenHead(cfg)

    def forward(self, x, mark=None, masks=None, tap=None):
        channels = x.shape[-1]
        x, mean, std = window_norm(x)
        h = self.encoder(self.patch_embedding(x.transpose(1, 2)), masks, tap)
        return self.head(h, channels) * std + mean


class ScaledDotProduct(nn.Module):
    """Holds the fixed scale: a parameter without gradient in the authors' code."""

    def __init__(self, head_dim):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(head_dim**-0.5), requires_grad=False)


class OfficialAttention(nn.Module):
    """Attention with the score chain (RealFormer, arXiv 2012.11747), no attention dropout."""

    def __init__(self, d, heads, dropout):
        super().__init__()
        self.W_Q = nn.Linear(d, d)
        self.W_K = nn.Linear(d, d)
        self.W_V = nn.Linear(d, d)
        self.sdp_attn = ScaledDotProduct(d // heads)
        self.to_out = nn.Sequential(nn.Linear(d, d), nn.Dropout(dropout))
        self.heads = heads

    def forward(self, x, prev, mask, tap):
        q, k, v = (split_heads(w(x), self.heads) for w in (self.W_Q, self.W_K, self.W_V))
        out, scores = attend(q, k, v, self.sdp_attn.scale, 0.0, mask, tap, prev)
        return self.to_out(merge_heads(out)), scores


class OfficialLayer(nn.Module):
    def __init__(self, d, ff, heads, dropout, removed):
        super().__init__()
        self.self_attn = None if removed else OfficialAttention(d, heads, dropout)
        self.norm_attn = batch_norm(d)
        self.ff = nn.Sequential(nn.Linear(d, ff), nn.GELU(), nn.Dropout(dropout), nn.Linear(ff, d))
        self.norm_ffn = batch_norm(d)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, prev, mask, tap):
        if self.self_attn is not None:
            y, prev = self.self_attn(x, prev, mask, tap)
            x = x + self.dropout(y)
        elif tap is not None:
            tap.append(None)
        x = self.norm_attn(x)
        # A removed layer hands the earlier scores on unchanged.
        return self.norm_ffn(x + self.dropout(self.ff(x))), prev


class OfficialEncoder(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        removed = set(cfg.get("removed", ()))
        self.layers = nn.ModuleList(
            OfficialLayer(cfg["d_model"], cfg["d_ff"], cfg["heads"], cfg.get("dropout", 0.0),
                          i in removed)
            for i in range(cfg["layers"]))

    def forward(self, x, masks, tap):
        scores = None
        for i, layer in enumerate(self.layers):
            x, scores = layer(x, scores, masks[i] if masks else None, tap)
        return x


class OfficialBackbone(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d = cfg["d_model"]
        self.patch = (cfg["patch_len"], cfg["stride"])
        self.W_P = nn.Linear(cfg["patch_len"], d)
        self.W_pos = nn.Parameter(torch.empty(patch_count(cfg), d).uniform_(-0.02, 0.02))
        self.dropout = nn.Dropout(cfg.get("dropout", 0.0))
        self.encoder = OfficialEncoder(cfg)

    def forward(self, x, masks, tap):
        h = self.dropout(self.W_P(patches(x, *self.patch).flatten(0, 1)) + self.W_pos)
        return self.encoder(h, masks, tap)


class OfficialModel(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        self.backbone = OfficialBackbone(cfg)
        self.head = FlattenHead({"head_dropout": 0.0, **cfg})

    def forward(self, x, masks, tap):
        # RevIN (Kim et al., ICLR 2022) without affine: both statistics are detached.
        channels = x.shape[-1]
        x, mean, std = window_norm(x, detach_std=True)
        h = self.backbone(x.transpose(1, 2), masks, tap)
        return self.head(h, channels) * std + mean


class PatchTSTOfficial(nn.Module):
    """The authors' supervised layout: keys `model.backbone.…` and `model.head.linear`."""

    def __init__(self, cfg):
        super().__init__()
        self.model = OfficialModel(cfg)

    def forward(self, x, mark=None, masks=None, tap=None):
        return self.model(x, masks, tap)


class DLinear(nn.Module):
    """Moving average (both ends replicated) splits trend and season; one Linear for each."""

    def __init__(self, cfg):
        super().__init__()
        lookback, horizon = cfg["lookback"], cfg["horizon"]
        self.kernel = cfg.get("kernel", 25)
        self.Linear_Seasonal = nn.Linear(lookback, horizon)
        self.Linear_Trend = nn.Linear(lookback, horizon)
        nn.init.constant_(self.Linear_Seasonal.weight, 1 / lookback)
        nn.init.constant_(self.Linear_Trend.weight, 1 / lookback)

    def forward(self, x, mark=None, masks=None, tap=None):
        x = x.transpose(1, 2)
        side = (self.kernel - 1) // 2
        trend = F.avg_pool1d(F.pad(x, (side, side), mode="replicate"), self.kernel, 1)
        out = self.Linear_Seasonal(x - trend) + self.Linear_Trend(trend)
        return out.transpose(1, 2)


class RLinear(nn.Module):
    """Per-window normalisation without affine and one Linear shared by all channels."""

    def __init__(self, cfg):
        super().__init__()
        self.Linear = nn.Linear(cfg["lookback"], cfg["horizon"])

    def forward(self, x, mark=None, masks=None, tap=None):
        x, mean, std = window_norm(x)
        return self.Linear(x.transpose(1, 2)).transpose(1, 2) * std + mean


class MixerBlock(nn.Module):
    """Time-Series-Library's `ResBlock`; with norms and one layer over time in the authors' layout."""

    def __init__(self, cfg):
        super().__init__()
        lookback, channels, hidden = cfg["lookback"], cfg["channels"], cfg["hidden"]
        self.authors = cfg["layout"] == "authors"
        over_time = [nn.Linear(lookback, lookback if self.authors else hidden), nn.ReLU()]
        if self.authors:
            # Keras' defaults: the share of the newest batch is 1 - 0.99.
            cells = lookback * channels
            self.time_norm = nn.BatchNorm1d(cells, eps=1e-3, momentum=0.01)
            self.channel_norm = nn.BatchNorm1d(cells, eps=1e-3, momentum=0.01)
        else:
            over_time.append(nn.Linear(hidden, lookback))
        self.temporal = nn.Sequential(*over_time)
        self.channel = nn.Sequential(nn.Linear(channels, hidden), nn.ReLU(),
                                     nn.Linear(hidden, channels))

    def normed(self, x, norm):
        return getattr(self, norm)(x.flatten(1)).unflatten(1, x.shape[1:]) if self.authors else x

    def forward(self, x):
        x = x + self.temporal(self.normed(x, "time_norm").transpose(1, 2)).transpose(1, 2)
        return x + self.channel(self.normed(x, "channel_norm"))


class ReversibleNorm(nn.Module):
    """RevIN (openreview cGDAkQo1C0p); statistics without gradient, no epsilon when undone."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        x, mean, std = window_norm(x, detach_std=True)
        return x * self.weight + self.bias, lambda y: (y - self.bias) / self.weight * std + mean


class TSMixer(nn.Module):
    """arXiv 2303.06053, in the layouts of its authors (TensorFlow) and of Time-Series-Library."""

    def __init__(self, cfg):
        super().__init__()
        authors = cfg["layout"] == "authors"
        self.rev_norm = ReversibleNorm(cfg["channels"]) if authors else None
        self.model = nn.ModuleList([MixerBlock(cfg) for _ in range(cfg["layers"])])
        self.projection = nn.Linear(cfg["lookback"], cfg["horizon"])

    def forward(self, x, mark=None, masks=None, tap=None):
        undo = lambda y: y
        if self.rev_norm is not None:
            x, undo = self.rev_norm(x)
        for block in self.model:
            x = block(x)
        return undo(self.projection(x.transpose(1, 2)).transpose(1, 2))


class BottleneckBlock(nn.Module):
    """Time-Series-Library's `IEBlock`, with the nodes before the features: [B, nodes, inputs]."""

    def __init__(self, inputs, hidden, outputs, nodes):
        super().__init__()
        self.spatial_proj = nn.Sequential(nn.Linear(inputs, hidden), nn.LeakyReLU(),
                                          nn.Linear(hidden, hidden // 4))
        self.channel_proj = nn.Linear(nodes, nodes)
        nn.init.eye_(self.channel_proj.weight)
        self.output_proj = nn.Linear(hidden // 4, outputs)

    def forward(self, x):
        y = self.spatial_proj(x).transpose(1, 2)
        return self.output_proj((y + self.channel_proj(y)).transpose(1, 2))


class LightTS(nn.Module):
    """Chunks of the look-back and every n-th row of it, then the channels, and a linear shortcut."""

    def __init__(self, cfg):
        super().__init__()
        lookback, horizon, d = cfg["lookback"], cfg["horizon"], cfg["width"]
        self.chunk = min(cfg["chunk"], lookback, horizon)
        self.chunks = -(-lookback // self.chunk)
        self.layer_1 = BottleneckBlock(self.chunk, d // 4, d // 4, self.chunks)
        self.chunk_proj_1 = nn.Linear(self.chunks, 1)
        self.layer_2 = BottleneckBlock(self.chunk, d // 4, d // 4, self.chunks)
        self.chunk_proj_2 = nn.Linear(self.chunks, 1)
        self.layer_3 = BottleneckBlock(d // 2, d // 2, horizon, cfg["channels"])
        self.ar = nn.Linear(self.chunk * self.chunks, horizon)

    def view(self, x, layer, merge):
        return merge(layer(x.flatten(0, 1)).transpose(1, 2)).squeeze(-1).unflatten(0, x.shape[:2])

    def forward(self, x, mark=None, masks=None, tap=None):
        x = F.pad(x.transpose(1, 2), (0, self.chunk * self.chunks - x.shape[1]))
        contiguous = x.unflatten(-1, (self.chunks, self.chunk))
        every_nth = x.unflatten(-1, (self.chunk, self.chunks)).transpose(2, 3)
        both = torch.cat([self.view(contiguous, self.layer_1, self.chunk_proj_1),
                          self.view(every_nth, self.layer_2, self.chunk_proj_2)], -1)
        return (self.layer_3(both) + self.ar(x)).transpose(1, 2)


class ComplexLinear(nn.Module):
    """Complex weight and bias as `torch.view_as_real` stores them; imaginary parts start at 0."""

    def __init__(self, inputs, outputs):
        super().__init__()
        real = nn.Linear(inputs, outputs)
        self.weight, self.bias = (
            nn.Parameter(torch.stack([p.detach(), torch.zeros_like(p)], -1))
            for p in (real.weight, real.bias))

    def forward(self, x):
        return F.linear(x, torch.view_as_complex(self.weight), torch.view_as_complex(self.bias))


def fits_frequencies(cfg):
    """Kept frequencies of the look-back, and those of the output."""
    lookback, rows = cfg["lookback"], cfg["lookback"] + cfg["horizon"]
    cut = min((lookback // cfg["period"] + 1) * cfg["harmonics"] + 10, lookback // 2 + 1)
    while int(cut * (rows / lookback)) > rows // 2 + 1:
        cut -= 1
    return cut, int(cut * (rows / lookback))


class FITS(nn.Module):
    """A complex linear layer from the low frequencies of the look-back to those of both."""

    def __init__(self, cfg):
        super().__init__()
        self.cut, self.outputs = fits_frequencies(cfg)
        self.rows, self.horizon = cfg["lookback"] + cfg["horizon"], cfg["horizon"]
        self.individual = cfg["individual"]
        layers = [ComplexLinear(self.cut, self.outputs)
                  for _ in range(cfg["channels"] if self.individual else 1)]
        self.freq_upsampler = nn.ModuleList(layers) if self.individual else layers[0]

    def forward(self, x, mark=None, masks=None, tap=None):
        lookback = x.shape[1]
        mean = x.mean(1, keepdim=True)
        x = x - mean
        std = torch.sqrt(torch.var(x, dim=1, keepdim=True) + 1e-5)
        low = torch.fft.rfft(x / std, dim=1)[:, :self.cut].transpose(1, 2)
        if self.individual:
            y = torch.stack([f(low[:, i]) for i, f in enumerate(self.freq_upsampler)], 1)
        else:
            y = self.freq_upsampler(low)
        y = F.pad(y, (0, self.rows // 2 + 1 - self.outputs))
        # The length is passed, so that an odd number of rows stays odd, unlike in the public code.
        y = torch.fft.irfft(y, n=self.rows, dim=-1).transpose(1, 2) * (self.rows / lookback)
        return (y * std + mean)[:, -self.horizon:]


class ResidualBlock(nn.Module):
    """Time-Series-Library's `ResBlock` of TiDE, with or without its norm."""

    def __init__(self, inputs, hidden, outputs, norm=True):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, outputs)
        self.fc3 = nn.Linear(inputs, outputs)
        self.ln = nn.LayerNorm(outputs) if norm else nn.Identity()

    def forward(self, x):
        return self.ln(self.fc2(F.relu(self.fc1(x))) + self.fc3(x))


class TiDE(nn.Module):
    """Inner blocks are one shared object each, so a state dict holds them under several names."""

    def __init__(self, cfg):
        super().__init__()
        self.lookback, self.horizon, d = cfg["lookback"], cfg["horizon"], cfg["width"]
        layers, c, narrow = cfg["layers"], cfg["decoder_width"], cfg["narrow_norms"]
        encoded = 2 if cfg["time_stamps"] else 0
        if encoded:
            self.feature_encoder = ResidualBlock(4, d, encoded, narrow)
        inputs = self.lookback + (self.lookback + self.horizon) * encoded
        inner = [[ResidualBlock(d, d, d)] * (layers - 1) for _ in range(2)]
        self.encoders = nn.Sequential(ResidualBlock(inputs, d, d), *inner[0])
        self.decoders = nn.Sequential(*inner[1], ResidualBlock(d, d, c * self.horizon))
        self.temporalDecoder = ResidualBlock(c + encoded, cfg["row_width"], 1, narrow)
        self.residual_proj = nn.Linear(self.lookback, self.horizon)

    def forward(self, x, mark=None, masks=None, tap=None):
        channels = x.shape[-1]
        x, mean, std = window_norm(x)
        x = x.transpose(1, 2)
        row = x.new_zeros(x.shape[0], channels, self.horizon, 0)
        inputs = x
        if mark is not None:
            features = self.feature_encoder(mark).unsqueeze(1).expand(-1, channels, -1, -1)
            inputs = torch.cat([x, features.flatten(2)], -1)
            row = features[:, :, self.lookback:]
        decoded = self.decoders(self.encoders(inputs)).unflatten(-1, (self.horizon, -1))
        y = self.temporalDecoder(torch.cat([row, decoded], -1)).squeeze(-1) + self.residual_proj(x)
        return y.transpose(1, 2) * std + mean


class ScaleMixing(nn.ModuleList):
    """Two linear maps over time from each scale to the next, with the list's name of the public code."""

    def __init__(self, pairs):
        super().__init__(nn.Sequential(nn.Linear(a, b), nn.GELU(), nn.Linear(b, b)) for a, b in pairs)

    def forward(self, scales):
        out = scales[:1]
        for layer, x in zip(self, scales[1:]):
            out.append(x + layer(out[-1]))
        return out


class MixingBlock(nn.Module):
    """`PastDecomposableMixing` with channels apart, without the norm that the public one never uses."""

    def __init__(self, cfg, rows):
        super().__init__()
        self.kernel = cfg["kernel"]
        pairs = list(zip(rows, rows[1:]))
        self.mixing_multi_scale_season = nn.Module()
        self.mixing_multi_scale_season.down_sampling_layers = ScaleMixing(pairs)
        self.mixing_multi_scale_trend = nn.Module()
        self.mixing_multi_scale_trend.up_sampling_layers = ScaleMixing(
            [(b, a) for a, b in reversed(pairs)])
        d, ff = cfg["d_model"], cfg["d_ff"]
        self.out_cross_layer = nn.Sequential(nn.Linear(d, ff), nn.GELU(), nn.Linear(ff, d))

    def forward(self, scales):
        side, seasons, trends = (self.kernel - 1) // 2, [], []
        for x in scales:
            x = x.transpose(1, 2)
            trend = F.avg_pool1d(F.pad(x, (side, side), mode="replicate"), self.kernel, 1)
            seasons.append(x - trend)
            trends.append(trend)
        seasons = self.mixing_multi_scale_season.down_sampling_layers(seasons)
        trends = self.mixing_multi_scale_trend.up_sampling_layers(trends[::-1])[::-1]
        return [x + self.out_cross_layer((s + t).transpose(1, 2))
                for x, s, t in zip(scales, seasons, trends)]


class AffineNorm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.affine_weight = nn.Parameter(torch.ones(channels))
        self.affine_bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        x, mean, std = window_norm(x, detach_std=True)
        undo = lambda y: (y - self.affine_bias) / (self.affine_weight + 1e-10) * std + mean
        return x * self.affine_weight + self.affine_bias, undo


class RowEmbedding(nn.Module):
    """Circular convolution over three rows of each channel, and time features; no position."""

    def __init__(self, d, marks, channels=1):
        super().__init__()
        self.value_embedding = nn.Module()
        self.value_embedding.tokenConv = nn.Conv1d(channels, d, 3, padding=1, padding_mode="circular",
                                                   bias=False)
        if marks:
            self.temporal_embedding = nn.Module()
            self.temporal_embedding.embed = nn.Linear(marks, d, bias=False)

    def forward(self, x, mark):
        # [B, T, C] -> [B · C, T, d]; each window keeps its own time features, unlike the public code.
        y = self.value_embedding.tokenConv(x.transpose(1, 2).flatten(0, 1).unsqueeze(1)).transpose(1, 2)
        if mark is not None:
            y = y + self.temporal_embedding.embed(mark).repeat_interleave(x.shape[2], 0)
        return y


class TimeMixer(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        rows = [cfg["lookback"] >> i for i in range(cfg["halvings"] + 1)]
        self.normalize_layers = nn.ModuleList(AffineNorm(cfg["channels"]) for _ in rows)
        self.enc_embedding = RowEmbedding(cfg["d_model"], 4 if cfg["time_stamps"] else 0)
        self.pdm_blocks = nn.ModuleList(MixingBlock(cfg, rows) for _ in range(cfg["layers"]))
        self.predict_layers = nn.ModuleList(nn.Linear(r, cfg["horizon"]) for r in rows)
        self.projection_layer = nn.Linear(cfg["d_model"], 1)

    def forward(self, x, mark=None, masks=None, tap=None):
        channels, scales, undo = x.shape[-1], [], None
        for i, norm in enumerate(self.normalize_layers):
            if i:
                x = F.avg_pool1d(x.transpose(1, 2), 2).transpose(1, 2)
                mark = None if mark is None else mark[:, ::2][:, :x.shape[1]]
            normed, back = norm(x)
            undo = undo or back
            scales.append(self.enc_embedding(normed, mark))
        for block in self.pdm_blocks:
            scales = block(scales)
        y = sum(self.projection_layer(predict(s.transpose(1, 2)).transpose(1, 2))
                for predict, s in zip(self.predict_layers, scales))
        return undo(y.squeeze(-1).unflatten(0, (-1, channels)).transpose(1, 2))


class Probes:
    """Hands out the masks, and takes the attention maps, in the order of computation."""

    def __init__(self, masks, tap):
        self.masks, self.tap = iter(masks or ()), tap

    def attend(self, layer, x, memory=None, causal=False):
        return layer(x, next(self.masks, None), self.tap, memory, causal)

    def skip(self, maps=1):
        for _ in range(maps):
            next(self.masks, None)
            if self.tap is not None:
                self.tap.append(None)


class TwoStageAttention(nn.Module):
    """Attention over the segments of a channel, then over channels through routers."""

    def __init__(self, cfg, segments, removed):
        super().__init__()
        d, ff = cfg["d_model"], cfg["d_ff"]
        attention = lambda: AttentionLayer(d, cfg["heads"], cfg["dropout"], True)
        self.time_attention = None if removed[0] else attention()
        self.dim_sender = None if removed[1] else attention()
        self.dim_receiver = None if removed[1] else attention()
        if not removed[1]:
            self.router = nn.Parameter(torch.randn(segments, cfg["routers"], d))
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.LayerNorm(d) for _ in range(4))
        self.MLP1, self.MLP2 = (nn.Sequential(nn.Linear(d, ff), nn.GELU(), nn.Linear(ff, d))
                                for _ in range(2))
        self.dropout = nn.Dropout(cfg["dropout"])

    def forward(self, x, probes):
        # [B, C, n, d]
        windows = x.shape[0]
        x = x.flatten(0, 1)
        if self.time_attention is not None:
            x = x + self.dropout(probes.attend(self.time_attention, x))
        else:
            probes.skip()
        x = self.norm1(x)
        x = self.norm2(x + self.dropout(self.MLP1(x)))
        x = x.unflatten(0, (windows, -1)).transpose(1, 2).flatten(0, 1)
        if self.dim_sender is not None:
            routers = self.router.repeat(windows, 1, 1)
            sent = probes.attend(self.dim_sender, routers, x)
            x = x + self.dropout(probes.attend(self.dim_receiver, x, sent))
        else:
            probes.skip(2)
        x = self.norm3(x)
        x = self.norm4(x + self.dropout(self.MLP2(x)))
        return x.unflatten(0, (windows, -1)).transpose(1, 2)


class SegmentMerging(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.norm = nn.LayerNorm(2 * d)
        self.linear_trans = nn.Linear(2 * d, d)

    def forward(self, x):
        if x.shape[2] % 2:
            x = torch.cat([x, x[:, :, -1:]], 2)
        return self.linear_trans(self.norm(torch.cat([x[:, :, 0::2], x[:, :, 1::2]], -1)))


class CrossformerDecoderLayer(nn.Module):
    def __init__(self, cfg, segments, removed):
        super().__init__()
        d = cfg["d_model"]
        self.self_attention = TwoStageAttention(cfg, segments, removed[:2])
        self.cross_attention = (None if removed[2] else
                                AttentionLayer(d, cfg["heads"], cfg["dropout"], True))
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.MLP1 = nn.Sequential(nn.Linear(d, d), nn.GELU(), nn.Linear(d, d))
        self.linear_pred = nn.Linear(d, cfg["segment"])
        self.dropout = nn.Dropout(cfg["dropout"])

    def forward(self, x, memory, probes):
        x = self.self_attention(x, probes)
        if self.cross_attention is not None:
            # Until here x is the same for all windows; the public code repeats it from the start.
            x = x.expand(memory.shape[0], -1, -1, -1)
            y = probes.attend(self.cross_attention, x.flatten(0, 1), memory.flatten(0, 1))
            x = x + self.dropout(y.unflatten(0, x.shape[:2]))
        else:
            probes.skip()
        x = self.norm1(x)
        x = self.norm2(x + self.MLP1(x))
        return x, self.linear_pred(x).flatten(2)


class Crossformer(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d, blocks, channels = cfg["d_model"], cfg["layers"], cfg["channels"]
        self.segment, self.horizon = cfg["segment"], cfg["horizon"]
        count = lambda rows, size: -(-rows // size)
        segments, ahead = count(cfg["lookback"], self.segment), count(self.horizon, self.segment)
        removed = [i in cfg.get("removed", ()) for i in range(5 * blocks + 3)]
        self.enc_value_embedding = nn.Module()
        self.enc_value_embedding.value_embedding = nn.Linear(self.segment, d, bias=False)
        self.enc_value_embedding.position_embedding = SinusoidalPosition(d, segments)
        self.enc_pos_embedding = nn.Parameter(torch.randn(1, channels, segments, d))
        self.dec_pos_embedding = nn.Parameter(torch.randn(1, channels, ahead, d))
        self.pre_norm = nn.LayerNorm(d)
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.encode_blocks = nn.ModuleList()
        for b in range(blocks):
            block = nn.Module()
            block.merge_layer = SegmentMerging(d) if b else None
            block.encode_layers = nn.ModuleList(
                [TwoStageAttention(cfg, count(segments, 2**b), removed[2 * b:2 * b + 2])])
            self.encoder.encode_blocks.append(block)
        removed = removed[2 * blocks:]
        self.decoder.decode_layers = nn.ModuleList(
            CrossformerDecoderLayer(cfg, ahead, removed[3 * i:3 * i + 3]) for i in range(blocks + 1))

    def forward(self, x, mark=None, masks=None, tap=None):
        probes = Probes(masks, tap)
        embedding = self.enc_value_embedding
        x = x.transpose(1, 2)
        x = F.pad(x, (0, -x.shape[2] % self.segment), mode="replicate").unflatten(-1, (-1, self.segment))
        x = embedding.value_embedding(x) + embedding.position_embedding(x.shape[2])
        memories = [self.pre_norm(x + self.enc_pos_embedding)]
        for block in self.encoder.encode_blocks:
            x = memories[-1] if block.merge_layer is None else block.merge_layer(memories[-1])
            memories.append(block.encode_layers[0](x, probes))
        x, y = self.dec_pos_embedding, 0
        for layer, memory in zip(self.decoder.decode_layers, memories):
            x, ahead = layer(x, memory, probes)
            y = y + ahead
        return y[:, :, -self.horizon:].transpose(1, 2)


class DataEmbedding(RowEmbedding):
    """Circular convolution over three rows of all channels, time features, and positions of up to `rows` rows
    (0 for none)."""

    def __init__(self, cfg, rows):
        super().__init__(cfg["d_model"], cfg.get("marks", 0), cfg["channels"])
        self.position_embedding = SinusoidalPosition(cfg["d_model"], rows) if rows else None
        self.dropout = nn.Dropout(cfg["dropout"])

    def forward(self, x, mark):
        y = self.value_embedding.tokenConv(x.transpose(1, 2)).transpose(1, 2)
        if mark is not None:
            y = y + self.temporal_embedding.embed(mark)
        if self.position_embedding is not None:
            y = y + self.position_embedding(x.shape[1])
        return self.dropout(y)


class DecoderLayer(nn.Module):
    """Causal self-attention, cross-attention and feed-forward part, each with a norm after it."""

    def __init__(self, cfg, removed):
        super().__init__()
        d, ff = cfg["d_model"], cfg["d_ff"]
        attention = lambda: AttentionLayer(d, cfg["heads"], cfg["dropout"], True)
        self.self_attention = None if removed[0] else attention()
        self.cross_attention = None if removed[1] else attention()
        self.conv1, self.conv2 = nn.Conv1d(d, ff, 1), nn.Conv1d(ff, d, 1)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d) for _ in range(3))
        self.dropout = nn.Dropout(cfg["dropout"])

    def forward(self, x, memory, probes):
        if self.self_attention is not None:
            x = x + self.dropout(probes.attend(self.self_attention, x, causal=True))
        else:
            probes.skip()
        x = self.norm1(x)
        if self.cross_attention is not None:
            x = x + self.dropout(probes.attend(self.cross_attention, x, memory))
        else:
            probes.skip()
        x = self.norm2(x)
        y = self.dropout(F.gelu(self.conv1(x.transpose(1, 2))))
        return self.norm3(x + self.dropout(self.conv2(y).transpose(1, 2)))


class Transformer(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d, layers, depth = cfg["d_model"], cfg["layers"], cfg["decoder_layers"]
        self.labels, self.horizon, self.encoder_layers = cfg["label_rows"], cfg["horizon"], layers
        removed = [layers + i in cfg.get("removed", ()) for i in range(2 * depth)]
        self.causal_maps = {layers + 2 * i for i in range(depth)}
        self.enc_embedding = DataEmbedding(cfg, cfg["lookback"])
        self.dec_embedding = DataEmbedding(cfg, self.labels + self.horizon)
        self.encoder = encoder(cfg, nn.LayerNorm(d))
        self.decoder = nn.Module()
        self.decoder.layers = nn.ModuleList(
            DecoderLayer(cfg, removed[2 * i:2 * i + 2]) for i in range(depth))
        self.decoder.norm = nn.LayerNorm(d)
        self.decoder.projection = nn.Linear(d, cfg["channels"])

    def forward(self, x, mark=None, masks=None, tap=None):
        lookback = x.shape[1]
        of_encoder = None if mark is None else mark[:, :lookback]
        memory = self.encoder(self.enc_embedding(x, of_encoder), masks, tap)
        y = F.pad(x[:, -self.labels:], (0, 0, 0, self.horizon))
        y = self.dec_embedding(y, None if mark is None else mark[:, lookback - self.labels:])
        probes = Probes(masks[self.encoder_layers:] if masks else None, tap)
        for layer in self.decoder.layers:
            y = layer(y, memory, probes)
        return self.decoder.projection(self.decoder.norm(y))[:, -self.horizon:]


class Mamba(nn.Module):
    """A block of state-spaces/mamba with `expand=1` and `d_conv=2`; the scan is a loop over the tokens."""

    def __init__(self, d, states):
        super().__init__()
        self.rank, self.states = -(-d // 16), states
        self.in_proj = nn.Linear(d, 2 * d, bias=False)
        self.conv1d = nn.Conv1d(d, d, 2, groups=d, padding=1)
        self.x_proj = nn.Linear(d, self.rank + 2 * states, bias=False)
        self.dt_proj = nn.Linear(self.rank, d)
        self.A_log = nn.Parameter(torch.log(torch.arange(1.0, states + 1)).repeat(d, 1))
        self.D = nn.Parameter(torch.ones(d))
        self.out_proj = nn.Linear(d, d, bias=False)
        step = torch.exp(torch.empty(d).uniform_(math.log(1e-3), math.log(1e-1)))
        with torch.no_grad():
            self.dt_proj.weight.uniform_(-self.rank**-0.5, self.rank**-0.5)
            self.dt_proj.bias.copy_(step + torch.log(-torch.expm1(-step)))

    def forward(self, x):
        tokens = x.shape[1]
        x, gate = self.in_proj(x).chunk(2, -1)
        x = F.silu(self.conv1d(x.transpose(1, 2))[..., :tokens].transpose(1, 2))
        step, b, c = self.x_proj(x).split([self.rank, self.states, self.states], -1)
        step = F.softplus(self.dt_proj(step))
        decay = torch.exp(step.unsqueeze(-1) * -torch.exp(self.A_log))
        added = (step * x).unsqueeze(-1) * b.unsqueeze(2)
        state, states = 0, []
        for a, b in zip(decay.unbind(1), added.unbind(1)):
            state = a * state + b
            states.append(state)
        y = (torch.stack(states, 1) @ c.unsqueeze(-1)).squeeze(-1) + self.D * x
        return self.out_proj(y * F.silu(gate))


class MambaLayer(nn.Module):
    """Scans in both directions in the place of attention."""

    def __init__(self, cfg):
        super().__init__()
        d, ff = cfg["d_model"], cfg["d_ff"]
        self.attention, self.attention_r = Mamba(d, cfg["states"]), Mamba(d, cfg["states"])
        self.conv1, self.conv2 = nn.Conv1d(d, ff, 1), nn.Conv1d(ff, d, 1)
        self.norm1, self.norm2 = nn.LayerNorm(d), nn.LayerNorm(d)
        self.dropout = nn.Dropout(cfg["dropout"])

    def forward(self, x, mask=None, tap=None):
        x = self.norm1(x + self.attention(x) + self.attention_r(x.flip(1)).flip(1))
        y = self.dropout(F.gelu(F.linear(x, self.conv1.weight.squeeze(-1), self.conv1.bias)))
        return self.norm2(x + self.dropout(F.linear(y, self.conv2.weight.squeeze(-1), self.conv2.bias)))


class SMamba(ITransformer):
    def __init__(self, cfg):
        super().__init__({**cfg, "layers": 0})
        layers = [MambaLayer(cfg) for _ in range(cfg["layers"])]
        self.encoder = Encoder(layers, nn.LayerNorm(cfg["d_model"]))


class AutoCorrelation(nn.Module):
    """Values averaged over the lags at which queries and keys correlate most.

    In training the lags are those of the batch's mean, in evaluation each sample has its own. The
    correlation is an inverse Fourier transform, as in the public code, of the length of the rows.
    """

    def __init__(self, d, heads, factor):
        super().__init__()
        self.query_projection = nn.Linear(d, d)
        self.key_projection = nn.Linear(d, d)
        self.value_projection = nn.Linear(d, d)
        self.out_projection = nn.Linear(d, d)
        self.heads, self.factor = heads, factor

    def forward(self, x, mask=None, tap=None, memory=None, causal=False):
        memory = x if memory is None else memory
        rows = x.shape[1]
        fit = lambda y: F.pad(y, (0, 0, 0, max(0, rows - y.shape[1])))[:, :rows]
        # [B, H, e, rows]
        columns = lambda y: y.unflatten(-1, (self.heads, -1)).permute(0, 2, 3, 1)
        q = columns(self.query_projection(x))
        k = columns(fit(self.key_projection(memory)))
        v = fit(self.value_projection(memory))
        spectrum = torch.fft.rfft(q, dim=-1) * torch.fft.rfft(k, dim=-1).conj()
        r = torch.fft.irfft(spectrum, n=rows, dim=-1).mean(1).mean(1)
        count = min(max(int(self.factor * math.log(rows)), 1), rows)
        if self.training:
            lags = torch.topk(r.mean(0), count)[1].expand(len(x), -1)
        else:
            lags = torch.topk(r, count, dim=-1)[1]
        a = torch.softmax(r.gather(1, lags), -1)[:, None, None].expand(-1, 1, rows, -1)
        if tap is not None:
            tap.append(a)
        if mask is not None:
            a = a * mask
        # Row t + lag of the values, [B, rows, k, d].
        place = (torch.arange(rows)[None, :, None] + lags[:, None]) % rows
        read = v[torch.arange(len(x))[:, None, None], place]
        return self.out_projection((a[:, 0, ..., None] * read).sum(2))


def decompose(x, kernel):
    """Season and trend of [B, rows, C]: a moving average, the ends repeated."""
    half = (kernel - 1) // 2
    padded = torch.cat([x[:, :1].repeat(1, half, 1), x, x[:, -1:].repeat(1, half, 1)], 1)
    trend = F.avg_pool1d(padded.transpose(1, 2), kernel, 1).transpose(1, 2)
    return x - trend, trend


class CentredNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.layernorm = nn.LayerNorm(d)

    def forward(self, x):
        y = self.layernorm(x)
        return y - y.mean(1, keepdim=True)


class SeasonLayer(nn.Module):
    """Auto-correlation of the tokens, with a memory too in a decoder, and a feed-forward part without biases;
    what each of them leaves is decomposed."""

    def __init__(self, cfg, removed, decodes=False):
        super().__init__()
        d, ff = cfg["d_model"], cfg["d_ff"]
        names = ["self_attention", "cross_attention"] if decodes else ["attention"]
        for name, gone in zip(names, removed):
            layer = None if gone else AutoCorrelation(d, cfg.get("reference_heads", 1), cfg["lag_factor"])
            setattr(self, name, layer)
        self.conv1, self.conv2 = nn.Conv1d(d, ff, 1, bias=False), nn.Conv1d(ff, d, 1, bias=False)
        if decodes:
            self.projection = nn.Conv1d(d, cfg["channels"], 3, padding=1, padding_mode="circular", bias=False)
        self.names, self.kernel, self.dropout = names, cfg["kernel"], nn.Dropout(cfg["dropout"])

    def forward(self, x, probes, memory=None):
        trends = 0
        for name in self.names:
            layer = getattr(self, name)
            if layer is None:
                probes.skip()
            else:
                x = x + self.dropout(probes.attend(layer, x, memory if name == "cross_attention" else None))
            x, trend = decompose(x, self.kernel)
            trends = trends + trend
        y = self.dropout(F.gelu(self.conv1(x.transpose(1, 2))))
        x, trend = decompose(x + self.dropout(self.conv2(y).transpose(1, 2)), self.kernel)
        return x, trends + trend


class Autoformer(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        d, layers, depth = cfg["d_model"], cfg["layers"], cfg["decoder_layers"]
        self.labels, self.horizon, self.kernel = cfg["label_rows"], cfg["horizon"], cfg["kernel"]
        removed = [i in cfg.get("removed", ()) for i in range(layers + 2 * depth)]
        self.enc_embedding = DataEmbedding(cfg, 0)
        self.dec_embedding = DataEmbedding(cfg, 0)
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.attn_layers = nn.ModuleList(SeasonLayer(cfg, removed[i:i + 1]) for i in range(layers))
        self.encoder.norm = CentredNorm(d)
        self.decoder.layers = nn.ModuleList(
            SeasonLayer(cfg, removed[layers + 2 * i:][:2], decodes=True) for i in range(depth))
        self.decoder.norm = CentredNorm(d)
        self.decoder.projection = nn.Linear(d, cfg["channels"])

    def forward(self, x, mark=None, masks=None, tap=None):
        lookback, probes = x.shape[1], Probes(masks, tap)
        memory = self.enc_embedding(x, None if mark is None else mark[:, :lookback])
        for layer in self.encoder.attn_layers:
            memory, _ = layer(memory, probes)
        memory = self.encoder.norm(memory)
        season, trend = decompose(x, self.kernel)
        mean = x.mean(1, keepdim=True).repeat(1, self.horizon, 1)
        trend = torch.cat([trend[:, -self.labels:], mean], 1)
        y = F.pad(season[:, -self.labels:], (0, 0, 0, self.horizon))
        y = self.dec_embedding(y, None if mark is None else mark[:, lookback - self.labels:])
        for layer in self.decoder.layers:
            y, own = layer(y, probes, memory)
            trend = trend + layer.projection(own.transpose(1, 2)).transpose(1, 2)
        return (trend + self.decoder.projection(self.decoder.norm(y)))[:, -self.horizon:]


class Conv1D(nn.Module):
    """Hugging Face's linear layer of GPT-2, whose weight is [inputs, outputs]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x):
        return x @ self.weight + self.bias


class Gpt2Block(nn.Module):
    """Pre-LN block; a removed attention branch leaves out its norm too."""

    def __init__(self, d, heads, removed):
        super().__init__()
        self.heads, self.scale = heads, (d // heads) ** -0.5
        self.attn, self.mlp = None if removed else nn.Module(), nn.Module()
        if not removed:
            self.ln_1 = nn.LayerNorm(d)
            self.attn.c_attn, self.attn.c_proj = Conv1D(d, 3 * d), Conv1D(d, d)
        self.ln_2 = nn.LayerNorm(d)
        self.mlp.c_fc, self.mlp.c_proj = Conv1D(d, 4 * d), Conv1D(4 * d, d)

    def forward(self, x, mask=None, tap=None):
        if self.attn is not None:
            q, k, v = (split_heads(part, self.heads)
                       for part in self.attn.c_attn(self.ln_1(x)).chunk(3, -1))
            later = q.new_full((x.shape[1], x.shape[1]), -math.inf).triu(1)
            y, _ = attend(q, k, v, self.scale, 0.0, mask, tap, later)
            x = x + self.attn.c_proj(merge_heads(y))
        elif tap is not None:
            tap.append(None)
        return x + self.mlp.c_proj(F.gelu(self.mlp.c_fc(self.ln_2(x)), approximate="tanh"))


class Gpt2(nn.Module):
    """`GPT2Model` on embedded tokens."""

    def __init__(self, d, heads, layers, positions, removed=()):
        super().__init__()
        self.wpe = nn.Embedding(positions, d)
        self.h = nn.ModuleList(Gpt2Block(d, heads, i in removed) for i in range(layers))
        self.ln_f = nn.LayerNorm(d)

    def forward(self, x, masks=None, tap=None):
        x = x + self.wpe.weight[:x.shape[1]]
        for i, block in enumerate(self.h):
            x = block(x, masks[i] if masks else None, tap)
        return self.ln_f(x)


class Gpt4Ts(nn.Module):
    """Patches of a channel through the first blocks of a GPT-2, in which norms and positions are trained."""

    def __init__(self, cfg):
        super().__init__()
        d, self.patch = cfg["d_model"], (cfg["patch_len"], cfg["stride"])
        self.in_layer = nn.Linear(cfg["patch_len"], d)
        removed = cfg.get("removed", ())
        self.gpt2 = Gpt2(d, cfg["heads"], cfg["layers"], cfg["positions"], removed)
        self.out_layer = nn.Linear(d * patch_count(cfg), cfg["horizon"])
        self.causal_maps = set(range(cfg["layers"]))
        for name, p in self.gpt2.named_parameters():
            p.requires_grad_("ln" in name or "wpe" in name)

    def forward(self, x, mark=None, masks=None, tap=None):
        x, mean, std = window_norm(x, detach_std=True)
        tokens = self.in_layer(patches(x.transpose(1, 2), *self.patch))
        y = self.gpt2(tokens.flatten(0, 1), masks, tap).unflatten(0, tokens.shape[:2])
        return self.out_layer(y.flatten(2)).transpose(1, 2) * std + mean


class Draws:
    """The samples of the Rust code in evaluation: Xoshiro256++ (prng.di.unimi.it), seeded by SplitMix64
    from the FNV-1a hash of the module's name."""

    WORD = (1 << 64) - 1
    SAMPLING = 0x5A3B1E5C0F7D9264

    def __init__(self, module):
        seed = 0xCBF29CE484222325
        for byte in module.encode():
            seed = (seed ^ byte) * 0x100000001B3 & self.WORD
        seed ^= self.SAMPLING
        self.state = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & self.WORD
            z = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & self.WORD
            z = ((z ^ z >> 27) * 0x94D049BB133111EB) & self.WORD
            self.state.append(z ^ z >> 31)

    def next(self):
        turn = lambda x, by: (x << by | x >> 64 - by) & self.WORD
        s = self.state
        out = (turn((s[0] + s[3]) & self.WORD, 23) + s[0]) & self.WORD
        t = (s[1] << 17) & self.WORD
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = turn(s[3], 45)
        return out

    def table(self, queries, keys, draws):
        """Indices of keys for each query, [queries, draws]."""
        return torch.tensor([[self.next() * keys >> 64 for _ in range(draws)] for _ in range(queries)])


@functools.cache
def samples(module, queries, keys, draws):
    """The same in every pass, unlike those of the public code."""
    return Draws(module).table(queries, keys, draws)


class SparseAttention(AttentionLayer):
    """ProbSparse attention as the public code computes it: scores of sampled keys only, a mean (or a
    cumulative sum) of the values, and softmax rows that replace it at the selected queries."""

    def __init__(self, cfg, mixed, name):
        super().__init__(cfg["d_model"], cfg["heads"], 0.0, True)
        self.factor, self.mixed, self.name = cfg["factor"], mixed, name

    def count(self, tokens):
        return min(max(self.factor * math.ceil(math.log(tokens)), 1), tokens)

    def forward(self, x, mask=None, tap=None, memory=None, causal=False):
        memory = x if memory is None else memory
        q = split_heads(self.query_projection(x), self.heads)
        k = split_heads(self.key_projection(memory), self.heads)
        v = split_heads(self.value_projection(memory), self.heads)
        queries, keys = q.shape[2], k.shape[2]
        index = samples(self.name, queries, keys, self.count(keys)).to(x.device)
        sampled = (q[..., None, :] * k[:, :, index]).sum(-1)
        measure = sampled.amax(-1) - sampled.sum(-1) / keys
        top = measure.topk(self.count(queries), sorted=False)[1]
        batch = torch.arange(len(x), device=x.device)[:, None, None]
        head = torch.arange(self.heads, device=x.device)[None, :, None]
        scores = q[batch, head, top] @ k.transpose(-1, -2) * self.scale
        if causal:
            later = torch.ones(queries, queries, dtype=torch.bool, device=x.device).triu(1)
            scores = scores.masked_fill(later[top], -math.inf)
        rows = torch.softmax(scores, -1)
        if mask is None and tap is None:
            context = v.cumsum(2) if causal else v.mean(2, keepdim=True).repeat(1, 1, queries, 1)
            context = context.clone()
            context[batch, head, top] = rows @ v
        else:
            # A map of the same product, for the mask.
            a = torch.ones(queries, keys, dtype=x.dtype, device=x.device)
            a = (a.tril() if causal else a / keys).repeat(len(x), self.heads, 1, 1)
            a[batch, head, top] = rows
            if tap is not None:
                tap.append(a)
            context = (a if mask is None else a * mask) @ v
        joined = context.flatten(1).view(len(x), queries, -1) if self.mixed else merge_heads(context)
        return self.out_projection(joined)


class Distilling(nn.Module):
    def __init__(self, d, padding):
        super().__init__()
        self.downConv = nn.Conv1d(d, d, 3, padding=padding, padding_mode="circular")
        self.norm = nn.BatchNorm1d(d)

    def forward(self, x):
        y = F.elu(self.norm(self.downConv(x.transpose(1, 2))))
        return F.max_pool1d(y, 3, 2, 1).transpose(1, 2)


class Informer(Transformer):
    """The Transformer with sparse attention, and pooling between its encoder layers."""

    def __init__(self, cfg):
        super().__init__(cfg)
        others = cfg["mixed_others"]
        for i, layer in enumerate(self.encoder.attn_layers):
            if layer.attention is not None:
                layer.attention = SparseAttention(cfg, others, f"encoder.{i}.attention")
        for i, layer in enumerate(self.decoder.layers):
            if layer.self_attention is not None:
                name = f"decoder.{i}.self_attention"
                layer.self_attention = SparseAttention(cfg, cfg["mixed_decoder"], name)
            if layer.cross_attention is not None and cfg["sparse_cross"]:
                layer.cross_attention = SparseAttention(cfg, others, f"decoder.{i}.cross_attention")
        self.encoder.conv_layers = nn.ModuleList(
            Distilling(cfg["d_model"], cfg["padding"]) for _ in range(cfg["layers"] - 1))


class TimeLlm(nn.Module):
    """Patches of a channel as mixtures of word prototypes, behind a prompt, through a frozen GPT-2.

    Map 0 is that of patches to prototypes.
    """

    def __init__(self, cfg):
        super().__init__()
        d, self.heads, self.features = cfg["d_model"], cfg["reprogramming_heads"], cfg["d_ff"]
        width, inner = cfg["backbone_width"], self.heads * self.features
        self.patch, self.scale = (cfg["patch_len"], cfg["stride"]), self.features ** -0.5
        # Modules are counted from the input, and the first cannot be removed.
        removed = [i - 1 for i in cfg.get("removed", ())]
        self.llm_model = Gpt2(width, cfg["backbone_heads"], cfg["layers"], cfg["positions"], removed)
        self.llm_model.wte = nn.Embedding(cfg["vocabulary"], width)
        self.llm_model.requires_grad_(False)
        self.patch_embedding = nn.Module()
        self.patch_embedding.value_embedding = RowEmbedding(d, 0, cfg["patch_len"]).value_embedding
        self.word_embeddings = self.llm_model.wte.weight
        self.mapping_layer = nn.Linear(cfg["vocabulary"], cfg["prototypes"])
        self.reprogramming_layer = nn.ModuleDict({
            "query_projection": nn.Linear(d, inner),
            "key_projection": nn.Linear(width, inner),
            "value_projection": nn.Linear(width, inner),
            "out_projection": nn.Linear(inner, width),
        })
        self.output_projection = nn.Module()
        self.output_projection.linear = nn.Linear(self.features * patch_count(cfg), cfg["horizon"])
        self.causal_maps = set(range(1, cfg["layers"] + 1))
        shape = (cfg["batch"], cfg["channels"], cfg["prompt_tokens"])
        self.register_buffer("prompt", torch.randint(cfg["vocabulary"], shape), persistent=False)

    def reprogram(self, x, mask, tap):
        project, s = self.reprogramming_layer, len(x)
        prototypes = self.mapping_layer(self.word_embeddings.T).T.expand(s, -1, -1)
        q, k, v = (split_heads(project[f"{name}_projection"](of), self.heads)
                   for name, of in (("query", x), ("key", prototypes), ("value", prototypes)))
        y, _ = attend(q, k, v, self.scale, 0.0, mask, tap)
        return project["out_projection"](merge_heads(y))

    def forward(self, x, mark=None, masks=None, tap=None):
        x, mean, std = window_norm(x, detach_std=True)
        pieces = patches(x.transpose(1, 2), *self.patch)
        b, c, n, _ = pieces.shape
        embed = self.patch_embedding.value_embedding.tokenConv
        tokens = embed(pieces.flatten(0, 1).transpose(1, 2)).transpose(1, 2)
        tokens = self.reprogram(tokens, masks[0] if masks else None, tap)
        prompt = self.llm_model.wte(self.prompt).flatten(0, 1)
        y = self.llm_model(torch.cat([prompt, tokens], 1), masks[1:] if masks else None, tap)
        y = y[:, -n:, :self.features].transpose(1, 2).flatten(1)
        return self.output_projection.linear(y).unflatten(0, (b, c)).transpose(1, 2) * std + mean


MODELS = {
    "informer": Informer,
    "time-llm": TimeLlm,
    "gpt4ts": Gpt4Ts,
    "s-mamba": SMamba,
    "autoformer": Autoformer,
    "transformer": Transformer,
    "crossformer": Crossformer,
    "timemixer": TimeMixer,
    "tide": TiDE,
    "fits": FITS,
    "lightts": LightTS,
    "tsmixer": TSMixer,
    "itransformer": ITransformer,
    "patchtst": PatchTST,
    "patchtst_official": PatchTSTOfficial,
    "dlinear": DLinear,
    "rlinear": RLinear,
}


def build(cfg):
    official = cfg["model"] + "_official"
    if cfg.get("layout") == "authors" and official in MODELS:
        return MODELS[official](cfg)
    return MODELS[cfg["model"]](cfg)


def parameter_count(model, trainable=True):
    return sum(p.numel() for p in model.parameters() if p.requires_grad or not trainable)
