// The entropy of each attention row, -sum_j a_j ln a_j in nats, summed over the rows of a block.
//
// Row i of a causal map counts ln(keys) / ln(i + 1) times, so that a uniform row has ln(keys) there too.
//
// Needs task.wgsl and sums.wgsl. Replaces the stage disperse_rows; accumulate_scores then computes the mean
// of each head.

@group(0) @binding(0) var<storage, read_write> attention: array<f32>;
@group(0) @binding(1) var<storage, read_write> sums: array<vec2<f32>>;
@group(0) @binding(2) var<uniform> task: Task;

@compute @workgroup_size(WORKGROUP)
fn measure_entropy(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_number(workgroup);
    for (var turn = 0u; turn < task.turns; turn++) {
        let at_once = WORKGROUP / task.share;
        measure_block((group * task.turns + turn) * at_once + thread / task.share, thread);
    }
}

// The rows of one block.
fn measure_block(number: u32, thread: u32) {
    let is_block = number < task.segments * task.blocks;
    let segment = number / task.blocks;
    let first = (number % task.blocks) * task.rows_per_block;
    let last = select(0u, min(first + task.rows_per_block, task.rows), is_block);
    let start = segment * task.rows;

    // A sum over all keys of all rows: the rows of a block are contiguous.
    var sum = vec2<f32>(0.0, 0.0);
    let one = thread % task.share;
    for (var index = first * task.keys + one; index < last * task.keys; index += task.share) {
        let keys = keys_of(index / task.keys);
        if index % task.keys >= keys {
            continue;
        }
        let value = attention[start * task.keys + index];
        if !are_finite(vec4<f32>(value)).x {
            sum.y += 1.0;
        } else if value > 0.0 {
            sum.x -= value * log(value) * row_weight(keys);
        }
    }

    let whole = shared_sum(thread, task.share, sum);
    if one == 0u && is_block {
        sums[number] = whole;
    }
}

fn row_weight(keys: u32) -> f32 {
    if keys == task.keys {
        return 1.0;
    }
    // The logarithm of a single key is 0.
    return select(log(f32(task.keys)) / log(f32(keys)), 0.0, keys < 2u);
}
