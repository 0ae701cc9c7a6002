// Dropout masks that are computed, not stored: a hash of the value's place and the drop's keys, the
// same as on the CPU (spat-cpu, dropout.rs).

struct Dropout {
    keys: vec2<u32>,
    // Hashes below it are dropped; 0: nothing is.
    threshold: u32,
    // What a kept value is multiplied by.
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

// What the value at a place is multiplied by.
fn drop_factor(dropout: Dropout, place: u32) -> f32 {
    if dropout.threshold == 0u {
        return dropout.scale;
    }
    let hash = mix_bits(mix_bits(place ^ dropout.keys.x) + dropout.keys.y);
    return select(dropout.scale, 0.0, hash < dropout.threshold);
}
