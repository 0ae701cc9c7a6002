//! What a run shows: which forecast to use, and the answers to three questions.

mod baselines;
mod difference;
mod pruning;
mod recommendation;

use spat_spec::{Comparison, Report};

use crate::escape::escape;

/// What a run shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The smallest forecast within one standard error of the best, in one sentence.
    pub headline: String,
    /// Better than naive forecasts? Better than a linear model? Worth pruning?
    pub answers: Vec<Answer>,
    /// What the intervals contain, and whether the training was cut short.
    pub caveat: String,
}

/// An answer with its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The question.
    pub question: &'static str,
    /// The answer in one character.
    pub mark: AnswerMark,
    /// The answer in one short sentence.
    pub text: String,
    /// Figures and intervals.
    pub details: String,
}

/// An answer in one character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerMark {
    /// Yes, beyond the variation over the test windows.
    Yes,
    /// The test windows do not decide it, or metrics disagree.
    Close,
    /// No.
    No,
    /// Not measured.
    Unknown,
}

impl AnswerMark {
    /// A character for the answer.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Yes => "✓",
            Self::Close => "≈",
            Self::No => "✗",
            Self::Unknown => "–",
        }
    }

    /// A word for the answer, for screen readers; also a CSS class.
    pub fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::Close => "close",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// What a run shows. Differences are judged by 95 % intervals over the test windows
/// ([`PairedDifference`](spat_series::PairedDifference)).
pub fn verdict(report: &Report) -> Verdict {
    let not_finite = [("dense", &report.dense), ("pruned", &report.pruned)]
        .into_iter()
        .find(|(_, model)| !model.test.mse.is_finite());
    if let Some((name, _)) = not_finite {
        return Verdict {
            headline: format!(
                "The test error of the {name} model is not a number, so nothing can be compared; lower the \
                 learning rate or clip the gradients and run again."
            ),
            answers: Vec::new(),
            caveat: String::new(),
        };
    }
    Verdict {
        headline: recommendation::headline(report),
        answers: vec![
            baselines::naive(report),
            baselines::linear(report),
            pruning::pruning(report),
        ],
        caveat: caveat(report),
    }
}

fn caveat(report: &Report) -> String {
    let mut sentences = Vec::new();
    let has_intervals = |comparison: &Comparison| comparison.mse.interval.is_some();
    if report.comparisons.iter().any(has_intervals) {
        sentences.push(format!(
            "In brackets: 95 % intervals over the test windows, of one seed ({}). Another seed gives other errors.",
            report.seed
        ));
    }
    let epochs = report.experiment.training.epochs;
    let last = report.dense.history.last();
    if last.is_some_and(|last| last.best && last.epoch == epochs) {
        sentences.push(format!(
            "The validation error of the dense model was still falling in its last epoch ({epochs}): with more it \
             may get better."
        ));
    }
    sentences.join(" ")
}

impl Verdict {
    /// The verdict as lines of text.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.headline.clone()];
        for answer in &self.answers {
            let symbol = answer.mark.symbol();
            lines.push(format!("{symbol} {} {}", answer.question, answer.text));
            lines.push(answer.details.clone());
        }
        lines.push(self.caveat.clone());
        lines.retain(|line| !line.is_empty());
        lines
    }

    /// The verdict as HTML: a paragraph, a list with a class per answer, and a paragraph.
    pub fn html(&self) -> String {
        let answers: String = self
            .answers
            .iter()
            .map(|answer| {
                let details = if answer.details.is_empty() {
                    String::new()
                } else {
                    format!("<small>{}</small>", escape(&answer.details))
                };
                format!(
                    "<li class=\"{word}\"><span class=\"mark\" role=\"img\" aria-label=\"{word}\">{}</span>\
                     <strong>{}</strong> {}{details}</li>",
                    answer.mark.symbol(),
                    escape(answer.question),
                    escape(&answer.text),
                    word = answer.mark.word(),
                )
            })
            .collect();
        let list = if answers.is_empty() {
            answers
        } else {
            format!("<ul class=\"answers\">{answers}</ul>")
        };
        let caveat = if self.caveat.is_empty() {
            String::new()
        } else {
            format!("<p class=\"caveat\">{}</p>", escape(&self.caveat))
        };
        format!(
            "<p class=\"headline-sentence\">{}</p>{list}{caveat}",
            escape(&self.headline)
        )
    }
}
