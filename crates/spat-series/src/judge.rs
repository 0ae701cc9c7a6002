//! What the columns of a table turn out to be once every cell has been seen.

use crate::{
    body::{Body, SUSPECTS},
    detection::{MarkerCount, TextColumn, TimeDetection},
    error::{ReadError, shorten},
    order::sorted,
    table::Table,
    time_column::{self, Source},
};

/// Columns of text by their place in the file.
type Texts = Vec<(usize, TextColumn)>;

impl Body {
    /// The table, when all rows are read.
    pub(crate) fn finish(mut self) -> Result<Table, ReadError> {
        let blank = self.blank_tail * self.slots.len();
        self.values.truncate(self.values.len() - blank);
        self.rows -= self.blank_tail;
        self.detection.blank_lines += self.blank_tail;
        if self.rows == 0 {
            return Err(ReadError::NoRows {
                columns: self.names.len(),
            });
        }
        let mut texts = self.judge_texts()?;
        let (mut keep, late_texts) = self.judge_numbers()?;
        texts.extend(late_texts);
        let texts = sorted(texts, |(a, _), (b, _)| a.cmp(b));
        self.detection.text_columns = texts.into_iter().map(|(_, text)| text).collect();
        self.set_counter_aside(&mut keep);
        if !keep.contains(&true) {
            return Err(self.no_numbers());
        }
        self.detection.suspected_markers = self.suspected(&keep);
        self.detection.missing_markers = self.cells.counts();
        self.detection.padded_cells = self.cells.padded;
        self.detection.grouped_numbers = self.cells.grouped;
        let stamps = self.stamps();
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
            stamps,
            detection: self.detection,
            rows: self.rows,
            values: self.values,
        })
    }

    /// A column of text that is mostly numbers after all is a column of numbers with errors.
    fn judge_texts(&mut self) -> Result<Texts, ReadError> {
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

    /// Which slots hold numbers: a column with more text than numbers is text, one with some text
    /// is an error.
    fn judge_numbers(&self) -> Result<(Vec<bool>, Texts), ReadError> {
        let mut keep = vec![true; self.slots.len()];
        let mut texts = Vec::new();
        for (slot, bad) in self.bad.iter().enumerate() {
            let Some(bad) = bad else { continue };
            let column = self.slots[slot];
            let numbers = column_of(&self.values, self.slots.len(), slot)
                .filter(|v| !v.is_nan())
                .count();
            if bad.count <= numbers {
                return Err(ReadError::NotANumber {
                    line: bad.line,
                    column: column + 1,
                    name: shorten(&self.names[column]),
                    text: bad.text.clone(),
                    count: bad.count,
                });
            }
            keep[slot] = false;
            let (name, example) = (self.names[column].clone(), bad.text.clone());
            texts.push((column, TextColumn { name, example }));
        }
        Ok((keep, texts))
    }

    /// Sets a column aside that counts 0, 1, 2, … or 1, 2, 3, …: one whose name says so, or the
    /// first where it has no name or the name of a time column.
    fn set_counter_aside(&mut self, keep: &mut [bool]) {
        // Renamed columns are in file order.
        let unnamed = |column: usize| {
            let renamed = &self.detection.renamed;
            let place = renamed.binary_search_by_key(&(column + 1), |renamed| renamed.column);
            place.is_ok_and(|place| renamed[place].from.is_empty())
        };
        let counter = (0..self.slots.len()).find(|&slot| {
            let (column, name) = (self.slots[slot], &self.names[self.slots[slot]]);
            let first = column == 0 && (!self.detection.header || time_column::is_time_title(name));
            let named = self.detection.header && (time_column::is_counter(name) || unnamed(column));
            let mut expected = self
                .values
                .get(slot)
                .copied()
                .filter(|v| *v == 0.0 || *v == 1.0);
            // A float counts no further than this in steps of one.
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
        let example = match text {
            Some(text) => format!("column {:?} holds {:?}", shorten(&text.name), text.example),
            None => "there are only times".to_owned(),
        };
        ReadError::NoNumbers {
            columns: self.names.len(),
            example,
        }
    }

    /// Suspects that stand far below every other value of their column.
    fn suspected(&self, keep: &[bool]) -> Vec<MarkerCount> {
        let mut counts = [0; SUSPECTS.len()];
        for slot in (0..self.slots.len()).filter(|&slot| keep[slot] && self.suspects[slot] > 0) {
            let column = || column_of(&self.values, self.slots.len(), slot);
            let usual = column()
                .filter(|v| !SUSPECTS.contains(v))
                .fold(f32::INFINITY, f32::min);
            for (count, suspect) in counts.iter_mut().zip(SUSPECTS) {
                if usual.is_finite() && usual > suspect / 2.0 {
                    *count += column().filter(|value| *value == suspect).count();
                }
            }
        }
        let found = SUSPECTS.iter().zip(counts).filter(|(_, count)| *count > 0);
        found
            .map(|(value, count)| MarkerCount {
                marker: value.to_string(),
                count,
            })
            .collect()
    }

    /// The stamps of all rows, and how they were found.
    fn stamps(&mut self) -> Option<Vec<i64>> {
        match std::mem::replace(&mut self.source, Source::Nowhere) {
            Source::Nowhere => None,
            Source::Parts(parts) => {
                let columns = parts
                    .columns
                    .iter()
                    .map(|&(_, c)| self.names[c].clone())
                    .collect();
                self.detection.time = TimeDetection::Parts { columns };
                Some(std::mem::take(&mut self.part_stamps))
            }
            Source::Column(column) => {
                let name = self.names[column.column].clone();
                let stamps = column.finish(&name);
                // Cut to whole seconds, such stamps would look repeated and be thrown away.
                if stamps.fractions && stamps.seconds.windows(2).any(|pair| pair[0] == pair[1]) {
                    self.detection.time = TimeDetection::TooFine { name };
                    return None;
                }
                self.detection.time = stamps.detection;
                Some(stamps.seconds)
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
