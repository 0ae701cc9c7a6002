// y = x W + b: left x [rows × inner], right W [inner × columns], bias [columns].
//
// Needs product.wgsl, tile.wgsl, and quads.wgsl or singles.wgsl. y is the left four columns of the tile, z
// the right four.

@group(0) @binding(3) var<storage, read_write> bias: array<f32>;
@group(0) @binding(4) var<uniform> product: Product;

// Four values of the bias.
fn bias_quad(column: u32) -> vec4<f32> {
    if product.bias == 0u {
        return vec4<f32>(0.0);
    }
    let last = product.columns - 1u;
    return vec4<f32>(
        bias[min(column, last)],
        bias[min(column + 1u, last)],
        bias[min(column + 2u, last)],
        bias[min(column + 3u, last)],
    );
}

// Four rows and four columns of W. Rows beyond the last repeat it: x is 0 there.
fn weights(k: u32, column: u32) -> mat4x4<f32> {
    let end = product.inner - 1u;
    return mat4x4<f32>(
        right_quad(k, column),
        right_quad(min(k + 1u, end), column),
        right_quad(min(k + 2u, end), column),
        right_quad(min(k + 3u, end), column),
    );
}

@compute @workgroup_size(WORKGROUP)
fn multiply_rows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let tile = tile_of(workgroup, thread);
    let row = tile.x;
    let column = tile.y;
    if row >= product.rows {
        return;
    }
    // Rows and columns beyond the last repeat others and are not stored.
    let last = product.rows - 1u;
    let r1 = min(row + 1u, last);
    let r2 = min(row + 2u, last);
    let r3 = min(row + 3u, last);
    let r4 = min(row + 4u, last);
    let r5 = min(row + 5u, last);
    let r6 = min(row + 6u, last);
    let r7 = min(row + 7u, last);
    let beside = select(column, column + 4u, column + 4u < product.columns);

    var y0 = bias_quad(column);
    var y1 = y0;
    var y2 = y0;
    var y3 = y0;
    var y4 = y0;
    var y5 = y0;
    var y6 = y0;
    var y7 = y0;
    var z0 = bias_quad(beside);
    var z1 = z0;
    var z2 = z0;
    var z3 = z0;
    var z4 = z0;
    var z5 = z0;
    var z6 = z0;
    var z7 = z0;
    for (var k = 0u; k < product.inner; k += 4u) {
        let v = weights(k, column);
        let w = weights(k, beside);
        let x0 = left_quad(row, k);
        y0 += v * x0;
        z0 += w * x0;
        let x1 = left_quad(r1, k);
        y1 += v * x1;
        z1 += w * x1;
        let x2 = left_quad(r2, k);
        y2 += v * x2;
        z2 += w * x2;
        let x3 = left_quad(r3, k);
        y3 += v * x3;
        z3 += w * x3;
        let x4 = left_quad(r4, k);
        y4 += v * x4;
        z4 += w * x4;
        let x5 = left_quad(r5, k);
        y5 += v * x5;
        z5 += w * x5;
        let x6 = left_quad(r6, k);
        y6 += v * x6;
        z6 += w * x6;
        let x7 = left_quad(r7, k);
        y7 += v * x7;
        z7 += w * x7;
    }
    put_tile(row, column, y0, y1, y2, y3, y4, y5, y6, y7, z0, z1, z2, z3, z4, z5, z6, z7);
}
