//! Which column holds the time stamps, and in which form.

use crate::{
    cell::is_marker,
    civil::DAY,
    detection::TimeDetection,
    error::{ReadError, shorten, shorten_list},
    frequency::Frequency,
    options::TimeColumn,
    order::sorted,
    parts::Parts,
    sample::Sample,
    stamp_form::Form,
};

/// Names that time columns have.
const TITLES: [&str; 16] = [
    "date",
    "time",
    "datetime",
    "timestamp",
    "date_time",
    "time_stamp",
    "ds",
    "day",
    "month",
    "year",
    "datum",
    "zeit",
    "zeitstempel",
    "period",
    "quarter",
    "hour",
];
/// Names that columns of row numbers have.
const COUNTERS: [&str; 14] = [
    "",
    "no",
    "no.",
    "nr",
    "nr.",
    "index",
    "idx",
    "id",
    "row",
    "rownames",
    "rowname",
    "#",
    "unnamed: 0",
    "step",
];

/// Where the stamps come from.
#[derive(Debug)]
pub(crate) enum Source {
    Nowhere,
    Column(StampColumn),
    Parts(Parts),
}

/// A column of stamps being read in every form that still fits.
#[derive(Debug)]
pub(crate) struct StampColumn {
    pub(crate) column: usize,
    example: String,
    why: String,
    open: Vec<OpenForm>,
}

/// A form that fits so far, with the stamps read in it.
#[derive(Debug)]
struct OpenForm {
    form: Form,
    seconds: Vec<i64>,
    fractions: bool,
    zones: usize,
}

/// What a column of stamps became.
pub(crate) struct Stamps {
    pub(crate) seconds: Vec<i64>,
    pub(crate) fractions: bool,
    pub(crate) detection: TimeDetection,
}

/// Finds the stamps below the first `skip` records.
///
/// # Errors
/// When a column was asked for that is not there or holds no stamps.
pub(crate) fn find(
    sample: &Sample,
    names: &[String],
    skip: usize,
    asked: &TimeColumn,
) -> Result<Source, ReadError> {
    match asked {
        TimeColumn::None => Ok(Source::Nowhere),
        TimeColumn::Parts(parts) => Parts::named(parts, names).map(Source::Parts),
        TimeColumn::Named(name) => {
            let column = names.iter().position(|n| n == name).ok_or_else(|| {
                let available = shorten_list(names.iter().map(String::as_str));
                ReadError::UnknownColumn {
                    name: name.clone(),
                    available,
                }
            })?;
            let evident = fitting(sample, column, skip, &Form::EVIDENT);
            let forms = if evident.is_empty() {
                fitting(sample, column, skip, &Form::NUMERIC)
            } else {
                evident
            };
            let why = "as asked for".to_owned();
            StampColumn::new(sample, column, skip, forms, why)
                .map(Source::Column)
                .ok_or_else(|| {
                    let example = sample
                        .column(column, skip)
                        .find(|c| !is_marker(c))
                        .unwrap_or("");
                    let name = name.clone();
                    ReadError::NoStamps {
                        column: column + 1,
                        name,
                        example: shorten(example),
                    }
                })
        }
        TimeColumn::Auto => Ok(search(sample, names, skip)),
    }
}

fn search(sample: &Sample, names: &[String], skip: usize) -> Source {
    let titled = |column: usize| is_time_title(&names[column]);
    let mut best: Option<(usize, Vec<Form>)> = None;
    for column in 0..sample.columns() {
        let forms = fitting(sample, column, skip, &Form::EVIDENT);
        if forms.is_empty() {
            continue;
        }
        let better = best
            .as_ref()
            .is_none_or(|(other, _)| titled(column) && !titled(*other));
        if better {
            best = Some((column, forms));
        }
    }
    if let Some((column, forms)) = best {
        let why = format!(
            "the first lines of column {} are all such times",
            column + 1
        );
        if let Some(found) = StampColumn::new(sample, column, skip, forms, why) {
            return Source::Column(found);
        }
    }
    if let Some(parts) = Parts::find(sample, names, skip) {
        return Source::Parts(parts);
    }
    // Whole numbers may be stamps where a name says so, or where nothing else runs so evenly.
    for (column, name) in names.iter().enumerate() {
        let forms = fitting(sample, column, skip, &Form::NUMERIC);
        let Some(&form) = forms.first() else { continue };
        let even = runs_evenly(sample, column, skip, form);
        let why = match (titled(column), even) {
            (true, _) => format!("its name is {name:?} and its numbers are such times"),
            (false, true) if form != Form::Year => {
                "its numbers are such times, in order and evenly spaced".to_owned()
            }
            _ => continue,
        };
        if let Some(found) = StampColumn::new(sample, column, skip, forms, why) {
            return Source::Column(found);
        }
    }
    Source::Nowhere
}

