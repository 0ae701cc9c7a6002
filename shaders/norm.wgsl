// What a layer norm works on; the last binding of its stages.
//
// Needs dropout.wgsl.

// Invocations that share a row: few, so that a barrier serves eight rows.
const LANES: u32 = 8u;

struct Norm {
    dropout: Dropout,
    rows: u32,
    width: u32,
    // Workgroups along x; a dispatch past 65,535 goes on along y.
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
