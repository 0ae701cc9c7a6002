// What a matrix product works on; the last binding of every such stage.
//
// An invocation makes a tile of 8 rows and 8 columns of the output, so that it uses a value that it loads
// 8 times. No workgroup memory: barriers cost software adapters more than they save.

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
    // Parts of a long sum, which different invocations make; a part's rows of the output, below those of
    // the part before; and the products that it sums. Of `correlate_rows` and `sum_parts`.
    parts: u32,
    rows_of_part: u32,
    inner_of_part: u32,
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
