//! The choices that SEND leaves open, varied one at a time.

use spat_spec::{Accumulate, MaskShape, Scaling, SendOptions, Sign, When};

/// SEND with one choice changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) options: SendOptions,
}

/// The options of the study first, then those that differ from it in one or two choices.
///
/// A sum over batches ranks as the mean does, and the unbiased deviation as the population's where
/// all modules have equally many keys: both are factors, and so are left out.
pub(crate) fn variants(base: SendOptions) -> Vec<Variant> {
    let variant = |name, title, options| Variant {
        name,
        title,
        options,
    };
    let with = |change: fn(&mut SendOptions)| {
        let mut options = base;
        change(&mut options);
        options
    };
    let all = [
        variant("as studied", "SEND with the study's options", base),
        variant(
            "standardise",
            "S divided by the module's own deviation",
            with(|o| o.scaling = Scaling::Standardise),
        ),
        variant(
            "raw",
            "S as it is, the literal reading",
            with(|o| o.scaling = Scaling::None),
        ),
        variant(
            "sum-loss",
            "S of the summed loss",
            with(|o| o.scaling = Scaling::SumLoss),
        ),
        variant(
            "temperature",
            "S at the temperature 1e-5",
            with(|o| o.scaling = Scaling::Temperature(1e-5)),
        ),
        variant("signed", "S with its sign", with(|o| o.sign = Sign::Signed)),
        variant("absolute", "|S|", with(|o| o.sign = Sign::Absolute)),
        variant(
            "shared mask",
            "one mask for the batch",
            with(|o| o.mask = MaskShape::Shared),
        ),
        variant(
            "mask per sample",
            "one mask for each sample",
            with(|o| o.mask = MaskShape::PerSample),
        ),
        variant(
            "per sample, raw",
            "one mask for each sample, S as it is",
            with(|o| {
                o.mask = MaskShape::PerSample;
                o.scaling = Scaling::None;
            }),
        ),
        variant(
            "mean",
            "mean over all batches of the training (a sum ranks alike)",
            with(|o| {
                o.accumulate = Accumulate::Mean;
                o.when = When::During;
            }),
        ),
        variant(
            "moving average",
            "moving average over batches, 0.01 on the newest",
            with(|o| {
                o.accumulate = Accumulate::Ema(0.01);
                o.when = When::During;
            }),
        ),
        variant(
            "last epoch",
            "mean over the last epoch's batches",
            with(|o| {
                o.accumulate = Accumulate::LastEpoch;
                o.when = When::During;
            }),
        ),
        variant(
            "after",
            "the finished model, evaluation mode",
            with(|o| {
                o.accumulate = Accumulate::Mean;
                o.when = When::After;
            }),
        ),
        variant(
            "after, raw",
            "the finished model, S as it is",
            with(|o| {
                o.accumulate = Accumulate::Mean;
                o.when = When::After;
                o.scaling = Scaling::None;
            }),
        ),
        variant(
            "after, absolute",
            "the finished model, |S|",
            with(|o| {
                o.accumulate = Accumulate::Mean;
                o.when = When::After;
                o.sign = Sign::Absolute;
            }),
        ),
        variant(
            "after, per sample",
            "the finished model, one mask for each sample",
            with(|o| {
                o.accumulate = Accumulate::Mean;
                o.when = When::After;
                o.mask = MaskShape::PerSample;
            }),
        ),
    ];
    let mut distinct: Vec<Variant> = Vec::new();
    for variant in all {
        if distinct
            .iter()
            .all(|other| other.options != variant.options)
        {
            distinct.push(variant);
        }
    }
    distinct
}

/// What every dense training of a study records at once: first SEND epoch by epoch, then every
/// variant that is taken during training.
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
    fn every_choice_is_varied_once_and_the_studys_own_come_first() {
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
