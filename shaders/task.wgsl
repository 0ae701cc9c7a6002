// What a dispatch works on; every stage takes it as its last binding.
//
// Sensitivities and attention maps are [batch, heads, queries, keys] in row-major order. A segment
// is one head of one sample: `rows` rows of `keys` values, one after the other.

// Values that a thread loads before it folds them into its running state: a vec4.
const VALUES: u32 = 4u;
const EACH_VALUE = vec4<u32>(0u, 1u, 2u, 3u);

struct Task {
    // batch · heads
    segments: u32,
    heads: u32,
    // Queries: rows of a segment.
    rows: u32,
    // Keys: values of a row.
    keys: u32,
    // Threads that share a row: a power of two, at most WORKGROUP.
    lanes: u32,
    // Blocks of a segment, and the rows of each.
    blocks: u32,
    rows_per_block: u32,
    // Workgroups along x; a dispatch past 65,535 goes on along y.
    groups_x: u32,
    // Workgroups that do something; the grid's last row may hold more.
    groups: u32,
    // 1: absolute values.
    absolute: u32,
    // 1: standard deviations over n - 1.
    unbiased: u32,
    // Partial moments to merge for the module's own deviation; 0: `factor` alone scales.
    partials: u32,
    // What multiplies a sensitivity before the softmax.
    factor: f32,
    // Weight of the newest batch; 0: every batch weighs the same.
    newest: f32,
    // Blocks that a workgroup takes, one after the other: short rows would not be worth its start.
    turns: u32,
    // Threads of a block: a workgroup has WORKGROUP / share blocks in hand at once.
    share: u32,
}

// Number of the workgroup in a grid that is split over x and y.
fn group_number(group: vec3<u32>) -> u32 {
    return group.y * task.groups_x + group.x;
}

// By the bits: a compiler may take it for granted that no float is NaN or infinite.
fn are_finite(values: vec4<f32>) -> vec4<bool> {
    let exponent = vec4<u32>(0x7f800000u);
    return (bitcast<vec4<u32>>(values) & exponent) != exponent;
}

fn sum_of(values: vec4<f32>) -> f32 {
    return dot(values, vec4<f32>(1.0));
}
