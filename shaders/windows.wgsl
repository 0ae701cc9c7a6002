// What the stages at a forecaster's ends work on: windows as they are cut from a table, and windows as
// one row for each channel.

struct Windows {
    samples: u32,
    // Rows of a window: the look-back, or the horizon.
    length: u32,
    channels: u32,
    // Rows of a sample: its channels, and further ones after them.
    tokens: u32,
    // Values that the stage writes or rows that it makes, one to an invocation.
    count: u32,
    // Workgroups along x; a dispatch past 65,535 goes on along y.
    groups_x: u32,
    // 1: each window by its own mean and deviation.
    normalise: u32,
    epsilon: f32,
}

fn number_of(workgroup: vec3<u32>, thread: u32) -> u32 {
    return (workgroup.y * windows.groups_x + workgroup.x) * WORKGROUP + thread;
}
