//! Training: epochs, validations, early stopping, best weights, optional scores.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use spat_model::{Forecaster, ForwardContext, HasAttention as _, read};
use spat_prune::ScoreAccumulator;
use spat_series::Part;
use spat_spec::{EpochResult, Event, KeptWeights, Phase, TrainingConfig};
use web_time::Instant;

use crate::control::{Control, Next};
use crate::dataset::shuffled;
use crate::error::JobError;
use crate::evaluate::mean_squared_error;
use crate::learner::Learner;
use crate::optimizer::Adam;
use crate::progress::Progress;
use crate::run_context::RunContext;
use crate::seeds::{Purpose, seed_for};
use crate::store::RunStore;
use crate::training_state::{Position, TrainingState};
use crate::weight_average::WeightAverage;

/// The outcome of a training.
#[derive(Debug)]
pub(crate) struct Trained {
    /// The model with its best weights, on the device without autodiff.
    pub(crate) model: Forecaster,
    pub(crate) history: Vec<EpochResult>,
}

/// Trains `model` (on an autodiff device) and returns it with its best weights: the current or averaged ones with
/// the lowest error in any validation. The ordinary
/// backward pass of every batch also computes sensitivities for each accumulator in `scores`; events report
/// the first.
///
/// Resumes from the store's state if that is of the same phase. The state stays in the store until the
/// caller, which stores the outcome, removes it.
pub(crate) async fn train(
    context: &RunContext<'_>,
    phase: Phase,
    model: Forecaster,
    config: &TrainingConfig,
    scores: &mut [ScoreAccumulator],
    store: &mut impl RunStore,
    control: &mut Control<'_>,
) -> Result<Trained, JobError> {
    let windows = context.dataset.windows(Part::Train);
    let steps_per_epoch = windows.len().div_ceil(config.batch.max(1));
    control.emit(Event::Phase {
        phase,
        epochs: config.epochs,
        steps_per_epoch,
    });

    let mut training = Training {
        context,
        phase,
        config,
        steps_per_epoch,
        device: context.device.clone().autodiff(),
        best: model.valid(),
        average: WeightAverage::new(config.averaging, model.valid()),
        learner: Learner {
            model,
            optimizer: Adam::new(config.optimizer, config.clip_norm),
        },
        scores,
        position: Position {
            phase: Some(phase),
            ..Position::default()
        },
    };
    if let Some(state) = TrainingState::load(store, phase).await? {
        state.position.check(config, steps_per_epoch)?;
        training.restore(state)?;
    }
    let steps = config.epochs.saturating_mul(steps_per_epoch);
    if config.keep_start && training.position.best_val.is_none() && training.position.step == 0 {
        training.validate_start(store, control).await?;
    }
    let mut progress = Progress::new(phase, steps_per_epoch, steps, training.position.step);
    while (training.position.step < steps || training.is_validation_pending())
        && !training.out_of_patience()
    {
        training.epoch(&mut progress, store, control).await?;
        training.save(store).await?;
    }
    Ok(Trained {
        model: training.best,
        history: training.position.history,
    })
}

struct Training<'a> {
    context: &'a RunContext<'a>,
    phase: Phase,
    config: &'a TrainingConfig,
    steps_per_epoch: usize,
    device: Device,
    learner: Learner,
    best: Forecaster,
    average: WeightAverage,
    scores: &'a mut [ScoreAccumulator],
    position: Position,
}

