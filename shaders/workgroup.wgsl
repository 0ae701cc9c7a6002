// Threads of a workgroup, in every stage. Few, since most rows are short and every barrier waits for all
// of them; a power of two, since threads share rows by halves. The host's is `WORKGROUP` in launch.rs.
const WORKGROUP: u32 = 64u;
