// Gradients of γ and β: for each column, the sums over the rows of ∂L/∂y · x̂ and of ∂L/∂y.
//
// Needs dropout.wgsl and norm.wgsl. Eight invocations per column, eight columns per workgroup.

@group(0) @binding(0) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(1) var<storage, read_write> normal: array<f32>;
@group(0) @binding(2) var<storage, read_write> of_gamma: array<f32>;
@group(0) @binding(3) var<storage, read_write> of_beta: array<f32>;
@group(0) @binding(4) var<uniform> norm: Norm;

const COLUMNS: u32 = 8u;

var<workgroup> shared_sums: array<vec2<f32>, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn sum_norm_columns(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let column = (workgroup.y * norm.groups_x + workgroup.x) * COLUMNS + thread % COLUMNS;
    let end = select(0u, norm.rows, column < norm.width);
    var own = vec2<f32>(0.0);
    for (var row = thread / COLUMNS; row < end; row += WORKGROUP / COLUMNS) {
        let place = row * norm.width + column;
        let g = gradient[place];
        own += vec2<f32>(g * normal[place], g);
    }
    shared_sums[thread] = own;
    workgroupBarrier();
    if thread < COLUMNS && column < norm.width {
        var sum = own;
        for (var other = thread + COLUMNS; other < WORKGROUP; other += COLUMNS) {
            sum += shared_sums[other];
        }
        of_gamma[column] = sum.x;
        of_beta[column] = sum.y;
    }
}
