// One step of Adam over one parameter (arXiv 1412.6980, 1711.05101), its moments in place:
// m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w(1 − lr·λ) − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).

struct Adam {
    count: u32,
    // Workgroups along x; larger dispatches than 65,535 continue along y.
    groups_x: u32,
    beta_1: f32,
    beta_2: f32,
    // lr / (1 − β₁ᵗ)
    rate: f32,
    // 1 / √(1 − β₂ᵗ)
    spread: f32,
    epsilon: f32,
    // 1 − lr · λ
    keep: f32,
}

@group(0) @binding(0) var<storage, read_write> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> first: array<f32>;
@group(0) @binding(3) var<storage, read_write> second: array<f32>;
@group(0) @binding(4) var<storage, read_write> updated: array<f32>;
@group(0) @binding(5) var<uniform> adam: Adam;

// Values per invocation, one workgroup apart.
const EACH: u32 = 4u;

@compute @workgroup_size(WORKGROUP)
fn step_adam(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    var place = (workgroup.y * adam.groups_x + workgroup.x) * (WORKGROUP * EACH) + thread;
    for (var k = 0u; k < EACH && place < adam.count; k++) {
        let g = gradient[place];
        let m = first[place] * adam.beta_1 + g * (1.0 - adam.beta_1);
        let v = second[place] * adam.beta_2 + g * g * (1.0 - adam.beta_2);
        first[place] = m;
        second[place] = v;
        updated[place] = weight[place] * adam.keep
            - m / (sqrt(v) * adam.spread + adam.epsilon) * adam.rate;
        place += WORKGROUP;
    }
}
