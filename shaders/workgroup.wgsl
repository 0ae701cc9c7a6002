// Threads per workgroup, in every stage. Few, since most rows are short and every barrier waits for all of
// them; a power of two, since row sums are halved repeatedly. The Rust constant is `WORKGROUP` in
// launch.rs.
const WORKGROUP: u32 = 64u;
