// Stage 2: the standard deviation of the softmax of each row, summed over the rows of a block.
//
// Needs task.wgsl, moments.wgsl, exponentials.wgsl and sums.wgsl. `lanes` threads share a row and `share`
// threads a block, which processes share / lanes rows at once; each value is read once. Each sum comes with
// the number of non-finite values.

@group(0) @binding(0) var<storage, read_write> sensitivity: array<f32>;
@group(0) @binding(1) var<storage, read_write> partials: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec2<f32>>;
@group(0) @binding(3) var<uniform> task: Task;

var<workgroup> shared_rows: array<Exponentials, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn disperse_rows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_number(workgroup);
    unit = module_unit(thread);
    for (var turn = 0u; turn < task.turns; turn++) {
        let at_once = WORKGROUP / task.share;
        disperse_block((group * task.turns + turn) * at_once + thread / task.share, thread);
    }
}

// The rows of one block. Threads may process different blocks, but the number of rows per block is uniform,
// so that every thread reaches every barrier.
fn disperse_block(number: u32, thread: u32) {
    let is_block = number < task.segments * task.blocks;
    let segment = number / task.blocks;
    let first = (number % task.blocks) * task.rows_per_block;
    let last = select(0u, min(first + task.rows_per_block, task.rows), is_block);
    let teams = task.share / task.lanes;
    let team = thread % task.share / task.lanes;
    let lane = thread % task.lanes;

    var sum = vec2<f32>(0.0, 0.0);
    let most = min(task.rows_per_block, task.rows);
    for (var done = 0u; done < most; done += teams) {
        let row = first + done;
        let is_mine = row + team < last;
        let keys = keys_of(row + team);
        var own = Exponentials(0.0, 0.0, 0.0, 0.0, 0.0);
        if is_mine {
            let start = (segment * task.rows + row + team) * task.keys;
            for (var key = lane; key < keys; key += task.lanes * VALUES) {
                let part = tile_exponentials(start, key, keys, &sum);
                own = merge_exponentials(own, part);
            }
        }
        if task.lanes > 1u {
            shared_rows[thread] = own;
            workgroupBarrier();
            for (var reach = task.lanes / 2u; reach > 0u; reach /= 2u) {
                if lane < reach {
                    shared_rows[thread] =
                        merge_exponentials(shared_rows[thread], shared_rows[thread + reach]);
                }
                workgroupBarrier();
            }
            own = shared_rows[thread];
        }
        if is_mine && lane == 0u && own.count > 0.0 {
            // Standardised dispersion is about inverse to the length of the row.
            let share = select(1.0, f32(keys) / f32(task.keys), task.partials > 0u);
            sum.x += softmax_deviation(own) * share;
        }
    }

    let whole = shared_sum(thread, task.share, sum);
    if thread % task.share == 0u && is_block {
        sums[number] = whole;
    }
}

// Up to VALUES values of a row of `keys` from `key` on, `lanes` apart.
fn tile_exponentials(start: u32, key: u32, keys: u32, sum: ptr<function, vec2<f32>>) -> Exponentials {
    let places = key + EACH_VALUE * task.lanes;
    var values = vec4<f32>(0.0);
    if places.x < keys { values.x = sensitivity[start + places.x]; }
    if places.y < keys { values.y = sensitivity[start + places.y]; }
    if places.z < keys { values.z = sensitivity[start + places.z]; }
    if places.w < keys { values.w = sensitivity[start + places.w]; }
    let inside = places < vec4<u32>(keys);
    let present = inside & are_finite(values);
    let one = vec4<f32>(1.0);
    let none = vec4<f32>(0.0);
    let count = sum_of(select(none, one, present));
    (*sum).y += sum_of(select(none, one, inside)) - count;
    if count == 0.0 {
        return Exponentials(0.0, 0.0, 0.0, 0.0, 0.0);
    }
    if task.absolute == 1u {
        values = abs(values);
    }

    let candidates = select(vec4<f32>(-3.0e38), values, present);
    let shift = max(max(candidates.x, candidates.y), max(candidates.z, candidates.w));
    let d = expm1(select(none, (values - shift) * unit.x * unit.y, present));
    let total = sum_of(d);
    let mean = total / count;
    let deviations = select(none, d - mean, present);
    return Exponentials(count, shift, count + total, mean, dot(deviations, deviations));
}

// Magnitudes below this have no f32 reciprocal, and some devices flush them to 0.
const SMALLEST: f32 = 4.7019774e-38;

// Factor on a sensitivity: 1 over the largest magnitude and 1 over the deviation in units of it. Equal
// sensitivities have no dispersion at any scale; the floor avoids 0 / 0.
fn module_unit(thread: u32) -> vec2<f32> {
    if task.partials == 0u {
        return vec2<f32>(task.factor, 1.0);
    }
    var own = Moments(0.0, 0.0, 0.0, 0.0);
    for (var number = thread; number < task.partials; number += WORKGROUP) {
        let part = partials[number];
        own = merge_moments(own, Moments(part.x, part.y, part.z, part.w));
    }
    let whole = workgroup_moments(thread, own);
    if whole.count == 0.0 || whole.scale < SMALLEST {
        return vec2<f32>(0.0, 0.0);
    }
    return vec2<f32>(1.0 / whole.scale, 1.0 / max(sqrt(whole.squares / whole.count), 1e-6));
}
