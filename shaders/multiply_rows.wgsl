// y = x W + b: left x [rows × inner], right W [inner × columns], bias [columns].
//
// Needs product.wgsl, and quads.wgsl or singles.wgsl.

@group(0) @binding(3) var<storage, read_write> bias: array<f32>;
@group(0) @binding(4) var<uniform> product: Product;

fn bias_value(column: u32) -> f32 {
    return bias[min(column, product.columns - 1u)];
}

@compute @workgroup_size(64)
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
    // Rows past the last repeat it; they are not stored.
    let last = product.rows - 1u;
    let r1 = min(row + 1u, last);
    let r2 = min(row + 2u, last);
    let r3 = min(row + 3u, last);
    let r4 = min(row + 4u, last);
    let r5 = min(row + 5u, last);
    let r6 = min(row + 6u, last);
    let r7 = min(row + 7u, last);

    var y0 = vec4<f32>(0.0);
    if product.bias == 1u {
        y0 = vec4<f32>(
            bias_value(column),
            bias_value(column + 1u),
            bias_value(column + 2u),
            bias_value(column + 3u),
        );
    }
    var y1 = y0;
    var y2 = y0;
    var y3 = y0;
    var y4 = y0;
    var y5 = y0;
    var y6 = y0;
    var y7 = y0;
    let end = product.inner - 1u;
    for (var k = 0u; k < product.inner; k += 4u) {
        // Past the last, x is 0.
        let w0 = right_quad(k, column);
        let w1 = right_quad(min(k + 1u, end), column);
        let w2 = right_quad(min(k + 2u, end), column);
        let w3 = right_quad(min(k + 3u, end), column);
        let x0 = left_quad(row, k);
        y0 += x0.x * w0 + x0.y * w1 + x0.z * w2 + x0.w * w3;
        let x1 = left_quad(r1, k);
        y1 += x1.x * w0 + x1.y * w1 + x1.z * w2 + x1.w * w3;
        let x2 = left_quad(r2, k);
        y2 += x2.x * w0 + x2.y * w1 + x2.z * w2 + x2.w * w3;
        let x3 = left_quad(r3, k);
        y3 += x3.x * w0 + x3.y * w1 + x3.z * w2 + x3.w * w3;
        let x4 = left_quad(r4, k);
        y4 += x4.x * w0 + x4.y * w1 + x4.z * w2 + x4.w * w3;
        let x5 = left_quad(r5, k);
        y5 += x5.x * w0 + x5.y * w1 + x5.z * w2 + x5.w * w3;
        let x6 = left_quad(r6, k);
        y6 += x6.x * w0 + x6.y * w1 + x6.z * w2 + x6.w * w3;
        let x7 = left_quad(r7, k);
        y7 += x7.x * w0 + x7.y * w1 + x7.z * w2 + x7.w * w3;
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
