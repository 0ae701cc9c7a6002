// dx = dy Wᵀ: left dy [rows × inner], right W [columns × inner].
//
// Needs product.wgsl, and quads.wgsl or singles.wgsl.

@group(0) @binding(3) var<uniform> product: Product;

@compute @workgroup_size(64)
fn multiply_transposed(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let tile = tile_of(workgroup, thread);
    let row = tile.x;
    let column = tile.y;
    if row >= product.rows {
        return;
    }
    // Rows and columns past the last repeat it; they are not stored.
    let last = product.rows - 1u;
    let r1 = min(row + 1u, last);
    let r2 = min(row + 2u, last);
    let r3 = min(row + 3u, last);
    let r4 = min(row + 4u, last);
    let r5 = min(row + 5u, last);
    let r6 = min(row + 6u, last);
    let r7 = min(row + 7u, last);
    let last_column = product.columns - 1u;
    let c1 = min(column + 1u, last_column);
    let c2 = min(column + 2u, last_column);
    let c3 = min(column + 3u, last_column);

    var y0 = vec4<f32>(0.0);
    var y1 = y0;
    var y2 = y0;
    var y3 = y0;
    var y4 = y0;
    var y5 = y0;
    var y6 = y0;
    var y7 = y0;
    for (var k = 0u; k < product.inner; k += 4u) {
        let w0 = right_quad(column, k);
        let w1 = right_quad(c1, k);
        let w2 = right_quad(c2, k);
        let w3 = right_quad(c3, k);
        let d0 = left_quad(row, k);
        y0 += vec4<f32>(dot(d0, w0), dot(d0, w1), dot(d0, w2), dot(d0, w3));
        let d1 = left_quad(r1, k);
        y1 += vec4<f32>(dot(d1, w0), dot(d1, w1), dot(d1, w2), dot(d1, w3));
        let d2 = left_quad(r2, k);
        y2 += vec4<f32>(dot(d2, w0), dot(d2, w1), dot(d2, w2), dot(d2, w3));
        let d3 = left_quad(r3, k);
        y3 += vec4<f32>(dot(d3, w0), dot(d3, w1), dot(d3, w2), dot(d3, w3));
        let d4 = left_quad(r4, k);
        y4 += vec4<f32>(dot(d4, w0), dot(d4, w1), dot(d4, w2), dot(d4, w3));
        let d5 = left_quad(r5, k);
        y5 += vec4<f32>(dot(d5, w0), dot(d5, w1), dot(d5, w2), dot(d5, w3));
        let d6 = left_quad(r6, k);
        y6 += vec4<f32>(dot(d6, w0), dot(d6, w1), dot(d6, w2), dot(d6, w3));
        let d7 = left_quad(r7, k);
        y7 += vec4<f32>(dot(d7, w0), dot(d7, w1), dot(d7, w2), dot(d7, w3));
    }
    put_quad(row, column, y0);
    put_quad(row + 1u, column, y1);
    put_quad(row + 2u, column, y2);
    put_quad(row + 3u, column, y3);
    put_quad(row + 4u, column, y4);
    put_quad(row + 5u, column, y5);
    put_quad(row + 6u, column, y6);
    put_quad(row + 7u, column, y7);
}
