//! Which columns hold the times of a table, and in which form.

use super::{
    column::{Form, TimestampColumn},
    form::TimeForm,
    forms,
    parts::{self, Parts, Unit},
    timestamp::Timestamp,
    titles,
};
use crate::{
    civil::DAY,
    detection::UnreadTime,
    error::{ReadError, shorten, shorten_list},
    frequency::Frequency,
    jitter,
    number::{is_marker, is_number},
    options::{ReadOptions, TimeColumn},
    sample::Sample,
    unit::{NANOSECONDS, TimeUnit},
};

/// Where the timestamps come from.
#[derive(Debug)]
pub(crate) enum Source {
    Nowhere,
    Column(TimestampColumn),
    Parts(Parts),
}

/// The detected columns of times.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) source: Source,
    /// Columns that look like times but could not be parsed. They are neither times nor channels.
    pub(crate) unread: Vec<(usize, UnreadTime)>,
    /// Columns of numbers that hold the same kind of times as the time column. They are not channels.
    pub(crate) repeated: Vec<usize>,
}

/// Finds the times below the first `skip` records.
///
/// # Errors
/// A requested column does not exist or holds no times, or a requested pattern fits no column.
pub(crate) fn find(
    sample: &Sample,
    names: &[String],
    skip: usize,
    options: &ReadOptions,
) -> Result<Found, ReadError> {
    let search = Search {
        sample,
        names,
        skip,
        options,
    };
    let source = match &options.time_column {
        TimeColumn::None => Source::Nowhere,
        TimeColumn::Parts(parts) => Source::Parts(Parts::named(parts, names)?),
        TimeColumn::Named(name) => search.named(name)?,
        TimeColumn::Auto => search.anywhere(),
    };
    if let (TimeColumn::Auto, Source::Nowhere, Some(pattern)) =
        (&options.time_column, &source, &options.time_format)
    {
        return Err(search.pattern_fits_nothing(pattern));
    }
    let auto = options.time_column == TimeColumn::Auto;
    let (unread, repeated) = match &source {
        Source::Nowhere if auto => (search.unread(), Vec::new()),
        Source::Nowhere => (Vec::new(), Vec::new()),
        _ => (Vec::new(), search.repeated(&source)),
    };
    Ok(Found {
        source,
        unread,
        repeated,
    })
}

struct Search<'a> {
    sample: &'a Sample,
    names: &'a [String],
    skip: usize,
    options: &'a ReadOptions,
}

