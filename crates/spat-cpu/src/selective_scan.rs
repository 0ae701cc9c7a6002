//! The selective scan of Mamba (arXiv 2312.00752) and its gate: a linear recurrence over tokens whose decay, input
//! and output weights depend on the token. Sequential over tokens, parallel over samples and columns; the backward
//! pass computes the states again instead of reading them.

use crate::elementary::{exp, sigmoid, softplus};
use crate::sums::{LANES, total};
use crate::threads::each_block;
use crate::vectorise::vectorised;

/// The fewest tasks that a scan is divided into, if it has as many whole vectors of columns.
const TASKS: usize = 16;

/// Values of adjacent columns.
type Lanes = [f32; LANES];

/// Sizes of a state space and its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateSpaceShape {
    /// B.
    pub samples: usize,
    /// L.
    pub tokens: usize,
    /// E, the columns.
    pub width: usize,
    /// n, the states of a column.
    pub states: usize,
    /// r, the columns from which step sizes are made.
    pub rank: usize,
    /// Whether tokens are scanned from the last to the first.
    pub reversed: bool,
}

impl StateSpaceShape {
    /// B · L.
    pub(crate) fn rows(&self) -> usize {
        self.samples * self.tokens
    }

    /// Columns of the selected rows: step sizes, B and C.
    pub(crate) fn selected(&self) -> usize {
        self.rank + 2 * self.states
    }

    /// The token at a place of the scan.
    #[inline(always)]
    pub(crate) fn token(&self, place: usize) -> usize {
        if self.reversed {
            self.tokens - 1 - place
        } else {
            place
        }
    }

    /// Total work of a scan, in units of one pass over a value.
    fn work(&self) -> usize {
        self.rows() * self.width * (4 + 4 * self.states)
    }

    /// Columns of a task; whole vectors.
    fn group(&self) -> usize {
        let groups = TASKS.div_ceil(self.samples.max(1));
        self.width.div_ceil(groups).next_multiple_of(LANES)
    }

    /// Groups of columns.
    fn groups(&self) -> usize {
        self.width.div_ceil(self.group())
    }

    /// Columns, rounded up to whole vectors.
    fn padded(&self) -> usize {
        self.width.next_multiple_of(LANES)
    }

    /// The parts of each task, one per token, of rows of `width` values.
    fn tasks<'a>(&self, rows: impl Iterator<Item = &'a mut [f32]>) -> Vec<Vec<&'a mut [f32]>> {
        let mut tasks: Vec<Vec<_>> = (0..self.samples * self.groups())
            .map(|_| Vec::with_capacity(self.tokens))
            .collect();
        for (place, row) in rows.enumerate() {
            let first = place / self.tokens * self.groups();
            for (group, part) in row.chunks_mut(self.group()).enumerate() {
                tasks[first + group].push(part);
            }
        }
        tasks
    }
}

/// Inputs of a scan.
#[derive(Clone, Copy)]
pub(crate) struct Scan<'a> {
    pub(crate) shape: StateSpaceShape,
    /// u, `[B · L, E]`.
    pub(crate) u: &'a [f32],
    /// Step sizes before their softplus, `[B · L, E]`.
    pub(crate) steps: &'a [f32],
    /// Rows of twice E columns, whose second half is the gates z.
    pub(crate) x: &'a [f32],
    /// Rows of r columns, then B, then C.
    pub(crate) selected: &'a [f32],
    /// `ln(−A)`, `[E, n]`.
    pub(crate) log_decay: &'a [f32],
    /// D, `[E]`.
    pub(crate) skip: &'a [f32],
}

/// Gradients of a scan's inputs.
pub(crate) struct ScanGradients {
    /// Of u.
    pub(crate) u: Vec<f32>,
    /// Of the step sizes before their softplus.
    pub(crate) steps: Vec<f32>,
    /// Of B and C, `[B · L, 2 · n]`.
    pub(crate) weights: Vec<f32>,
    /// Of `ln(−A)`.
    pub(crate) log_decay: Vec<f32>,
    /// Of D.
    pub(crate) skip: Vec<f32>,
}

/// A column's values at one token.
struct Column {
    u: Lanes,
    /// Step size, and the slope of its softplus.
    step: Lanes,
    slope: Lanes,
    gate: Lanes,
}

