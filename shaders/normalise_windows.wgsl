// Windows [samples, length, channels] and their time features [samples, length, features] to rows [samples
// · tokens, length], each channel normalised by its window's mean and deviation (arXiv 2205.14415).
//
// Needs windows.wgsl. Statistics are mean and deviation of each window and channel.

@group(0) @binding(0) var<storage, read_write> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> features: array<f32>;
@group(0) @binding(2) var<storage, read_write> rows: array<f32>;
@group(0) @binding(3) var<storage, read_write> statistics: array<vec2<f32>>;
@group(0) @binding(4) var<uniform> windows: Windows;

@compute @workgroup_size(WORKGROUP)
fn normalise_windows(
    @builtin(workgroup_id) workgroup: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let number = number_of(workgroup, thread);
    if number >= windows.count {
        return;
    }
    let sample = number / windows.tokens;
    let token = number % windows.tokens;
    let length = windows.length;
    let row = number * length;
    if token >= windows.channels {
        let width = windows.tokens - windows.channels;
        for (var k = 0u; k < length; k++) {
            rows[row + k] = features[(sample * length + k) * width + token - windows.channels];
        }
        return;
    }
    let start = sample * length * windows.channels + token;
    var mean = 0.0;
    var deviation = 1.0;
    if windows.normalise == 1u {
        for (var k = 0u; k < length; k++) {
            mean += values[start + k * windows.channels];
        }
        mean /= f32(length);
        var squares = 0.0;
        for (var k = 0u; k < length; k++) {
            let distance = values[start + k * windows.channels] - mean;
            squares += distance * distance;
        }
        deviation = sqrt(squares / f32(length) + windows.epsilon);
    }
    for (var k = 0u; k < length; k++) {
        rows[row + k] = (values[start + k * windows.channels] - mean) / deviation;
    }
    statistics[sample * windows.channels + token] = vec2<f32>(mean, deviation);
}
