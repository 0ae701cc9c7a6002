// Gradients of x and of the branch: with g = γ ∂L/∂y,
// ∂L/∂s = (g − mean(g) − x̂ mean(g x̂)) / √(variance + ε) for s = x + drop(branch).
//
// Needs dropout.wgsl and norm.wgsl.

@group(0) @binding(0) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(1) var<storage, read_write> normal: array<f32>;
@group(0) @binding(2) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(3) var<storage, read_write> gamma: array<f32>;
@group(0) @binding(4) var<storage, read_write> of_input: array<f32>;
@group(0) @binding(5) var<storage, read_write> of_branch: array<f32>;
@group(0) @binding(6) var<uniform> norm: Norm;

var<workgroup> shared_sums: array<vec2<f32>, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn add_norm_backward(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let row = first_row(workgroup, thread);
    let lane = thread % LANES;
    let team = thread - lane;
    let end = select(0u, norm.width, row < norm.rows);
    let start = row * norm.width;

    var own = vec2<f32>(0.0);
    for (var column = lane; column < end; column += LANES) {
        let place = start + column;
        let g = gradient[place] * gamma[column];
        own += vec2<f32>(g, g * normal[place]);
    }
    shared_sums[thread] = own;
    workgroupBarrier();
    var means = vec2<f32>(0.0);
    for (var other = 0u; other < LANES; other++) {
        means += shared_sums[team + other];
    }
    means /= f32(norm.width);

    for (var column = lane; column < end; column += LANES) {
        let place = start + column;
        let g = gradient[place] * gamma[column];
        let value = (g - means.x - normal[place] * means.y) * inverse[row];
        of_input[place] = value;
        // Without dropout the branch's gradient is that of x.
        if norm.dropout.threshold > 0u {
            of_branch[place] = value * drop_factor(norm.dropout, place);
        }
    }
}