impl Training<'_> {
    fn out_of_patience(&self) -> bool {
        self.config
            .patience
            .is_some_and(|patience| self.position.validations_without_gain >= patience)
    }

    /// Whether the training was stopped in the validation at the end of an epoch.
    fn is_validation_pending(&self) -> bool {
        self.position.history.len() < self.position.step / self.steps_per_epoch.max(1)
    }

    /// The rest of the epoch at the current position: its remaining steps, if any, and its validation.
    async fn epoch(
        &mut self,
        progress: &mut Progress,
        store: &mut impl RunStore,
        control: &mut Control<'_>,
    ) -> Result<(), JobError> {
        let epoch = self.position.history.len();
        let first = epoch * self.steps_per_epoch;
        if self.position.step == first {
            self.position.epoch_loss = 0.0;
            self.position.seconds_in_epoch = 0.0;
            self.position.kept = None;
            for scores in self.scores.iter_mut() {
                scores.start_epoch();
            }
        }
        let windows = self.context.dataset.windows(Part::Train);
        let order = shuffled(&windows, self.seed(Purpose::Order, epoch));
        let mut losses: Vec<Tensor<1>> = Vec::new();
        let mut started = Instant::now();
        for rows in order
            .chunks(self.config.batch.max(1))
            .skip(self.position.step - first)
        {
            if self.is_inner_validation_due(first) {
                self.end_steps(&mut losses, started).await?;
                let val_mse = match self.validate(first, control).await {
                    Err(JobError::Stopped) => {
                        self.save(store).await?;
                        return Err(JobError::Stopped);
                    }
                    result => result?,
                };
                if self.out_of_patience() {
                    self.finish_epoch(epoch, val_mse, control);
                    return self.emit_scores(control).await;
                }
                started = Instant::now();
            }
            if control.before_step().await == Next::Stop {
                self.end_steps(&mut losses, started).await?;
                self.save(store).await?;
                return Err(JobError::Stopped);
            }
            losses.push(self.step(rows));
            self.position.step += 1;
            if progress.is_due() || control.is_stepping() {
                let recent = losses.len();
                let sum = self.sum(&mut losses).await?;
                self.position.epoch_loss += sum;
                control.emit(progress.event(self.position.step, Some(sum / recent as f64)));
                if progress.are_scores_due() {
                    self.emit_scores(control).await?;
                }
            }
        }
        self.end_steps(&mut losses, started).await?;
        let val_mse = match self.validate(first, control).await {
            // All steps of the epoch are done; the validation is repeated when the run is resumed.
            Err(JobError::Stopped) => {
                self.save(store).await?;
                return Err(JobError::Stopped);
            }
            result => result?,
        };
        self.finish_epoch(epoch, val_mse, control);
        self.emit_scores(control).await
    }

    /// Whether the next validation within the epoch that begins at step `first` is due. Validation i of n comes
    /// after the first `⌈i · steps / n⌉` steps; the last is that at the end of the epoch.
    fn is_inner_validation_due(&self, first: usize) -> bool {
        let count = self.config.validations.min(self.steps_per_epoch);
        let done = self.position.step - first;
        let due = (done * count / self.steps_per_epoch.max(1)).min(count.saturating_sub(1));
        self.position.validations_in_epoch < due
    }

    /// Adds the steps since `started` to the figures of the epoch.
    async fn end_steps(
        &mut self,
        losses: &mut Vec<Tensor<1>>,
        started: Instant,
    ) -> Result<(), JobError> {
        self.position.epoch_loss += self.sum(losses).await?;
        self.position.seconds_in_epoch += started.elapsed().as_secs_f64();
        Ok(())
    }

    /// One step on the windows that start at `rows`. Returns the loss as a tensor, unread.
    fn step(&mut self, rows: &[usize]) -> Tensor<1> {
        let batch = self.context.dataset.batch(rows, &self.device);
        let cx = ForwardContext::training(self.seed(Purpose::Dropout, self.position.step));
        let learning_rate = self
            .config
            .learning_rate_at(self.position.step, self.steps_per_epoch);
        let loss = self.learner.step(batch, cx, learning_rate, self.scores);
        self.average.add_step(&self.learner.model);
        loss
    }

    /// Reads and clears the collected losses; a loss that is not finite is an error.
    async fn sum(&self, losses: &mut Vec<Tensor<1>>) -> Result<f64, JobError> {
        if losses.is_empty() {
            return Ok(0.0);
        }
        let count = losses.len();
        let values = read(Tensor::cat(std::mem::take(losses), 0))
            .await
            .map_err(JobError::Device)?;
        if let Some(bad) = values.iter().position(|loss| !loss.is_finite()) {
            return Err(JobError::Diverged {
                phase: self.phase.title(),
                step: self.position.step + 1 + bad - count,
                loss: f64::from(values[bad]),
            });
        }
        Ok(values.iter().map(|&loss| f64::from(loss)).sum())
    }

    /// Validates the weights before the first step.
    async fn validate_start(
        &mut self,
        store: &mut impl RunStore,
        control: &mut Control<'_>,
    ) -> Result<(), JobError> {
        match mean_squared_error(&self.best, self.context, Part::Val, control).await {
            Err(JobError::Stopped) => {
                self.save(store).await?;
                Err(JobError::Stopped)
            }
            result => {
                self.position.best_val = Some(result?);
                Ok(())
            }
        }
    }

    /// Validates the current weights, and averaged ones if there are any, and keeps the better of them if no others
    /// have been better. Returns the error of the current ones. Changes nothing if it is stopped.
    async fn validate(&mut self, first: usize, control: &mut Control<'_>) -> Result<f64, JobError> {
        let current = self.learner.model.valid();
        let mut average = self.average.clone();
        average.add_validation(&current);
        let val_mse = mean_squared_error(&current, self.context, Part::Val, control).await?;
        let mut candidates = vec![(current, val_mse, false)];
        if let Some(averaged) = average.candidate() {
            let val_mse = mean_squared_error(&averaged, self.context, Part::Val, control).await?;
            candidates.push((averaged, val_mse, true));
        }
        self.average = average;
        self.position.validations_in_epoch += 1;
        self.position.validations_without_gain += 1;
        let done = (self.position.step - first) as f64;
        for (model, val_mse, averaged) in candidates {
            if self.position.best_val.is_none_or(|known| val_mse < known) {
                self.best = model;
                self.position.best_val = Some(val_mse);
                self.position.validations_without_gain = 0;
                self.position.kept = Some(KeptWeights {
                    share: done / self.steps_per_epoch as f64,
                    averaged,
                    val_mse,
                });
            }
        }
        Ok(val_mse)
    }

    /// Records the epoch, whose last validation had the error `val_mse`. An epoch that early stopping ends has
    /// fewer steps.
    fn finish_epoch(&mut self, epoch: usize, val_mse: f64, control: &mut Control<'_>) {
        let steps = self.position.step - epoch * self.steps_per_epoch;
        let kept = self.position.kept.take();
        let result = EpochResult {
            epoch: epoch + 1,
            train_loss: self.position.epoch_loss / steps as f64,
            val_mse,
            learning_rate: self
                .config
                .learning_rate_at(self.position.step - 1, self.steps_per_epoch),
            seconds: self.position.seconds_in_epoch,
            best: kept.is_some(),
            kept: kept.filter(|kept| !kept.is_plain_end()),
        };
        self.position.validations_in_epoch = 0;
        self.position.history.push(result);
        control.emit(Event::Epoch {
            phase: self.phase,
            result,
        });
    }

    /// The current scores, if any are computed.
    async fn emit_scores(&self, control: &mut Control<'_>) -> Result<(), JobError> {
        if let Some(scores) = self.scores.first() {
            let modules = self.learner.model.active_attention_ids();
            control.emit(Event::Scores {
                scores: scores.scores(&modules).await?,
            });
        }
        Ok(())
    }

    fn seed(&self, purpose: Purpose, number: usize) -> u64 {
        seed_for(self.context.seed, self.phase, purpose, number)
    }

    async fn save(&self, store: &mut impl RunStore) -> Result<(), JobError> {
        let (optimizer_steps, optimizer) = self
            .learner
            .optimizer
            .state()
            .await
            .map_err(JobError::Device)?;
        // A resumable run scores in one way only.
        let scores = match self.scores.first() {
            Some(scores) => scores.state().await?,
            None => Default::default(),
        };
        let (averaged, average) = self.average.state().await?;
        let state = TrainingState {
            position: Position {
                optimizer_steps,
                averaged,
                ..self.position.clone()
            },
            model: self.learner.model.weights().await?,
            best: self.best.weights().await?,
            average,
            optimizer,
            scores,
        };
        state.save(store).await
    }

    fn restore(&mut self, state: TrainingState) -> Result<(), JobError> {
        self.learner.model = self.learner.model.clone().with_weights(state.model)?;
        self.best = self.best.clone().with_weights(state.best)?;
        self.average = self
            .average
            .clone()
            .with_state(state.position.averaged, state.average)?;
        self.learner.optimizer = self.learner.optimizer.clone().with_state(
            state.position.optimizer_steps,
            state.optimizer,
            self.context.device,
        );
        if let Some(scores) = self.scores.first_mut() {
            *scores =
                ScoreAccumulator::with_state(*scores.options(), state.scores, self.context.device);
        }
        self.position = state.position;
        Ok(())
    }
}
