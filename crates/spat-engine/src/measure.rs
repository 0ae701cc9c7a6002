//! Wall-clock times of dense and pruned models, measured in turn.

use std::time::Duration;

use burn::module::Module;
use burn::tensor::Tensor;
use spat_model::{Forecaster, ForwardContext, read};
use spat_prune::ScoreAccumulator;
use spat_series::Part;
use spat_spec::{Experiment, Phase, ScoringCost, TrainingConfig};
use web_time::Instant;

use crate::control::Control;
use crate::error::JobError;
use crate::evaluate::first_rows;
use crate::learner::Learner;
use crate::optimizer::Adam;
use crate::run_context::RunContext;
use crate::seeds::{Purpose, seed_for};

/// Rounds of measurement: enough for a median, fewer if a round takes long.
const MOST_ROUNDS: usize = 25;
const FEWEST_ROUNDS: usize = 3;
const BUDGET: Duration = Duration::from_secs(8);

/// Medians of one model, milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    /// A training step.
    pub step_ms: f64,
    /// A forward pass over one batch.
    pub infer_ms: f64,
}

/// Medians of both models.
pub(crate) struct Measured {
    pub(crate) dense: Timings,
    pub(crate) pruned: Timings,
    pub(crate) scoring: ScoringCost,
}

/// Times training steps (dense, dense with scoring, pruned) and forward passes (dense, pruned) on the same
/// batch. Each kind runs once per round, so that a slowdown of the machine affects all of them.
pub(crate) async fn measure(
    context: &RunContext<'_>,
    experiment: &Experiment,
    dense: &Forecaster,
    pruned: &Forecaster,
    control: &mut Control<'_>,
) -> Result<Measured, JobError> {
    let rows = first_rows(&context.dataset.windows(Part::Train));
    let rows = &rows[..experiment.training.batch.clamp(1, rows.len())];
    let steps = experiment.scorer.needs().steps;
    let scores = vec![ScoreAccumulator::new(experiment.send)];
    let mut dense_step = Stepper::new(context, &experiment.training, dense, Vec::new());
    let mut scored_step = steps.then(|| Stepper::new(context, &experiment.training, dense, scores));
    let mut pruned_step = Stepper::new(context, &experiment.training, pruned, Vec::new());

    let mut times: [Vec<f64>; 5] = Default::default();
    let started = Instant::now();
    for round in 0..=MOST_ROUNDS {
        // Commands are handled between the measurements, so that they are not part of the measured time.
        let mut sample = [0.0; 5];
        control.between_batches().await?;
        sample[0] = dense_step.time(rows, round).await?;
        if let Some(step) = &mut scored_step {
            control.between_batches().await?;
            sample[1] = step.time(rows, round).await?;
        }
        control.between_batches().await?;
        sample[2] = pruned_step.time(rows, round).await?;
        control.between_batches().await?;
        sample[3] = infer(context, dense, rows).await?;
        control.between_batches().await?;
        sample[4] = infer(context, pruned, rows).await?;
        // The first round warms caches and compiles shaders.
        if round > 0 {
            times
                .iter_mut()
                .zip(sample)
                .for_each(|(times, time)| times.push(time));
        }
        if round >= FEWEST_ROUNDS && started.elapsed() > BUDGET {
            break;
        }
    }
    let [
        dense_step,
        scored_step,
        pruned_step,
        dense_infer,
        pruned_infer,
    ] = times.map(median);
    Ok(Measured {
        dense: Timings {
            step_ms: dense_step,
            infer_ms: dense_infer,
        },
        pruned: Timings {
            step_ms: pruned_step,
            infer_ms: pruned_infer,
        },
        scoring: ScoringCost {
            step_ms_with: scored_step,
            step_ms_without: if steps { dense_step } else { 0.0 },
        },
    })
}

/// Times training steps and forward passes of several models on the same batch, each once per round.
pub(crate) async fn measure_all(
    context: &RunContext<'_>,
    training: &TrainingConfig,
    models: &[Forecaster],
    rounds: usize,
) -> Result<Vec<Timings>, JobError> {
    let rows = first_rows(&context.dataset.windows(Part::Train));
    let rows = &rows[..training.batch.clamp(1, rows.len())];
    let mut steppers: Vec<Stepper<'_>> = models
        .iter()
        .map(|model| Stepper::new(context, training, model, Vec::new()))
        .collect();
    let mut times = vec![(Vec::new(), Vec::new()); models.len()];
    for round in 0..=rounds {
        for ((stepper, model), (steps, passes)) in steppers.iter_mut().zip(models).zip(&mut times) {
            let step = stepper.time(rows, round).await?;
            let pass = infer(context, model, rows).await?;
            // The first round warms caches and compiles shaders.
            if round > 0 {
                steps.push(step);
                passes.push(pass);
            }
        }
    }
    let medians = times.into_iter().map(|(steps, passes)| Timings {
        step_ms: median(steps),
        infer_ms: median(passes),
    });
    Ok(medians.collect())
}

struct Stepper<'a> {
    context: &'a RunContext<'a>,
    learning_rate: f64,
    learner: Learner,
    scores: Vec<ScoreAccumulator>,
}

impl<'a> Stepper<'a> {
    fn new(
        context: &'a RunContext<'a>,
        training: &TrainingConfig,
        model: &Forecaster,
        scores: Vec<ScoreAccumulator>,
    ) -> Self {
        Self {
            context,
            learning_rate: training.learning_rate,
            learner: Learner {
                model: model.clone().train(),
                optimizer: Adam::new(training.optimizer, training.clip_norm),
            },
            scores,
        }
    }

    async fn time(&mut self, rows: &[usize], round: usize) -> Result<f64, JobError> {
        let device = self.context.device.clone().autodiff();
        let seed = seed_for(self.context.seed, Phase::Evaluate, Purpose::Dropout, round);
        milliseconds(async || {
            let batch = self.context.dataset.batch(rows, &device);
            let loss = self.learner.step(
                batch,
                ForwardContext::training(seed),
                self.learning_rate,
                &mut self.scores,
            );
            finish(loss).await
        })
        .await
    }
}

async fn infer(
    context: &RunContext<'_>,
    model: &Forecaster,
    rows: &[usize],
) -> Result<f64, JobError> {
    milliseconds(async || {
        let batch = context.dataset.batch(rows, context.device);
        let forecast = model.forward(batch.inputs, &mut ForwardContext::evaluation());
        finish(forecast.sum()).await
    })
    .await
}

/// Waits until the device has computed a value.
async fn finish(number: Tensor<1>) -> Result<(), JobError> {
    read(number).await.map(drop).map_err(JobError::Device)
}

/// Milliseconds of `work`, which is repeated until they are well above the steps of a browser's clock, 0.1 ms:
/// otherwise a small model takes no time at all, and nothing can be compared with it.
async fn milliseconds(
    mut work: impl AsyncFnMut() -> Result<(), JobError>,
) -> Result<f64, JobError> {
    const FEWEST: f64 = 1.0;
    let started = Instant::now();
    let mut repetitions = 0;
    loop {
        work().await?;
        repetitions += 1;
        let elapsed = started.elapsed().as_secs_f64() * 1e3;
        if elapsed >= FEWEST {
            return Ok(elapsed / f64::from(repetitions));
        }
    }
}

/// The median.
fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    let Some(last) = times.len().checked_sub(1) else {
        return 0.0;
    };
    0.5 * (times[last / 2] + times[times.len() / 2])
}