impl Scan<'_> {
    /// A, as rows of `padded` columns, one for each state.
    fn decay(&self) -> Vec<f32> {
        let (padded, states) = (self.shape.padded(), self.shape.states);
        let mut decay = vec![0.0; states * padded];
        for (column, row) in self.log_decay.chunks_exact(states).enumerate() {
            for (state, value) in row.iter().enumerate() {
                decay[state * padded + column] = -exp(*value);
            }
        }
        decay
    }

    #[inline(always)]
    fn column(&self, row: usize, first: usize) -> Column {
        let width = self.shape.width;
        let of_rows = |values: &[f32]| load(&values[row * width..][..width], first);
        let mut column = Column {
            u: of_rows(self.u),
            step: of_rows(self.steps),
            slope: [0.0; LANES],
            gate: load(&self.x[(2 * row + 1) * width..][..width], first),
        };
        for lane in 0..LANES {
            (column.step[lane], column.slope[lane]) = softplus(column.step[lane]);
        }
        column
    }

    /// B and C of a row.
    #[inline(always)]
    fn weights(&self, row: usize) -> (&[f32], &[f32]) {
        let columns = self.shape.selected();
        self.selected[row * columns + self.shape.rank..(row + 1) * columns]
            .split_at(self.shape.states)
    }
}

/// `(Σ C_t h_t + D ⊙ u_t) ⊙ silu(z_t)` with `h_t = exp(Δ_t A) ⊙ h_{t−1} + (Δ_t u_t) B_t`, `[B · L, E]`.
pub(crate) fn scan(inputs: &Scan<'_>) -> Vec<f32> {
    let shape = &inputs.shape;
    let mut output = vec![0.0; shape.rows() * shape.width];
    let decay = inputs.decay();
    let tasks = shape.tasks(output.chunks_mut(shape.width));
    each_block(
        shape.work(),
        tasks.into_iter().enumerate(),
        |(task, mut output)| scan_group(inputs, &decay, task, &mut output),
    );
    output
}

vectorised! {
    /// [`scan`] over a group of columns of a sample; `output` has a part per token.
    fn scan_group(inputs: &Scan<'_>, decay: &[f32], task: usize, output: &mut [&mut [f32]]) {
        let shape = &inputs.shape;
        let (sample, start) = (task / shape.groups(), task % shape.groups() * shape.group());
        let mut states = vec![[0.0; LANES]; shape.states];
        for first in (start..shape.width.min(start + shape.group())).step_by(LANES) {
            let skip = load(inputs.skip, first);
            states.fill([0.0; LANES]);
            for place in 0..shape.tokens {
                let token = shape.token(place);
                let row = sample * shape.tokens + token;
                let Column { u, step, gate, .. } = inputs.column(row, first);
                let mut y = [0.0; LANES];
                for lane in 0..LANES {
                    y[lane] = skip[lane] * u[lane];
                }
                let (b, c) = inputs.weights(row);
                for (state, h) in states.iter_mut().enumerate() {
                    let decay = load(&decay[state * shape.padded()..][..shape.padded()], first);
                    for lane in 0..LANES {
                        h[lane] = exp(step[lane] * decay[lane]) * h[lane]
                            + step[lane] * u[lane] * b[state];
                        y[lane] += h[lane] * c[state];
                    }
                }
                for lane in 0..LANES {
                    y[lane] *= gate[lane] * sigmoid(gate[lane]);
                }
                store(output[token], first - start, &y);
            }
        }
    }
}

