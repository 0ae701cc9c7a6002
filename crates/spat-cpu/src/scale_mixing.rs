//! A block of TimeMixer (arXiv 2405.14616): series at several scales are split into season and trend, which are
//! mixed between neighbouring scales by maps over time; a feed-forward part over the width follows.
//!
//! A group of series is turned so that the values of all its series at one row of time are contiguous: maps over time
//! are then products from the left, tokens remain rows for the feed-forward part, and everything between the
//! input and the output of a block stays in a core's cache.

use std::ops::Range;

use crate::activation::{Activation, gelu_with_backward};
use crate::fresh::{Fresh, FreshBlock, blocks_or_empty};
use crate::linear::add_bias;
use crate::product::{View, ViewMut};
use crate::profile::timed;
use crate::sums::{add, add_rows, sum_of, total};
use crate::threads::each_block;
use crate::vectorise::vectorised;

/// Columns of a group of series.
const COLUMNS: usize = 96;

/// Most parts into which the series are divided for threads. Each has its own sum of the weights' gradients.
const PARTS: usize = 16;

/// Values of the feed-forward part's hidden rows at a time.
const HIDDEN: usize = 1 << 14;

/// Sizes of [`mix_scales`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleMixingShape {
    /// Rows of each scale, finest first.
    pub scales: Vec<usize>,
    /// Values of a row.
    pub width: usize,
    /// Hidden width of the feed-forward part.
    pub hidden: usize,
    /// Rows of the moving average that is the trend, odd.
    pub kernel: usize,
}

/// Places of a linear layer's weights `[inputs × outputs]`, followed by its biases `[outputs]`, within all
/// parameters of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerPlace {
    /// Index of the first weight.
    pub first: usize,
    /// Rows of the weights.
    pub inputs: usize,
    /// Columns of the weights.
    pub outputs: usize,
}

/// The layers of a block, in the order of their parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleMixingLayers {
    /// Both layers from each scale to the next coarser, finest first.
    pub season: Vec<[LayerPlace; 2]>,
    /// Both layers from each scale to the next finer, coarsest first.
    pub trend: Vec<[LayerPlace; 2]>,
    /// Both layers of the feed-forward part.
    pub feed_forward: [LayerPlace; 2],
}

/// Gradients of the inputs of [`mix_scales`].
#[derive(Debug, Clone, PartialEq)]
pub struct ScaleMixingGradients {
    /// Of `x`.
    pub x: Vec<f32>,
    /// Of the parameters.
    pub parameters: Vec<f32>,
}

impl LayerPlace {
    /// Index after its last bias.
    pub fn end(&self) -> usize {
        self.biases().end
    }

    /// Indices of its weights.
    pub fn weights(&self) -> Range<usize> {
        self.first..self.first + self.inputs * self.outputs
    }

    /// Indices of its biases.
    pub fn biases(&self) -> Range<usize> {
        let first = self.weights().end;
        first..first + self.outputs
    }

