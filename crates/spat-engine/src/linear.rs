//! The linear baselines of a run: trained beside its model, and evaluated on the same windows.

use std::collections::BTreeMap;

use burn::module::Module as _;
use spat_model::Forecaster;
use spat_prune::selection::LinearLosses;
use spat_series::{Metrics, Part};
use spat_spec::{Experiment, LinearBaseline, Phase, Structure, ValResult};

use crate::comparisons::TestErrors;
use crate::control::Control;
use crate::error::JobError;
use crate::evaluate::{mean_squared_error, metrics};
use crate::phases::Phases;
use crate::run_context::RunContext;
use crate::seeds::{Purpose, seed_for};
use crate::store::RunStore;
use crate::trainer::{Trained, train};

/// A trained linear model.
pub(crate) struct LinearModel {
    name: &'static str,
    structure: Structure,
    trained: Trained,
}

/// Trains the linear baselines that the experiment has, except those that an earlier session of the run
/// trained: on the data of `context`, which are those before the earlier cutoff `fold`, or the run's own if that is
/// 0.
pub(crate) async fn train_linear_baselines(
    context: &RunContext<'_>,
    experiment: &Experiment,
    fold: usize,
    phases: &mut Phases,
    store: &mut impl RunStore,
    control: &mut Control<'_>,
) -> Result<Vec<LinearModel>, JobError> {
    let mut models = Vec::new();
    for (config, training) in experiment.linear_baselines() {
        let name = config.kind().id;
        let structure = Structure::dense(config);
        let stored_name = match fold {
            0 => name.to_owned(),
            number => format!("{name}_fold_{number}"),
        };
        let known = phases
            .linear_baseline(&stored_name, &structure, context.device, store)
            .await?;
        let trained = match known {
            Some(known) => known,
            None => {
                let phase = Phase::LinearBaseline;
                let seed = seed_for(context.seed, phase, Purpose::Weights, 0);
                let device = context.device.clone().autodiff();
                let model = Forecaster::try_init(&structure, seed, &device)?.train();
                let trained =
                    train(context, phase, model, &training, &mut [], store, control).await?;
                phases
                    .end_linear_baseline(&stored_name, &trained, store)
                    .await?;
                trained
            }
        };
        models.push(LinearModel {
            name,
            structure,
            trained,
        });
    }
    Ok(models)
}

/// The losses of the linear baselines on each validation window, rounded to 32 bits as those of the candidates of a
/// selection are.
pub(crate) async fn validation_losses(
    context: &RunContext<'_>,
    models: &[LinearModel],
    control: &mut Control<'_>,
) -> Result<Vec<LinearLosses>, JobError> {
    let mut losses = Vec::new();
    for linear in models {
        let model = &linear.trained.model;
        let (_, windows) = metrics(model, context, Part::Val, control).await?;
        losses.push(LinearLosses {
            name: linear.name.to_owned(),
            macs: linear.structure.cost().macs,
            losses: windows
                .mse
                .iter()
                .map(|&loss| f64::from(loss as f32))
                .collect(),
        });
    }
    Ok(losses)
}

/// Evaluates the linear baselines: adds their test errors to `baselines` and `errors`, and returns the rest.
pub(crate) async fn evaluate_linear_baselines(
    context: &RunContext<'_>,
    models: &[LinearModel],
    baselines: &mut BTreeMap<String, Metrics>,
    errors: &mut TestErrors,
    control: &mut Control<'_>,
) -> Result<BTreeMap<String, LinearBaseline>, JobError> {
    let mut results = BTreeMap::new();
    for linear in models {
        let model = &linear.trained.model;
        let (test, windows) = metrics(model, context, Part::Test, control).await?;
        let val = mean_squared_error(model, context, Part::Val, control).await?;
        let cost = linear.structure.cost();
        let name = linear.name.to_owned();
        errors.add(&name, windows);
        baselines.insert(name.clone(), test);
        results.insert(
            name,
            LinearBaseline {
                params: cost.params,
                macs: cost.macs,
                epochs: linear.trained.history.len(),
                val: ValResult { mse: val },
            },
        );
    }
    Ok(results)
}
