// The gradient of drop(gelu(x)): ∂L/∂x = ∂L/∂y · mask · (Φ(x) + x φ(x)).
//
// Needs dropout.wgsl, values.wgsl and normal_law.wgsl.

@group(0) @binding(0) var<storage, read_write> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> of_input: array<f32>;
@group(0) @binding(3) var<uniform> task: Values;

@compute @workgroup_size(WORKGROUP)
fn activate_backward(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    var place = first_value(workgroup, thread);
    for (var k = 0u; k < EACH && place < task.count; k++) {
        let x = input[place];
        let law = normal_law(x);
        let slope = (law.x + x * law.y) * drop_factor(task.dropout, place);
        of_input[place] = gradient[place] * slope;
        place += WORKGROUP;
    }
}
