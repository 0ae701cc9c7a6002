// Parameters of the matrix product stages; their last binding.
//
// An invocation computes a tile of 8 rows and 8 columns of the output, so that it uses each loaded value 8
// times. No workgroup memory: barriers cost software adapters more than they save.

const TILE_ROWS: u32 = 8u;
const TILE_COLUMNS: u32 = 8u;

struct Product {
    // Of the output.
    rows: u32,
    columns: u32,
    // Number of products per value of the output.
    inner: u32,
    // Row widths of the left and the right matrix.
    left_width: u32,
    right_width: u32,
    // Tiles per row of tiles, and all tiles.
    tiles_across: u32,
    tiles: u32,
    // Workgroups along x; larger dispatches than 65,535 continue along y.
    groups_x: u32,
    // 1: there is a bias.
    bias: u32,
    // For `correlate_rows` and `sum_parts`: number of parts of a long sum, computed by different
    // invocations; rows of the output per part, stacked; and products per part.
    parts: u32,
    rows_of_part: u32,
    inner_of_part: u32,
}

// First row and column of the invocation's tile; the row is out of range for surplus invocations.
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
