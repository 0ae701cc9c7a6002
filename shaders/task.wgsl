// Parameters of a reduction; the last binding of every reduction stage.
//
// Sensitivities and attention maps are [batch, heads, queries, keys] in row-major order. A segment is one
// head of one sample: `rows` contiguous rows of `keys` values.

// Values that a thread loads before it adds them to its running state: a vec4.
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
    // Blocks per segment, and rows per block.
    blocks: u32,
    rows_per_block: u32,
    // Workgroups along x; larger dispatches than 65,535 continue along y.
    groups_x: u32,
    // Workgroups with work; the grid's last row may hold more.
    groups: u32,
    // 1: use absolute values.
    absolute: u32,
    // 1: standard deviations divide by n - 1.
    unbiased: u32,
    // Number of partial moments to merge for the module's own deviation; 0: scale by `factor` alone.
    partials: u32,
    // Factor on a sensitivity before the softmax.
    factor: f32,
    // Weight of the newest batch; 0: equal weights.
    newest: f32,
    // Consecutive blocks per workgroup: short rows would not amortise its start.
    turns: u32,
    // Threads per block: a workgroup processes WORKGROUP / share blocks at once.
    share: u32,
    // Factor on the mean over the rows.
    row_factor: f32,
    // 1: row i of a segment has the keys 0 to i only.
    causal: u32,
    // Rows of a segment that the mean is taken over.
    counted_rows: u32,
    padding: u32,
}

// Number of keys of a row of a segment.
fn keys_of(row: u32) -> u32 {
    return select(task.keys, min(row + 1u, task.keys), task.causal == 1u);
}

// Index of the workgroup in a grid that is split over x and y.
fn group_number(group: vec3<u32>) -> u32 {
    return group.y * task.groups_x + group.x;
}

// Tests the bits: a compiler may assume that no float is NaN or infinite.
fn are_finite(values: vec4<f32>) -> vec4<bool> {
    let exponent = vec4<u32>(0x7f800000u);
    return (bitcast<vec4<u32>>(values) & exponent) != exponent;
}

fn sum_of(values: vec4<f32>) -> f32 {
    return dot(values, vec4<f32>(1.0));
}