impl Search<'_> {
    fn cells(&self, column: usize) -> impl Iterator<Item = &str> + Clone {
        let cells = self.sample.column(column, self.skip);
        cells.filter(|cell| !is_marker(cell))
    }

    fn is_titled(&self, column: usize) -> bool {
        titles::is_time(&self.names[column])
    }

    fn named(&self, name: &str) -> Result<Source, ReadError> {
        let column = self.names.iter().position(|n| n == name).ok_or_else(|| {
            let available = shorten_list(self.names.iter().map(String::as_str));
            ReadError::UnknownColumn {
                name: name.to_owned(),
                available,
            }
        })?;
        let mut forms = self.fitting(column, forms::EVIDENT);
        if forms.is_empty() {
            forms = self.fitting(column, forms::NUMERIC);
        }
        let why = "as requested".to_owned();
        self.column(column, forms, why)
            .ok_or_else(|| ReadError::NoTimestamps {
                column: column + 1,
                name: name.to_owned(),
                example: shorten(self.cells(column).next().unwrap_or("")),
            })
    }

    fn anywhere(&self) -> Source {
        let evident: Vec<(usize, Vec<Form>)> = (0..self.sample.columns())
            .map(|column| (column, self.fitting(column, forms::EVIDENT)))
            .filter(|(_, forms)| !forms.is_empty())
            .collect();
        // A column whose times mostly repeat is the coarser of two; of several that advance, one
        // that is called a time comes first, then the first.
        let rank = |(column, forms): &(usize, Vec<Form>)| {
            let advance = self.advance(*column, &forms[0]);
            (
                advance >= 0.5,
                self.is_titled(*column),
                std::cmp::Reverse(*column),
            )
        };
        if let Some((column, forms)) = evident.into_iter().max_by_key(rank) {
            let why = format!(
                "the first lines of column {} are all such times",
                column + 1
            );
            if let Some(found) = self.column(column, forms, why) {
                return found;
            }
        }
        if let Some(parts) = Parts::find(self.sample, self.names, self.skip) {
            return Source::Parts(parts);
        }
        // Whole numbers may be times where the name is that of a time, or where nothing else runs so evenly.
        for (column, name) in self.names.iter().enumerate() {
            let forms = self.fitting(column, forms::NUMERIC);
            let Some(form) = forms.first() else { continue };
            let why = if self.is_believed(column, form) {
                format!("its name is {name:?} and its numbers are such times")
            } else if is_unmistakable(form) && self.runs_evenly(column, form) {
                "its numbers are such times, in order and evenly spaced".to_owned()
            } else {
                continue;
            };
            if let Some(found) = self.column(column, forms, why) {
                return found;
            }
        }
        Source::Nowhere
    }

    /// Whether the name of a column and its numbers together are those of times.
    fn is_believed(&self, column: usize, form: &Form) -> bool {
        if !self.is_titled(column) {
            return false;
        }
        let Form::Listed(listed) = form else {
            return true;
        };
        // A time that was counted, in seconds or steps, may have the digits of these.
        let doubtful = forms::NUMERIC.iter().skip(6).any(|other| other == *listed);
        !doubtful || self.runs_evenly(column, form)
    }

    fn pattern_fits_nothing(&self, pattern: &str) -> ReadError {
        let looks_like_time = self.unread().into_iter().next();
        let example = looks_like_time.and_then(|(column, unread)| {
            let cell = self.cells(column).next()?;
            Some((unread.name, shorten(cell)))
        });
        ReadError::PatternFitsNothing {
            pattern: pattern.to_owned(),
            example,
        }
    }

    /// The column with its time of day, where that has columns of its own.
    fn column(&self, column: usize, forms: Vec<Form>, why: String) -> Option<Source> {
        let form = forms.first()?.clone();
        let mut found = TimestampColumn::new(self.sample, column, self.skip, forms, why)?;
        let repeats = self.advance(column, &form) < 0.95;
        let mut dates = self.cells(column).filter_map(|cell| form.parse(cell));
        if repeats && dates.all(|date| date.seconds % DAY == 0) {
            found.clock = parts::clock(self.sample, self.names, self.skip, &[column]);
        }
        Some(Source::Column(found))
    }

    /// The forms that most cells of a column have, all that fit equally many; none where a fifth of
    /// the cells has no form, so that a column of text with a date in it is not taken for time.
    fn fitting(&self, column: usize, forms: &'static [TimeForm]) -> Vec<Form> {
        if let Some(pattern) = &self.options.time_format {
            let form = Form::Pattern(pattern.clone());
            let named = matches!(self.options.time_column, TimeColumn::Named(_));
            let (fit, all) = self.fits(column, &form);
            let fits = fit * 5 >= all * 4 && fit > 0;
            return if fits || (named && fit > 0) {
                vec![form]
            } else {
                Vec::new()
            };
        }
        // The first cells are checked first, because tables have thousands of columns of plain numbers.
        let numeric = std::ptr::eq(forms, forms::NUMERIC);
        let may_fit = self.cells(column).take(5).any(|cell| {
            let timely = cell.len() <= 80 && cell.bytes().any(|byte| byte.is_ascii_digit());
            let plain = is_number(cell, false) || is_number(cell, true);
            timely
                && (if numeric {
                    forms.iter().any(|form| form.parse(cell).is_some())
                } else {
                    !plain
                })
        });
        if !may_fit {
            return Vec::new();
        }
        let wanted = |form: &Form| {
            let asked = self.options.day_first;
            asked.is_none_or(|asked| form.day_first().is_none_or(|first| first == asked))
        };
        let counts: Vec<(Form, usize, usize)> = forms
            .iter()
            .map(Form::Listed)
            .filter(wanted)
            .map(|form| {
                let (fit, all) = self.fits(column, &form);
                (form, fit, all)
            })
            .collect();
        let most = counts.iter().map(|(_, fit, _)| *fit).max().unwrap_or(0);
        let all = counts.first().map_or(0, |(.., all)| *all);
        if most == 0 || most * 5 < all * 4 {
            return Vec::new();
        }
        let best = counts.into_iter().filter(|(_, fit, _)| *fit == most);
        best.map(|(form, ..)| form).collect()
    }

    /// Cells of a column that have a form, and all cells.
    fn fits(&self, column: usize, form: &Form) -> (usize, usize) {
        self.cells(column).fold((0, 0), |(fit, all), cell| {
            (fit + usize::from(form.parse(cell).is_some()), all + 1)
        })
    }

    /// The times of a column in nanoseconds.
    fn times(&self, column: usize, form: &Form) -> Vec<i128> {
        let times = self.cells(column).filter_map(|cell| form.parse(cell));
        let nanoseconds = |time: Timestamp| {
            i128::from(time.seconds) * i128::from(NANOSECONDS) + i128::from(time.nanosecond)
        };
        times.map(nanoseconds).collect()
    }

    /// The share of steps that go forward in time, 0 to 1; 1 for a single time.
    fn advance(&self, column: usize, form: &Form) -> f64 {
        let times = self.times(column, form);
        let steps = times.len().saturating_sub(1);
        let forward = times.windows(2).filter(|pair| pair[0] < pair[1]).count();
        if steps == 0 {
            1.0
        } else {
            forward as f64 / steps as f64
        }
    }

    /// Whether the times rise by the same step nearly everywhere.
    fn runs_evenly(&self, column: usize, form: &Form) -> bool {
        let times = self.times(column, form);
        let forward = |pair: &[i128]| pair[0] < pair[1];
        match times.len() {
            0 | 1 => false,
            2 => forward(&times),
            _ => times.windows(2).all(forward) && has_step(&times),
        }
    }

    /// Columns that look like times although none could be parsed.
    fn unread(&self) -> Vec<(usize, UnreadTime)> {
        let mut unread = Vec::new();
        for column in 0..self.names.len() {
            let name = &self.names[column];
            let cells = || self.cells(column);
            let all = cells().count();
            if all == 0 {
                continue;
            }
            let plain = cells()
                .filter(|cell| is_number(cell, false) || is_number(cell, true))
                .count();
            let times_of_day = cells().all(|cell| parts::number(Unit::Time, cell).is_some());
            let best = forms::EVIDENT.iter().map(Form::Listed).max_by_key(|form| {
                let (fit, _) = self.fits(column, form);
                fit
            });
            let fit = best.as_ref().map_or(0, |form| self.fits(column, form).0);
            let with_digits = cells().any(|cell| cell.bytes().any(|byte| byte.is_ascii_digit()));
            let text = plain == 0 && with_digits;
            let looks_like_time = times_of_day
                || (text && (self.is_titled(column) || fit * 5 >= all))
                || (plain == all && self.is_titled(column) && self.counts_time(column));
            if !looks_like_time {
                continue;
            }
            let form = best.filter(|_| fit > 0);
            let breaks = |cell: &&str| form.as_ref().is_none_or(|form| form.parse(cell).is_none());
            let lines = self.sample.lines_of(column, self.skip);
            let first = lines
                .filter(|(_, cell)| !is_marker(cell))
                .find(|(_, cell)| breaks(cell));
            let (line, example) = first.unwrap_or((0, ""));
            unread.push((
                column,
                UnreadTime {
                    name: name.clone(),
                    line,
                    example: shorten(example),
                    form: form.as_ref().map(|form| match form {
                        Form::Listed(form) => form.name.to_owned(),
                        Form::Pattern(pattern) => pattern.clone(),
                    }),
                    time_of_day: times_of_day,
                },
            ));
        }
        unread
    }

    /// Whether a column of numbers never falls and is no count of rows.
    fn counts_time(&self, column: usize) -> bool {
        let parse = |cell: &str| cell.replace(',', ".").parse::<f64>().ok();
        let numbers: Vec<f64> = self.cells(column).filter_map(parse).collect();
        let rises = numbers.windows(2).all(|pair| pair[0] <= pair[1]);
        let counts = numbers
            .iter()
            .enumerate()
            .all(|(row, number)| *number - numbers[0] == row as f64)
            && matches!(numbers.first(), Some(0.0 | 1.0));
        numbers.len() > 1 && rises && numbers[0] < numbers[numbers.len() - 1] && !counts
    }

    /// Further columns of numbers that hold times of an unambiguous form.
    fn repeated(&self, source: &Source) -> Vec<usize> {
        let taken = |column: usize| match source {
            Source::Column(found) => {
                found.column == column || found.clock.iter().any(|(_, other)| *other == column)
            }
            Source::Parts(parts) => parts.columns.iter().any(|(_, other)| *other == column),
            Source::Nowhere => false,
        };
        let holds_times = |column: usize| {
            let forms = self.fitting(column, forms::NUMERIC);
            self.is_titled(column)
                && self.names[column].len() > 1
                && forms
                    .first()
                    .is_some_and(|form| is_unmistakable(form) && self.advance(column, form) > 0.5)
        };
        (0..self.names.len())
            .filter(|&column| !taken(column) && holds_times(column))
            .collect()
    }
}

/// Whether times in nanoseconds have a usual step.
fn has_step(times: &[i128]) -> bool {
    let second = i128::from(NANOSECONDS);
    if times.iter().all(|time| time % second == 0) {
        let seconds = times.iter().map(|time| (time / second) as i64);
        return Frequency::detect(&seconds.collect::<Vec<_>>()) != Frequency::Unknown;
    }
    let first = times.first().copied().unwrap_or(0);
    let fine = times.iter().map(|time| i64::try_from(time - first).ok());
    fine.collect::<Option<Vec<_>>>().is_some_and(|fine| {
        let steps = Frequency::detect_in(&fine, TimeUnit::Nanoseconds);
        steps != Frequency::Unknown || jitter::snap(&fine, TimeUnit::Nanoseconds).is_some()
    })
}

/// Whether evenly spaced numbers of this form are almost certainly times.
fn is_unmistakable(form: &Form) -> bool {
    let Form::Listed(listed) = form else {
        return true;
    };
    let place = forms::NUMERIC.iter().position(|other| other == *listed);
    // Digits of a date, and units since 1970; a year is as often a count.
    place.is_some_and(|place| place < 6 && place != 1)
}
