// dW = xᵀ dy and db, the sum of the rows of dy: left x [inner × rows], right dy [inner × columns].
//
// Needs product.wgsl, tile.wgsl, and quads.wgsl or singles.wgsl. y is the left four columns of the tile, z
// the right four. With a small output and many rows of x there would be too few invocations, so the sums
// are computed in parts, stacked in the output, and `sum_parts` adds them.

@group(0) @binding(3) var<storage, read_write> of_bias: array<f32>;
@group(0) @binding(4) var<uniform> product: Product;

fn put_bias(part: u32, column: u32, sum: vec4<f32>) {
    for (var k = 0u; k < 4u && column + k < product.columns; k++) {
        of_bias[part * product.columns + column + k] = sum[k];
    }
}

@compute @workgroup_size(WORKGROUP)
fn correlate_rows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let tile = tile_of(workgroup, thread);
    let column = tile.y;
    if tile.x >= product.rows {
        return;
    }
    let part = tile.x / product.rows_of_part;
    let row = tile.x % product.rows_of_part;
    let end = min((part + 1u) * product.inner_of_part, product.inner);
    // If the matrix ends in the middle of the tile, the second half of the tile repeats the first.
    let below = select(row, row + 4u, row + 4u < product.left_width);
    let beside = select(column, column + 4u, column + 4u < product.columns);

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
    var sum_y = y0;
    var sum_z = y0;
    for (var k = part * product.inner_of_part; k < end; k++) {
        let a = left_quad(k, row);
        let b = left_quad(k, below);
        let d = right_quad(k, column);
        let e = right_quad(k, beside);
        sum_y += d;
        sum_z += e;
        y0 += a.x * d;
        z0 += a.x * e;
        y1 += a.y * d;
        z1 += a.y * e;
        y2 += a.z * d;
        z2 += a.z * e;
        y3 += a.w * d;
        z3 += a.w * e;
        y4 += b.x * d;
        z4 += b.x * e;
        y5 += b.y * d;
        z5 += b.y * e;
        y6 += b.z * d;
        z6 += b.z * e;
        y7 += b.w * d;
        z7 += b.w * e;
    }
    put_tile(tile.x, column, y0, y1, y2, y3, y4, y5, y6, y7, z0, z1, z2, z3, z4, z5, z6, z7);
    if row == 0u {
        put_bias(part, column, sum_y);
        if column + 4u < product.columns {
            put_bias(part, column + 4u, sum_z);
        }
    }
}
