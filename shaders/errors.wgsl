// Parameters of the mean squared error stages.

// Values per invocation, one workgroup apart.
const EACH: u32 = 16u;

struct Errors {
    count: u32,
    // Number of sums of `square_errors`, one per workgroup.
    sums: u32,
    // Workgroups along x; larger dispatches than 65,535 continue along y.
    groups_x: u32,
    // 1 / count
    weight: f32,
}

var<workgroup> shared_sums: array<f32, WORKGROUP>;

// The sum over all threads of a workgroup, valid in thread 0 only; every thread calls this once.
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
