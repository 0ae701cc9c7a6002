//! The selection rule applied to stored results.

use spat_prune::adaptive::AdaptiveError;
use spat_prune::selection::{CandidateEvaluator, select};
use spat_spec::{Plan, Select};

use crate::context::StudyContext;
use crate::error::StudyError;
use crate::questions::adaptive::{Candidates, Failure, subset};
use crate::subsets::Subset;
use crate::task::Task;

/// The rule of `spat run --select one-se`.
const RULE: Select = Select::OneSe;

/// The state of a selection.
pub(super) enum Selection {
    /// All results are there.
    Chosen(Subset),
    /// Results of these tasks are needed first; more may be needed then.
    Needs(Vec<Task>),
}

/// Applies the rule to a seed, without computing anything.
pub(super) fn apply(context: &StudyContext<'_>, seed: u64) -> Result<Selection, StudyError> {
    let scores = context.send(seed, context.terms.send)?;
    let horizon = context.forecasting()?.dense.forecaster.horizon();
    let mut known = Known {
        candidates: Candidates { context, seed },
        needs: Vec::new(),
    };
    let plan = pollster::block_on(select("send", scores, RULE, &[], horizon, &mut known));
    let plan = plan.map_err(|error| match error {
        AdaptiveError::Evaluate(error) => error,
        AdaptiveError::Plan(error) => error.into(),
    })?;
    Ok(if known.needs.is_empty() {
        Selection::Chosen(subset(context, &plan))
    } else {
        Selection::Needs(known.needs)
    })
}

/// Evaluates candidates by their stored results, and lists those that are not stored. The choice is valid only if
/// none is missing: the values of missing ones are placeholders.
struct Known<'a> {
    candidates: Candidates<'a>,
    needs: Vec<Task>,
}

impl Known<'_> {
    /// Whether the task has a result; it is listed otherwise.
    fn has(&mut self, task: Task) -> bool {
        let known = self.candidates.context.runner.has_result(&task);
        if !known {
            self.needs.push(task);
        }
        known
    }
}

impl CandidateEvaluator for Known<'_> {
    type Error = StudyError;

    fn macs(&self, plan: &Plan) -> Result<u64, StudyError> {
        self.candidates.macs(plan).map_err(of_study)
    }

    async fn screen(&mut self, plan: &Plan) -> Result<f64, StudyError> {
        if !self.has(self.candidates.cut(plan)) {
            return Ok(0.0);
        }
        self.candidates.screen(plan).await.map_err(of_study)
    }

    async fn losses(&mut self, plan: &Plan) -> Result<Vec<f64>, StudyError> {
        if !self.has(self.candidates.tuned(plan)) {
            return Ok(vec![0.0]);
        }
        self.candidates.losses(plan).await.map_err(of_study)
    }
}

fn of_study(failure: Failure) -> StudyError {
    match failure {
        Failure::Study(error) => error,
        Failure::NotRecorded => StudyError::Mismatch(
            "a stored result of an earlier build has no errors of single windows; use a new folder"
                .to_owned(),
        ),
    }
}
