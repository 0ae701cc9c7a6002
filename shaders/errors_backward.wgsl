// The gradient of the mean squared error: 2 (forecast − truth) / count, times the loss's own.
//
// Needs errors.wgsl.

@group(0) @binding(0) var<storage, read_write> forecast: array<f32>;
@group(0) @binding(1) var<storage, read_write> truth: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(3) var<storage, read_write> of_forecast: array<f32>;
@group(0) @binding(4) var<uniform> errors: Errors;

@compute @workgroup_size(WORKGROUP)
fn errors_backward(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let factor = 2.0 * errors.weight * gradient[0];
    var place = (workgroup.y * errors.groups_x + workgroup.x) * (WORKGROUP * EACH) + thread;
    for (var k = 0u; k < EACH && place < errors.count; k++) {
        of_forecast[place] = (forecast[place] - truth[place]) * factor;
        place += WORKGROUP;
    }
}