/// The backward pass of [`scan`] from the gradient of its output. `of_x` has the rows of `x`; the gradient of the
/// gates is written to their halves.
pub(crate) fn scan_backward(
    inputs: &Scan<'_>,
    gradient: &[f32],
    of_x: &mut [f32],
) -> ScanGradients {
    let shape = &inputs.shape;
    let (width, count) = (shape.width, shape.rows() * shape.width);
    let decay = inputs.decay();
    let (mut of_u, mut of_steps) = (vec![0.0; count], vec![0.0; count]);
    let gates = of_x.chunks_mut(2 * width).map(|row| &mut row[width..]);
    let tasks = shape
        .tasks(of_u.chunks_mut(width))
        .into_iter()
        .zip(shape.tasks(of_steps.chunks_mut(width)))
        .zip(shape.tasks(gates))
        .enumerate();
    let parts = each_block(
        3 * shape.work(),
        tasks,
        |(task, ((mut u, mut steps), mut gates))| {
            let of = Outputs {
                u: &mut u,
                steps: &mut steps,
                gates: &mut gates,
            };
            let mut part = Partial::new(shape);
            scan_group_backward(inputs, &decay, gradient, task, of, &mut part);
            part
        },
    );

    let mut weights = Vec::with_capacity(shape.rows() * 2 * shape.states);
    let (mut of_decay, mut skip) = (vec![0.0; shape.states * shape.padded()], vec![0.0; width]);
    let mut parts = parts.into_iter();
    for _ in 0..shape.samples {
        let mut of_sample = Vec::with_capacity(shape.groups());
        for (group, part) in parts.by_ref().take(shape.groups()).enumerate() {
            let start = group * shape.group();
            let columns = shape.group().min(width - start);
            let add = |sum: &mut [f32], values: &[f32]| {
                for (sum, value) in sum.iter_mut().zip(values) {
                    *sum += value;
                }
            };
            add(&mut skip[start..start + columns], &part.skip);
            for (sum, row) in of_decay
                .chunks_exact_mut(shape.padded())
                .zip(part.decay.chunks_exact(shape.group()))
            {
                add(&mut sum[start..start + columns], row);
            }
            of_sample.push(part.weights);
        }
        weights.append(&mut total(of_sample, shape.tokens * 2 * shape.states));
    }
    let log_decay = (0..width * shape.states)
        .map(|place| (place / shape.states, place % shape.states))
        .map(|(column, state)| state * shape.padded() + column)
        .map(|place| of_decay[place] * decay[place])
        .collect();
    ScanGradients {
        u: of_u,
        steps: of_steps,
        weights,
        log_decay,
        skip,
    }
}

/// Where a task writes gradients: a part per token.
struct Outputs<'a, 'b> {
    u: &'a mut [&'b mut [f32]],
    steps: &'a mut [&'b mut [f32]],
    gates: &'a mut [&'b mut [f32]],
}

/// A task's share of gradients that are sums over samples or columns.
struct Partial {
    /// Of B and C, `[L, 2 · n]`.
    weights: Vec<f32>,
    /// Of A, `[n, group]`.
    decay: Vec<f32>,
    /// Of D, `[group]`.
    skip: Vec<f32>,
}

impl Partial {
    fn new(shape: &StateSpaceShape) -> Self {
        Self {
            weights: vec![0.0; shape.tokens * 2 * shape.states],
            decay: vec![0.0; shape.states * shape.group()],
            skip: vec![0.0; shape.group()],
        }
    }
}

/// What a task keeps of the forward pass over some columns, by place.
struct Scratch {
    /// Before the first place and after each, `[L + 1, n]`.
    states: Vec<Lanes>,
    /// exp(Δ A), `[L, n]`.
    decays: Vec<Lanes>,
    columns: Vec<Column>,
    /// The gradient of y.
    of_y: Vec<Lanes>,
    /// Sums over the columns of a task of the gradients of B and C, `[L, 2 · n]`.
    of_weights: Vec<Lanes>,
    /// `exp(Δ_{t+1} A) ⊙ ∂L/∂h_{t+1}`.
    later: Vec<Lanes>,
}

impl Scratch {
    fn new(shape: &StateSpaceShape) -> Self {
        let (tokens, states) = (shape.tokens, shape.states);
        let lanes = |count| vec![[0.0; LANES]; count];
        Self {
            states: lanes((tokens + 1) * states),
            decays: lanes(tokens * states),
            columns: Vec::with_capacity(tokens),
            of_y: lanes(tokens),
            of_weights: lanes(tokens * 2 * states),
            later: lanes(states),
        }
    }
}

