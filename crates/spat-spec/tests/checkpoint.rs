//! The checkpoint file: round trips, and rejection of incomplete files.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use spat_series::{Frequency, Scaler};
use spat_spec::{
    Array, Checkpoint, CheckpointHeader, DLinearConfig, DataConfig, FORMAT, ForecasterConfig,
    ITransformerConfig, ModuleId, Structure, Window, arrays_to_bytes, checked_from_bytes,
};

fn checkpoint() -> Checkpoint {
    let forecaster =
        ForecasterConfig::ITransformer(ITransformerConfig::new(Window::new(24, 12, 2), true));
    let structure = Structure::dense(forecaster)
        .without_modules(&[ModuleId::encoder(1)])
        .unwrap();
    let header = CheckpointHeader {
        format: FORMAT,
        version: "0.1.0".to_owned(),
        structure,
        channels: vec!["load, MW".to_owned(), "\u{fffd}C".to_owned()],
        scaler: Scaler {
            mean: vec![0.1, -3.0e-9],
            std: vec![1.0, 2.5e7],
            offset: Vec::new(),
        },
        frequency: Frequency::Seconds(3600),
        data: DataConfig::default(),
        plan: None,
    };
    let array = Array {
        shape: vec![2, 2],
        values: vec![1.0, -0.0, f32::MIN_POSITIVE, 1e-42],
    };
    Checkpoint {
        header,
        weights: BTreeMap::from([("a.b".to_owned(), array)]),
    }
}

#[test]
fn a_checkpoint_is_read_back_to_the_bit() {
    let original = checkpoint();
    let bytes = original.to_bytes().unwrap();
    let read = Checkpoint::from_bytes(&bytes).unwrap();
    assert_eq!(read, original);
    let bits = |c: &Checkpoint| {
        c.weights["a.b"]
            .values
            .iter()
            .map(|v| v.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(bits(&read), bits(&original));
    assert_eq!(read.to_bytes().unwrap(), bytes);
}

#[test]
fn a_truncated_file_is_rejected() {
    let bytes = checkpoint().to_bytes().unwrap();
    for length in 0..bytes.len() {
        let message = Checkpoint::from_bytes(&bytes[..length])
            .unwrap_err()
            .to_string();
        assert!(message.contains("cut short"), "cut to {length}: {message}");
    }
}

#[test]
fn another_format_names_the_version_that_wrote_it() {
    let mut other = checkpoint();
    other.header.format = FORMAT + 1;
    other.header.version = "9.9.9".to_owned();
    let message = Checkpoint::from_bytes(&other.to_bytes().unwrap())
        .unwrap_err()
        .to_string();
    assert!(message.contains("9.9.9"), "{message}");
}

#[test]
fn safetensors_of_other_programs_are_rejected() {
    let bytes = arrays_to_bytes(&checkpoint().weights, None).unwrap();
    let message = Checkpoint::from_bytes(&bytes).unwrap_err().to_string();
    assert!(message.contains("not written by spat"), "{message}");
}

#[test]
fn an_inconsistent_header_is_rejected() {
    let mut other = checkpoint();
    other.header.channels.pop();
    assert!(Checkpoint::from_bytes(&other.to_bytes().unwrap()).is_err());
    let mut other = checkpoint();
    other.header.structure.attention[0].heads = vec![99];
    assert!(Checkpoint::from_bytes(&other.to_bytes().unwrap()).is_err());
    let mut other = checkpoint();
    if let ForecasterConfig::ITransformer(config) = &mut other.header.structure.forecaster {
        config.heads = 7;
    }
    assert!(Checkpoint::from_bytes(&other.to_bytes().unwrap()).is_err());
}

/// The file as versions before the checksum wrote it.
fn without_checksum(bytes: &[u8]) -> Vec<u8> {
    let file = checked_from_bytes("spat", bytes).unwrap();
    let metadata = [("spat".to_owned(), file.json.unwrap())].into();
    arrays_to_bytes(&file.arrays, Some(metadata)).unwrap()
}

#[test]
fn a_file_without_a_checksum_is_read_with_a_note() {
    let original = checkpoint();
    let bytes = original.to_bytes().unwrap();
    assert_eq!(original.header.checksum_note(&bytes), None);
    let old = without_checksum(&bytes);
    assert!(old.len() < bytes.len());
    assert_eq!(Checkpoint::from_bytes(&old).unwrap(), original);
    let note = original.header.checksum_note(&old).unwrap();
    assert!(
        note.contains("no checksum") && note.contains("0.1.0"),
        "{note}"
    );
}

/// Every bit of the file is flipped in turn: length, header and weights.
#[test]
fn no_flipped_bit_gives_another_model() {
    let original = checkpoint();
    let bytes = original.to_bytes().unwrap();
    assert!(8 * bytes.len() >= 1_000, "{} bytes", bytes.len());
    let mut detected = 0;
    for place in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place / 8] ^= 1 << (place % 8);
        match Checkpoint::from_bytes(&flipped) {
            Err(_) => detected += 1,
            Ok(read) => assert_eq!(read, original, "byte {} bit {}", place / 8, place % 8),
        }
    }
    // Flips that are not detected changed the name of the checksum's field.
    assert!(detected >= 8 * bytes.len() - 8 * "sha256".len());
}

