//! Parsers of flag values.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use spat_series::{SplitRule, TimeColumn};
use spat_spec::{Accumulate, Scaling, Schedule, Scorer, Select, WeightAveraging};

/// A value chosen from a table of names.
pub(crate) fn one_of<T>(names: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T>
where
    T: Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names.iter().map(|(name, _)| *name)).try_map(move |name| {
        names
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone())
            .ok_or("no such value")
    })
}

/// A scorer by its name; the help lists all of them with their titles.
pub(crate) fn scorer() -> impl TypedValueParser<Value = Scorer> {
    let names = Scorer::ALL.map(|scorer| PossibleValue::new(scorer.name()).help(scorer.title()));
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Scorer>())
}

/// How the modules to remove are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SelectName {
    /// The lowest scores, as many as a share.
    Ratio,
    /// By the validation error of candidates.
    Search(Select),
}

/// The names of `--select`, with what each does.
const SELECTIONS: [(&str, SelectName, &str); 4] = [
    (
        "ratio",
        SelectName::Ratio,
        "the modules with the lowest scores, as many as --ratio",
    ),
    (
        "one-se",
        SelectName::Search(Select::OneSe),
        "the smallest candidate whose validation error is at most one standard error above the lowest",
    ),
    (
        "best",
        SelectName::Search(Select::Best),
        "the candidate with the lowest validation error",
    ),
    (
        "elimination",
        SelectName::Search(Select::Elimination),
        "one module after the other, while the validation error stays within --tolerance",
    ),
];

/// A way to choose modules by its name; the help describes each.
pub(crate) fn select() -> impl TypedValueParser<Value = SelectName> {
    let names = SELECTIONS.map(|(name, _, help)| PossibleValue::new(name).help(help));
    PossibleValuesParser::new(names).try_map(|name| {
        SELECTIONS
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, select, _)| *select)
            .ok_or("no such selection")
    })
}

/// A number above 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value > 0.0 => Ok(value),
        _ => Err("a number above 0 is needed, for example 0.0001 or 1e-4".to_owned()),
    }
}

/// A number that is not negative.
pub(crate) fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
        _ => Err("a number of at least 0 is needed".to_owned()),
    }
}

/// A share, 0 to 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("a share from 0 to 1 is needed, for example 0.5".to_owned()),
    }
}

/// A count of at least 1.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(value) if value > 0 => Ok(value),
        _ => Err("a whole number of at least 1 is needed".to_owned()),
    }
}

/// Epochs of patience, or never to stop early.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience(pub(crate) Option<usize>);

/// `3`, or `none`.
pub(crate) fn patience(text: &str) -> Result<Patience, String> {
    match text {
        "none" => Ok(Patience(None)),
        _ => count(text)
            .map(|epochs| Patience(Some(epochs)))
            .map_err(|_| "a number of epochs of at least 1, or `none`, is needed".to_owned()),
    }
}

/// One character, or its name.
pub(crate) fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "comma" => Ok(b','),
        "semicolon" => Ok(b';'),
        "tab" | "\\t" => Ok(b'\t'),
        "bar" => Ok(b'|'),
        _ => match text.as_bytes() {
            [byte] => Ok(*byte),
            _ => Err("one character, or comma, semicolon, tab or bar, is needed".to_owned()),
        },
    }
}

/// A column's name, or `none`.
pub(crate) fn time_column(text: &str) -> Result<TimeColumn, String> {
    Ok(match text {
        "none" => TimeColumn::None,
        "auto" => TimeColumn::Auto,
        name => TimeColumn::Named(name.to_owned()),
    })
}

/// `0.7,0.1,0.2`, or the name of a published split.
pub(crate) fn split(text: &str) -> Result<SplitRule, String> {
    match text {
        "ett-hourly" => return Ok(SplitRule::EttHourly),
        "ett-quarter-hourly" => return Ok(SplitRule::EttQuarterHourly),
        _ => {}
    }
    let shares: Vec<f64> = text
        .split(',')
        .filter_map(|part| part.trim().parse().ok())
        .collect();
    match shares.as_slice() {
        &[train, val, test] if text.split(',').count() == 3 => {
            Ok(SplitRule::Fractions { train, val, test })
        }
        _ => Err(
            "three shares such as 0.7,0.1,0.2, or ett-hourly, or ett-quarter-hourly, are needed"
                .to_owned(),
        ),
    }
}

/// `8640,2880,2880`.
pub(crate) fn split_rows(text: &str) -> Result<SplitRule, String> {
    let rows: Vec<usize> = text
        .split(',')
        .filter_map(|part| part.trim().parse().ok())
        .collect();
    match rows.as_slice() {
        &[train, val, test] if text.split(',').count() == 3 => {
            Ok(SplitRule::Rows { train, val, test })
        }
        _ => Err("three numbers of rows such as 8640,2880,2880 are needed".to_owned()),
    }
}

