// Sums over rows, each with the number of non-finite values.

var<workgroup> shared_sums: array<vec2<f32>, WORKGROUP>;

// The sum over the `share` threads of a team, valid in its first thread only; every thread of the workgroup
// must call this, any number of times. One thread adds sequentially: barriers would cost more than so few
// additions.
fn shared_sum(thread: u32, share: u32, own: vec2<f32>) -> vec2<f32> {
    shared_sums[thread] = own;
    workgroupBarrier();
    var sum = own;
    if thread % share == 0u {
        for (var other = 1u; other < share; other++) {
            sum += shared_sums[thread + other];
        }
    }
    workgroupBarrier();
    return sum;
}

// The sum over all threads of a workgroup, valid in thread 0 only.
fn workgroup_sum(thread: u32, own: vec2<f32>) -> vec2<f32> {
    return shared_sum(thread, WORKGROUP, own);
}