    fn weight<'a>(&self, parameters: &'a [f32]) -> View<'a> {
        View::new(&parameters[self.weights()], self.inputs, self.outputs)
    }

    /// `after ← Wᵀ before + b`: a map over time of columns.
    fn over_time(&self, parameters: &[f32], before: &[f32], after: &mut [f32], columns: usize) {
        ViewMut::new(after, self.outputs, columns).set(
            1.0,
            self.weight(parameters).transposed(),
            View::new(before, self.inputs, columns),
        );
        add_to_rows(after, &parameters[self.biases()]);
    }

    /// `before ← W after`: the gradient of the input of [`Self::over_time`].
    fn back_over_time(
        &self,
        parameters: &[f32],
        after: &[f32],
        before: &mut [f32],
        columns: usize,
    ) {
        ViewMut::new(before, self.inputs, columns).set(
            1.0,
            self.weight(parameters),
            View::new(after, self.outputs, columns),
        );
    }

    /// Adds the gradients of the layer's parameters in [`Self::over_time`].
    fn collect_over_time(
        &self,
        of: &mut [f32],
        before: &[f32],
        after: &[f32],
        columns: usize,
        room: &mut [f32],
    ) {
        let product = &mut room[..self.weights().len()];
        ViewMut::new(product, self.inputs, self.outputs).set(
            1.0,
            View::new(before, self.inputs, columns),
            View::new(after, self.outputs, columns).transposed(),
        );
        add_all(&mut of[self.weights()], product);
        add_row_sums(&mut of[self.biases()], after);
    }

    /// `after ← before W + b`.
    fn over_width(&self, parameters: &[f32], before: &[f32], after: &mut [f32]) {
        let rows = before.len() / self.inputs;
        ViewMut::new(after, rows, self.outputs).set(
            1.0,
            View::new(before, rows, self.inputs),
            self.weight(parameters),
        );
        add_bias(after, &parameters[self.biases()]);
    }

    /// `before ← after Wᵀ`: the gradient of the input of [`Self::over_width`].
    fn back_over_width(&self, parameters: &[f32], after: &[f32], before: &mut [f32]) {
        let rows = after.len() / self.outputs;
        ViewMut::new(before, rows, self.inputs).set(
            1.0,
            View::new(after, rows, self.outputs),
            self.weight(parameters).transposed(),
        );
    }

    /// Adds the gradients of the layer's parameters in [`Self::over_width`].
    fn collect_over_width(&self, of: &mut [f32], before: &[f32], after: &[f32], room: &mut [f32]) {
        let rows = before.len() / self.inputs;
        let product = &mut room[..self.weights().len()];
        ViewMut::new(product, self.inputs, self.outputs).set(
            1.0,
            View::new(before, rows, self.inputs).transposed(),
            View::new(after, rows, self.outputs),
        );
        add_all(&mut of[self.weights()], product);
        add_rows(&mut of[self.biases()], after);
    }
}

impl ScaleMixingShape {
    /// The layers of a block of this shape.
    pub fn layers(&self) -> ScaleMixingLayers {
        let mut first = 0;
        let mut layer = |inputs, outputs| {
            let place = LayerPlace {
                first,
                inputs,
                outputs,
            };
            first = place.end();
            place
        };
        let mut mixing = |inputs, outputs| [layer(inputs, outputs), layer(outputs, outputs)];
        let pairs = self.scales.windows(2);
        let season = pairs.clone().map(|pair| mixing(pair[0], pair[1])).collect();
        let trend = pairs.rev().map(|pair| mixing(pair[1], pair[0])).collect();
        ScaleMixingLayers {
            season,
            trend,
            feed_forward: [
                layer(self.width, self.hidden),
                layer(self.hidden, self.width),
            ],
        }
    }

    /// Rows of all scales.
    pub fn rows(&self) -> usize {
        self.scales.iter().sum()
    }

    /// The rows of each scale within those of all.
    pub fn scale_rows(&self) -> Vec<Range<usize>> {
        let mut first = 0;
        let scales = self.scales.iter().map(|&rows| {
            first += rows;
            first - rows..first
        });
        scales.collect()
    }

    /// Values of a series.
    fn series(&self) -> usize {
        self.rows() * self.width
    }

    /// Series of a group.
    fn group(&self) -> usize {
        (COLUMNS / self.width.max(1)).max(1)
    }

    /// Series of a part: whole groups, but in the last part.
    fn part(&self, count: usize) -> usize {
        count.div_ceil(PARTS).max(1).next_multiple_of(self.group())
    }

    /// Total work for `count` series, in units of one pass over a value.
    fn work(&self, count: usize) -> usize {
        count * self.series() * 16
    }
}

/// One block: its shape, its layers and their parameters.
struct Block<'a> {
    shape: &'a ScaleMixingShape,
    parameters: &'a [f32],
    /// The rows of each scale within those of all.
    scales: Vec<Range<usize>>,
    /// In the order in which they are applied.
    mixings: Vec<Mixing>,
    feed_forward: [LayerPlace; 2],
}

/// Adds `W₂ gelu(W₁ x)` of the rows of one scale to those of another.
struct Mixing {
    layers: [LayerPlace; 2],
    /// Whether it mixes trends, not seasons.
    is_trend: bool,
    from: Range<usize>,
    to: Range<usize>,
    /// Its rows among those before the activation of all mixings.
    before: Range<usize>,
}

