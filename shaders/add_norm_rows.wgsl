// LayerNorm(x + drop(branch)) of each row, and the values for the backward pass: the normalised rows before
// γ and β, and their inverse deviations.
//
// Needs dropout.wgsl and norm.wgsl.

@group(0) @binding(0) var<storage, read_write> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> branch: array<f32>;
@group(0) @binding(2) var<storage, read_write> gamma: array<f32>;
@group(0) @binding(3) var<storage, read_write> beta: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<storage, read_write> normal: array<f32>;
@group(0) @binding(6) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(7) var<uniform> norm: Norm;

var<workgroup> shared_totals: array<f32, WORKGROUP>;
var<workgroup> shared_squares: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn add_norm_rows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = first_row(workgroup, thread);
    let lane = thread % LANES;
    let team = thread - lane;
    let width = f32(norm.width);
    // Invocations without a row read nothing, but reach every barrier.
    let end = select(0u, norm.width, row < norm.rows);
    let start = row * norm.width;

    var total = 0.0;
    for (var column = lane; column < end; column += LANES) {
        let place = start + column;
        var value = input[place];
        if norm.branch == 1u {
            value += branch[place] * drop_factor(norm.dropout, place);
        }
        normal[place] = value;
        total += value;
    }
    shared_totals[thread] = total;
    workgroupBarrier();
    var mean = 0.0;
    for (var other = 0u; other < LANES; other++) {
        mean += shared_totals[team + other];
    }
    mean /= width;

    var squares = 0.0;
    for (var column = lane; column < end; column += LANES) {
        let distance = normal[start + column] - mean;
        squares += distance * distance;
    }
    shared_squares[thread] = squares;
    workgroupBarrier();
    var variance = 0.0;
    for (var other = 0u; other < LANES; other++) {
        variance += shared_squares[team + other];
    }
    variance /= width;

    let scale = 1.0 / sqrt(variance + norm.epsilon);
    for (var column = lane; column < end; column += LANES) {
        let place = start + column;
        let value = (normal[place] - mean) * scale;
        normal[place] = value;
        output[place] = value * gamma[column] + beta[column];
    }
    if lane == 0u && row < norm.rows {
        inverse[row] = scale;
    }
}
