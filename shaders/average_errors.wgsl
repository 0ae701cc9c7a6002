// The mean squared error from the sums of square_errors. One workgroup.
//
// Needs errors.wgsl.

@group(0) @binding(0) var<storage, read_write> sums: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<uniform> errors: Errors;

@compute @workgroup_size(WORKGROUP)
fn average_errors(@builtin(local_invocation_index) thread: u32) {
    var own = 0.0;
    for (var place = thread; place < errors.sums; place += WORKGROUP) {
        own += sums[place];
    }
    let sum = workgroup_sum(thread, own);
    if thread == 0u {
        mean[0] = sum * errors.weight;
    }
}
