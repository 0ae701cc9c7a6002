// drop(M ⊙ softmax(Q Kᵀ / √w)) V per query, and the attention maps A.
//
// Needs dropout.wgsl, attention.wgsl, and head_quads.wgsl or head_singles.wgsl, with a: queries, b: keys,
// c: values, d: output.

@group(0) @binding(4) var<storage, read_write> mask: array<f32>;
@group(0) @binding(5) var<storage, read_write> maps: array<f32>;
// drop(M ⊙ A), if it differs from A.
@group(0) @binding(6) var<storage, read_write> kept: array<f32>;
@group(0) @binding(7) var<uniform> attention: Attention;

@compute @workgroup_size(WORKGROUP)
fn attend_rows(
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

    var greatest = -3.4e38;
    for (var key = 0u; key < tokens; key += 4u) {
        // Keys beyond the last repeat it.
        let k0 = row_start(place, key);
        let k1 = row_start(place, min(key + 1u, last));
        let k2 = row_start(place, min(key + 2u, last));
        let k3 = row_start(place, min(key + 3u, last));
        var scores = vec4<f32>(0.0);
        for (var column = 0u; column < attention.head_width; column += 4u) {
            let q = quad_a(query, column);
            scores += vec4<f32>(
                dot(q, quad_b(k0, column)),
                dot(q, quad_b(k1, column)),
                dot(q, quad_b(k2, column)),
                dot(q, quad_b(k3, column)),
            );
        }
        scores *= attention.scale;
        for (var k = 0u; k < 4u && key + k < tokens; k++) {
            let score = scores[k];
            maps[map + key + k] = score;
            greatest = max(greatest, score);
        }
    }

    var total = 0.0;
    for (var key = 0u; key < tokens; key++) {
        let weight = exp(maps[map + key] - greatest);
        maps[map + key] = weight;
        total += weight;
    }
    for (var key = 0u; key < tokens; key++) {
        let weight = maps[map + key] / total;
        maps[map + key] = weight;
        if attention.keeps == 1u {
            var connected = weight * drop_factor(attention.dropout, map + key);
            if attention.mask > 0u {
                connected *= mask[mask_row(place) + key];
            }
            kept[map + key] = connected;
        }
    }

    for (var column = 0u; column < attention.head_width; column += 4u) {
        var sum = vec4<f32>(0.0);
        for (var key = 0u; key < tokens; key++) {
            var weight = 0.0;
            if attention.keeps == 1u {
                weight = kept[map + key];
            } else {
                weight = maps[map + key];
            }
            sum += weight * quad_c(row_start(place, key), column);
        }
        put_d(query, column, sum);
    }
}
