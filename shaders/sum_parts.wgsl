// Adds the partial sums of `correlate_rows`: ∂L/∂W and ∂L/∂b, one value per invocation.
//
// Needs product.wgsl.

@group(0) @binding(0) var<storage, read_write> weights: array<f32>;
@group(0) @binding(1) var<storage, read_write> biases: array<f32>;
@group(0) @binding(2) var<storage, read_write> of_weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> of_bias: array<f32>;
@group(0) @binding(4) var<uniform> product: Product;

@compute @workgroup_size(WORKGROUP)
fn sum_parts(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let place = (workgroup.y * product.groups_x + workgroup.x) * WORKGROUP + thread;
    let values = product.rows * product.columns;
    var sum = 0.0;
    if place < values {
        let step = product.rows_of_part * product.columns;
        for (var part = 0u; part < product.parts; part++) {
            sum += weights[part * step + place];
        }
        of_weight[place] = sum;
        return;
    }
    let column = place - values;
    if column < product.columns {
        for (var part = 0u; part < product.parts; part++) {
            sum += biases[part * product.columns + column];
        }
        of_bias[column] = sum;
    }
}
