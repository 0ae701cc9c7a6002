// The gradient of the rows of restore_windows; 0 in rows that it skips.
//
// Needs windows.wgsl.

@group(0) @binding(0) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(1) var<storage, read_write> statistics: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> of_rows: array<f32>;
@group(0) @binding(3) var<uniform> windows: Windows;

@compute @workgroup_size(WORKGROUP)
fn restore_backward(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = number_of(workgroup, thread);
    if number >= windows.count {
        return;
    }
    let row = number / windows.length;
    let sample = row / windows.tokens;
    let channel = row % windows.tokens;
    var value = 0.0;
    if channel < windows.channels {
        let line = sample * windows.length + number % windows.length;
        value = gradient[line * windows.channels + channel]
            * statistics[sample * windows.channels + channel].y;
    }
    of_rows[number] = value;
}
