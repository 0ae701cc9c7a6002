// Parameters of the attention stages; their last binding.
//
// Needs dropout.wgsl. Rows are [samples · tokens, heads · head_width]; maps are [samples, heads,
// tokens, tokens].

struct Attention {
    dropout: Dropout,
    samples: u32,
    tokens: u32,
    heads: u32,
    head_width: u32,
    // 1/√head_width
    scale: f32,
    // 0: no connection mask; 1: one for all samples; 2: one per sample.
    mask: u32,
    // 1: the factor on the values differs from the map, because of a mask or dropout.
    keeps: u32,
    // Workgroups along x; larger dispatches than 65,535 continue along y.
    groups_x: u32,
}

// The map and the token of an invocation; `map` is out of range for surplus invocations.
struct Place {
    map: u32,
    token: u32,
    // Index of the head's first column in the sample's first row.
    start: u32,
}

fn place_of(workgroup: vec3<u32>, thread: u32) -> Place {
    let number = (workgroup.y * attention.groups_x + workgroup.x) * WORKGROUP + thread;
    let map = number / attention.tokens;
    let sample = map / attention.heads;
    let head = map % attention.heads;
    return Place(
        map,
        number % attention.tokens,
        (sample * attention.tokens * attention.heads + head) * attention.head_width,
    );
}

fn is_whole(place: Place) -> bool {
    return place.map < attention.samples * attention.heads;
}

// Index of a row of the head, relative to its first one.
fn row_start(place: Place, token: u32) -> u32 {
    return place.start + token * attention.heads * attention.head_width;
}

// Index of the first entry of a row of the map.
fn map_row(place: Place, token: u32) -> u32 {
    return (place.map * attention.tokens + token) * attention.tokens;
}

// The same in the connection mask, if there is one.
fn mask_row(place: Place) -> u32 {
    let map = select(place.map, place.map % attention.heads, attention.mask == 1u);
    return (map * attention.tokens + place.token) * attention.tokens;
}
