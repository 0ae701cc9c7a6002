//! SPAT in a window of its own: the page, with the engine running natively.

fn main() {}
