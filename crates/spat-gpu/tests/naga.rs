//! Every shader is valid WGSL with the entry point, workgroup size and bindings that the launcher requires.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use naga::valid::{Capabilities, ValidationFlags, Validator};
use spat_gpu::{Stage, WORKGROUP};

#[test]
fn every_shader_is_valid() {
    for stage in Stage::ALL {
        let module = naga::front::wgsl::parse_str(stage.source())
            .unwrap_or_else(|error| panic!("{}", error.emit_to_string(stage.source())));
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|error| panic!("{}: {error:?}", stage.name()));

        let [entry] = module.entry_points.as_slice() else {
            panic!("{} does not have exactly one entry point", stage.name());
        };
        assert_eq!(entry.name, stage.name());
        assert_eq!(entry.workgroup_size, [WORKGROUP, 1, 1]);
        let mut bindings: Vec<u32> = module
            .global_variables
            .iter()
            .filter_map(|(_, variable)| variable.binding)
            .map(|binding| binding.binding)
            .collect();
        bindings.sort_unstable();
        let places: Vec<u32> = (0..bindings.len() as u32).collect();
        assert_eq!(bindings, places, "{}", stage.name());
    }
}

/// An unused file in `shaders/` would be an untested file.
#[test]
fn every_shader_file_belongs_to_a_stage() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shaders");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            Stage::ALL
                .iter()
                .any(|stage| stage.source().contains(&text)),
            "{} belongs to no stage",
            path.display()
        );
    }
}
