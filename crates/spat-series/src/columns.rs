//! Classification of the columns of a table after every cell was read.

use std::collections::HashSet;

use crate::{
    body::Body,
    detection::{
        ColumnUnit, MarkerCount, OffsetColumn, RoundedColumn, Stacked, TextColumn, TimeDetection,
    },
    error::{ReadError, shorten},
    table::{Table, UnreadableColumn},
    time::{column::Hints, find::Source, parts::Unit, titles, zone::Zone},
    unit::{self, TimeFormat},
};

/// Numbers that files often use as markers of missing values.
const SUSPECTS: [f32; 3] = [-999.0, -9999.0, -99_999.0];
/// How often a value far from all others must occur to be suspected.
const LEAST_REPEATS: usize = 3;
/// Its smallest distance from the others, as a multiple of their range.
const FAR: f32 = 5.0;

/// Columns of text by their place in the file.
type Texts = Vec<(usize, TextColumn)>;

impl Body {
    /// The table, when all rows are read.
    pub(crate) fn finish(mut self, zone: Option<&Zone>) -> Result<Table, ReadError> {
        let blank = self.blank_tail * self.slots.len();
        self.values.truncate(self.values.len() - blank);
        self.rows -= self.blank_tail;
        self.detection.blank_lines += self.blank_tail;
        if self.rows == 0 {
            return Err(ReadError::NoRows {
                columns: self.names.len(),
            });
        }
        let mut texts = self.text_columns()?;
        let (mut keep, late_texts) = self.number_columns();
        texts.extend(late_texts);
        texts.sort_by_key(|(column, _)| *column);
        self.detection.text_columns = texts.into_iter().map(|(_, text)| text).collect();
        self.set_counter_aside(&mut keep);
        self.set_unnamed_aside(&mut keep);
        if !keep.contains(&true) {
            return Err(self.no_numbers());
        }
        self.detection.suspected_markers = self.suspected(&keep);
        self.detection.missing_markers = self.cells.counts();
        self.detection.padded_cells = self.cells.padded;
        self.detection.grouped_numbers = self.cells.grouped;
        self.detection.units = self.units(&keep);
        let unreadable = self.unreadable(&keep);
        let offsets = self.subtract_offsets(&keep);
        let (timestamps, time_format) = self.timestamps(zone);
        self.detection.stacked = self.stacked(timestamps.as_deref());
        retain_columns(&mut self.values, &keep);
        // What the estimate reserved too much; small remainders are not worth a copy.
        if self.values.capacity() > self.values.len() + self.values.len() / 8 {
            self.values.shrink_to_fit();
        }
        let kept = self.slots.iter().zip(&keep).filter(|(_, keep)| **keep);
        Ok(Table {
            channels: kept
                .map(|(&column, _)| self.names[column].clone())
                .collect(),
            timestamps,
            time_format,
            detection: self.detection,
            rows: self.rows,
            values: self.values,
            offsets,
            unreadable,
        })
    }

    /// A column of text that mostly contains numbers is a column of numbers with errors.
    fn text_columns(&mut self) -> Result<Texts, ReadError> {
        let mut texts = Vec::with_capacity(self.texts.len());
        for text in &mut self.texts {
            let (line, example) = text.first.take().unwrap_or_default();
            if text.numbers > text.texts {
                return Err(ReadError::NotANumber {
                    line,
                    column: text.column + 1,
                    name: shorten(&self.names[text.column]),
                    text: example,
                    count: text.texts,
                });
            }
            let name = self.names[text.column].clone();
            texts.push((text.column, TextColumn { name, example }));
        }
        Ok(texts)
    }

    /// Which slots hold numbers: a column with more text than numbers is text.
    fn number_columns(&self) -> (Vec<bool>, Texts) {
        let mut keep = vec![true; self.slots.len()];
        let mut texts = Vec::new();
        for (slot, bad) in self.bad.iter().enumerate() {
            let Some(bad) = bad else { continue };
            let column = self.slots[slot];
            let numbers = column_of(&self.values, self.slots.len(), slot)
                .filter(|v| !v.is_nan())
                .count();
            if bad.count > numbers && self.formats[slot].mixed.is_none() {
                keep[slot] = false;
                let (name, example) = (self.names[column].clone(), bad.text.clone());
                texts.push((column, TextColumn { name, example }));
            }
        }
        (keep, texts)
    }

    /// Columns of numbers with other cells. They are an error if they are used.
    fn unreadable(&self, keep: &[bool]) -> Vec<UnreadableColumn> {
        let bad = self.bad.iter().enumerate().filter(|(slot, _)| keep[*slot]);
        bad.filter_map(|(slot, bad)| {
            let bad = bad.as_ref()?;
            let column = self.slots[slot];
            Some(UnreadableColumn {
                name: self.names[column].clone(),
                column: column + 1,
                line: bad.line,
                text: bad.text.clone(),
                count: bad.count,
                mixed: self.formats[slot].mixed.clone(),
            })
        })
        .collect()
    }

