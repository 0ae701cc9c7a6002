// Storing a tile of the output.
//
// Needs product.wgsl, and quads.wgsl or singles.wgsl.

// Stores the left four columns y and the right four z of a tile's eight rows, up to the last column of the
// output (put_quad of quads.wgsl or singles.wgsl checks the rows).
fn put_tile(
    row: u32,
    column: u32,
    y0: vec4<f32>,
    y1: vec4<f32>,
    y2: vec4<f32>,
    y3: vec4<f32>,
    y4: vec4<f32>,
    y5: vec4<f32>,
    y6: vec4<f32>,
    y7: vec4<f32>,
    z0: vec4<f32>,
    z1: vec4<f32>,
    z2: vec4<f32>,
    z3: vec4<f32>,
    z4: vec4<f32>,
    z5: vec4<f32>,
    z6: vec4<f32>,
    z7: vec4<f32>,
) {
    put_quad(row, column, y0);
    put_quad(row + 1u, column, y1);
    put_quad(row + 2u, column, y2);
    put_quad(row + 3u, column, y3);
    put_quad(row + 4u, column, y4);
    put_quad(row + 5u, column, y5);
    put_quad(row + 6u, column, y6);
    put_quad(row + 7u, column, y7);
    if column + 4u < product.columns {
        put_quad(row, column + 4u, z0);
        put_quad(row + 1u, column + 4u, z1);
        put_quad(row + 2u, column + 4u, z2);
        put_quad(row + 3u, column + 4u, z3);
        put_quad(row + 4u, column + 4u, z4);
        put_quad(row + 5u, column + 4u, z5);
        put_quad(row + 6u, column + 4u, z6);
        put_quad(row + 7u, column + 4u, z7);
    }
}
