// Parameters of the element-wise stages; their last binding.
//
// Needs dropout.wgsl.

// Values per invocation, one workgroup apart.
const EACH: u32 = 4u;

struct Values {
    dropout: Dropout,
    count: u32,
    // Workgroups along x; larger dispatches than 65,535 continue along y.
    groups_x: u32,
    padding_1: u32,
    padding_2: u32,
}

// The invocation's first value.
fn first_value(workgroup: vec3<u32>, thread: u32) -> u32 {
    return (workgroup.y * task.groups_x + workgroup.x) * (WORKGROUP * EACH) + thread;
}
