//! Any bytes as `study.json`, of a study of a table or of synthetic data, and as a study's settings: nothing
//! panics, and what is accepted is written back unchanged in meaning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;
use spat_spec::{Study, StudyReport, SyntheticReport, SyntheticStudy};

fuzz_target!(|bytes: &[u8]| {
    again::<StudyReport>(bytes);
    again::<SyntheticReport>(bytes);
    if let Some(study) = again::<Study>(bytes) {
        study.check().map_err(|error| error.to_string()).ok();
        study.hash();
    }
    if let Some(study) = again::<SyntheticStudy>(bytes) {
        study.check().map_err(|error| error.to_string()).ok();
        study.hash();
    }
});

fn again<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Option<T> {
    let value: T = serde_json::from_slice(bytes).ok()?;
    let written = serde_json::to_vec(&value).expect("what was read can be written");
    let read: T = serde_json::from_slice(&written).expect("what was written can be read");
    let rewritten = serde_json::to_vec(&read).expect("what was read can be written");
    assert!(written == rewritten, "it changed");
    Some(value)
}
