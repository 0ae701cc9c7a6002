//! Claims of a lesson's card about the run that is shown, which the app and the tests check.
//!
//! A claim is a chain of comparisons between quantities and numbers, for instance
//! `entropy.2 > 0.98` or `send.3 < send.1 < send.0`. With `=` a number with decimals may differ by one
//! unit of the last; a whole number must be equal.

use spat_spec::{ModuleId, ModuleMaps, Report, Score};

use crate::charts::figure_text;

/// The results that are shown, which claims are checked against.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) scores: &'a [Score],
    pub(super) maps: &'a [ModuleMaps],
    pub(super) report: Option<&'a Report>,
}

/// Whether a claim holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// A quantity is not available.
    Unknown,
    Yes,
    No,
}

/// A chain of comparisons.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Claim {
    operands: Vec<Operand>,
    /// One between every two operands.
    relations: Vec<Relation>,
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    /// A number, and one unit of its last decimal; 0 without decimals.
    Number(f64, f64),
    Quantity(String),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Relation {
    Less,
    More,
    Same,
}

impl Claim {
    /// Parses a claim; `None` if the text is not one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut operands = Vec::new();
        let mut relations = Vec::new();
        for (place, word) in text.split_whitespace().enumerate() {
            if place % 2 == 0 {
                operands.push(Operand::parse(word)?);
            } else {
                relations.push(match word {
                    "<" => Relation::Less,
                    ">" => Relation::More,
                    "=" => Relation::Same,
                    _ => return None,
                });
            }
        }
        let whole = operands.len() > 1 && operands.len() == relations.len() + 1;
        whole.then_some(Self {
            operands,
            relations,
        })
    }

    /// Whether the claim holds for what is shown, and its quantities as text.
    pub(super) fn check(&self, shown: Shown<'_>) -> (Holds, String) {
        let mut words = Vec::new();
        let values: Option<Vec<f64>> = self
            .operands
            .iter()
            .map(|operand| match operand {
                Operand::Number(number, _) => Some(*number),
                Operand::Quantity(name) => {
                    let value = quantity(name, shown)?;
                    words.push(format!("{} {}", describe(name), figure_text(value)));
                    Some(value)
                }
            })
            .collect();
        let Some(values) = values else {
            return (Holds::Unknown, String::new());
        };
        let holds = self.relations.iter().enumerate().all(|(place, relation)| {
            let (a, b) = (values[place], values[place + 1]);
            match relation {
                Relation::Less => a < b,
                Relation::More => a > b,
                Relation::Same => (a - b).abs() <= self.unit(place),
            }
        });
        let holds = if holds { Holds::Yes } else { Holds::No };
        (holds, words.join(", "))
    }

    /// The tolerance of `=` between the operands at `place` and after it.
    fn unit(&self, place: usize) -> f64 {
        let unit = |operand: &Operand| match operand {
            Operand::Number(_, unit) => *unit,
            Operand::Quantity(_) => 0.0,
        };
        unit(&self.operands[place]).max(unit(&self.operands[place + 1]))
    }

    #[cfg(test)]
    pub(super) fn quantities(&self) -> impl Iterator<Item = &str> {
        self.operands.iter().filter_map(|operand| match operand {
            Operand::Quantity(name) => Some(name.as_str()),
            Operand::Number(..) => None,
        })
    }
}

impl Operand {
    fn parse(word: &str) -> Option<Self> {
        if let Some(number) = word.parse::<f64>().ok().filter(|n| n.is_finite()) {
            // Just above one unit, for rounding. Counts are exact.
            let unit = word.split_once('.').map_or(0.0, |(_, decimals)| {
                1.000_001 * 0.1_f64.powi(decimals.len() as i32)
            });
            return Some(Self::Number(number, unit));
        }
        let is_name = word.starts_with(|c: char| c.is_ascii_lowercase());
        is_name.then(|| Self::Quantity(word.to_owned()))
    }
}

