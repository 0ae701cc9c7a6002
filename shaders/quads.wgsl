// Matrices whose row width is a multiple of four: four values are loaded at once.
//
// Needs product.wgsl.

@group(0) @binding(0) var<storage, read_write> left: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> right: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> output: array<vec4<f32>>;

fn left_quad(row: u32, column: u32) -> vec4<f32> {
    return left[(row * product.left_width + column) / 4u];
}

fn right_quad(row: u32, column: u32) -> vec4<f32> {
    return right[(row * product.right_width + column) / 4u];
}

fn put_quad(row: u32, column: u32, value: vec4<f32>) {
    if row < product.rows {
        output[(row * product.columns + column) / 4u] = value;
    }
}
