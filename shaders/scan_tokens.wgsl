// The selective scan: h_t = exp(Δ_t A) h_{t−1} + Δ_t u_t B_t for each state of a column, and y_t = Σ C_t h_t + D u_t,
// with Δ = softplus(steps). Four states at a time.
//
// Needs scan.wgsl.

// [samples · tokens, width].
@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> steps: array<f32>;
// B, then C of a row: [samples · tokens, 2 · states].
@group(0) @binding(2) var<storage, read_write> weights: array<f32>;
// A of each state, then D: [states + 1, width].
@group(0) @binding(3) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;
@group(0) @binding(5) var<uniform> scan: Scan;

@compute @workgroup_size(WORKGROUP)
fn scan_tokens(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = number_of(workgroup);
    let sample = number / scan.groups;
    let column = number % scan.groups * WORKGROUP + thread;
    if sample >= scan.samples || column >= scan.width {
        return;
    }
    let skip = parameters[scan.states * scan.width + column];
    for (var first = 0u; first < scan.states; first += 4u) {
        let count = min(4u, scan.states - first);
        var decay = vec4<f32>(0.0);
        for (var state = 0u; state < count; state++) {
            decay[state] = parameters[(first + state) * scan.width + column];
        }
        var h = vec4<f32>(0.0);
        for (var token = 0u; token < scan.tokens; token++) {
            let row = sample * scan.tokens + token;
            let place = row * scan.width + column;
            let step = softplus(steps[place]).x;
            var b = vec4<f32>(0.0);
            var c = vec4<f32>(0.0);
            for (var state = 0u; state < count; state++) {
                let weight = 2u * row * scan.states + first + state;
                b[state] = weights[weight];
                c[state] = weights[weight + scan.states];
            }
            h = exp(step * decay) * h + step * values[place] * b;
            var y = skip * values[place];
            if first > 0u {
                y = output[place];
            }
            output[place] = y + dot(h, c);
        }
    }
}
