//! Settings of a model, described once for the command line, the web app and validation.

use serde::Serialize;

use crate::ConfigError;

/// The largest number of rows, channels or tokens along one axis.
pub(super) const LARGEST_AXIS: usize = 1 << 20;
/// The largest width of a layer.
pub(super) const LARGEST_WIDTH: usize = 1 << 16;
/// The largest number of layers. Each has a fixed cost besides its parameters.
pub(super) const MOST_LAYERS: usize = 1024;

/// The value of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// A whole number.
    Count(usize),
    /// A probability.
    Probability(f64),
    /// On or off.
    Switch(bool),
}

impl FieldValue {
    /// The option of the command line that sets the setting `flag` to this value, without the value.
    pub fn option(self, flag: &str) -> String {
        match self {
            Self::Switch(false) => format!("--no-{flag}"),
            Self::Switch(true) | Self::Count(_) | Self::Probability(_) => format!("--{flag}"),
        }
    }
}

/// The values that a setting may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldRange {
    /// Whole numbers from `min` to `max`, both included.
    Count {
        /// The smallest.
        min: usize,
        /// The largest.
        max: usize,
    },
    /// `[0, 1)`.
    Probability,
    /// On or off.
    Switch,
}

/// The description of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FieldInfo {
    /// The command line flag without `--`, and the name in forms. A switch that is on by default has
    /// the flag `--no-…`.
    pub flag: &'static str,
    /// The label in forms and errors.
    pub label: &'static str,
    /// One sentence of help.
    pub help: &'static str,
    /// The values that are allowed.
    pub range: FieldRange,
}

/// A setting of the configuration `C`.
#[derive(Debug)]
pub struct Field<C: 'static> {
    /// Its description.
    pub info: FieldInfo,
    access: Access<C>,
    follow: Option<fn(&mut C)>,
}

#[derive(Debug)]
enum Access<C> {
    Count(fn(&mut C) -> &mut usize),
    Probability(fn(&mut C) -> &mut f64),
    Switch(fn(&mut C) -> &mut bool),
}

impl<C: Clone> Field<C> {
    /// A whole number from 1 to `max`.
    pub const fn count(
        flag: &'static str,
        label: &'static str,
        help: &'static str,
        max: usize,
        place: fn(&mut C) -> &mut usize,
    ) -> Self {
        let range = FieldRange::Count { min: 1, max };
        Self::new(flag, label, help, range, Access::Count(place))
    }

    /// A probability below 1.
    pub const fn probability(
        flag: &'static str,
        label: &'static str,
        help: &'static str,
        place: fn(&mut C) -> &mut f64,
    ) -> Self {
        Self::new(
            flag,
            label,
            help,
            FieldRange::Probability,
            Access::Probability(place),
        )
    }

    /// On or off.
    pub const fn switch(
        flag: &'static str,
        label: &'static str,
        help: &'static str,
        place: fn(&mut C) -> &mut bool,
    ) -> Self {
        Self::new(flag, label, help, FieldRange::Switch, Access::Switch(place))
    }

    /// Also applies `change` whenever the setting is set.
    pub const fn and(mut self, change: fn(&mut C)) -> Self {
        self.follow = Some(change);
        self
    }

    const fn new(
        flag: &'static str,
        label: &'static str,
        help: &'static str,
        range: FieldRange,
        access: Access<C>,
    ) -> Self {
        let info = FieldInfo {
            flag,
            label,
            help,
            range,
        };
        Self {
            info,
            access,
            follow: None,
        }
    }

    pub(super) fn get(&self, config: &C) -> FieldValue {
        let mut config = config.clone();
        match self.access {
            Access::Count(place) => FieldValue::Count(*place(&mut config)),
            Access::Probability(place) => FieldValue::Probability(*place(&mut config)),
            Access::Switch(place) => FieldValue::Switch(*place(&mut config)),
        }
    }

    /// Sets the value. Values of another type are ignored: a caller gets the type from `info`.
    pub(super) fn set(&self, config: &mut C, value: FieldValue) {
        match (&self.access, value) {
            (Access::Count(place), FieldValue::Count(value)) => *place(config) = value,
            (Access::Probability(place), FieldValue::Probability(value)) => *place(config) = value,
            (Access::Switch(place), FieldValue::Switch(value)) => *place(config) = value,
            _ => return,
        }
        if let Some(follow) = self.follow {
            follow(config);
        }
    }

    pub(super) fn check(&self, config: &C) -> Result<(), ConfigError> {
        check(self.info.label, self.info.range, self.get(config))
    }
}

/// A label or a help text as it is written within a sentence: with a small first letter.
pub fn within_sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// Checks that `value` is in `range`.
pub(super) fn check(label: &str, range: FieldRange, value: FieldValue) -> Result<(), ConfigError> {
    let label = within_sentence(label);
    match (range, value) {
        (FieldRange::Count { min, max }, FieldValue::Count(value))
            if !(min..=max).contains(&value) =>
        {
            Err(ConfigError::new(
                format!("the setting \"{label}\" is {value}"),
                format!("use a whole number from {min} to {max}"),
            ))
        }
        (FieldRange::Probability, FieldValue::Probability(value))
            if !(0.0..1.0).contains(&value) =>
        {
            Err(ConfigError::new(
                format!("the setting \"{label}\" is {value}, which is not a probability below 1"),
                "use a value in [0, 1)",
            ))
        }
        _ => Ok(()),
    }
}