    /// Rows and distinct timestamps, where at least half of the rows repeat one and a column of text
    /// may distinguish series.
    fn stacked(&self, timestamps: Option<&[i64]>) -> Option<Stacked> {
        let timestamps = timestamps?;
        let text = self.detection.text_columns.first()?;
        if timestamps.windows(2).all(|pair| pair[0] < pair[1]) {
            return None;
        }
        let distinct = timestamps.iter().collect::<HashSet<_>>().len();
        (distinct * 2 <= timestamps.len() && timestamps.len() > 2).then(|| Stacked {
            rows: timestamps.len(),
            distinct,
            text: text.name.clone(),
        })
    }

    /// Stores columns whose numbers have more digits than an f32 as differences. Returns the offset per
    /// kept column; empty if all are 0.
    fn subtract_offsets(&mut self, keep: &[bool]) -> Vec<f64> {
        let slots = self.slots.len();
        let mut offsets = Vec::new();
        for slot in (0..slots).filter(|&slot| keep[slot]) {
            let remainders = &self.remainders[slot];
            let column = column_of(&self.values, slots, slot);
            let offset = remainders.offset(column, self.ranges[slot]);
            offsets.push(offset.unwrap_or(0.0));
            let Some(offset) = offset else { continue };
            let column = self.values.iter_mut().skip(slot).step_by(slots);
            let equal = remainders.subtract(column, offset);
            let name = self.names[self.slots[slot]].clone();
            if equal > 0 {
                self.detection.rounded.push(RoundedColumn {
                    name: name.clone(),
                    steps: equal,
                });
            }
            self.detection.offsets.push(OffsetColumn { name, offset });
        }
        if self.detection.offsets.is_empty() {
            offsets.clear();
        }
        offsets
    }

    /// Drops columns that have neither a name nor a value, such as those of delimiters at line ends.
    fn set_unnamed_aside(&mut self, keep: &mut [bool]) {
        if !self.detection.header || keep.iter().filter(|kept| **kept).count() < 2 {
            return;
        }
        for (slot, keep) in keep.iter_mut().enumerate() {
            let empty = || column_of(&self.values, self.slots.len(), slot).all(f32::is_nan);
            if *keep && self.is_unnamed(self.slots[slot]) && empty() {
                *keep = false;
                let name = self.names[self.slots[slot]].clone();
                self.detection.renamed.retain(|renamed| renamed.to != name);
                self.detection.empty_columns += 1;
            }
        }
    }

    /// Whether a column had no name in the file.
    fn is_unnamed(&self, column: usize) -> bool {
        // Renamed columns are in file order.
        let renamed = &self.detection.renamed;
        let place = renamed.binary_search_by_key(&(column + 1), |renamed| renamed.column);
        place.is_ok_and(|place| renamed[place].from.is_empty())
    }

    /// The units in the cells or in a line of their own.
    fn units(&mut self, keep: &[bool]) -> Vec<ColumnUnit> {
        let mut units = std::mem::take(&mut self.detection.units);
        for (slot, format) in self
            .formats
            .iter()
            .enumerate()
            .filter(|(slot, _)| keep[*slot])
        {
            let name = &self.names[self.slots[slot]];
            if let Some(unit) = format.unit.as_ref().filter(|unit| !unit.is_empty()) {
                units.push(ColumnUnit {
                    name: name.clone(),
                    unit: unit.clone(),
                });
            }
            if format.multiplied {
                self.detection.multiplied.push(name.clone());
            }
            if format.decimal_comma != self.detection.decimal_comma {
                self.detection.other_decimal.push(name.clone());
            }
        }
        units
    }

    /// Drops a column that counts 0, 1, 2, … or 1, 2, 3, …: one with the name of a counter, or the
    /// first if it has no name or the name of a time column.
    fn set_counter_aside(&mut self, keep: &mut [bool]) {
        let counter = (0..self.slots.len()).find(|&slot| {
            let (column, name) = (self.slots[slot], &self.names[self.slots[slot]]);
            let first = column == 0 && (!self.detection.header || titles::is_time(name));
            let named =
                self.detection.header && (titles::is_counter(name) || self.is_unnamed(column));
            let mut expected = self
                .values
                .get(slot)
                .copied()
                .filter(|v| *v == 0.0 || *v == 1.0);
            // Larger integers are not exact in an f32.
            keep[slot]
                && (first || named)
                && (3..1 << 24).contains(&self.rows)
                && column_of(&self.values, self.slots.len(), slot).all(|value| {
                    let fits = expected == Some(value);
                    expected = expected.map(|number| number + 1.0);
                    fits
                })
        });
        let others = keep.iter().filter(|kept| **kept).count() > 1;
        if let Some(slot) = counter.filter(|_| others) {
            keep[slot] = false;
            self.detection.row_number_column = Some(self.names[self.slots[slot]].clone());
        }
    }

