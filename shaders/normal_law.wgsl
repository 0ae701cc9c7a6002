// The standard normal distribution.

// Distribution function and density at x, the former to 1e-7: Abramowitz and Stegun, Handbook of
// Mathematical Functions, 7.1.26, for erfc.
fn normal_law(x: f32) -> vec2<f32> {
    let z = abs(x) * 0.70710678;
    let t = 1.0 / (1.0 + 0.3275911 * z);
    var p = 1.0614054;
    p = p * t - 1.453152;
    p = p * t + 1.4214137;
    p = p * t - 0.28449673;
    p = p * t + 0.2548296;
    // exp(-87) is about the smallest normal f32.
    let kernel = exp(-min(z * z, 87.0));
    let tail = 0.5 * p * t * kernel;
    return vec2<f32>(select(1.0 - tail, tail, x < 0.0), kernel * 0.3989423);
}
