// Parameters of the window stages, which convert between windows cut from a table and one row per channel.

struct Windows {
    samples: u32,
    // Rows of a window: the look-back, or the horizon.
    length: u32,
    channels: u32,
    // Rows of a sample: its channels, then its time features.
    tokens: u32,
    // Number of invocations: values that the stage writes, or rows that it computes.
    count: u32,
    // Workgroups along x; larger dispatches than 65,535 continue along y.
    groups_x: u32,
    // 1: normalise each window by its own mean and deviation.
    normalise: u32,
    epsilon: f32,
}

fn number_of(workgroup: vec3<u32>, thread: u32) -> u32 {
    return (workgroup.y * windows.groups_x + workgroup.x) * WORKGROUP + thread;
}
