// dx = dy Wᵀ: left dy [rows × inner], right W [columns × inner].
//
// Needs product.wgsl, tile.wgsl, and quads.wgsl or singles.wgsl. y is the left four columns of the tile, z
// the right four.

@group(0) @binding(3) var<uniform> product: Product;

// Four values each of four rows of W. Rows beyond the last repeat it; their results are not stored.
fn weights(column: u32, k: u32) -> mat4x4<f32> {
    let last = product.columns - 1u;
    return mat4x4<f32>(
        right_quad(min(column, last), k),
        right_quad(min(column + 1u, last), k),
        right_quad(min(column + 2u, last), k),
        right_quad(min(column + 3u, last), k),
    );
}

@compute @workgroup_size(WORKGROUP)
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
    // Rows beyond the last repeat it and are not stored.
    let last = product.rows - 1u;
    let r1 = min(row + 1u, last);
    let r2 = min(row + 2u, last);
    let r3 = min(row + 3u, last);
    let r4 = min(row + 4u, last);
    let r5 = min(row + 5u, last);
    let r6 = min(row + 6u, last);
    let r7 = min(row + 7u, last);

    var y0 = vec4<f32>(0.0);
    var y1 = y0;
    var y2 = y0;
    var y3 = y0;
    var y4 = y0;
    var y5 = y0;
    var y6 = y0;
    var y7 = y0;
    var z0 = y0;
    var z1 = y0;
    var z2 = y0;
    var z3 = y0;
    var z4 = y0;
    var z5 = y0;
    var z6 = y0;
    var z7 = y0;
    for (var k = 0u; k < product.inner; k += 4u) {
        let v = weights(column, k);
        let w = weights(column + 4u, k);
        let d0 = left_quad(row, k);
        y0 += d0 * v;
        z0 += d0 * w;
        let d1 = left_quad(r1, k);
        y1 += d1 * v;
        z1 += d1 * w;
        let d2 = left_quad(r2, k);
        y2 += d2 * v;
        z2 += d2 * w;
        let d3 = left_quad(r3, k);
        y3 += d3 * v;
        z3 += d3 * w;
        let d4 = left_quad(r4, k);
        y4 += d4 * v;
        z4 += d4 * w;
        let d5 = left_quad(r5, k);
        y5 += d5 * v;
        z5 += d5 * w;
        let d6 = left_quad(r6, k);
        y6 += d6 * v;
        z6 += d6 * w;
        let d7 = left_quad(r7, k);
        y7 += d7 * v;
        z7 += d7 * w;
    }
    put_tile(row, column, y0, y1, y2, y3, y4, y5, y6, y7, z0, z1, z2, z3, z4, z5, z6, z7);
}
