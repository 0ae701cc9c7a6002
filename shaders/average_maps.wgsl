// The mean over the batch of each cell of each head's map, [batch, heads, queries, keys] to
// [heads, queries, keys]. One thread per cell.
//
// Needs task.wgsl.

@group(0) @binding(0) var<storage, read_write> maps: array<f32>;
@group(0) @binding(1) var<storage, read_write> average: array<f32>;
@group(0) @binding(2) var<uniform> task: Task;

@compute @workgroup_size(WORKGROUP)
fn average_maps(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let cell = group_number(workgroup) * WORKGROUP + thread;
    let cells = task.heads * task.rows * task.keys;
    if cell >= cells {
        return;
    }
    let batch = task.segments / task.heads;
    // A running mean, so that no sum grows with the batch.
    var mean = 0.0;
    for (var sample = 0u; sample < batch; sample++) {
        mean += (maps[sample * cells + cell] - mean) / f32(sample + 1u);
    }
    average[cell] = mean;
}
