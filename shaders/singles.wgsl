// Matrices of any row width: values are loaded one by one, with 0 beyond the end of the row.
//
// Needs product.wgsl.

@group(0) @binding(0) var<storage, read_write> left: array<f32>;
@group(0) @binding(1) var<storage, read_write> right: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

const EACH_VALUE = vec4<u32>(0u, 1u, 2u, 3u);

// Indices of four values of a row, clamped to its end.
fn places(row: u32, column: u32, width: u32) -> vec4<u32> {
    return row * width + min(column + EACH_VALUE, vec4<u32>(width - 1u));
}

fn within(column: u32, width: u32, values: vec4<f32>) -> vec4<f32> {
    return select(vec4<f32>(0.0), values, column + EACH_VALUE < vec4<u32>(width));
}

fn left_quad(row: u32, column: u32) -> vec4<f32> {
    let width = product.left_width;
    let p = places(row, column, width);
    return within(column, width, vec4<f32>(left[p.x], left[p.y], left[p.z], left[p.w]));
}

fn right_quad(row: u32, column: u32) -> vec4<f32> {
    let width = product.right_width;
    let p = places(row, column, width);
    return within(column, width, vec4<f32>(right[p.x], right[p.y], right[p.z], right[p.w]));
}

fn put_quad(row: u32, column: u32, value: vec4<f32>) {
    if row >= product.rows {
        return;
    }
    let p = places(row, column, product.columns);
    output[p.x] = value.x;
    if column + 1u < product.columns {
        output[p.y] = value.y;
    }
    if column + 2u < product.columns {
        output[p.z] = value.z;
    }
    if column + 3u < product.columns {
        output[p.w] = value.w;
    }
}