/// What the backward pass reads of the forward pass, rows of as many values as a group has columns.
struct Kept<V> {
    /// Seasons of all scales after they are mixed.
    season: V,
    /// Trends of all scales after they are mixed.
    trend: V,
    /// Hidden rows of each mixing before the activation.
    before: V,
}

/// Buffers of a thread for a group, turned.
struct Room {
    /// The input, which becomes the output; or the gradient of the output, which becomes that of the input.
    values: Vec<f32>,
    kept: Vec<f32>,
    of_season: Vec<f32>,
    of_trend: Vec<f32>,
    scratch: Scratch,
}

/// Buffers of one operation within a group.
struct Scratch {
    /// Rows of a scale.
    scale: [Vec<f32>; 2],
    /// Tokens of the feed-forward part.
    mixed: Vec<f32>,
    /// Hidden rows of the feed-forward part.
    hidden: [Vec<f32>; 2],
    /// A layer's weights.
    weights: Vec<f32>,
}

impl<'a> Block<'a> {
    fn new(shape: &'a ScaleMixingShape, parameters: &'a [f32]) -> Self {
        let layers = shape.layers();
        let scales = shape.scale_rows();
        let mut rows = 0;
        let mut mixing =
            |layers: [LayerPlace; 2], is_trend, from: &Range<usize>, to: &Range<usize>| {
                let first = rows;
                rows += to.len();
                Mixing {
                    layers,
                    is_trend,
                    from: from.clone(),
                    to: to.clone(),
                    before: first..rows,
                }
            };
        let mut mixings = Vec::new();
        for (layers, pair) in layers.season.iter().zip(scales.windows(2)) {
            mixings.push(mixing(*layers, false, &pair[0], &pair[1]));
        }
        for (layers, pair) in layers.trend.iter().zip(scales.windows(2).rev()) {
            mixings.push(mixing(*layers, true, &pair[1], &pair[0]));
        }
        Self {
            shape,
            parameters,
            scales,
            mixings,
            feed_forward: layers.feed_forward,
        }
    }

    /// Rows of all three parts of a [`Kept`].
    fn kept_rows(&self) -> usize {
        let before = self.mixings.last().map_or(0, |mixing| mixing.before.end);
        2 * self.shape.rows() + before
    }

