//! Settings that several models have, described once.

use super::field::{Field, LARGEST_AXIS, LARGEST_WIDTH, MOST_LAYERS};

impl<C: Clone> Field<C> {
    /// Layers, called `label`.
    pub(super) const fn layers(
        label: &'static str,
        help: &'static str,
        place: fn(&mut C) -> &mut usize,
    ) -> Self {
        Self::count("layers", label, help, MOST_LAYERS, place)
    }

    /// Decoder layers.
    pub(super) const fn decoder_layers(
        help: &'static str,
        place: fn(&mut C) -> &mut usize,
    ) -> Self {
        Self::count("decoder-layers", "Decoder layers", help, MOST_LAYERS, place)
    }

    /// Width of a token or layer (`d_model`).
    pub(super) const fn width(help: &'static str, place: fn(&mut C) -> &mut usize) -> Self {
        Self::count("width", "Width (d_model)", help, LARGEST_WIDTH, place)
    }

    /// Hidden width of the feed-forward parts (`d_ff`).
    pub(super) const fn feed_forward(place: fn(&mut C) -> &mut usize) -> Self {
        Self::count(
            "ff",
            "Feed-forward width (d_ff)",
            "Hidden width of the feed-forward parts",
            LARGEST_WIDTH,
            place,
        )
    }

    /// Attention heads.
    pub(super) const fn heads(place: fn(&mut C) -> &mut usize) -> Self {
        Self::count(
            "heads",
            "Heads",
            "Attention heads per module; divides the width",
            LARGEST_WIDTH,
            place,
        )
    }

    /// Rows of a patch.
    pub(super) const fn patch(place: fn(&mut C) -> &mut usize) -> Self {
        Self::count(
            "patch",
            "Patch length, rows",
            "Rows per patch",
            LARGEST_AXIS,
            place,
        )
    }

    /// Rows between patches.
    pub(super) const fn stride(place: fn(&mut C) -> &mut usize) -> Self {
        Self::count(
            "stride",
            "Stride, rows",
            "Rows between the starts of two patches",
            LARGEST_AXIS,
            place,
        )
    }

    /// Rows of the moving average of a series decomposition.
    pub(super) const fn kernel(place: fn(&mut C) -> &mut usize) -> Self {
        Self::count(
            "kernel",
            "Moving average, rows",
            "Rows of the moving average that makes the trend; odd",
            LARGEST_WIDTH,
            place,
        )
    }

    /// Label rows of an encoder-decoder (`label_len`).
    pub(super) const fn label_rows(place: fn(&mut C) -> &mut usize) -> Self {
        Self::count(
            "label-rows",
            "Label rows",
            "Rows at the end of the look-back that the decoder reads before those to forecast",
            LARGEST_AXIS,
            place,
        )
    }

    /// Dropout.
    pub(super) const fn dropout(place: fn(&mut C) -> &mut f64) -> Self {
        Self::probability("dropout", "Dropout", "Dropout probability", place)
    }

    /// Whether each window is normalised.
    pub(super) const fn normalise(place: fn(&mut C) -> &mut bool) -> Self {
        Self::switch(
            "normalise",
            "Normalise each window",
            "Normalise each window by its own mean and deviation",
            place,
        )
    }

    /// Whether time features are tokens.
    pub(super) const fn time_tokens(place: fn(&mut C) -> &mut bool) -> Self {
        Self::switch(
            "time-stamps",
            "Time features",
            "Add hour, weekday, day of month and day of year as tokens, if the table has dates",
            place,
        )
    }

    /// Whether the time features of look-back and horizon are read.
    pub(super) const fn time_features(place: fn(&mut C) -> &mut bool) -> Self {
        Self::switch(
            "time-stamps",
            "Time features",
            "Read hour, weekday, day of month and day of year of all rows, if the table has dates",
            place,
        )
    }
}