/// `none`, `sum-loss`, `standardise`, or `temperature=0.1`.
pub(crate) fn scaling(text: &str) -> Result<Scaling, String> {
    match text.split_once('=') {
        None if text == "none" => Ok(Scaling::None),
        None if text == "sum-loss" => Ok(Scaling::SumLoss),
        None if text == "standardise" => Ok(Scaling::Standardise),
        Some(("temperature", value)) => positive(value).map(Scaling::Temperature),
        _ => Err("one of none, sum-loss, standardise, temperature=0.1 is needed".to_owned()),
    }
}

/// `sum`, `mean`, `last-epoch`, or `ema=0.1`.
pub(crate) fn accumulate(text: &str) -> Result<Accumulate, String> {
    match text.split_once('=') {
        None if text == "sum" => Ok(Accumulate::Sum),
        None if text == "mean" => Ok(Accumulate::Mean),
        None if text == "last-epoch" => Ok(Accumulate::LastEpoch),
        Some(("ema", value)) => match share(value) {
            Ok(weight) if weight > 0.0 => Ok(Accumulate::Ema(weight)),
            _ => Err(
                "the weight of the newest batch is above 0 and at most 1, for example ema=0.1"
                    .to_owned(),
            ),
        },
        _ => Err("one of sum, mean, last-epoch, ema=0.1 is needed".to_owned()),
    }
}

/// `none`, `epochs`, or `ema=0.99`.
pub(crate) fn averaging(text: &str) -> Result<WeightAveraging, String> {
    match text.split_once('=') {
        None if text == "none" => Ok(WeightAveraging::None),
        None if text == "epochs" => Ok(WeightAveraging::Epochs),
        Some(("ema", decay)) => match share(decay) {
            Ok(decay) if decay > 0.0 && decay < 1.0 => Ok(WeightAveraging::Ema { decay }),
            _ => Err("the decay of ema is between 0 and 1, for example ema=0.99".to_owned()),
        },
        _ => Err("one of none, epochs, ema=0.99 is needed".to_owned()),
    }
}

/// `constant`, `halving`, `decay`, `cosine`, `exponential=0.95`, or `one-cycle=0.3`.
pub(crate) fn schedule(text: &str) -> Result<Schedule, String> {
    match text.split_once('=') {
        None if text == "constant" => Ok(Schedule::Constant),
        None if text == "halving" => Ok(Schedule::Halving),
        None if text == "decay" => Ok(Schedule::Decay),
        None if text == "cosine" => Ok(Schedule::Cosine),
        None if text == "one-cycle" => Ok(Schedule::OneCycle { rising: 0.3 }),
        Some(("one-cycle", rising)) => match share(rising) {
            Ok(rising) if rising > 0.0 && rising < 1.0 => Ok(Schedule::OneCycle { rising }),
            _ => Err(
                "the rising share of one-cycle is between 0 and 1, for example one-cycle=0.3"
                    .to_owned(),
            ),
        },
        Some(("exponential", factor)) => match share(factor) {
            Ok(factor) if factor > 0.0 => Ok(Schedule::Exponential { factor }),
            _ => Err(
                "the factor of exponential is above 0 and at most 1, for example exponential=0.95"
                    .to_owned(),
            ),
        },
        _ => Err(
            "one of constant, halving, decay, cosine, exponential=0.95, one-cycle=0.3 is needed"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn splits_are_three_numbers_or_a_name() {
        assert_eq!(
            split("0.6,0.2,0.2").unwrap(),
            SplitRule::Fractions {
                train: 0.6,
                val: 0.2,
                test: 0.2
            }
        );
        assert_eq!(split("ett-hourly").unwrap(), SplitRule::EttHourly);
        assert_eq!(
            split_rows("5, 3,2").unwrap(),
            SplitRule::Rows {
                train: 5,
                val: 3,
                test: 2
            }
        );
        for bad in ["0.7", "0.7,0.3", "a,b,c", "0.7,0.1,0.2,x", ""] {
            assert!(split(bad).is_err(), "{bad}");
            assert!(split_rows(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_with_a_parameter() {
        assert_eq!(
            scaling("temperature=0.1").unwrap(),
            Scaling::Temperature(0.1)
        );
        assert_eq!(accumulate("ema=0.2").unwrap(), Accumulate::Ema(0.2));
        assert_eq!(
            schedule("one-cycle=0.4").unwrap(),
            Schedule::OneCycle { rising: 0.4 }
        );
        assert_eq!(
            schedule("exponential=0.95").unwrap(),
            Schedule::Exponential { factor: 0.95 }
        );
        assert!(schedule("exponential=0").is_err() && schedule("exponential").is_err());
        assert_eq!(
            averaging("ema=0.9").unwrap(),
            WeightAveraging::Ema { decay: 0.9 }
        );
        assert!(averaging("ema=1").is_err() && averaging("ema").is_err());
        assert!(scaling("temperature=0").is_err() && scaling("temperature").is_err());
        assert!(accumulate("ema=0").is_err() && accumulate("ema=2").is_err());
        assert!(schedule("one-cycle=1").is_err() && schedule("cosine=1").is_err());
        assert!(
            positive("nan").is_err()
                && positive("-1").is_err()
                && share("1.5").is_err()
                && count("0").is_err()
        );
    }
}
