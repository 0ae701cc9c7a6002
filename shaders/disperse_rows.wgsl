// Stage 2: the standard deviation of the softmax of each row, summed over the rows of a block.
//
// Needs task.wgsl, moments.wgsl and exponentials.wgsl. `lanes` threads share a row, so that a
// workgroup has WORKGROUP / lanes rows in hand at once; each value is read once. A sum comes with
// the number of values that were no number.

@group(0) @binding(0) var<storage, read_write> sensitivity: array<f32>;
@group(0) @binding(1) var<storage, read_write> partials: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> sums: array<vec2<f32>>;
@group(0) @binding(3) var<uniform> task: Task;

var<workgroup> shared_moments: array<Moments, WORKGROUP>;
var<workgroup> shared_rows: array<Exponentials, WORKGROUP>;
var<workgroup> shared_sums: array<vec2<f32>, WORKGROUP>;

@compute @workgroup_size(256)
fn disperse_rows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_number(workgroup);
    unit = module_unit(thread);
    let segment = group / task.blocks;
    let first = (group % task.blocks) * task.rows_per_block;
    let last = select(0u, min(first + task.rows_per_block, task.rows), group < task.groups);
    let teams = WORKGROUP / task.lanes;
    let team = thread / task.lanes;
    let lane = thread % task.lanes;

    var sum = vec2<f32>(0.0, 0.0);
    for (var row = first; row < last; row += teams) {
        let is_mine = row + team < last;
        var own = Exponentials(0.0, 0.0, 0.0, 0.0, 0.0);
        if is_mine {
            let start = (segment * task.rows + row + team) * task.keys;
            for (var key = lane; key < task.keys; key += task.lanes * VALUES) {
                let part = tile_exponentials(start, key, &sum);
                own = merge_exponentials(own, part);
            }
        }
        shared_rows[thread] = own;
        workgroupBarrier();
        for (var reach = task.lanes / 2u; reach > 0u; reach /= 2u) {
            if lane < reach {
                shared_rows[thread] =
                    merge_exponentials(shared_rows[thread], shared_rows[thread + reach]);
            }
            workgroupBarrier();
        }
        if is_mine && lane == 0u && shared_rows[thread].count > 0.0 {
            sum.x += softmax_deviation(shared_rows[thread]);
        }
        workgroupBarrier();
    }

    shared_sums[thread] = sum;
    workgroupBarrier();
    for (var reach = WORKGROUP / 2u; reach > 0u; reach /= 2u) {
        if thread < reach {
            shared_sums[thread] += shared_sums[thread + reach];
        }
        workgroupBarrier();
    }
    if thread == 0u && group < task.groups {
        sums[group] = shared_sums[0];
    }
}

// Up to VALUES values of a row, `lanes` apart, from `key` on.
fn tile_exponentials(start: u32, key: u32, sum: ptr<function, vec2<f32>>) -> Exponentials {
    var values: array<f32, VALUES>;
    var present: array<bool, VALUES>;
    var count = 0.0;
    var shift = 0.0;
    for (var k = 0u; k < VALUES; k++) {
        let place = key + k * task.lanes;
        var value = 0.0;
        var is_present = false;
        if place < task.keys {
            value = with_sign(sensitivity[start + place]);
            is_present = is_finite(value);
            if !is_present {
                (*sum).y += 1.0;
            }
        }
        present[k] = is_present;
        values[k] = value;
        if is_present {
            shift = select(max(shift, value), value, count == 0.0);
            count += 1.0;
        }
    }
    if count == 0.0 {
        return Exponentials(0.0, 0.0, 0.0, 0.0, 0.0);
    }
    var total = 0.0;
    for (var k = 0u; k < VALUES; k++) {
        if present[k] {
            values[k] = expm1_between(values[k], shift);
            total += values[k];
        }
    }
    let mean = total / count;
    var squares = 0.0;
    for (var k = 0u; k < VALUES; k++) {
        if present[k] {
            let deviation = values[k] - mean;
            squares += deviation * deviation;
        }
    }
    return Exponentials(count, shift, count + total, mean, squares);
}

// What multiplies a sensitivity: 1 over the largest magnitude and 1 over the deviation in units of it. Sensitivities that are all equal have no dispersion at any scale; the
// floor keeps them from becoming 0 / 0.
fn module_unit(thread: u32) -> vec2<f32> {
    if task.partials == 0u {
        return vec2<f32>(task.factor, 1.0);
    }
    var own = Moments(0.0, 0.0, 0.0, 0.0);
    for (var number = thread; number < task.partials; number += WORKGROUP) {
        let part = partials[number];
        own = merge_moments(own, Moments(part.x, part.y, part.z, part.w));
    }
    shared_moments[thread] = own;
    workgroupBarrier();
    for (var reach = WORKGROUP / 2u; reach > 0u; reach /= 2u) {
        if thread < reach {
            shared_moments[thread] =
                merge_moments(shared_moments[thread], shared_moments[thread + reach]);
        }
        workgroupBarrier();
    }
    let whole = shared_moments[0];
    if whole.count == 0.0 || whole.scale == 0.0 {
        return vec2<f32>(0.0, 0.0);
    }
    return vec2<f32>(1.0 / whole.scale, 1.0 / max(sqrt(whole.squares / whole.count), 1e-6));
}
