//! Any bytes as messages of the web app, the desktop app and the engine process: nothing panics, and what is
//! accepted is written back unchanged in meaning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spat_spec::{
    ClientEnvelope, EngineMessage, EngineRequest, Hello, ServerEnvelope, frame, read_frame,
    unframe, write_frame,
};

/// Longest frame of a stream.
const LIMIT: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    json::<ClientEnvelope>(bytes);
    json::<ServerEnvelope>(bytes);
    json::<Hello>(bytes);
    frames::<EngineRequest>(bytes);
    frames::<EngineMessage>(bytes);
    let mut stream = bytes;
    while let Ok(Some((request, table))) = read_frame::<EngineRequest>(&mut stream, LIMIT) {
        let mut written = Vec::new();
        write_frame(&mut written, &request, &table).expect("what was read can be written");
        let again = read_frame(&mut &*written, u64::MAX).expect("what was written can be read");
        assert_eq!(again, Some((request, table)));
    }
});

fn json<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(message) = serde_json::from_slice::<T>(bytes) {
        let written = serde_json::to_vec(&message).expect("what was read can be written");
        let again: T = serde_json::from_slice(&written).expect("what was written can be read");
        assert_eq!(again, message);
    }
}

fn frames<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok((message, rest)) = unframe::<T>(bytes) {
        let written = frame(&message, rest).expect("what was read can be written");
        let (again, after) = unframe::<T>(&written).expect("what was written can be read");
        assert_eq!((again, after), (message, rest));
    }
}
