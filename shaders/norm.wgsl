// Parameters of the layer norm stages; their last binding.
//
// Needs dropout.wgsl.

// Invocations per row: few, so that one barrier serves eight rows.
const LANES: u32 = 8u;

struct Norm {
    dropout: Dropout,
    rows: u32,
    width: u32,
    // Workgroups along x; larger dispatches than 65,535 continue along y.
    groups_x: u32,
    // 1: there is a branch.
    branch: u32,
    epsilon: f32,
    padding_1: u32,
    padding_2: u32,
    padding_3: u32,
}

fn first_row(workgroup: vec3<u32>, thread: u32) -> u32 {
    return (workgroup.y * norm.groups_x + workgroup.x) * (WORKGROUP / LANES) + thread / LANES;
}
