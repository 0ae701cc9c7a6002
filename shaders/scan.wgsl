// Parameters of the selective scan's stages (Mamba, arXiv 2312.00752), and the softplus of a step size.
//
// A workgroup has adjacent columns of one sample, and goes through the tokens in order.

struct Scan {
    samples: u32,
    tokens: u32,
    // Columns.
    width: u32,
    // States of a column.
    states: u32,
    // Workgroups of a sample.
    groups: u32,
    // Workgroups along x; larger dispatches than 65,535 continue along y.
    groups_x: u32,
    padding_1: u32,
    padding_2: u32,
}

// Number of the workgroup: sample times groups plus group of columns.
fn number_of(workgroup: vec3<u32>) -> u32 {
    return workgroup.y * scan.groups_x + workgroup.x;
}

// ln(1 + eˣ) to a small relative error, and its slope: max(x, 0) + ln(1 + w) with w = e^−|x| and
// ln(1 + w) = 2 artanh(w / (2 + w)), as in `elementary.rs` of spat-cpu. From about 17 it is x itself.
fn softplus(x: f32) -> vec2<f32> {
    let w = exp(-abs(x));
    let s = w / (2.0 + w);
    let square = s * s;
    var p = 1.0 / 15.0;
    p = p * square + 1.0 / 13.0;
    p = p * square + 1.0 / 11.0;
    p = p * square + 1.0 / 9.0;
    p = p * square + 1.0 / 7.0;
    p = p * square + 1.0 / 5.0;
    p = p * square + 1.0 / 3.0;
    p = p * square + 1.0;
    let inverse = 1.0 / (1.0 + w);
    return vec2<f32>(max(x, 0.0) + 2.0 * s * p, select(inverse, w * inverse, x < 0.0));
}
