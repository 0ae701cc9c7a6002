//! The cells of a suite: every model on every table with every horizon, as far as they are possible.

use std::collections::BTreeSet;

use spat_series::Series;
use spat_spec::{
    Experiment, ForecasterConfig, MOST_ORACLE_MODULES, MissingCell, PruneRule, SendOptions, Suite,
    SuiteCell, SuiteModel, SuiteTable, TableFacts, TrainingConfig, ZeroShotPair,
};
use spat_study::readings;

use crate::failure::input;
use crate::suite::{Places, Read};
use crate::suite_file::{SuiteFile, TableEntry};
use crate::suite_model::ModelEntry;
use crate::{experiment, table};

/// The horizon of a file that names none.
const HORIZON: usize = 96;

/// Epochs of fine-tuning of a file that names none.
const FINETUNE_EPOCHS: usize = 3;

/// Batches per scoring pass of a file that names none.
const SCORE_BATCHES: usize = 24;

/// Everything that determines the result.
pub(crate) fn resolved(
    file: &SuiteFile,
    title: String,
    tables: &[Read],
    places: &Places,
) -> anyhow::Result<Suite> {
    let models = file.models()?;
    refuse_repeated("table", tables.iter().map(|read| read.name.as_str()))?;
    refuse_repeated("model", models.iter().map(|model| model.name.as_str()))?;
    let send = SendOptions::default();
    let mut suite = Suite {
        title,
        tables: tables
            .iter()
            .map(|read| SuiteTable {
                name: read.name.clone(),
                facts: TableFacts {
                    name: read.loaded.name.clone(),
                    sha256: table::sha256(&read.loaded.bytes),
                },
                data: read.data.clone(),
            })
            .collect(),
        models: models
            .iter()
            .map(|model| SuiteModel {
                name: model.name.clone(),
                kind: model.kind,
                pruned: model.prune,
            })
            .collect(),
        seeds: file.seeds.clone(),
        send,
        prune: PruneRule {
            ratio: file.ratio,
            rounding: file.rounding,
            ..PruneRule::default()
        },
        scorers: file.scorers()?,
        readings: file.readings.of("readings", &readings(send))?,
        every_subset: file.every_subset.unwrap_or(MOST_ORACLE_MODULES),
        score_batches: file.score_batches.unwrap_or(SCORE_BATCHES),
        cells: Vec::new(),
        zero_shot: zero_shot(file, tables)?,
        missing: Vec::new(),
    };
    if !(0.0..=1.0).contains(&file.ratio) {
        return Err(input(format!("the ratio is {}; use 0 to 1", file.ratio)));
    }
    for (table, (entry, read)) in file.table.iter().zip(tables).enumerate() {
        for (model, of) in models.iter().enumerate() {
            for horizon in horizons(file, entry) {
                let series = &read.loaded.series;
                let cell = cell(file, entry, of, horizon, series, places);
                let cell = cell.map(|(forecaster, training, finetune)| SuiteCell {
                    table,
                    model,
                    forecaster,
                    training,
                    finetune,
                });
                match cell.and_then(|cell| possible(&suite, cell, series)) {
                    Ok(cell) => suite.cells.push(cell),
                    Err(error) => suite.missing.push(missing(table, model, horizon, &error)),
                }
            }
        }
    }
    // Settings that fit no table are a mistake in the file.
    for (index, model) in models.iter().enumerate() {
        let mut of_model = suite.missing.iter().filter(|cell| cell.model == index);
        if suite.cells.iter().all(|cell| cell.model != index)
            && let Some(missing) = of_model.next()
        {
            return Err(input(format!(
                "model `{}` is possible on no table; on {}: {}",
                model.name, suite.tables[missing.table].name, missing.reason
            )));
        }
    }
    Ok(suite)
}

fn refuse_repeated<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> anyhow::Result<()> {
    let mut known = BTreeSet::new();
    for name in names {
        if !known.insert(name) {
            return Err(input(format!(
                "two entries have the {what} `{name}`; give one of them another `name`"
            )));
        }
    }
    Ok(())
}

fn horizons(file: &SuiteFile, entry: &TableEntry) -> Vec<usize> {
    match (&entry.horizons, file.horizons.is_empty()) {
        (Some(horizons), _) => horizons.clone(),
        (None, true) => vec![HORIZON],
        (None, false) => file.horizons.clone(),
    }
}

/// The forecaster of a cell, its training and its fine-tuning.
fn cell(
    file: &SuiteFile,
    entry: &TableEntry,
    model: &ModelEntry,
    horizon: usize,
    series: &Series,
    places: &Places,
) -> anyhow::Result<(ForecasterConfig, TrainingConfig, TrainingConfig)> {
    let args = model.args(entry.preset()?, &places.file);
    let lookback = entry.look_back.or(file.look_back);
    let (forecaster, training) = experiment::forecaster(&args, (lookback, horizon), series)?;
    let training = experiment::trained(&training, &model.training.over(&file.training)?)?;
    let like = Experiment::finetune_like(&training);
    let finetune = TrainingConfig {
        epochs: file.finetune.epochs.unwrap_or(FINETUNE_EPOCHS),
        learning_rate: file.finetune.learning_rate.unwrap_or(like.learning_rate),
        // All pruned models and the control train equally long.
        patience: None,
        ..like
    };
    Ok((forecaster, training, finetune))
}

/// Checks a cell as `spat run` checks its experiment.
fn possible(suite: &Suite, cell: SuiteCell, series: &Series) -> anyhow::Result<SuiteCell> {
    experiment::check(&suite.experiment(&cell), series)?;
    Ok(cell)
}

fn missing(table: usize, model: usize, horizon: usize, error: &anyhow::Error) -> MissingCell {
    let causes = error.chain().map(ToString::to_string);
    // Advice on flags has no text as an error.
    let causes: Vec<String> = causes.filter(|cause| !cause.is_empty()).collect();
    MissingCell {
        table,
        model,
        horizon,
        reason: causes.join(": "),
    }
}

fn zero_shot(file: &SuiteFile, tables: &[Read]) -> anyhow::Result<Vec<ZeroShotPair>> {
    let place = |name: &str| {
        tables
            .iter()
            .position(|read| read.name == name)
            .ok_or_else(|| {
                let known: Vec<&str> = tables.iter().map(|read| read.name.as_str()).collect();
                input(format!(
                    "[[zero-shot]] names the table `{name}`; there are {}",
                    known.join(", ")
                ))
            })
    };
    let pair = |(from, to): (usize, usize)| {
        let (a, b) = (&tables[from], &tables[to]);
        let same = a.loaded.series.channels == b.loaded.series.channels
            && a.data.read == b.data.read
            && a.data.series == b.data.series;
        if same {
            Ok(ZeroShotPair { from, to })
        } else {
            Err(input(format!(
                "models of `{}` cannot forecast `{}`: their channels or the options with which they are read differ",
                a.name, b.name
            )))
        }
    };
    file.zero_shot
        .iter()
        .map(|entry| pair((place(&entry.from)?, place(&entry.to)?)))
        .collect()
}
