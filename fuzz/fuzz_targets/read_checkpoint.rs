#![no_main]
//! No bytes make the checkpoint reader panic, and what it accepts it writes back unchanged in
//! meaning.

use libfuzzer_sys::fuzz_target;
use spat_spec::Checkpoint;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(checkpoint) = Checkpoint::from_bytes(bytes) {
        let written = checkpoint.to_bytes().expect("what was read can be written");
        let again = Checkpoint::from_bytes(&written).expect("what was written can be read");
        assert_eq!(again.header, checkpoint.header);
        assert_eq!(again.weights.len(), checkpoint.weights.len());
    }
});
