// Softmax of a row and its spread in one pass, without cancellation in f32.
//
// With any shift m, d_j = expm1(x_j - m) and E = sum_j exp(x_j - m), the softmax is
// (1 + d_j) / E, so that its standard deviation is that of d over E. The shift is the largest value
// so far; when it grows from m to m', d' = f d + (f - 1) with f = exp(m - m'), which moves mean and
// squares exactly. Sensitivities are scaled after the subtraction, so values close to the shift keep their
// precision.

// Factor on a sensitivity, as two factors: their product may be out of range where the result is not.
var<private> unit: vec2<f32>;

struct Exponentials {
    count: f32,
    // The largest sensitivity so far.
    shift: f32,
    // E
    total: f32,
    // Mean of d, and the sum of its squared deviations.
    mean: f32,
    squares: f32,
}

// exp(x) - 1 without loss for small x: the Taylor series to x^7 within 0.5, the plain form outside.
fn expm1(x: vec4<f32>) -> vec4<f32> {
    var series = x / 7.0 + 1.0;
    series = series * x / 6.0 + 1.0;
    series = series * x / 5.0 + 1.0;
    series = series * x / 4.0 + 1.0;
    series = series * x / 3.0 + 1.0;
    series = series * x / 2.0 + 1.0;
    return select(exp(x) - 1.0, series * x, abs(x) < vec4<f32>(0.5));
}

// expm1 of the scaled difference of two sensitivities.
fn expm1_between(value: f32, shift: f32) -> f32 {
    return expm1(vec4<f32>((value - shift) * unit.x * unit.y)).x;
}

// The same row relative to a larger shift.
fn exponentials_at(own: Exponentials, shift: f32) -> Exponentials {
    if own.count == 0.0 || shift <= own.shift {
        return own;
    }
    let growth = expm1_between(own.shift, shift);
    let ratio = 1.0 + growth;
    return Exponentials(
        own.count,
        shift,
        own.total * ratio,
        own.mean * ratio + growth,
        own.squares * ratio * ratio,
    );
}

fn merge_exponentials(left: Exponentials, right: Exponentials) -> Exponentials {
    if left.count == 0.0 {
        return right;
    }
    if right.count == 0.0 {
        return left;
    }
    let shift = max(left.shift, right.shift);
    let a = exponentials_at(left, shift);
    let b = exponentials_at(right, shift);
    let count = a.count + b.count;
    let delta = b.mean - a.mean;
    return Exponentials(
        count,
        shift,
        a.total + b.total,
        a.mean + delta * (b.count / count),
        a.squares + b.squares + delta * delta * (a.count * (b.count / count)),
    );
}

// The standard deviation of the row's softmax.
fn softmax_deviation(row: Exponentials) -> f32 {
    let divisor = max(row.count - f32(task.unbiased), 1.0);
    return sqrt(row.squares / divisor) / row.total;
}
