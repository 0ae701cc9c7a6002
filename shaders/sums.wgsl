// Sums over rows, each with the number of values that were no number.

var<workgroup> shared_sums: array<vec2<f32>, WORKGROUP>;

// The sum over all threads of a workgroup, whole in thread 0 only; every thread calls this, and may
// call it again. One thread adds: barriers would cost more than so few additions.
fn workgroup_sum(thread: u32, own: vec2<f32>) -> vec2<f32> {
    shared_sums[thread] = own;
    workgroupBarrier();
    var sum = own;
    if thread == 0u {
        for (var other = 1u; other < WORKGROUP; other++) {
            sum += shared_sums[other];
        }
    }
    workgroupBarrier();
    return sum;
}
