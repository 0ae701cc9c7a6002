// Dropout masks that are computed on demand: a hash of the value's index and the keys, the same as on the
// CPU (spat-cpu, dropout.rs).

struct Dropout {
    keys: vec2<u32>,
    // Values whose hash is below it are dropped; 0 drops none.
    threshold: u32,
    // Factor on a kept value.
    scale: f32,
}

fn mix_bits(bits: u32) -> u32 {
    var x = bits;
    x ^= x >> 16u;
    x *= 0x7feb352du;
    x ^= x >> 15u;
    x *= 0x846ca68bu;
    return x ^ (x >> 16u);
}

// Factor on the value at an index.
fn drop_factor(dropout: Dropout, place: u32) -> f32 {
    if dropout.threshold == 0u {
        return dropout.scale;
    }
    let hash = mix_bits(mix_bits(place ^ dropout.keys.x) + dropout.keys.y);
    return select(dropout.scale, 0.0, hash < dropout.threshold);
}
