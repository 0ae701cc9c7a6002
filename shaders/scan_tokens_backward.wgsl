// Gradients of the inputs of scan_tokens. One state at a time: a pass over the tokens keeps the state before every
// segment of 16 tokens; then, from the last segment to the first, the states within it are computed again and the
// gradient goes through them backwards.
//
// Needs scan.wgsl.

@group(0) @binding(0) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(1) var<storage, read_write> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> steps: array<f32>;
@group(0) @binding(3) var<storage, read_write> weights: array<f32>;
@group(0) @binding(4) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(5) var<storage, read_write> of_values: array<f32>;
@group(0) @binding(6) var<storage, read_write> of_steps: array<f32>;
// Gradients of the weights, [groups, samples · tokens, 2 · states], a sum over the columns of each group; of the
// parameters, [samples, states + 1, width]; then kept states, [samples, segments, width].
@group(0) @binding(7) var<storage, read_write> sums: array<f32>;
@group(0) @binding(8) var<uniform> scan: Scan;

// Tokens of a segment.
const SEGMENT: u32 = 16u;

// Shares of the threads in the gradients of B and C, by token of a segment.
var<workgroup> of_weights: array<vec2<f32>, SEGMENT * WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn scan_tokens_backward(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = number_of(workgroup);
    let sample = number / scan.groups;
    let group = number % scan.groups;
    if sample >= scan.samples {
        return;
    }
    // Threads beyond the last column reach every barrier, and add nothing.
    let column = group * WORKGROUP + thread;
    let is_column = column < scan.width;
    let first_row = sample * scan.tokens;
    let rows = scan.samples * scan.tokens;
    let segments = (scan.tokens + SEGMENT - 1u) / SEGMENT;
    let of_parameters = scan.groups * rows * 2u * scan.states;
    let own = of_parameters + sample * (scan.states + 1u) * scan.width + column;
    let kept = of_parameters + scan.samples * (scan.states + 1u) * scan.width
        + sample * segments * scan.width + column;

    var skip = 0.0;
    if is_column {
        skip = parameters[scan.states * scan.width + column];
        var of_skip = 0.0;
        for (var token = 0u; token < scan.tokens; token++) {
            let place = (first_row + token) * scan.width + column;
            of_values[place] = skip * gradient[place];
            of_steps[place] = 0.0;
            of_skip += gradient[place] * values[place];
        }
        sums[own + scan.states * scan.width] = of_skip;
    }

    for (var state = 0u; state < scan.states; state++) {
        var decay = 0.0;
        if is_column {
            decay = parameters[state * scan.width + column];
            var h = 0.0;
            for (var token = 0u; token < scan.tokens; token++) {
                if token % SEGMENT == 0u {
                    sums[kept + token / SEGMENT * scan.width] = h;
                }
                let row = first_row + token;
                let place = row * scan.width + column;
                let step = softplus(steps[place]).x;
                h = exp(step * decay) * h + step * values[place] * weights[2u * row * scan.states + state];
            }
        }
        var later = 0.0;
        var of_decay = 0.0;
        for (var left = segments; left > 0u; left--) {
            let first = (left - 1u) * SEGMENT;
            let count = min(SEGMENT, scan.tokens - first);
            if is_column {
                var before: array<f32, SEGMENT>;
                var h = sums[kept + (left - 1u) * scan.width];
                for (var token = 0u; token < count; token++) {
                    before[token] = h;
                    let row = first_row + first + token;
                    let place = row * scan.width + column;
                    let step = softplus(steps[place]).x;
                    h = exp(step * decay) * h
                        + step * values[place] * weights[2u * row * scan.states + state];
                }
                for (var ahead = count; ahead > 0u; ahead--) {
                    let token = ahead - 1u;
                    let row = first_row + first + token;
                    let place = row * scan.width + column;
                    let weight = 2u * row * scan.states + state;
                    let b = weights[weight];
                    let step = softplus(steps[place]);
                    let a = exp(step.x * decay);
                    let scaled = step.x * values[place];
                    let after = a * before[token] + scaled * b;
                    let of_h = weights[weight + scan.states] * gradient[place] + later;
                    later = a * of_h;
                    let of_exponent = later * before[token];
                    of_decay += of_exponent * step.x;
                    of_values[place] += of_h * b * step.x;
                    of_steps[place] += (of_exponent * decay + of_h * b * values[place]) * step.y;
                    of_weights[token * WORKGROUP + thread] =
                        vec2<f32>(of_h * scaled, gradient[place] * after);
                }
            } else {
                for (var token = 0u; token < count; token++) {
                    of_weights[token * WORKGROUP + thread] = vec2<f32>(0.0);
                }
            }
            workgroupBarrier();
            if thread < count {
                var sum = vec2<f32>(0.0);
                for (var other = 0u; other < WORKGROUP; other++) {
                    sum += of_weights[thread * WORKGROUP + other];
                }
                let row = first_row + first + thread;
                let place = (group * rows + row) * 2u * scan.states + state;
                sums[place] = sum.x;
                sums[place + scan.states] = sum.y;
            }
            workgroupBarrier();
        }
        if is_column {
            sums[own + state * scan.width] = of_decay;
        }
    }
}
