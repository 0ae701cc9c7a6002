// dW = xᵀ dy and db, the sum of the rows of dy: left x [inner × rows], right dy [inner × columns].
//
// Needs product.wgsl, and quads.wgsl or singles.wgsl.

@group(0) @binding(3) var<storage, read_write> of_bias: array<f32>;
@group(0) @binding(4) var<uniform> product: Product;

fn put_bias(column: u32, value: f32) {
    if column < product.columns {
        of_bias[column] = value;
    }
}

@compute @workgroup_size(64)
fn correlate_rows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let tile = tile_of(workgroup, thread);
    let row = tile.x;
    let column = tile.y;
    if row >= product.rows {
        return;
    }
    // Where the matrix ends in the middle of the tile the lower half repeats the upper one.
    let lower = select(row, row + 4u, row + 4u < product.rows);
    var y0 = vec4<f32>(0.0);
    var y1 = y0;
    var y2 = y0;
    var y3 = y0;
    var y4 = y0;
    var y5 = y0;
    var y6 = y0;
    var y7 = y0;
    var sum = y0;
    for (var k = 0u; k < product.inner; k += 1u) {
        let d = right_quad(k, column);
        let a = left_quad(k, row);
        let b = left_quad(k, lower);
        sum += d;
        y0 += a.x * d;
        y1 += a.y * d;
        y2 += a.z * d;
        y3 += a.w * d;
        y4 += b.x * d;
        y5 += b.y * d;
        y6 += b.z * d;
        y7 += b.w * d;
    }
    put_quad(row, column, y0);
    put_quad(row + 1u, column, y1);
    put_quad(row + 2u, column, y2);
    put_quad(row + 3u, column, y3);
    put_quad(row + 4u, column, y4);
    put_quad(row + 5u, column, y5);
    put_quad(row + 6u, column, y6);
    put_quad(row + 7u, column, y7);
    if row == 0u {
        put_bias(column, sum.x);
        put_bias(column + 1u, sum.y);
        put_bias(column + 2u, sum.z);
        put_bias(column + 3u, sum.w);
    }
}