    fn no_numbers(&self) -> ReadError {
        let text = self.detection.text_columns.first();
        let unread = self.detection.unread_times.first();
        let example = match text {
            None if unread.is_some() => unread.map_or_else(String::new, |unread| unread.line()),
            Some(text) => format!("column {:?} holds {:?}", shorten(&text.name), text.example),
            None => "there are only times".to_owned(),
        };
        ReadError::NoNumbers {
            columns: self.names.len(),
            example,
        }
    }

    /// Values far outside all others of their column: the usual ones at once, others where
    /// they are repeated.
    fn suspected(&self, keep: &[bool]) -> Vec<MarkerCount> {
        let mut found: Vec<(f32, usize)> = Vec::new();
        let mut add = |value: f32, count: usize| match found.iter_mut().find(|(v, _)| *v == value) {
            Some((_, sum)) => *sum += count,
            None => found.push((value, count)),
        };
        for (slot, &(low, high)) in self.ranges.iter().enumerate() {
            if !keep[slot] || low > high {
                continue;
            }
            let column = || column_of(&self.values, self.slots.len(), slot);
            if low <= SUSPECTS[0] && SUSPECTS.iter().any(|s| column().any(|v| v == *s)) {
                let usual = column()
                    .filter(|v| !SUSPECTS.contains(v))
                    .fold(f32::INFINITY, f32::min);
                for suspect in SUSPECTS {
                    let count = column().filter(|value| *value == suspect).count();
                    if usual.is_finite() && usual > suspect / 2.0 && count > 0 {
                        add(suspect, count);
                    }
                }
                continue;
            }
            for extreme in [low, high] {
                // Every hundredth row suffices to rule this out.
                let far = |step: usize| {
                    let others = || {
                        column()
                            .step_by(step)
                            .filter(|v| *v != extreme && !v.is_nan())
                    };
                    let (from, to) = others()
                        .fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), v| {
                            (a.min(v), b.max(v))
                        });
                    let gap = if extreme < from {
                        from - extreme
                    } else {
                        extreme - to
                    };
                    from < to && gap > FAR * (to - from)
                };
                if extreme.fract() != 0.0
                    || extreme.abs() < 1.0
                    || !far(1 + self.rows / 100)
                    || !far(1)
                {
                    continue;
                }
                let count = column().filter(|value| *value == extreme).count();
                if count >= LEAST_REPEATS && count * 2 < self.rows {
                    add(extreme, count);
                }
            }
        }
        let place = |value: f32| {
            SUSPECTS
                .iter()
                .position(|s| *s == value)
                .unwrap_or(SUSPECTS.len())
        };
        found.sort_by_key(|(value, _)| place(*value));
        found
            .into_iter()
            .map(|(value, count)| MarkerCount {
                marker: value.to_string(),
                count,
            })
            .collect()
    }

    /// The timestamps of all rows, and how they were found.
    fn timestamps(&mut self, zone: Option<&Zone>) -> (Option<Vec<i64>>, TimeFormat) {
        match std::mem::replace(&mut self.source, Source::Nowhere) {
            Source::Nowhere => (None, TimeFormat::default()),
            Source::Parts(parts) => {
                let columns = parts
                    .columns
                    .iter()
                    .map(|&(_, c)| self.names[c].clone())
                    .collect();
                self.detection.time = TimeDetection::Parts { columns };
                let mut seconds = std::mem::take(&mut self.part_timestamps);
                let mut format = TimeFormat::default();
                if let Some(zone) = zone {
                    zone.to_utc(&mut seconds);
                    format.zone = zone.written();
                }
                (Some(seconds), format)
            }
            Source::Column(column) => {
                let name = self.names[column.column].clone();
                let hints = Hints {
                    decimal_comma: self.detection.decimal_comma,
                    weeks: titles::is_part(Unit::Week, &name),
                };
                let times = column.finish(&self.names, hints, zone);
                let Some((timestamps, unit)) = unit::count(times.seconds, &times.nanoseconds)
                else {
                    self.detection.time = TimeDetection::TooFine { name };
                    return (None, TimeFormat::default());
                };
                self.detection.time = times.detection;
                let format = TimeFormat::of(&timestamps, unit, times.zone);
                (Some(timestamps), format)
            }
        }
    }
}

fn column_of(values: &[f32], slots: usize, slot: usize) -> impl Iterator<Item = f32> + '_ {
    values.iter().skip(slot).step_by(slots.max(1)).copied()
}

/// Removes the columns not to keep from row-major `values`, in place.
fn retain_columns(values: &mut Vec<f32>, keep: &[bool]) {
    if keep.iter().all(|&keep| keep) {
        return;
    }
    let mut place = 0;
    values.retain(|_| {
        let kept = keep[place];
        place = (place + 1) % keep.len();
        kept
    });
}
