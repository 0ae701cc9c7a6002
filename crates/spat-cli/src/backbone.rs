//! Files of frozen weights.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use spat_model::{check_backbone, load_backbone};
use spat_spec::ForecasterConfig;

use crate::args::{BackboneArgs, ModelArgs};
use crate::failure::input;

/// Takes the frozen weights of a new model, and the sizes that they have, from the file of `--backbone`.
pub(crate) fn choose(args: &ModelArgs, forecaster: &mut ForecasterConfig) -> anyhow::Result<()> {
    let Some(path) = &args.choice.backbone.backbone else {
        return Ok(());
    };
    let backbone = load_backbone(path, reads_tokens(forecaster))?;
    if !forecaster.set_backbone(backbone.file.clone(), backbone.sizes) {
        return Err(needless(forecaster));
    }
    // Flags that would change nothing.
    let sizes = ["width", "heads", "backbone-seed"];
    if let Some(flag) = sizes
        .iter()
        .find(|flag| args.settings.count(flag).is_some())
    {
        return Err(input(format!(
            "--{flag} has no effect with --backbone, whose file determines it; leave out one of the two"
        )));
    }
    let (layers, found) = (args.settings.count("layers"), backbone.sizes.layers);
    if layers.is_some_and(|layers| layers > found) {
        return Err(input(format!(
            "`{}` has {found} blocks; use --layers {found} or fewer",
            path.display()
        )));
    }
    Ok(())
}

/// Loads the file that a stored model refers to: the one of `--backbone`, or else the one of the places and the
/// current folder that has the model's checksum.
pub(crate) fn require(
    forecaster: &ForecasterConfig,
    args: &BackboneArgs,
    places: &[Option<PathBuf>],
) -> anyhow::Result<()> {
    let Some((file, _)) = forecaster.backbone() else {
        return match args.backbone {
            Some(_) => Err(needless(forecaster)),
            None => Ok(()),
        };
    };
    let here = Some(PathBuf::from(&file.name));
    let known = places.iter().chain([&here]).flatten();
    // A name in a model file is not a path.
    let is_name = Path::new(&file.name).file_name() == Some(file.name.as_ref());
    let known = known.filter(|path| is_name && path.is_file());
    let candidates: Vec<&PathBuf> = match &args.backbone {
        Some(path) => vec![path],
        None => known.collect(),
    };
    // Files of other models often have the same name.
    let mut refused = None;
    for path in candidates {
        let loaded = load_backbone(path, reads_tokens(forecaster))
            .and_then(|backbone| backbone.check_is(file));
        match loaded.with_context(|| path.display().to_string()) {
            Ok(()) => return Ok(check_backbone(forecaster)?),
            Err(error) => refused.get_or_insert(error),
        };
    }
    match refused {
        Some(error) => Err(error),
        None => Ok(check_backbone(forecaster)?),
    }
}

fn reads_tokens(forecaster: &ForecasterConfig) -> bool {
    forecaster.inputs().prompt.is_some()
}

fn needless(forecaster: &ForecasterConfig) -> anyhow::Error {
    input(format!(
        "{} has no frozen backbone; leave out --backbone",
        forecaster.name()
    ))
}
