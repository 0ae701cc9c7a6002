//! How modules are scored, and how many are removed.

use clap::Args;
use spat_spec::{
    Accumulate, AdaptiveRule, Deviation, Granularity, MaskShape, PruneRule, Rounding, Scaling,
    Scope, Scorer, Select, SendOptions, Sign, When,
};

use super::values::{SelectName, accumulate, not_negative, one_of, scaling, scorer, select, share};
use crate::failure::input;

/// How many modules are removed, and which are protected.
#[derive(Debug, Args)]
#[command(next_help_heading = "Pruning")]
pub(crate) struct PruneArgs {
    /// Scorer that ranks the modules: SEND, or another one on 24 batches of windows after training
    #[arg(long, value_name = "NAME", default_value_t, value_parser = scorer())]
    pub(crate) scorer: Scorer,

    /// Share of the attention modules (or heads) to remove [default: 0.5]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) ratio: Option<f64>,

    /// How the modules to remove are chosen: the lowest scores at --ratio, or by the validation error of
    /// fine-tuned candidates, which costs up to ten fine-tunings (an elimination: more with many modules)
    /// [default: ratio]
    #[arg(long, value_name = "HOW", value_parser = select())]
    pub(crate) select: Option<SelectName>,

    /// Choose the modules automatically: short for --select one-se
    #[arg(long)]
    pub(crate) adaptive: bool,

    /// With --select elimination, share by which the validation error may exceed that of the model with all
    /// modules [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = not_negative)]
    pub(crate) tolerance: Option<f64>,

    /// With --select one-se or best, earlier cutoffs inside the training range at which candidates are validated
    /// as well (rolling-origin validation). Each needs a training of the dense model on the rows before it and a
    /// fine-tuning of each candidate [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) validation_origins: Option<usize>,

    /// Whole modules, single heads, or as many heads as save what the share of modules would
    #[arg(long, value_name = "WHAT", default_value = "modules", value_parser = one_of(GRANULARITIES))]
    pub(crate) granularity: Granularity,

    /// Rounding of the share to a whole number of modules [default: floor]
    #[arg(long, value_name = "HOW", value_parser = one_of(ROUNDINGS))]
    pub(crate) rounding: Option<Rounding>,

    /// One ranking of all modules, or one per block
    #[arg(long, value_name = "SCOPE", default_value = "global", value_parser = one_of(SCOPES))]
    pub(crate) scope: Scope,

    /// Modules to keep, such as encoder.0.attention
    #[arg(long, value_name = "MODULES", value_delimiter = ',')]
    pub(crate) protect: Vec<String>,
}

/// Options of SEND that the paper's digests leave open; `--mask` also applies to the sum of sensitivities.
#[derive(Debug, Args)]
#[command(next_help_heading = "Scoring by SEND")]
pub(crate) struct ScoreArgs {
    /// Score during the training of the dense model, or in one pass after it
    #[arg(long, value_name = "WHEN", default_value = "during", value_parser = one_of(WHENS))]
    pub(crate) score: When,

    /// One connection mask for the batch, or one per sample
    #[arg(long, value_name = "SHAPE", default_value = "shared", value_parser = one_of(MASKS))]
    pub(crate) mask: MaskShape,

    /// Sensitivities with or without their sign
    #[arg(long, value_name = "SIGN", default_value = "signed", value_parser = one_of(SIGNS))]
    pub(crate) sign: Sign,

    /// Standard deviation over n or n - 1
    #[arg(long, value_name = "KIND", default_value = "population", value_parser = one_of(DEVIATIONS))]
    pub(crate) deviation: Deviation,

    /// Before the softmax: none, sum-loss, standardise, or temperature=0.1
    #[arg(long, value_name = "SCALING", default_value = "standardise", value_parser = scaling)]
    pub(crate) scaling: Scaling,

    /// Over batches: sum, mean, last-epoch, or ema=0.1 (weight of the newest)
    #[arg(long, value_name = "HOW", default_value = "mean", value_parser = accumulate)]
    pub(crate) accumulate: Accumulate,
}

pub(super) const ROUNDINGS: &[(&str, Rounding)] = &[
    ("floor", Rounding::Floor),
    ("round", Rounding::Round),
    ("ceil", Rounding::Ceil),
];

const GRANULARITIES: &[(&str, Granularity)] = &[
    ("modules", Granularity::Modules),
    ("heads", Granularity::Heads),
    ("heads-at-equal-macs", Granularity::HeadsAtEqualMacs),
];

const SCOPES: &[(&str, Scope)] = &[("global", Scope::Global), ("per-block", Scope::PerBlock)];

const WHENS: &[(&str, When)] = &[("during", When::During), ("after", When::After)];

const MASKS: &[(&str, MaskShape)] = &[
    ("shared", MaskShape::Shared),
    ("per-sample", MaskShape::PerSample),
];

const SIGNS: &[(&str, Sign)] = &[("signed", Sign::Signed), ("absolute", Sign::Absolute)];

const DEVIATIONS: &[(&str, Deviation)] = &[
    ("population", Deviation::Population),
    ("unbiased", Deviation::Unbiased),
];

impl PruneArgs {
    /// The rule.
    ///
    /// # Errors
    /// Two flags contradict each other; the message states which to leave out.
    pub(crate) fn rule(&self) -> anyhow::Result<PruneRule> {
        let default = PruneRule::default();
        Ok(PruneRule {
            ratio: self.ratio.unwrap_or(default.ratio),
            rounding: self.rounding.unwrap_or(default.rounding),
            scope: self.scope,
            protect: self
                .protect
                .iter()
                .map(|name| name.as_str().into())
                .collect(),
            granularity: self.granularity,
            adaptive: self.search()?,
        })
    }

    /// The search for the modules; `None` for a ratio.
    fn search(&self) -> anyhow::Result<Option<AdaptiveRule>> {
        let select = match (self.adaptive, self.select) {
            (false, None | Some(SelectName::Ratio)) => None,
            (false, Some(SelectName::Search(select))) => Some(select),
            (true, None | Some(SelectName::Search(Select::OneSe))) => Some(Select::OneSe),
            (true, Some(_)) => {
                return Err(input(
                    "--adaptive is short for --select one-se; leave out one of the two",
                ));
            }
        };
        if self.tolerance.is_some() && select != Some(Select::Elimination) {
            return Err(input(
                "--tolerance is for --select elimination only; add that, or leave out --tolerance",
            ));
        }
        let selects = matches!(select, Some(Select::OneSe | Select::Best));
        if self.validation_origins.is_some() && !selects {
            return Err(input(
                "--validation-origins is for --select one-se and best only; add one, or leave it out",
            ));
        }
        if select.is_some() {
            let of_ratio = [
                ("--ratio", self.ratio.is_some()),
                ("--rounding", self.rounding.is_some()),
            ];
            if let Some((flag, _)) = of_ratio.into_iter().find(|(_, given)| *given) {
                return Err(input(format!(
                    "{flag} has no effect where the validation error chooses the modules; leave it out, or \
                     choose --select ratio without --adaptive"
                )));
            }
        }
        let default = AdaptiveRule::default();
        Ok(select.map(|select| AdaptiveRule {
            select,
            tolerance: self.tolerance.unwrap_or(default.tolerance),
            origins: self.validation_origins.unwrap_or(default.origins),
            ..default
        }))
    }
}

impl ScoreArgs {
    /// The options.
    pub(crate) fn options(&self) -> SendOptions {
        SendOptions {
            mask: self.mask,
            sign: self.sign,
            deviation: self.deviation,
            scaling: self.scaling,
            accumulate: self.accumulate,
            when: self.score,
        }
    }
}
