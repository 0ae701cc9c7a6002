//! A column of times, read in every form that still fits.

use jiff::fmt::strtime::BrokenDownTime;

use super::{
    form::{Field, TimeForm},
    parts::Unit,
    timestamp::Timestamp,
    zone::{self, Zone},
};
use crate::{
    civil::{self, DAY},
    detection::TimeDetection,
    frequency::Frequency,
    sample::Sample,
    unit::{WrittenZone, offset_text},
};

/// How the cells of a column are read.
#[derive(Debug, Clone)]
pub(crate) enum Form {
    /// A row of the list of forms.
    Listed(&'static TimeForm),
    /// A `strptime` pattern from the options.
    Pattern(String),
}

impl Form {
    /// The timestamp in a trimmed cell.
    pub(crate) fn parse(&self, cell: &str) -> Option<Timestamp> {
        match self {
            Self::Listed(form) => form.parse(cell),
            Self::Pattern(pattern) => by_pattern(pattern, cell),
        }
    }

    fn describe(&self, example: &str) -> String {
        match self {
            Self::Listed(form) => form.describe(example),
            Self::Pattern(pattern) => pattern.clone(),
        }
    }

    fn fields(&self) -> &[Field] {
        match self {
            Self::Listed(form) => form.fields,
            Self::Pattern(_) => &[],
        }
    }

    /// Whether the day precedes the month, where both are numbers and the year is last.
    pub(crate) fn day_first(&self) -> Option<bool> {
        let place = |field| self.fields().iter().position(|other| *other == field);
        let last = place(Field::YearOrShort).or(place(Field::Year));
        let (day, month) = (place(Field::Day)?, place(Field::Month)?);
        last.filter(|&year| day < year && month < year)
            .map(|_| day < month)
    }

    /// Whether it counts from a fixed time, so that its zone is known without being named.
    fn is_epoch(&self) -> bool {
        matches!(self.fields(), [Field::Unix(_)])
    }

    fn has_week(&self) -> bool {
        self.fields().contains(&Field::Week2)
    }
}

fn by_pattern(pattern: &str, cell: &str) -> Option<Timestamp> {
    let mut time = BrokenDownTime::parse(pattern, cell).ok()?;
    let (seconds, offset) = match time.to_timestamp() {
        Ok(instant) => (
            // A time before 1970 with a fraction is rounded down, as its fraction is counted up.
            instant.as_second() - i64::from(instant.subsec_nanosecond() < 0),
            Some(time.offset().map_or(0, |o| o.seconds().into())),
        ),
        Err(_) => {
            let date = time.to_date().or_else(|error| {
                // A month or a year alone is its first day.
                if time.month().is_none() {
                    time.set_month(Some(1)).ok();
                }
                time.set_day(Some(1)).map_err(|_| error)?;
                time.to_date()
            });
            let date = date.ok()?;
            let day =
                civil::date_seconds(date.year().into(), date.month() as u32, date.day() as u32)?;
            let of_day = time.to_time().map_or(0, |time| {
                i64::from(time.hour()) * 3600
                    + i64::from(time.minute()) * 60
                    + i64::from(time.second())
            });
            (day + of_day, None)
        }
    };
    Some(Timestamp {
        seconds,
        nanosecond: time.to_time().map_or(0, |time| {
            u32::try_from(time.subsec_nanosecond()).unwrap_or(0)
        }),
        offset,
        short_year: false,
        interval: false,
    })
}

/// A column of timestamps being read in every form that still fits.
#[derive(Debug)]
pub(crate) struct TimestampColumn {
    pub(crate) column: usize,
    example: String,
    why: String,
    open: Vec<OpenForm>,
    /// Columns that hold the time of day, where it has columns of its own.
    pub(crate) clock: Vec<(Unit, usize)>,
    /// Seconds after midnight per row, where there are such columns.
    pub(crate) of_day: Vec<i64>,
}

/// The offsets from UTC in a column, in seconds.
#[derive(Debug, Clone, Copy)]
struct Offsets {
    /// Of the first cell that has one.
    first: i64,
    /// Whether all have the same.
    same: bool,
    /// Of the latest time, with that time.
    latest: (i64, i64),
}

/// A form that fits so far, with the timestamps read in it.
#[derive(Debug)]
struct OpenForm {
    form: Form,
    seconds: Vec<i64>,
    /// Nanoseconds after each second; empty until one is not 0.
    nanoseconds: Vec<u32>,
    zones: usize,
    offsets: Option<Offsets>,
    short_years: bool,
    intervals: bool,
}

/// The result of reading a column of timestamps.
pub(crate) struct Timestamps {
    pub(crate) seconds: Vec<i64>,
    /// Nanoseconds after each second; empty where all are 0.
    pub(crate) nanoseconds: Vec<u32>,
    /// The zone in which results are written.
    pub(crate) zone: WrittenZone,
    pub(crate) detection: TimeDetection,
}

/// Context of a column.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Hints {
    /// Whether numbers have a decimal comma, which suggests days before months.
    pub(crate) decimal_comma: bool,
    /// Whether the column's name is a name of weeks.
    pub(crate) weeks: bool,
}

