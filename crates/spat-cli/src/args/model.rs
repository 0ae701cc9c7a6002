//! Window lengths, the model and its settings. The flags of the settings come from the catalogue.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _, ValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use spat_spec::{
    FieldInfo, FieldRange, FieldValue, ForecasterConfig, ModelKind, Preset, Window, within_sentence,
};

use super::values::not_negative;

/// Rows in and out of a model.
#[derive(Debug, Args)]
#[command(next_help_heading = "Windows")]
pub(crate) struct WindowArgs {
    /// Input rows of the model [default: 96, or fewer for a short table or its season; the published
    /// look-back with a preset]
    #[arg(long, value_name = "ROWS")]
    pub(crate) lookback: Option<usize>,

    /// Rows to forecast [default: 96, or fewer for a short table or its season]
    #[arg(long, value_name = "ROWS")]
    pub(crate) horizon: Option<usize>,
}

/// The model and its settings.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = HEADING)]
pub(crate) struct ModelArgs {
    #[command(flatten)]
    pub(crate) choice: ModelChoice,

    #[command(flatten)]
    pub(crate) settings: Settings<true>,
}

/// The model, and a preset for its settings.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = HEADING)]
pub(crate) struct ModelChoice {
    /// The model
    #[arg(long, value_name = "MODEL", default_value = ModelKind::default().id, value_parser = model())]
    pub(crate) model: ModelKind,

    /// Published settings of a benchmark set: split, sizes and training; other flags override them
    #[arg(long, value_name = "SET", value_parser = preset())]
    pub(crate) preset: Option<Preset>,

    #[command(flatten)]
    pub(crate) backbone: BackboneArgs,
}

/// The file of frozen weights.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = HEADING)]
pub(crate) struct BackboneArgs {
    /// GPT-2 whose weights are used frozen: safetensors with Hugging Face's names, F32, F16 or BF16, and its
    /// config.json beside it [default: random weights, or for a stored model the file that it names]
    #[arg(long, value_name = "FILE")]
    pub(crate) backbone: Option<PathBuf>,
}

const HEADING: &str = "Model";

fn model() -> ValueParser {
    let ids = ModelKind::all().map(|kind| kind.id);
    PossibleValuesParser::new(ids)
        .try_map(|id| id.parse::<ModelKind>())
        .into()
}

fn preset() -> ValueParser {
    let names = Preset::ALL.map(Preset::name);
    PossibleValuesParser::new(names)
        .try_map(|name| {
            let mut all = Preset::ALL.into_iter();
            all.find(|set| set.name() == name).ok_or("no such set")
        })
        .into()
}

/// Settings given on the command line, by flag. Without `LAYERS` there is no flag for the depth.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings<const LAYERS: bool> {
    given: BTreeMap<&'static str, FieldValue>,
    /// Used for settings that are not given and that the model has.
    defaults: BTreeMap<&'static str, FieldValue>,
}

impl<const LAYERS: bool> Settings<LAYERS> {
    /// These settings, by flag.
    pub(crate) fn of(given: BTreeMap<&'static str, FieldValue>) -> Self {
        Self {
            given,
            defaults: BTreeMap::new(),
        }
    }

    /// Applies the settings in the order of the model's description.
    ///
    /// # Errors
    /// The flag of a setting that the model does not have.
    pub(crate) fn apply(&self, forecaster: &mut ForecasterConfig) -> Result<(), String> {
        let fields = forecaster.fields();
        let known = |flag: &str| fields.iter().any(|(info, _)| info.flag == flag);
        if let Some(flag) = self.given.keys().find(|flag| !known(flag)) {
            return Err(self.given[flag].option(flag));
        }
        for (info, _) in &fields {
            let value = self.given.get(info.flag).or(self.defaults.get(info.flag));
            if let Some(value) = value {
                forecaster.set(info.flag, *value);
            }
        }
        Ok(())
    }

    /// Whether `flag` is given as a switch that is off.
    pub(crate) fn is_off(&self, flag: &str) -> bool {
        self.given.get(flag) == Some(&FieldValue::Switch(false))
    }

    /// The whole number that is given for `flag`.
    pub(crate) fn count(&self, flag: &str) -> Option<usize> {
        match self.given.get(flag) {
            Some(FieldValue::Count(value)) => Some(*value),
            _ => None,
        }
    }

