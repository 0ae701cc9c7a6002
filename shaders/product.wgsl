// What a matrix product works on; the last binding of every such stage.
//
// An invocation makes a tile of 8 rows and 8 columns of the output, so that it uses a value that it loads
// 8 times. No workgroup memory: barriers cost software adapters more than they save.

const WORKGROUP: u32 = 64u;
const TILE_ROWS: u32 = 8u;
const TILE_COLUMNS: u32 = 8u;

struct Product {
    // Of the output.
    rows: u32,
    columns: u32,
    // Products that are summed for one value of the output.
    inner: u32,
    // Values of a row of the left and of the right matrix.
    left_width: u32,
    right_width: u32,
    // Tiles side by side, and all of them.
    tiles_across: u32,
    tiles: u32,
    // Workgroups along x; a dispatch past 65,535 goes on along y.
    groups_x: u32,
    // 1: there is a bias.
    bias: u32,
    padding_1: u32,
    padding_2: u32,
    padding_3: u32,
}

// First row and first column of the invocation's tile; the row lies beyond the output where there is none.
fn tile_of(workgroup: vec3<u32>, thread: u32) -> vec2<u32> {
    let tile = (workgroup.y * product.groups_x + workgroup.x) * WORKGROUP + thread;
    if tile >= product.tiles {
        return vec2<u32>(product.rows, 0u);
    }
    return vec2<u32>(
        tile / product.tiles_across * TILE_ROWS,
        tile % product.tiles_across * TILE_COLUMNS,
    );
}

// Stores the left four columns y and the right four z of a tile's eight rows, as far as the output
// reaches (put_quad of quads.wgsl or singles.wgsl looks after the rows).
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