vectorised! {
    /// [`scan_backward`] over a group of columns of a sample.
    fn scan_group_backward(
        inputs: &Scan<'_>,
        decay: &[f32],
        gradient: &[f32],
        task: usize,
        of: Outputs<'_, '_>,
        part: &mut Partial,
    ) {
        let shape = &inputs.shape;
        let (width, padded, count) = (shape.width, shape.padded(), shape.states);
        let (sample, start) = (task / shape.groups(), task % shape.groups() * shape.group());
        let mut scratch = Scratch::new(shape);
        for first in (start..width.min(start + shape.group())).step_by(LANES) {
            let skip = load(inputs.skip, first);
            scratch.columns.clear();
            for place in 0..shape.tokens {
                let token = shape.token(place);
                let row = sample * shape.tokens + token;
                let column = inputs.column(row, first);
                let (b, c) = inputs.weights(row);
                let of_output = load(&gradient[row * width..][..width], first);
                let (mut y, mut of_gate) = ([0.0; LANES], [0.0; LANES]);
                let of_y = &mut scratch.of_y[place];
                for lane in 0..LANES {
                    let gate = sigmoid(column.gate[lane]);
                    let silu = column.gate[lane] * gate;
                    of_y[lane] = of_output[lane] * silu;
                    // The slope of silu.
                    of_gate[lane] = of_output[lane] * (gate + silu * (1.0 - gate));
                    y[lane] = skip[lane] * column.u[lane];
                }
                let (before, after) = scratch.states[place * count..(place + 2) * count]
                    .split_at_mut(count);
                let decays = &mut scratch.decays[place * count..][..count];
                let of_c = &mut scratch.of_weights[(2 * place + 1) * count..][..count];
                for state in 0..count {
                    let decay = load(&decay[state * padded..][..padded], first);
                    let (before, h) = (&before[state], &mut after[state]);
                    let (a, of_c) = (&mut decays[state], &mut of_c[state]);
                    for lane in 0..LANES {
                        a[lane] = exp(column.step[lane] * decay[lane]);
                        h[lane] = a[lane] * before[lane]
                            + column.step[lane] * column.u[lane] * b[state];
                        y[lane] += h[lane] * c[state];
                        of_c[lane] += of_y[lane] * h[lane];
                    }
                }
                for lane in 0..LANES {
                    of_gate[lane] *= y[lane];
                }
                store(of.gates[token], first - start, &of_gate);
                scratch.columns.push(column);
            }

            scratch.later.fill([0.0; LANES]);
            let mut of_skip = [0.0; LANES];
            for place in (0..shape.tokens).rev() {
                let token = shape.token(place);
                let (b, c) = inputs.weights(sample * shape.tokens + token);
                let Column { u, step, slope, .. } = &scratch.columns[place];
                let of_y = &scratch.of_y[place];
                let (mut of_u, mut of_step) = ([0.0; LANES], [0.0; LANES]);
                for lane in 0..LANES {
                    of_u[lane] = skip[lane] * of_y[lane];
                    of_skip[lane] += of_y[lane] * u[lane];
                }
                let before = &scratch.states[place * count..][..count];
                let decays = &scratch.decays[place * count..][..count];
                let of_b = &mut scratch.of_weights[2 * place * count..][..count];
                for state in 0..count {
                    let decay = load(&decay[state * padded..][..padded], first);
                    let (before, a) = (&before[state], &decays[state]);
                    let (later, of_b) = (&mut scratch.later[state], &mut of_b[state]);
                    let of_decay = &mut part.decay[state * shape.group() + first - start..][..LANES];
                    for lane in 0..LANES {
                        let of_h = c[state] * of_y[lane] + later[lane];
                        later[lane] = a[lane] * of_h;
                        let of_exponent = later[lane] * before[lane];
                        of_step[lane] += of_exponent * decay[lane] + of_h * b[state] * u[lane];
                        of_u[lane] += of_h * b[state] * step[lane];
                        of_b[lane] += of_h * step[lane] * u[lane];
                        of_decay[lane] += of_exponent * step[lane];
                    }
                }
                for lane in 0..LANES {
                    of_step[lane] *= slope[lane];
                }
                store(of.u[token], first - start, &of_u);
                store(of.steps[token], first - start, &of_step);
            }
            part.skip[first - start..][..LANES].copy_from_slice(&of_skip);
        }
        for place in 0..shape.tokens {
            let sums = &scratch.of_weights[2 * place * count..][..2 * count];
            let row = &mut part.weights[2 * shape.token(place) * count..][..2 * count];
            for (value, lanes) in row.iter_mut().zip(sums) {
                *value = lanes.iter().sum();
            }
        }
    }
}

/// The values of a row from column `first`, zeros beyond its end.
#[inline(always)]
fn load(row: &[f32], first: usize) -> Lanes {
    let row = &row[first..];
    match row.first_chunk() {
        Some(lanes) => *lanes,
        None => {
            let mut lanes = [0.0; LANES];
            lanes[..row.len()].copy_from_slice(row);
            lanes
        }
    }
}

/// Writes the values to a row from column `first`, without those beyond its end.
#[inline(always)]
fn store(row: &mut [f32], first: usize, lanes: &Lanes) {
    let row = &mut row[first..];
    match row.first_chunk_mut() {
        Some(whole) => *whole = *lanes,
        None => row.copy_from_slice(&lanes[..row.len()]),
    }
}
