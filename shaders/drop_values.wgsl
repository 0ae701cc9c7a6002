// Dropout alone; its gradient uses the same stage.
//
// Needs dropout.wgsl and values.wgsl.

@group(0) @binding(0) var<storage, read_write> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<uniform> task: Values;

@compute @workgroup_size(WORKGROUP)
fn drop_values(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    var place = first_value(workgroup, thread);
    for (var k = 0u; k < EACH && place < task.count; k++) {
        output[place] = input[place] * drop_factor(task.dropout, place);
        place += WORKGROUP;
    }
}
