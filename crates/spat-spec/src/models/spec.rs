//! What the catalogue knows of every model.

use crate::{AttentionStructure, Cost, ForecasterConfig, Preset, TrainingConfig};

use super::backbone::{BackboneFile, BackboneSizes};
use super::field::Field;
use super::site::{AttentionSite, InputSpec};
use crate::ConfigError;

/// Rows and channels of the windows that a forecaster reads and writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Input rows.
    pub lookback: usize,
    /// Forecast rows.
    pub horizon: usize,
    /// Channels in and out.
    pub channels: usize,
}

impl Window {
    /// A window of `lookback` input rows and `horizon` forecast rows of `channels` channels.
    pub fn new(lookback: usize, horizon: usize, channels: usize) -> Self {
        Self {
            lookback,
            horizon,
            channels,
        }
    }

    /// Numbers that the windows themselves and their copies in a training step hold.
    pub(super) fn activations(self) -> f64 {
        4.0 * self.channels as f64 * (self.lookback as f64 + self.horizon as f64)
    }
}

impl From<Window> for (usize, usize, usize) {
    fn from(window: Window) -> Self {
        (window.lookback, window.horizon, window.channels)
    }
}

/// The largest width of a small size, see [`Size::is_small`].
const LARGEST_SMALL_WIDTH: usize = 32;

/// The size of a model in the three numbers that most models share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Width of a token (`d_model`).
    pub width: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads per module.
    pub heads: usize,
}

impl Size {
    /// Whether a model of this size is for a first impression. It has to be trained, pruned and fine-tuned on a
    /// small table within two minutes on one core in a browser. A model whose step costs much more than
    /// iTransformer's then takes fewer tokens, layers or heads than the size states.
    pub(super) fn is_small(self) -> bool {
        self.width <= LARGEST_SMALL_WIDTH
    }

    /// One layer less at a small size.
    pub(super) fn fewer_layers(self) -> usize {
        let less = usize::from(self.is_small());
        self.layers.saturating_sub(less).max(1)
    }

    /// Hidden width of feed-forward parts over every row: four times the width as published, at a small size
    /// `small` times.
    pub(super) fn row_feed_forward(self, small: usize) -> usize {
        let times = if self.is_small() { small } else { 4 };
        self.width.saturating_mul(times)
    }

    /// One head in `divisor` at a small size.
    pub(super) fn fewer_heads(self, divisor: usize) -> usize {
        let divisor = if self.is_small() { divisor } else { 1 };
        (self.heads / divisor).max(1)
    }

    /// Rows between the starts of two patches: at a small size they do not overlap, which halves the tokens.
    pub(super) fn patch_stride(self, patch_len: usize) -> usize {
        let share = if self.is_small() { 1 } else { 2 };
        (patch_len / share).max(1)
    }

    /// Rows at the end of the look-back that a decoder reads: half of it, at a small size a quarter.
    pub(super) fn label_rows(self, lookback: usize) -> usize {
        lookback.div_ceil(if self.is_small() { 4 } else { 2 })
    }
}

/// The description of a model. Implemented by its configuration, whose fields stay inline in
/// experiments and model files.
pub trait ModelSpec: Clone + Into<ForecasterConfig> + 'static {
    /// The settings that the command line and the web app offer.
    const FIELDS: &'static [Field<Self>];

    /// The names under which users select the model.
    const VARIANTS: &'static [Variant];

    /// Which of [`ModelSpec::VARIANTS`] this configuration is.
    fn variant(&self) -> &'static Variant {
        &Self::VARIANTS[0]
    }

    /// Rows and channels of a window.
    fn window(&self) -> Window;

    /// Sets rows and channels of a window.
    fn set_window(&mut self, window: Window);

    /// Adapts the widths and depths to `size`. Models without such sizes keep theirs. Models with costly steps
    /// become cheaper at a small size than it states; at all others they have their default tokens.
    fn resize(&mut self, _size: Size) {}

    /// Checks what the ranges of [`ModelSpec::FIELDS`] do not express.
    ///
    /// # Errors
    /// Names the settings that do not fit together.
    fn check(&self) -> Result<(), ConfigError> {
        Ok(())
    }

    /// Layers or blocks, each of which costs memory besides its parameters.
    fn layers(&self) -> usize {
        1
    }

    /// What the model reads besides the values of the look-back.
    fn inputs(&self) -> InputSpec {
        InputSpec::default()
    }

    /// The attention modules of the dense model, from input to output. Empty for a model without
    /// attention.
    fn sites(&self) -> Vec<AttentionSite> {
        Vec::new()
    }

    /// Parameters and multiply–accumulates with the attention in `kept`.
    fn cost(&self, kept: &[AttentionStructure]) -> Cost;

    /// Numbers that the model holds besides its parameters and does not train, with the attention in `kept`.
    fn frozen(&self, _kept: &[AttentionStructure]) -> u64 {
        0
    }

    /// The file of the frozen weights, if there is one, and the sizes that are used of it.
    fn backbone(&self) -> Option<(&BackboneFile, BackboneSizes)> {
        None
    }

    /// Takes the frozen weights, and with them the sizes, from a file. `false` if the model has no backbone.
    fn set_backbone(&mut self, _file: BackboneFile, _sizes: BackboneSizes) -> bool {
        false
    }

    /// Estimate of the numbers that the forward pass of one window keeps for its backward pass.
    /// Floating point, so that no configuration overflows it.
    fn activations(&self) -> f64;

    /// What scores of the model's attention maps mean, as a whole sentence, if these are no maps of softmax
    /// attention between tokens.
    fn score_note(&self) -> Option<&'static str> {
        None
    }

    /// What the model computes without attention, as the end of the sentence "All attention is
    /// removed: …". Also describes a model that has none.
    fn without_attention(&self) -> &'static str;
}

/// [`ModelSpec::window`] and [`ModelSpec::set_window`] over the fields `lookback`, `horizon` and
/// `channels`.
macro_rules! window_fields {
    () => {
        fn window(&self) -> $crate::Window {
            $crate::Window::new(self.lookback, self.horizon, self.channels)
        }

        fn set_window(&mut self, window: $crate::Window) {
            (self.lookback, self.horizon, self.channels) = window.into();
        }
    };
}
pub(super) use window_fields;

/// A model under the name that users select it by.
#[derive(Debug)]
pub struct Variant {
    /// The name on the command line and in links.
    pub id: &'static str,
    /// The name in reports.
    pub name: &'static str,
    /// Name and main property in one line, for lists.
    pub title: &'static str,
    /// Where the model was published.
    pub paper: &'static str,
    /// The default configuration and training. The flag states whether the table has dates.
    pub new: fn(Window, bool) -> (ForecasterConfig, TrainingConfig),
    /// The published configuration and training for a benchmark set: horizon, channels, dates. The
    /// look-back is part of the published settings.
    pub published: fn(Preset, usize, usize, bool) -> (ForecasterConfig, TrainingConfig),
}