impl TimestampColumn {
    pub(crate) fn new(
        sample: &Sample,
        column: usize,
        skip: usize,
        forms: Vec<Form>,
        why: String,
    ) -> Option<Self> {
        let form = forms.first()?;
        let example = sample
            .column(column, skip)
            .find(|cell| form.parse(cell).is_some())?;
        let open = |form| OpenForm {
            form,
            seconds: Vec::new(),
            nanoseconds: Vec::new(),
            zones: 0,
            offsets: None,
            short_years: false,
            intervals: false,
        };
        let example = example.to_owned();
        let open = forms.into_iter().map(open).collect();
        Some(Self {
            column,
            example,
            why,
            open,
            clock: Vec::new(),
            of_day: Vec::new(),
        })
    }

    /// Reads the next cell in every open form; forms that fail where another does not are closed.
    /// `false` where no form fits.
    pub(crate) fn push(&mut self, cell: &str) -> bool {
        let cell = cell.trim();
        if let [only] = self.open.as_mut_slice() {
            return only.push(cell);
        }
        if !self.open.iter().any(|open| open.form.parse(cell).is_some()) {
            return false;
        }
        self.open.retain_mut(|open| open.push(cell));
        true
    }

    /// Keeps the first `rows` timestamps.
    pub(crate) fn truncate(&mut self, rows: usize) {
        for open in &mut self.open {
            open.seconds.truncate(rows);
            open.nanoseconds.truncate(rows);
        }
        self.of_day.truncate(rows);
    }

    /// The form that messages show.
    pub(crate) fn form(&self) -> String {
        self.open
            .first()
            .map_or_else(String::new, |open| open.form.describe(&self.example))
    }

