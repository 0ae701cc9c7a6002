// Rows [samples · tokens, length] to forecasts [samples, length, channels] in the original units of their
// windows; rows beyond a sample's channels are skipped.
//
// Needs windows.wgsl.

@group(0) @binding(0) var<storage, read_write> rows: array<f32>;
@group(0) @binding(1) var<storage, read_write> statistics: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> forecast: array<f32>;
@group(0) @binding(3) var<uniform> windows: Windows;

@compute @workgroup_size(WORKGROUP)
fn restore_windows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = number_of(workgroup, thread);
    if number >= windows.count {
        return;
    }
    let channel = number % windows.channels;
    let line = number / windows.channels;
    let sample = line / windows.length;
    let row = sample * windows.tokens + channel;
    let statistic = statistics[sample * windows.channels + channel];
    forecast[number] = rows[row * windows.length + line % windows.length] * statistic.y + statistic.x;
}
