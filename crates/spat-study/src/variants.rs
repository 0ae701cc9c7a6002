//! Variants of SEND, with one option changed at a time.

use spat_spec::{Accumulate, MaskShape, Scaling, SendOptions, Sign, When};

/// SEND with one or two changed options.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) options: SendOptions,
}

/// One option.
#[derive(Debug, Clone, Copy)]
enum Choice {
    Scaling(Scaling),
    Sign(Sign),
    Mask(MaskShape),
    Accumulate(Accumulate),
    When(When),
}

use Accumulate::{Ema, LastEpoch, Mean};
use Choice::{Accumulate as By, Mask, Scaling as Scaled, Sign as Signs, When as Taken};

/// Name, title, and the options that differ from the study's own.
///
/// A sum over batches ranks as the mean does, and the unbiased deviation as the population's if all modules
/// have equally many keys: both differ by a constant factor, and are left out.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &[Choice])] = &[
    ("as studied",        "SEND with the study's options",                             &[]),
    ("standardise",       "S divided by the module's own deviation",                   &[Scaled(Scaling::Standardise)]),
    ("raw",               "S as it is, the literal reading",                           &[Scaled(Scaling::None)]),
    ("sum-loss",          "S of the summed loss",                                      &[Scaled(Scaling::SumLoss)]),
    ("temperature",       "S at the temperature 1e-5",                                 &[Scaled(Scaling::Temperature(1e-5))]),
    ("signed",            "S with its sign",                                           &[Signs(Sign::Signed)]),
    ("absolute",          "|S|",                                                       &[Signs(Sign::Absolute)]),
    ("shared mask",       "one mask for the batch",                                    &[Mask(MaskShape::Shared)]),
    ("mask per sample",   "one mask for each sample",                                  &[Mask(MaskShape::PerSample)]),
    ("per sample, raw",   "one mask for each sample, S as it is",                      &[Mask(MaskShape::PerSample), Scaled(Scaling::None)]),
    ("mean",              "mean over all batches of the training (a sum ranks alike)", &[By(Mean), Taken(When::During)]),
    ("moving average",    "moving average over batches, 0.01 on the newest",           &[By(Ema(0.01)), Taken(When::During)]),
    ("last epoch",        "mean over the last epoch's batches",                        &[By(LastEpoch), Taken(When::During)]),
    ("after",             "the finished model, evaluation mode",                       &[By(Mean), Taken(When::After)]),
    ("after, raw",        "the finished model, S as it is",                            &[By(Mean), Taken(When::After), Scaled(Scaling::None)]),
    ("after, absolute",   "the finished model, |S|",                                   &[By(Mean), Taken(When::After), Signs(Sign::Absolute)]),
    ("after, per sample", "the finished model, one mask for each sample",              &[By(Mean), Taken(When::After), Mask(MaskShape::PerSample)]),
];

impl Choice {
    fn made(self, options: SendOptions) -> SendOptions {
        match self {
            Self::Scaling(scaling) => SendOptions { scaling, ..options },
            Self::Sign(sign) => SendOptions { sign, ..options },
            Self::Mask(mask) => SendOptions { mask, ..options },
            Self::Accumulate(accumulate) => SendOptions {
                accumulate,
                ..options
            },
            Self::When(when) => SendOptions { when, ..options },
        }
    }
}

/// The study's options, then those of [`TABLE`] that differ from all before them.
pub(crate) fn variants(base: SendOptions) -> Vec<Variant> {
    let mut distinct: Vec<Variant> = Vec::new();
    for &(name, title, choices) in TABLE {
        let options = choices
            .iter()
            .fold(base, |options, choice| choice.made(options));
        if distinct.iter().all(|other| other.options != options) {
            distinct.push(Variant {
                name,
                title,
                options,
            });
        }
    }
    distinct
}

/// Names of the readings of SEND that differ from it with these options.
pub fn readings(base: SendOptions) -> Vec<&'static str> {
    variants(base)
        .into_iter()
        .skip(1)
        .map(|variant| variant.name)
        .collect()
}

/// The options that every dense training of a study records: first SEND epoch by epoch, then every variant
/// that is computed during training.
pub(crate) fn recorded(base: SendOptions) -> Vec<SendOptions> {
    let by_epoch = SendOptions {
        accumulate: Accumulate::LastEpoch,
        when: When::During,
        ..base
    };
    let during = variants(base)
        .into_iter()
        .map(|variant| variant.options)
        .filter(|options| options.when == When::During && *options != by_epoch);
    std::iter::once(by_epoch).chain(during).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_varied_once_and_the_studys_own_comes_first() {
        for base in [
            SendOptions::default(),
            SendOptions {
                when: When::After,
                scaling: Scaling::None,
                ..SendOptions::default()
            },
        ] {
            let all = variants(base);
            assert_eq!(all[0].options, base);
            assert!(all.len() > 8, "{}", all.len());
            for (place, variant) in all.iter().enumerate() {
                assert!(
                    all[..place]
                        .iter()
                        .all(|other| other.options != variant.options)
                );
            }
            let recorded = recorded(base);
            assert_eq!(recorded[0].accumulate, Accumulate::LastEpoch);
            for variant in &all {
                assert_eq!(
                    recorded.contains(&variant.options),
                    variant.options.when == When::During
                );
            }
        }
    }
}