    /// The timestamps in the form that fits best.
    pub(crate) fn finish(
        mut self,
        names: &[String],
        hints: Hints,
        zone: Option<&Zone>,
    ) -> Timestamps {
        for open in &mut self.open {
            for (seconds, of_day) in open.seconds.iter_mut().zip(&self.of_day) {
                *seconds += of_day;
            }
        }
        if self.open.len() > 1 {
            // Where both fit alike, dots and decimal commas go with day.month, slashes with month/day.
            let day_first = self.example.contains('.') || hints.decimal_comma;
            let usual = |form: &Form| {
                form.day_first().is_some_and(|first| first == day_first)
                    || (hints.weeks && form.has_week())
            };
            self.open
                .sort_by_cached_key(|open| std::cmp::Reverse((open.evenness(), usual(&open.form))));
        }
        let mut why = std::mem::take(&mut self.why);
        let mut open = std::mem::take(&mut self.open).into_iter();
        // `new` leaves at least one form open and `push` never closes the last.
        let Some(mut best) = open.next() else {
            return Timestamps {
                seconds: Vec::new(),
                nanoseconds: Vec::new(),
                zone: WrittenZone::Unstated,
                detection: TimeDetection::Rows,
            };
        };
        let mut undecided = false;
        if let Some(second) = open.find(|other| other.seconds != best.seconds) {
            let format = second.form.describe(&self.example);
            undecided = best.evenness() == second.evenness();
            why += &if undecided {
                format!("; {format} fits as well: check the first dates")
            } else {
                format!("; {format} fits as well, but less evenly")
            };
        }
        let epoch = best.form.is_epoch();
        let zoned = best.zones > 0 && !epoch;
        if zoned && best.zones < best.seconds.len() {
            let without = best.seconds.len() - best.zones;
            why += &format!("; {without} timestamps without a zone were taken for UTC");
        }
        if best.short_years {
            why += "; two-digit years are taken for 1930 to 2029";
        }
        if best.intervals {
            why += "; its cells are intervals, of which the start is taken";
        }
        let mut utc = zoned;
        let mut written = match best.offsets {
            Some(offsets) if zoned => self.written(offsets, &mut why),
            _ => WrittenZone::Unstated,
        };
        if let Some(zone) = zone.filter(|_| best.zones == 0) {
            zone.to_utc(&mut best.seconds);
            utc = true;
            written = zone.written();
        }
        let mut format = best.form.describe(&self.example);
        let mut name = names[self.column].clone();
        for &(_, column) in &self.clock {
            name += &format!(" + {}", names[column]);
            format += " + time of day";
        }
        let offset = best.offsets.filter(|offsets| offsets.same && zoned);
        let offset = offset.map(|offsets| offsets.first);
        Timestamps {
            seconds: best.seconds,
            nanoseconds: best.nanoseconds,
            zone: written,
            detection: TimeDetection::Column {
                name,
                format,
                why,
                ambiguous: undecided,
                utc,
                offset,
            },
        }
    }
}

impl TimestampColumn {
    /// The zone in which results are written: the zone in the cells, or else their offset, the last of
    /// several.
    fn written(&self, offsets: Offsets, why: &mut String) -> WrittenZone {
        if let Some(name) = zone::in_brackets(&self.example) {
            return WrittenZone::Named(name.to_owned());
        }
        let (_, offset) = offsets.latest;
        if !offsets.same {
            *why += &format!(
                "; the offset from UTC changes, and results have the last one, {}",
                offset_text(offset)
            );
        }
        let is_letter = self.example.ends_with(char::is_alphabetic);
        match i32::try_from(offset) {
            Ok(0) if is_letter && offsets.same => WrittenZone::Utc,
            Ok(offset) => WrittenZone::Offset(offset),
            Err(_) => WrittenZone::Utc,
        }
    }
}

impl OpenForm {
    fn push(&mut self, cell: &str) -> bool {
        let Some(timestamp) = self.form.parse(cell) else {
            return false;
        };
        if timestamp.nanosecond > 0 && self.nanoseconds.is_empty() {
            self.nanoseconds.resize(self.seconds.len(), 0);
            self.nanoseconds.push(timestamp.nanosecond);
        } else if !self.nanoseconds.is_empty() {
            self.nanoseconds.push(timestamp.nanosecond);
        }
        self.seconds.push(timestamp.seconds);
        self.short_years |= timestamp.short_year;
        self.intervals |= timestamp.interval;
        if let Some(offset) = timestamp.offset {
            self.zones += 1;
            let here = (timestamp.seconds, offset);
            let offsets = self.offsets.get_or_insert(Offsets {
                first: offset,
                same: true,
                latest: here,
            });
            offsets.same &= offsets.first == offset;
            if here.0 >= offsets.latest.0 {
                offsets.latest = here;
            }
        }
        true
    }

    /// How evenly the timestamps run: steps forward first, then steps of the usual length.
    fn evenness(&self) -> (usize, usize) {
        let forward = self
            .seconds
            .windows(2)
            .filter(|pair| pair[0] <= pair[1])
            .count();
        let frequency = Frequency::detect(&self.seconds);
        let usual = self
            .seconds
            .windows(2)
            .filter(|pair| pair[1].abs_diff(pair[0]) < 366 * DAY as u64)
            .filter(|pair| frequency.steps_between(pair[0], pair[1]) == Some(1))
            .count();
        (forward, usual)
    }
}
