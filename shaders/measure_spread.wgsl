// Stage 1, for standardised scores only: mean and spread of all sensitivities of a module.
//
// Needs task.wgsl and moments.wgsl. Each workgroup reduces tiles of the tensor, `groups` apart, to one
// partial; the next stage merges the partials. Non-finite values are skipped here and counted there.

@group(0) @binding(0) var<storage, read_write> sensitivity: array<f32>;
@group(0) @binding(1) var<storage, read_write> partials: array<vec4<f32>>;
@group(0) @binding(2) var<uniform> task: Task;

@compute @workgroup_size(WORKGROUP)
fn measure_spread(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let group = group_number(workgroup);
    let length = task.segments * task.rows * task.keys;
    let tile = WORKGROUP * VALUES;
    let tiles = (length + tile - 1u) / tile;

    var own = Moments(0.0, 0.0, 0.0, 0.0);
    for (var number = group; number < tiles; number += task.groups) {
        own = merge_moments(own, tile_moments(number * tile + thread, length));
    }

    let whole = workgroup_moments(thread, own);
    if thread == 0u && group < task.groups {
        partials[group] = vec4<f32>(whole.count, whole.scale, whole.mean, whole.squares);
    }
}

// Moments of a thread's VALUES values of a tile, WORKGROUP apart.
fn tile_moments(first: u32, length: u32) -> Moments {
    let places = first + EACH_VALUE * WORKGROUP;
    var values = vec4<f32>(0.0);
    if places.x < length { values.x = sensitivity[places.x]; }
    if places.y < length { values.y = sensitivity[places.y]; }
    if places.z < length { values.z = sensitivity[places.z]; }
    if places.w < length { values.w = sensitivity[places.w]; }
    let present = (places < vec4<u32>(length)) & are_permitted(places) & are_finite(values);
    values = select(vec4<f32>(0.0), values, present);
    if task.absolute == 1u {
        values = abs(values);
    }

    let count = sum_of(select(vec4<f32>(0.0), vec4<f32>(1.0), present));
    let sizes = abs(values);
    let largest = max(max(sizes.x, sizes.y), max(sizes.z, sizes.w));
    if count == 0.0 || largest == 0.0 {
        return Moments(count, 0.0, 0.0, 0.0);
    }
    let mean = sum_of(values / largest) / count;
    let deviations = select(vec4<f32>(0.0), values / largest - mean, present);
    return Moments(count, largest, mean, dot(deviations, deviations));
}

// Whether the rows of the values at these places have their keys.
fn are_permitted(places: vec4<u32>) -> vec4<bool> {
    if task.causal == 0u {
        return vec4<bool>(true);
    }
    return places % task.keys <= places / task.keys % task.rows;
}
