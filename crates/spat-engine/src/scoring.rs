//! Scores of the dense model after its training.

use burn::module::Module;
use spat_model::{Forecaster, ForwardContext, HasAttention as _, Probe};
use spat_prune::{Sample, ScoreAccumulator, ScoringOptions, score_with};
use spat_series::Part;
use spat_spec::{Event, Experiment, Phase, Score};

use crate::control::{Control, Next};
use crate::dataset::{shuffled, spread};
use crate::error::JobError;
use crate::progress::Progress;
use crate::run_context::RunContext;
use crate::seeds::{Purpose, seed_for};

/// Batches that a scorer evaluates if it does not need every one of a pass.
const BATCHES: usize = 24;

/// Scores of the experiment's scorer on the data that it needs. `untrained` makes the model as it was
/// before training.
pub(crate) async fn score_after(
    context: &RunContext<'_>,
    experiment: &Experiment,
    trained: &Forecaster,
    untrained: impl FnOnce() -> Result<Forecaster, JobError>,
    control: &mut Control<'_>,
) -> Result<Vec<Score>, JobError> {
    let batch = experiment.training.batch;
    let scores = if experiment.scorer.needs().steps {
        let scores = ScoreAccumulator::new(experiment.send);
        pass(context, trained, batch, scores, control).await?
    } else if experiment.scorer.needs().untrained {
        evaluate(context, experiment, &untrained()?, control).await?
    } else {
        evaluate(context, experiment, trained, control).await?
    };
    control.emit(Event::Scores {
        scores: scores.clone(),
    });
    Ok(scores)
}

/// Scores on some batches, spread over the part that the scorer needs.
async fn evaluate(
    context: &RunContext<'_>,
    experiment: &Experiment,
    model: &Forecaster,
    control: &mut Control<'_>,
) -> Result<Vec<Score>, JobError> {
    control.emit(Event::Phase {
        phase: Phase::Score,
        epochs: 1,
        steps_per_epoch: 1,
    });
    if control.before_step().await == Next::Stop {
        return Err(JobError::Stopped);
    }
    let rows = experiment.scorer.needs().part.map(|part| {
        let windows = context.dataset.windows(part);
        spread(&windows, BATCHES, experiment.training.batch)
    });
    let batches: Vec<Sample> = rows
        .iter()
        .flatten()
        .map(|rows| context.dataset.batch(rows, context.device))
        .collect();
    let options = ScoringOptions {
        seed: seed_for(context.seed, Phase::Score, Purpose::Scorer, 0),
        send: experiment.send,
        ..ScoringOptions::default()
    };
    let scores = score_with(experiment.scorer, model, &batches, &options).await?;
    control.emit(Progress::new(Phase::Score, 1, 1, 0).event(1, None));
    Ok(scores)
}

/// Scores by one pass over the training windows, in evaluation mode: no dropout, running
/// statistics, no change of the model.
async fn pass(
    context: &RunContext<'_>,
    model: &Forecaster,
    batch: usize,
    mut scores: ScoreAccumulator,
    control: &mut Control<'_>,
) -> Result<Vec<Score>, JobError> {
    let windows = context.dataset.windows(Part::Train);
    let steps = windows.len().div_ceil(batch.max(1));
    control.emit(Event::Phase {
        phase: Phase::Score,
        epochs: 1,
        steps_per_epoch: steps,
    });
    let device = context.device.clone().autodiff();
    let model = model.clone().train();
    let mut progress = Progress::new(Phase::Score, steps, steps, 0);
    let order = shuffled(
        &windows,
        seed_for(context.seed, Phase::Score, Purpose::Order, 0),
    );
    for (step, rows) in order.chunks(batch.max(1)).enumerate() {
        if control.before_step().await == Next::Stop {
            return Err(JobError::Stopped);
        }
        let batch = context.dataset.batch(rows, &device);
        let mut cx = ForwardContext::evaluation().with_probe(Probe::Masks(scores.options().mask));
        let forecast_values = batch.target.values.shape().num_elements();
        let forecast = model.forward(batch.inputs, &mut cx);
        let loss = batch.target.mean_squared_error(forecast);
        scores.add(cx.sensitivities(&mut loss.backward()), forecast_values);
        if progress.is_due() {
            control.emit(progress.event(step + 1, None));
        }
    }
    Ok(scores.scores(&model.active_attention_ids()).await?)
}
