// Rows of heads of any width: values are loaded one by one, with 0 beyond the end of the head.
//
// Needs attention.wgsl.

@group(0) @binding(0) var<storage, read_write> rows_a: array<f32>;
@group(0) @binding(1) var<storage, read_write> rows_b: array<f32>;
@group(0) @binding(2) var<storage, read_write> rows_c: array<f32>;
@group(0) @binding(3) var<storage, read_write> rows_d: array<f32>;

const EACH_VALUE = vec4<u32>(0u, 1u, 2u, 3u);

// Indices of four values of a row, clamped to its end.
fn places(row: u32, column: u32) -> vec4<u32> {
    return row + min(column + EACH_VALUE, vec4<u32>(attention.head_width - 1u));
}

fn within(column: u32, values: vec4<f32>) -> vec4<f32> {
    return select(vec4<f32>(0.0), values, column + EACH_VALUE < vec4<u32>(attention.head_width));
}

fn quad_a(row: u32, column: u32) -> vec4<f32> {
    let p = places(row, column);
    return within(column, vec4<f32>(rows_a[p.x], rows_a[p.y], rows_a[p.z], rows_a[p.w]));
}

fn quad_b(row: u32, column: u32) -> vec4<f32> {
    let p = places(row, column);
    return within(column, vec4<f32>(rows_b[p.x], rows_b[p.y], rows_b[p.z], rows_b[p.w]));
}

fn quad_c(row: u32, column: u32) -> vec4<f32> {
    let p = places(row, column);
    return within(column, vec4<f32>(rows_c[p.x], rows_c[p.y], rows_c[p.z], rows_c[p.w]));
}

fn put_c(row: u32, column: u32, value: vec4<f32>) {
    let p = places(row, column);
    rows_c[p.x] = value.x;
    if column + 1u < attention.head_width {
        rows_c[p.y] = value.y;
    }
    if column + 2u < attention.head_width {
        rows_c[p.z] = value.z;
    }
    if column + 3u < attention.head_width {
        rows_c[p.w] = value.w;
    }
}

fn put_d(row: u32, column: u32, value: vec4<f32>) {
    let p = places(row, column);
    rows_d[p.x] = value.x;
    if column + 1u < attention.head_width {
        rows_d[p.y] = value.y;
    }
    if column + 2u < attention.head_width {
        rows_d[p.z] = value.z;
    }
    if column + 3u < attention.head_width {
        rows_d[p.w] = value.w;
    }
}
