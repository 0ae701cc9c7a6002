// Gradients of the keys and the values, per key: sums over the queries.
//
// Needs dropout.wgsl, attention.wgsl, and head_quads.wgsl or head_singles.wgsl, with a: queries, b:
// gradient of the context, c: gradient of the keys, d: gradient of the values.

@group(0) @binding(4) var<storage, read_write> of_scores: array<f32>;
@group(0) @binding(5) var<storage, read_write> kept: array<f32>;
@group(0) @binding(6) var<uniform> attention: Attention;

@compute @workgroup_size(WORKGROUP)
fn attend_backward_columns(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let place = place_of(workgroup, thread);
    if !is_whole(place) {
        return;
    }
    let key = place.token;
    for (var column = 0u; column < attention.head_width; column += 4u) {
        var of_key = vec4<f32>(0.0);
        var of_value = vec4<f32>(0.0);
        for (var query = 0u; query < attention.tokens; query++) {
            let row = row_start(place, query);
            let entry = map_row(place, query) + key;
            of_key += of_scores[entry] * quad_a(row, column);
            of_value += kept[entry] * quad_b(row, column);
        }
        put_c(row_start(place, key), column, of_key);
        put_d(row_start(place, key), column, of_value);
    }
}
