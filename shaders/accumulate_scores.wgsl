// Last stage: the mean over the rows of each head times a factor, and its running mean and spread over
// batches.
//
// Needs task.wgsl and sums.wgsl. One workgroup. The state is [batches, non-finite values, then mean and
// squares for each head and for the module]; the module's value is the mean over its heads. Mean and
// squares use Welford's update, which stays accurate over thousands of batches. With a weight of the newest
// batch, squares are the exponentially weighted variance.

@group(0) @binding(0) var<storage, read_write> sums: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read_write> before: array<f32>;
@group(0) @binding(2) var<storage, read_write> after: array<f32>;
@group(0) @binding(3) var<uniform> task: Task;

const CHUNK: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn accumulate_scores(@builtin(local_invocation_index) thread: u32) {
    let batches = before[0] + 1.0;
    let weight = select(1.0 / batches, task.newest, task.newest > 0.0 && batches > 1.0);
    // `lanes` threads share a head; a team loops over heads if there are more heads than teams.
    let teams = WORKGROUP / task.lanes;
    let team = thread / task.lanes;
    let lane = thread % task.lanes;
    let per_head = task.segments / task.heads * task.blocks;
    let rows = f32(task.segments / task.heads) * f32(task.counted_rows);

    // Sums over this thread's heads, if it is the first of its team: values, and non-finite values.
    var whole = vec2<f32>(0.0, 0.0);
    for (var base = 0u; base < task.heads; base += teams) {
        let head = base + team;
        var own = vec2<f32>(0.0, 0.0);
        if head < task.heads {
            var number = lane;
            while number < per_head {
                own += few_sums(&number, head, per_head);
            }
        }
        shared_sums[thread] = own;
        workgroupBarrier();
        for (var reach = task.lanes / 2u; reach > 0u; reach /= 2u) {
            if lane < reach {
                shared_sums[thread] += shared_sums[thread + reach];
            }
            workgroupBarrier();
        }
        if lane == 0u && head < task.heads {
            let value = shared_sums[thread].x / rows * task.row_factor;
            update(head, value, weight);
            whole += vec2<f32>(value, shared_sums[thread].y);
        }
        workgroupBarrier();
    }

    whole = workgroup_sum(thread, whole);
    if thread == 0u {
        update(task.heads, whole.x / f32(task.heads), weight);
        after[0] = batches;
        after[1] = before[1] + whole.y;
    }
}

// The next CHUNK sums of a thread: sums of partial sums lose fewer digits than one long sum.
fn few_sums(number: ptr<function, u32>, head: u32, per_head: u32) -> vec2<f32> {
    var part = vec2<f32>(0.0, 0.0);
    for (var k = 0u; k < CHUNK && *number < per_head; k++) {
        let sample = *number / task.blocks;
        let block = *number % task.blocks;
        part += sums[(sample * task.heads + head) * task.blocks + block];
        *number += task.lanes;
    }
    return part;
}

// Welford's update of one mean and one sum of squares; with a weight w of the newest batch, of an
// exponentially weighted variance: v ← (1 − w) v + w (1 − w) (value − mean)².
fn update(place: u32, value: f32, weight: f32) {
    let mean = before[2u + 2u * place];
    let from_before = value - mean;
    let moved = mean + from_before * weight;
    let square = from_before * (value - moved);
    let squares = before[3u + 2u * place];
    after[2u + 2u * place] = moved;
    after[3u + 2u * place] = select(squares + square, squares + weight * (square - squares), task.newest > 0.0);
}