#[test]
fn weights_that_are_not_finite_are_refused_by_name() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut other = checkpoint();
        other.weights.get_mut("a.b").unwrap().values[2] = bad;
        let bytes = other.to_bytes().unwrap();
        for bytes in [without_checksum(&bytes), bytes] {
            let message = Checkpoint::from_bytes(&bytes).unwrap_err().to_string();
            assert!(message.contains("`a.b`"), "{message}");
        }
    }
    for (mean, std) in [(f32::INFINITY, 1.0), (0.0, 0.0), (0.0, -1.0)] {
        let mut other = checkpoint();
        (other.header.scaler.mean[1], other.header.scaler.std[1]) = (mean, std);
        assert!(Checkpoint::from_bytes(&other.to_bytes().unwrap()).is_err());
    }
}

/// The file with other JSON text in its header.
fn with_header(change: impl Fn(String) -> String) -> Vec<u8> {
    let file = checked_from_bytes("spat", &checkpoint().to_bytes().unwrap()).unwrap();
    let json = change(file.json.unwrap());
    arrays_to_bytes(&file.arrays, Some([("spat".to_owned(), json)].into())).unwrap()
}

/// Sizes that would exhaust memory or time are refused before anything is made of them.
#[test]
fn impossible_sizes_are_refused_at_once() {
    let started = std::time::Instant::now();
    for value in ["1000000000", "9223372036854775808", "18446744073709551615"] {
        for field in [
            "layers", "heads", "d_model", "d_ff", "lookback", "horizon", "channels",
        ] {
            let bytes = with_header(|json| {
                let start = json.find(&format!("\"{field}\":")).unwrap() + field.len() + 3;
                let digits = json[start..].find(|c: char| !c.is_ascii_digit()).unwrap();
                format!("{}{value}{}", &json[..start], &json[start + digits..])
            });
            assert!(Checkpoint::from_bytes(&bytes).is_err(), "{field} {value}");
        }
    }
    for kernel in [(1_usize << 63) - 1, 65_535] {
        let window = Window::new(24, 12, 2);
        let mut header = checkpoint().header;
        let config = DLinearConfig {
            kernel,
            ..DLinearConfig::new(window)
        };
        header.structure = Structure::dense(config.into());
        let weights = BTreeMap::new();
        let bytes = Checkpoint { header, weights }.to_bytes().unwrap();
        let message = Checkpoint::from_bytes(&bytes).unwrap_err().to_string();
        assert!(message.contains("moving average"), "{message}");
    }
    assert!(started.elapsed().as_secs() < 2);
}

proptest! {
    /// Changed bytes may still be a valid checkpoint.
    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = checkpoint().to_bytes().unwrap();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let _ = Checkpoint::from_bytes(&bytes);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Checkpoint::from_bytes(&bytes).is_err());
    }
}