/// The value of a quantity in what is shown.
pub(super) fn quantity(name: &str, shown: Shown<'_>) -> Option<f64> {
    let (kind, which) = name.split_once('.').unwrap_or((name, ""));
    let module = || which.parse().ok().map(ModuleId::encoder);
    match kind {
        "send" => {
            let module = module()?;
            let score = shown.scores.iter().find(|score| score.module == module)?;
            Some(score.value)
        }
        "entropy" => {
            let module = module()?;
            let maps = shown.maps.iter().find(|maps| maps.module == module)?;
            Some(maps.entropy).filter(|entropy| entropy.is_finite())
        }
        "modules" => Some(shown.scores.len() as f64).filter(|&count| count > 0.0),
        "positions" => shown.maps.first().map(|maps| maps.keys as f64),
        "removed" => Some(shown.report?.plan.removed.len() as f64),
        "goes" => {
            let module = module()?;
            Some(f64::from(u8::from(
                shown.report?.plan.removed.contains(&module),
            )))
        }
        "mse" => {
            let report = shown.report?;
            match which {
                "dense" => Some(report.dense.test.mse),
                "pruned" => Some(report.pruned.test.mse),
                "before" => report.pruned.before_finetune.as_ref().map(|m| m.test.mse),
                "control" => report.controls.get("dense_finetuned").map(|c| c.test.mse),
                baseline => report.baselines.get(baseline).map(|m| m.scaled.mse),
            }
        }
        "change" => {
            let change = &shown.report?.change;
            match which {
                "mse" => Some(change.mse_percent),
                "params" => Some(change.params_percent),
                "macs" => Some(change.macs_percent),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A quantity's label.
fn describe(name: &str) -> String {
    let (kind, which) = name.split_once('.').unwrap_or((name, ""));
    match (kind, which) {
        ("send", layer) => format!("SEND of encoder {layer}"),
        ("entropy", layer) => format!("entropy of encoder {layer}"),
        ("goes", layer) => format!("encoder {layer} removed (1 = yes)"),
        ("modules", _) => "attention modules".to_owned(),
        ("positions", _) => "positions".to_owned(),
        ("removed", _) => "modules removed".to_owned(),
        ("mse", "before") => "MSE pruned, before fine-tuning".to_owned(),
        ("mse", "control") => "MSE dense, fine-tuned as long".to_owned(),
        ("mse", which) => format!("MSE {}", which.replace('_', " ")),
        ("change", which) => format!("change of {} in percent", which.to_ascii_uppercase()),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[f64]) -> Vec<Score> {
        let score = |(layer, &value): (usize, &f64)| Score {
            module: ModuleId::encoder(layer),
            value,
            heads: vec![value],
            spread: 0.0,
            batches: 1,
        };
        values.iter().enumerate().map(score).collect()
    }

    fn check(claim: &str, values: &[f64]) -> Holds {
        let scores = scores(values);
        let shown = Shown {
            scores: &scores,
            maps: &[],
            report: None,
        };
        let claim = Claim::parse(claim).unwrap_or_else(|| panic!("no claim: {claim}"));
        claim.check(shown).0
    }

    #[test]
    fn a_chain_holds_if_every_comparison_holds() {
        assert_eq!(
            check("send.1 < send.0 < send.2", &[0.2, 0.1, 0.3]),
            Holds::Yes
        );
        assert_eq!(
            check("send.1 < send.0 < send.2", &[0.2, 0.1, 0.15]),
            Holds::No
        );
        assert_eq!(check("send.0 > 0.1", &[0.1]), Holds::No);
        assert_eq!(check("send.7 > 0.1", &[0.1]), Holds::Unknown);
        assert_eq!(check("mse.dense < 1", &[0.1]), Holds::Unknown);
    }

    #[test]
    fn equality_is_to_the_last_digit() {
        assert_eq!(check("send.0 = 0.123", &[0.1239]), Holds::Yes);
        assert_eq!(check("send.0 = 0.123", &[0.1241]), Holds::No);
        assert_eq!(check("modules = 2", &[0.1, 0.2]), Holds::Yes);
        for other in ["modules = 1", "modules = 3", "modules = 4"] {
            assert_eq!(check(other, &[0.1, 0.2]), Holds::No, "{other}");
        }
    }

    #[test]
    fn equality_of_whole_numbers_is_exact() {
        let report: Report =
            serde_json::from_slice(include_bytes!("../../examples/weather.json")).unwrap();
        let holds = |claim: &str| {
            let shown = Shown {
                scores: &report.scores,
                maps: &report.maps,
                report: Some(&report),
            };
            Claim::parse(claim).unwrap().check(shown).0
        };
        let removed = report.plan.removed.len();
        assert_eq!(holds(&format!("removed = {removed}")), Holds::Yes);
        assert_eq!(holds(&format!("removed = {}", removed + 1)), Holds::No);
        let goes = u8::from(report.plan.removed.contains(&ModuleId::encoder(0)));
        assert_eq!(holds(&format!("goes.0 = {goes}")), Holds::Yes);
        assert_eq!(holds(&format!("goes.0 = {}", 1 - goes)), Holds::No);
    }

    #[test]
    fn other_text_is_not_a_claim() {
        for text in [
            "",
            "send.0",
            "send.0 <",
            "send.0 ~ 1",
            "< 1 2",
            "send.0 < 1 2",
        ] {
            assert_eq!(Claim::parse(text), None, "{text}");
        }
    }
}