    fn kept<'v>(&self, values: &'v [f32], columns: usize) -> Kept<&'v [f32]> {
        let (season, rest) = values.split_at(self.shape.rows() * columns);
        let (trend, before) = rest.split_at(self.shape.rows() * columns);
        Kept {
            season,
            trend,
            before,
        }
    }

    fn kept_mut<'v>(&self, values: &'v mut [f32], columns: usize) -> Kept<&'v mut [f32]> {
        let (season, rest) = values.split_at_mut(self.shape.rows() * columns);
        let (trend, before) = rest.split_at_mut(self.shape.rows() * columns);
        Kept {
            season,
            trend,
            before,
        }
    }

    /// Tokens of a pass through the feed-forward part.
    fn tokens(&self) -> usize {
        (HIDDEN / self.shape.hidden.max(1)).max(1)
    }

    fn room(&self) -> Room {
        let columns = self.shape.group() * self.shape.width;
        let all = self.shape.rows() * columns;
        let scale = self
            .shape
            .scales
            .iter()
            .max()
            .map_or(0, |rows| rows * columns);
        let layers = self.mixings.iter().flat_map(|mixing| mixing.layers);
        let weights = layers
            .chain(self.feed_forward)
            .map(|layer| layer.weights().len())
            .max();
        let zeros = |count| vec![0.0; count];
        Room {
            values: zeros(all),
            kept: zeros(self.kept_rows() * columns),
            of_season: zeros(all),
            of_trend: zeros(all),
            scratch: Scratch {
                scale: [zeros(scale), zeros(scale)],
                mixed: zeros(self.tokens() * self.shape.width),
                hidden: [(); 2].map(|()| zeros(self.tokens() * self.shape.hidden)),
                weights: zeros(weights.unwrap_or(0)),
            },
        }
    }

    /// From the block's input of a group to its output, in place.
    fn forward(&self, x: &mut [f32], kept: Kept<&mut [f32]>, scratch: &mut Scratch) {
        let columns = x.len() / self.shape.rows();
        let Kept {
            season,
            trend,
            before,
        } = kept;
        for rows in &self.scales {
            let place = within(rows, columns);
            let (x, trend) = (&x[place.clone()], &mut trend[place.clone()]);
            trend.fill(0.0);
            add_average(trend, x, columns, self.shape.kernel);
            difference(&mut season[place], x, trend);
        }
        for mixing in &self.mixings {
            let values = if mixing.is_trend {
                &mut *trend
            } else {
                &mut *season
            };
            let before = &mut before[within(&mixing.before, columns)];
            let [first, second] = &mixing.layers;
            let from = &values[within(&mixing.from, columns)];
            first.over_time(self.parameters, from, before, columns);
            let [hidden, added] = &mut scratch.scale;
            let hidden = &mut hidden[..before.len()];
            hidden.copy_from_slice(before);
            Activation::Gelu.apply(hidden, None, 0);
            let added = &mut added[..before.len()];
            second.over_time(self.parameters, hidden, added, columns);
            add_all(&mut values[within(&mixing.to, columns)], added);
        }
        let [expand, contract] = &self.feed_forward;
        let chunk = self.tokens() * self.shape.width;
        let chunks = x
            .chunks_mut(chunk)
            .zip(season.chunks(chunk).zip(trend.chunks(chunk)));
        for (x, (season, trend)) in chunks {
            let mixed = &mut scratch.mixed[..x.len()];
            total_of(mixed, season, trend);
            let tokens = x.len() / self.shape.width;
            let hidden = &mut scratch.hidden[0][..tokens * self.shape.hidden];
            expand.over_width(self.parameters, mixed, hidden);
            Activation::Gelu.apply(hidden, None, 0);
            contract.over_width(self.parameters, hidden, mixed);
            add_all(x, mixed);
        }
    }

    /// From the gradient of the block's output of a group to that of its input, in place. Adds the gradients of
    /// the parameters to `of`.
    fn backward(
        &self,
        gradient: &mut [f32],
        kept: &Kept<&[f32]>,
        [of_season, of_trend]: [&mut [f32]; 2],
        scratch: &mut Scratch,
        of: &mut [f32],
    ) {
        let columns = gradient.len() / self.shape.rows();
        let [expand, contract] = &self.feed_forward;
        let chunk = self.tokens() * self.shape.width;
        let chunks = gradient
            .chunks(chunk)
            .zip(of_season.chunks_mut(chunk))
            .zip(kept.season.chunks(chunk).zip(kept.trend.chunks(chunk)));
        for ((gradient, of_mixed), (season, trend)) in chunks {
            let mixed = &mut scratch.mixed[..gradient.len()];
            total_of(mixed, season, trend);
            let tokens = gradient.len() / self.shape.width;
            let [hidden, of_hidden] = &mut scratch.hidden;
            let hidden = &mut hidden[..tokens * self.shape.hidden];
            let of_hidden = &mut of_hidden[..tokens * self.shape.hidden];
            expand.over_width(self.parameters, mixed, hidden);
            contract.back_over_width(self.parameters, gradient, of_hidden);
            gelu_with_backward(hidden, of_hidden);
            contract.collect_over_width(of, hidden, gradient, &mut scratch.weights);
            expand.collect_over_width(of, mixed, of_hidden, &mut scratch.weights);
            expand.back_over_width(self.parameters, of_hidden, of_mixed);
        }
        of_trend.copy_from_slice(of_season);

        for mixing in self.mixings.iter().rev() {
            let (values, of_values) = if mixing.is_trend {
                (kept.trend, &mut *of_trend)
            } else {
                (kept.season, &mut *of_season)
            };
            let before = &kept.before[within(&mixing.before, columns)];
            let from = within(&mixing.from, columns);
            let added = &of_values[within(&mixing.to, columns)];
            let [first, second] = &mixing.layers;
            let [one, of_hidden] = &mut scratch.scale;
            let of_hidden = &mut of_hidden[..before.len()];
            second.back_over_time(self.parameters, added, of_hidden, columns);
            let hidden = &mut one[..before.len()];
            hidden.copy_from_slice(before);
            gelu_with_backward(hidden, of_hidden);
            second.collect_over_time(of, hidden, added, columns, &mut scratch.weights);
            let input = &values[from.clone()];
            first.collect_over_time(of, input, of_hidden, columns, &mut scratch.weights);
            let back = &mut one[..from.len()];
            first.back_over_time(self.parameters, of_hidden, back, columns);
            add_all(&mut of_values[from], back);
        }
        // season = x − average(x), and trend = average(x).
        add_all(gradient, of_season);
        subtract(of_trend, of_season);
        for rows in &self.scales {
            let place = within(rows, columns);
            let of_average = &of_trend[place.clone()];
            add_average_backward(&mut gradient[place], of_average, columns, self.shape.kernel);
        }
    }
}