fn has_title(name: &str, titles: &[&str]) -> bool {
    let name = name.trim();
    titles.iter().any(|title| title.eq_ignore_ascii_case(name))
        || (!titles.contains(&"")
            && ["date", "time"].iter().any(|title| {
                // "time_hour", "Date Time", "local_date": a title as a word of the name.
                name.to_ascii_lowercase()
                    .split(|c: char| !c.is_ascii_alphabetic())
                    .any(|w| w == *title)
            }))
}

/// Whether a column's name says that it holds times.
pub(crate) fn is_time_title(name: &str) -> bool {
    has_title(name, &TITLES)
}

/// Whether a column's name says that it only counts rows.
pub(crate) fn is_counter(name: &str) -> bool {
    has_title(name, &COUNTERS)
}

/// The forms that most cells of a column have, all that fit equally many; none where a fifth of
/// the cells has no form, so that a column of text with a date in it is not taken for time.
fn fitting(sample: &Sample, column: usize, skip: usize, forms: &[Form]) -> Vec<Form> {
    let cells = sample.column(column, skip).filter(|cell| !is_marker(cell));
    let all = cells.clone().count();
    let counts: Vec<(Form, usize)> = forms
        .iter()
        .map(|&form| {
            (
                form,
                cells
                    .clone()
                    .filter(|cell| form.parse(cell).is_some())
                    .count(),
            )
        })
        .collect();
    let most = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
    if most == 0 || most * 5 < all * 4 {
        return Vec::new();
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count == most)
        .map(|(form, _)| form)
        .collect()
}

/// Whether the stamps rise by the same step nearly everywhere.
fn runs_evenly(sample: &Sample, column: usize, skip: usize, form: Form) -> bool {
    let stamps: Vec<i64> = sample
        .column(column, skip)
        .filter_map(|c| form.parse(c))
        .map(|s| s.seconds)
        .collect();
    stamps.len() >= 3
        && stamps.windows(2).all(|pair| pair[0] < pair[1])
        && Frequency::detect(&stamps) != Frequency::Unknown
}

impl StampColumn {
    fn new(
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
            fractions: false,
            zones: 0,
        };
        let open = forms.into_iter().map(open).collect();
        Some(Self {
            column,
            example: example.to_owned(),
            why,
            open,
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

    /// The form that messages show.
    pub(crate) fn form(&self) -> String {
        self.open
            .first()
            .map_or_else(String::new, |open| open.form.describe(&self.example))
    }

    /// The stamps in the form that fits best.
    pub(crate) fn finish(mut self, name: &str) -> Stamps {
        let ambiguous = self.open.len() > 1;
        if ambiguous {
            // Where both fit alike, dots are taken for day.month and slashes for month/day.
            let usual = if self.example.contains('.') {
                Form::DayMonthYear
            } else {
                Form::MonthDayYear
            };
            let fit = |open: &OpenForm| (open.evenness(), open.form == usual);
            self.open = sorted(self.open, |a, b| fit(b).cmp(&fit(a)));
        }
        let mut why = std::mem::take(&mut self.why);
        let mut open = self.open.into_iter();
        // `new` leaves at least one form open and `push` never closes the last.
        let best = open.next().unwrap_or(OpenForm {
            form: Form::YearMonthDay,
            seconds: Vec::new(),
            fractions: false,
            zones: 0,
        });
        let mut undecided = false;
        if let Some(second) = open.next() {
            let format = second.form.describe(&self.example);
            undecided = best.evenness() == second.evenness();
            why += &if undecided {
                format!("; {format} fits as well: check the first dates")
            } else {
                format!("; {format} fits as well, but less evenly")
            };
        }
        let zoned = best.zones > 0
            && !matches!(
                best.form,
                Form::UnixSeconds
                    | Form::UnixMilliseconds
                    | Form::UnixMicroseconds
                    | Form::UnixNanoseconds
            );
        if zoned && best.zones < best.seconds.len() {
            let without = best.seconds.len() - best.zones;
            why += &format!("; {without} stamps without a zone were taken for UTC");
        }
        Stamps {
            seconds: best.seconds,
            fractions: best.fractions,
            detection: TimeDetection::Column {
                name: name.to_owned(),
                format: best.form.describe(&self.example),
                why,
                ambiguous: undecided,
                utc: zoned,
            },
        }
    }
}

impl OpenForm {
    fn push(&mut self, cell: &str) -> bool {
        let Some(stamp) = self.form.parse(cell) else {
            return false;
        };
        self.seconds.push(stamp.seconds);
        self.fractions |= stamp.fraction;
        self.zones += usize::from(stamp.zoned);
        true
    }

    /// How well the stamps look like a clock: steps forward first, then steps of the usual length.
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