    /// The probability that is given for `flag`.
    pub(crate) fn probability(&self, flag: &str) -> Option<f64> {
        match self.given.get(flag) {
            Some(FieldValue::Probability(value)) => Some(*value),
            _ => None,
        }
    }

    /// The same settings, with defaults for whole numbers.
    pub(crate) fn with_defaults<const M: bool>(
        self,
        defaults: impl IntoIterator<Item = (&'static str, usize)>,
    ) -> Settings<M> {
        let defaults = defaults.into_iter();
        Settings {
            given: self.given,
            defaults: defaults
                .map(|(flag, value)| (flag, FieldValue::Count(value)))
                .collect(),
        }
    }
}

/// A setting of one or more models.
struct Flag {
    info: FieldInfo,
    /// The default of each model that has the setting.
    defaults: Vec<(&'static str, FieldValue)>,
}

/// The settings of all models, each once, in the order of the catalogue.
fn flags(layers: bool) -> Vec<Flag> {
    let mut flags: Vec<Flag> = Vec::new();
    for kind in ModelKind::all() {
        let (config, _) = kind.defaults(Window::new(96, 96, 7), true);
        for (info, value) in config.fields() {
            if info.flag == "layers" && !layers {
                continue;
            }
            match flags.iter_mut().find(|flag| flag.info.flag == info.flag) {
                Some(flag) => flag.defaults.push((kind.id, value)),
                None => flags.push(Flag {
                    info,
                    defaults: vec![(kind.id, value)],
                }),
            }
        }
    }
    flags
}

impl Flag {
    /// The name on the command line, without `--`.
    fn long(&self) -> String {
        self.typed().option(self.info.flag)[2..].to_owned()
    }

    /// The value that a switch gets from its flag: the opposite of its default.
    fn typed(&self) -> FieldValue {
        match self.defaults[0].1 {
            FieldValue::Switch(on) => FieldValue::Switch(!on),
            value => value,
        }
    }

    fn arg(&self) -> Arg {
        let arg = Arg::new(self.info.flag)
            .long(self.long())
            .help(self.help())
            .help_heading(HEADING);
        match self.info.range {
            FieldRange::Count { .. } => arg.value_name("N").value_parser(value_parser!(usize)),
            FieldRange::Probability => arg.value_name("P").value_parser(not_negative),
            FieldRange::Switch => arg.action(ArgAction::SetTrue),
        }
    }

    /// The sentence of the catalogue, with the defaults or, for a switch, what the flag does.
    fn help(&self) -> String {
        let text = self.info.help;
        let (_, first) = self.defaults[0];
        let default = match first {
            FieldValue::Switch(true) => return format!("Do not {}", within_sentence(text)),
            FieldValue::Switch(false) => return text.to_owned(),
            FieldValue::Count(value) => value.to_string(),
            FieldValue::Probability(value) => value.to_string(),
        };
        let others = self.defaults.iter().filter(|(_, value)| *value != first);
        let others: String = others
            .map(|(id, value)| match value {
                FieldValue::Count(value) => format!("; {value} for {id}"),
                FieldValue::Probability(value) => format!("; {value} for {id}"),
                FieldValue::Switch(_) => String::new(),
            })
            .collect();
        format!("{text} [default: {default}{others}]")
    }

    fn given(&self, matches: &ArgMatches) -> Option<FieldValue> {
        let id = self.info.flag;
        if matches.value_source(id) != Some(ValueSource::CommandLine) {
            return None;
        }
        match self.info.range {
            FieldRange::Count { .. } => matches
                .get_one(id)
                .map(|value: &usize| FieldValue::Count(*value)),
            FieldRange::Probability => matches
                .get_one(id)
                .map(|value: &f64| FieldValue::Probability(*value)),
            FieldRange::Switch => Some(self.typed()),
        }
    }
}

impl<const LAYERS: bool> FromArgMatches for Settings<LAYERS> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut settings = Self::default();
        settings.update_from_arg_matches(matches)?;
        Ok(settings)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for flag in flags(LAYERS) {
            if let Some(value) = flag.given(matches) {
                self.given.insert(flag.info.flag, value);
            }
        }
        Ok(())
    }
}

impl<const LAYERS: bool> Args for Settings<LAYERS> {
    fn augment_args(command: Command) -> Command {
        command.args(flags(LAYERS).iter().map(Flag::arg))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}
