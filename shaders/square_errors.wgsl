// Sums of squared errors, one per workgroup.
//
// Needs errors.wgsl.

@group(0) @binding(0) var<storage, read_write> forecast: array<f32>;
@group(0) @binding(1) var<storage, read_write> truth: array<f32>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;
@group(0) @binding(3) var<uniform> errors: Errors;

@compute @workgroup_size(WORKGROUP)
fn square_errors(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = workgroup.y * errors.groups_x + workgroup.x;
    var own = 0.0;
    var place = group * (WORKGROUP * EACH) + thread;
    for (var k = 0u; k < EACH && place < errors.count; k++) {
        let error = forecast[place] - truth[place];
        own += error * error;
        place += WORKGROUP;
    }
    let sum = workgroup_sum(thread, own);
    if thread == 0u && group < errors.sums {
        sums[group] = sum;
    }
}
