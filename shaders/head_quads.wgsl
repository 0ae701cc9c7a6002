// Rows of heads whose width is a multiple of four: four values are loaded at once.

@group(0) @binding(0) var<storage, read_write> rows_a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> rows_b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> rows_c: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> rows_d: array<vec4<f32>>;

fn quad_a(row: u32, column: u32) -> vec4<f32> {
    return rows_a[(row + column) / 4u];
}

fn quad_b(row: u32, column: u32) -> vec4<f32> {
    return rows_b[(row + column) / 4u];
}

fn quad_c(row: u32, column: u32) -> vec4<f32> {
    return rows_c[(row + column) / 4u];
}

fn put_c(row: u32, column: u32, value: vec4<f32>) {
    rows_c[(row + column) / 4u] = value;
}

fn put_d(row: u32, column: u32, value: vec4<f32>) {
    rows_d[(row + column) / 4u] = value;
}
