//! Evaluation of a classifier.

use burn::module::Module as _;
use serde::{Deserialize, Serialize};
use spat_model::{ForwardContext, read};
use spat_prune::{ScorableModel as _, ScoreError};

use crate::synthetic::classifier::{Classifier, Examples, Task};

/// Results of a model on the test stream.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DomainResult {
    /// Cross-entropy, nats.
    pub loss: f64,
    /// Accuracy.
    pub accuracy: f64,
    /// Accuracy over the sequences whose class depends on a distant token, if the domain has them.
    pub telling_accuracy: Option<f64>,
    /// Trainable parameters.
    pub params: u64,
    /// Multiply–accumulates of one sequence.
    pub macs: u64,
}

/// Mean loss and accuracy.
///
/// # Errors
/// The device fails.
pub(crate) async fn evaluate(
    model: &Classifier,
    task: &Task,
    tests: &[Examples],
) -> Result<DomainResult, ScoreError> {
    let device = ScoreError::Device;
    let (mut loss, mut right, mut count) = (0.0, 0, 0);
    let (mut telling_right, mut telling) = (0, 0);
    for batch in tests {
        let losses = read(model.loss(batch, &mut ForwardContext::evaluation()))
            .await
            .map_err(device)?;
        loss += losses.iter().map(|&loss| f64::from(loss)).sum::<f64>();
        let logits = model.forward(batch.tokens.clone(), &mut ForwardContext::evaluation());
        let logits = read(logits).await.map_err(device)?;
        for (row, logits) in logits.chunks_exact(task.classes).enumerate() {
            let answer = (0..task.classes).max_by(|&a, &b| logits[a].total_cmp(&logits[b]));
            let is_right = usize::from(answer == Some(batch.labels[row]));
            right += is_right;
            count += 1;
            if batch.telling[row] {
                telling_right += is_right;
                telling += 1;
            }
        }
    }
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    Ok(DomainResult {
        loss: loss / tests.len().max(1) as f64,
        accuracy: share(right, count),
        telling_accuracy: (telling > 0).then(|| share(telling_right, telling)),
        params: model.num_params() as u64,
        macs: model.macs(task),
    })
}