/// Values of these rows.
fn within(rows: &Range<usize>, columns: usize) -> Range<usize> {
    rows.start * columns..rows.end * columns
}

/// Output of [`mix_scales`].
#[derive(Debug, Clone, PartialEq)]
pub struct MixedScales {
    /// In the shape of `x`.
    pub output: Vec<f32>,
    /// What [`mix_scales_backward`] reads, if requested.
    pub kept: Option<Vec<f32>>,
}

/// `x ← x + W₂ gelu(W₁ (season + trend))` at each scale, after seasons are mixed from fine to coarse and trends from
/// coarse to fine by `W₂ gelu(W₁ ·)` over time. A trend is a centred moving average, the ends repeated outwards,
/// and the season what is left.
///
/// `x` is `[series × rows of all scales × width]`. The parameters are those of [`ScaleMixingShape::layers`]. `keep` is
/// true if a backward pass follows.
pub fn mix_scales(
    x: &[f32],
    parameters: &[f32],
    shape: &ScaleMixingShape,
    keep: bool,
) -> MixedScales {
    let _timed = timed("mixing of scales");
    let block = Block::new(shape, parameters);
    let values = shape.series();
    let count = x.len() / values.max(1);
    let part = shape.part(count);
    let kept_values = block.kept_rows() * shape.width;
    let mut output = Fresh::new(x.len());
    let mut kept = keep.then(|| Fresh::new(count * kept_values));
    let kept_parts = blocks_or_empty(kept.as_mut(), count * kept_values, part * kept_values);
    let parts = output
        .blocks(part * values)
        .zip(x.chunks(part * values))
        .zip(kept_parts);
    each_block(
        shape.work(count),
        parts,
        |((output, x), kept): ((FreshBlock<'_>, _), _)| {
            let mut room = block.room();
            let output = output.copied(x);
            let mut kept = kept.cleared().chunks_mut(shape.group() * kept_values);
            for output in output.chunks_mut(shape.group() * values) {
                let columns = output.len() / shape.rows();
                let turned = &mut room.values[..output.len()];
                turn(turned, output, shape.rows(), shape.width);
                let kept = match kept.next() {
                    Some(kept) => kept,
                    None => &mut room.kept[..block.kept_rows() * columns],
                };
                let kept = block.kept_mut(kept, columns);
                block.forward(turned, kept, &mut room.scratch);
                turn(output, turned, output.len() / values, shape.width);
            }
        },
    );
    MixedScales {
        output: output.into_values(),
        kept: kept.map(Fresh::into_values),
    }
}

/// The backward pass of [`mix_scales`] from the gradient of its output; `kept` is what it kept.
pub fn mix_scales_backward(
    parameters: &[f32],
    kept: &[f32],
    gradient: &[f32],
    shape: &ScaleMixingShape,
) -> ScaleMixingGradients {
    let _timed = timed("mixing of scales, backward");
    let block = Block::new(shape, parameters);
    let values = shape.series();
    let count = gradient.len() / values.max(1);
    let part = shape.part(count);
    let kept_values = block.kept_rows() * shape.width;
    let mut x = Fresh::new(gradient.len());
    let parts = x
        .blocks(part * values)
        .zip(gradient.chunks(part * values))
        .zip(kept.chunks(part * kept_values));
    let partial = each_block(
        2 * shape.work(count),
        parts,
        |((x, gradient), kept): ((FreshBlock<'_>, _), _)| {
            let mut of = vec![0.0; parameters.len()];
            let mut room = block.room();
            let groups = x
                .copied(gradient)
                .chunks_mut(shape.group() * values)
                .zip(kept.chunks(shape.group() * kept_values));
            for (x, kept) in groups {
                let columns = x.len() / shape.rows();
                let turned = &mut room.values[..x.len()];
                turn(turned, x, shape.rows(), shape.width);
                let kept = block.kept(kept, columns);
                let parts = [
                    &mut room.of_season[..x.len()],
                    &mut room.of_trend[..x.len()],
                ];
                block.backward(turned, &kept, parts, &mut room.scratch, &mut of);
                turn(x, turned, x.len() / values, shape.width);
            }
            of
        },
    );
    ScaleMixingGradients {
        x: x.into_values(),
        parameters: total(partial, parameters.len()),
    }
}

vectorised! {
    /// From `[outer × inner × width]` to `[inner × outer × width]`.
    fn turn(turned: &mut [f32], values: &[f32], inner: usize, width: usize) {
        let outer = values.len() / (inner * width);
        for (place, value) in values.chunks_exact(width).enumerate() {
            let (row, column) = (place / inner, place % inner);
            turned[(column * outer + row) * width..][..width].copy_from_slice(value);
        }
    }
}

vectorised! {
    /// The centred moving average of the rows, the first and the last repeated outwards, in place of zeros.
    fn add_average(sum: &mut [f32], values: &[f32], columns: usize, kernel: usize) {
        let last = values.len() / columns - 1;
        let (half, factor) = (kernel / 2, 1.0 / kernel as f32);
        for (row, sum) in sum.chunks_exact_mut(columns).enumerate() {
            for place in row..=row + 2 * half {
                let from = place.saturating_sub(half).min(last);
                add(sum, &values[from * columns..][..columns]);
            }
            for sum in sum {
                *sum *= factor;
            }
        }
    }
}

vectorised! {
    /// Adds the gradients of the values in [`add_average`].
    fn add_average_backward(of: &mut [f32], gradient: &[f32], columns: usize, kernel: usize) {
        let last = gradient.len() / columns - 1;
        let (half, factor) = (kernel / 2, 1.0 / kernel as f32);
        for (row, gradient) in gradient.chunks_exact(columns).enumerate() {
            for place in row..=row + 2 * half {
                let to = place.saturating_sub(half).min(last);
                for (of, gradient) in of[to * columns..][..columns].iter_mut().zip(gradient) {
                    *of += factor * gradient;
                }
            }
        }
    }
}

vectorised! {
    fn difference(difference: &mut [f32], a: &[f32], b: &[f32]) {
        for (difference, (a, b)) in difference.iter_mut().zip(a.iter().zip(b)) {
            *difference = a - b;
        }
    }
}

vectorised! {
    fn total_of(total: &mut [f32], a: &[f32], b: &[f32]) {
        for (total, (a, b)) in total.iter_mut().zip(a.iter().zip(b)) {
            *total = a + b;
        }
    }
}

vectorised! {
    fn add_all(sum: &mut [f32], values: &[f32]) {
        add(sum, values);
    }
}

vectorised! {
    fn subtract(from: &mut [f32], values: &[f32]) {
        for (from, value) in from.iter_mut().zip(values) {
            *from -= value;
        }
    }
}

vectorised! {
    /// Adds a number to all values of each row.
    fn add_to_rows(rows: &mut [f32], numbers: &[f32]) {
        let columns = rows.len() / numbers.len();
        for (row, number) in rows.chunks_exact_mut(columns).zip(numbers) {
            for value in row {
                *value += number;
            }
        }
    }
}

vectorised! {
    /// Adds the sum of each row.
    fn add_row_sums(sums: &mut [f32], rows: &[f32]) {
        let columns = rows.len() / sums.len();
        for (sum, row) in sums.iter_mut().zip(rows.chunks_exact(columns)) {
            *sum += sum_of(row, row, |value, _| value);
        }
    }
}
