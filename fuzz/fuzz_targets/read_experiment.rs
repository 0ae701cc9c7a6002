//! Any bytes as `experiment.json`: what passes the checks has a cost, an estimate of memory and a hash, and is
//! written back unchanged in meaning.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spat_spec::{Experiment, Structure};

fuzz_target!(|bytes: &[u8]| {
    let Ok(experiment) = serde_json::from_slice::<Experiment>(bytes) else {
        return;
    };
    if let Err(error) = experiment.check() {
        return drop(error.to_string());
    }
    let structure = Structure::dense(experiment.forecaster.clone());
    structure
        .check()
        .expect("a checked experiment has a valid structure");
    structure.cost();
    assert!(experiment.step_memory().is_finite());
    let written = serde_json::to_vec(&experiment).expect("what was read can be written");
    let again: Experiment = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(again, experiment);
    assert_eq!(again.hash(b"table"), experiment.hash(b"table"));
});
