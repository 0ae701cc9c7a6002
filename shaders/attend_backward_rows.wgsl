// Gradients of the queries, of the scores and of the connection mask, per query.
//
// With D = drop' ⊙ (∂L/∂context Vᵀ): S = ∂L/∂M = D ⊙ A, ∂L/∂A = D ⊙ M, and
// ∂L/∂scores = A ⊙ (∂L/∂A − rowsum(A ⊙ ∂L/∂A)) / √w.
//
// Needs dropout.wgsl, attention.wgsl, and head_quads.wgsl or head_singles.wgsl, with a: gradient of the
// context, b: keys, c: values, d: gradient of the queries.

@group(0) @binding(4) var<storage, read_write> mask: array<f32>;
@group(0) @binding(5) var<storage, read_write> maps: array<f32>;
@group(0) @binding(6) var<storage, read_write> of_scores: array<f32>;
@group(0) @binding(7) var<storage, read_write> of_mask: array<f32>;
@group(0) @binding(8) var<uniform> attention: Attention;

@compute @workgroup_size(WORKGROUP)
fn attend_backward_rows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let place = place_of(workgroup, thread);
    if !is_whole(place) {
        return;
    }
    let tokens = attention.tokens;
    let last = tokens - 1u;
    let query = row_start(place, place.token);
    let map = map_row(place, place.token);

    var along = 0.0;
    for (var key = 0u; key < tokens; key += 4u) {
        // Keys beyond the last repeat it.
        let k0 = row_start(place, key);
        let k1 = row_start(place, min(key + 1u, last));
        let k2 = row_start(place, min(key + 2u, last));
        let k3 = row_start(place, min(key + 3u, last));
        var products = vec4<f32>(0.0);
        for (var column = 0u; column < attention.head_width; column += 4u) {
            let g = quad_a(query, column);
            products += vec4<f32>(
                dot(g, quad_c(k0, column)),
                dot(g, quad_c(k1, column)),
                dot(g, quad_c(k2, column)),
                dot(g, quad_c(k3, column)),
            );
        }
        for (var k = 0u; k < 4u && key + k < tokens; k++) {
            let entry = map + key + k;
            var of_map = products[k] * drop_factor(attention.dropout, entry);
            if attention.mask > 0u {
                of_mask[entry] = of_map * maps[entry];
                of_map *= mask[mask_row(place) + key + k];
            }
            of_scores[entry] = of_map;
            along += of_map * maps[entry];
        }
    }
    for (var key = 0u; key < tokens; key++) {
        let entry = map + key;
        of_scores[entry] = maps[entry] * (of_scores[entry] - along) * attention.scale;
    }

    for (var column = 0u; column < attention.head_width; column += 4u) {
        var sum = vec4<f32>(0.0);
        for (var key = 0u; key < tokens; key++) {
            sum += of_scores[map + key] * quad_b(row_start(place, key), column);
        }
        put_d(query, column, sum);
    }
}
