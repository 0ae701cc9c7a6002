// What the stages of the mean squared error work on.

// Values of an invocation, one workgroup apart.
const EACH: u32 = 16u;

struct Errors {
    count: u32,
    // Sums of `square_errors`, one of each workgroup.
    sums: u32,
    // Workgroups along x; a dispatch past 65,535 goes on along y.
    groups_x: u32,
    // 1 / count
    weight: f32,
}

var<workgroup> shared_sums: array<f32, WORKGROUP>;

// The sum over all threads of a workgroup, whole in thread 0 only; every thread calls this once.
fn workgroup_sum(thread: u32, own: f32) -> f32 {
    shared_sums[thread] = own;
    workgroupBarrier();
    var sum = own;
    if thread == 0u {
        for (var other = 1u; other < WORKGROUP; other++) {
            sum += shared_sums[other];
        }
    }
    return sum;
}
