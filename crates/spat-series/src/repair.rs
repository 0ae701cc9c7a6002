//! Conversion of a table to a series: choose, sort, merge, insert and fill. Each step is counted.

use crate::{
    error::{SeriesError, shorten_list},
    frequency::Frequency,
    index::TimeIndex,
    options::{Gaps, SeriesOptions},
    repairs::Repairs,
    rows::Rows,
    series::{Series, choose},
    table::Table,
};

impl Table {
    /// The table as a series in time order without missing values; every repair is counted in
    /// [`Series::repairs`].
    ///
    /// Channels without any value are left out. Rows are sorted by their timestamps, repeated timestamps
    /// merged, timestamps that are slightly off their step moved to it, rows inserted into gaps in
    /// the time index, and missing values filled, each as `options` specify. A gap of more rows than
    /// [`SeriesOptions::longest_fill`] is not filled but cuts the series, see [`Series::cuts`].
    /// Without timestamps the rows stay as they are and are only filled.
    ///
    /// # Errors
    /// [`SeriesError`] when a requested channel does not exist, when only missing values are
    /// left, when `options` refuse what the table has, when at least half of the rows would be
    /// dropped as repeats (several series stacked in one table), or when filling gaps would more
    /// than double the rows.
    pub fn into_series(self, options: &SeriesOptions) -> Result<Series, SeriesError> {
        let mut repairs = Repairs {
            missing_markers: self.detection.missing_markers.clone(),
            ..Repairs::default()
        };
        let chosen = match &options.channels {
            None => (0..self.channels.len()).collect(),
            Some(names) => {
                let texts = &self.detection.text_columns;
                choose(&self.channels, names, |name| {
                    texts.iter().any(|text| text.name == name)
                })?
            }
        };
        self.check_readable(&chosen)?;
        let (chosen, dropped): (Vec<usize>, Vec<usize>) = {
            let missing = self.missing_counts();
            chosen
                .into_iter()
                .partition(|&channel| missing[channel] < self.rows)
        };
        let names = |places: &[usize]| -> Vec<String> {
            places
                .iter()
                .map(|&place| self.channels[place].clone())
                .collect()
        };
        let channels = names(&chosen);
        repairs.dropped_channels = names(&dropped);
        if channels.is_empty() {
            let channels = shorten_list(repairs.dropped_channels.iter().map(String::as_str));
            return Err(SeriesError::AllMissing { channels });
        }
        let offsets = if self.offsets.is_empty() {
            Vec::new()
        } else {
            chosen.iter().map(|&channel| self.offset(channel)).collect()
        };
        let mut rows = Rows {
            values: take_columns(self.values, self.channels.len(), &chosen),
            channels: channels.len(),
            timestamps: self.timestamps,
            format: self.time_format,
            cuts: Vec::new(),
        };
        let mut frequency = Frequency::Unknown;
        if rows.timestamps.is_some() {
            rows.sort(options.unsorted, &mut repairs)?;
            rows.merge(options.repeated, &mut repairs)?;
            if options.gaps != Gaps::Keep {
                rows.snap(&mut repairs);
                rows.merge(options.repeated, &mut repairs)?;
            }
            frequency = match &options.expected {
                Some(expected) if expected.explains(rows.timestamps(), rows.format.unit) => {
                    expected.clone()
                }
                _ => Frequency::detect_in(rows.timestamps(), rows.format.unit),
            };
            repairs.irregular = frequency == Frequency::Unknown && rows.count() > 2;
            repairs.step = Some(frequency.clone()).filter(|f| *f != Frequency::Unknown);
            rows.insert(&frequency, options, &mut repairs)?;
        }
        let missing = rows.fill(options.fill, &channels, &mut repairs)?;
        repairs.constant_channels = channels
            .iter()
            .enumerate()
            .filter(|(channel, _)| {
                let mut column = rows.values.iter().skip(*channel).step_by(rows.channels);
                let first = column.next();
                column.all(|value| Some(value) == first)
            })
            .map(|(_, name)| name.clone())
            .collect();
        let count = rows.count();
        let index = match rows.timestamps {
            None => TimeIndex::Rows { count },
            Some(timestamps) => TimeIndex::Timestamps {
                timestamps,
                frequency,
                format: rows.format,
            },
        };
        Ok(Series {
            index,
            channels,
            repairs,
            values: rows.values,
            offsets,
            missing,
            cuts: rows.cuts,
        })
    }
}

/// The columns `chosen` of row-major `values`; moved, not copied, where that is all of them.
fn take_columns(values: Vec<f32>, columns: usize, chosen: &[usize]) -> Vec<f32> {
    if chosen.len() == columns && chosen.iter().enumerate().all(|(i, &c)| i == c) {
        return values;
    }
    let rows = values.chunks_exact(columns.max(1));
    rows.flat_map(|row| chosen.iter().map(|&channel| row[channel]))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        options::{Fill, ReadOptions, Repeated, Unsorted},
        reader::read_table,
        repairs::ChannelRepair,
    };

    fn table(text: &str) -> Table {
        read_table(text.as_bytes(), &ReadOptions::default()).unwrap()
    }

    fn hours(rows: &[(u32, &str)]) -> Table {
        let line = |(hour, cells): &(u32, &str)| {
            format!(
                "2020-01-{:02} {:02}:00:00,{cells}\n",
                1 + hour / 24,
                hour % 24
            )
        };
        let names = ["a", "b", "c"];
        let columns = rows
            .first()
            .map_or(1, |(_, cells)| cells.split(',').count());
        table(&format!(
            "date,{}\n{}",
            names[..columns].join(","),
            rows.iter().map(line).collect::<String>()
        ))
    }

    fn with(change: impl FnOnce(&mut SeriesOptions)) -> SeriesOptions {
        let mut options = SeriesOptions::default();
        change(&mut options);
        options
    }

    #[test]
    fn sorted_merged_inserted_filled_and_reported() {
        let table = hours(&[
            (1, "2"),
            (0, "1"),
            (2, "3"),
            (2, "30"),
            (5, "6"),
            (6, ""),
            (7, "8"),
            (8, "9"),
        ]);
        let series = table.into_series(&SeriesOptions::default()).unwrap();
        assert_eq!(series.values(), [1., 2., 30., 22., 14., 6., 7., 8., 9.]);
        assert!(series.is_missing(3, 0) && series.is_missing(4, 0) && series.is_missing(6, 0));
        assert_eq!(series.missing_count(), 3);
        let repairs = &series.repairs;
        assert_eq!(
            (
                repairs.sorted_rows,
                repairs.repeated_timestamps,
                repairs.inserted_rows
            ),
            (2, 1, 2)
        );
        assert_eq!(
            repairs.filled_cells,
            [ChannelRepair {
                channel: "a".to_owned(),
                cells: 3
            }]
        );
        let lines = repairs.lines().join(" ");
        for part in [
            "2 rows sorted by time",
            "1 row with a repeated",
            "2 rows inserted",
            "3 missing cells",
            "1 h",
        ] {
            assert!(lines.contains(part), "{part}: {lines}");
        }
        assert_eq!(series.index.frequency(), Frequency::Seconds(3600));
        assert_eq!(series.index.label(3), "2020-01-01 03:00:00");
    }

    #[test]
    fn rows_as_they_are() {
        let table = hours(&[(0, "1"), (1, "2"), (1, "3"), (4, "5"), (5, "6")]);
        let series = table.into_series(&SeriesOptions::as_they_are()).unwrap();
        assert_eq!(series.values(), [1., 2., 3., 5., 6.]);
        assert_eq!(
            (series.repairs.kept_repeats, series.repairs.kept_gaps),
            (1, 2)
        );
    }

    #[test]
    fn each_way_to_merge() {
        let rows = [(0, "1"), (1, "2"), (1, ""), (1, "4"), (2, "7"), (3, "9")];
        let merged = |how| {
            let options = with(|o| o.repeated = how);
            hours(&rows)
                .into_series(&options)
                .unwrap()
                .values()
                .to_vec()
        };
        assert_eq!(merged(Repeated::KeepFirst), [1., 2., 7., 9.]);
        assert_eq!(merged(Repeated::KeepLast), [1., 4., 7., 9.]);
        assert_eq!(merged(Repeated::Mean), [1., 3., 7., 9.]);
    }

    #[test]
    fn refusals() {
        let refuse = |rows: &[(u32, &str)], change: fn(&mut SeriesOptions)| {
            hours(rows).into_series(&with(change)).unwrap_err()
        };
        let error = refuse(&[(1, "1"), (0, "2")], |o| o.unsorted = Unsorted::Refuse);
        assert_eq!(
            error,
            SeriesError::NotSorted {
                row: 2,
                label: "2020-01-01 00:00:00".to_owned()
            }
        );
        let error = refuse(&[(0, "1"), (0, "2"), (1, "3")], |o| {
            o.repeated = Repeated::Refuse;
        });
        assert!(matches!(
            error,
            SeriesError::RepeatedTimestamp {
                row: 2,
                count: 1,
                ..
            }
        ));
        let error = refuse(&[(0, "1"), (1, "2"), (2, "2"), (5, "3")], |o| {
            o.gaps = Gaps::Refuse;
        });
        assert!(
            matches!(error, SeriesError::Gap { missing: 2, .. }),
            "{error}"
        );
        let error = refuse(&[(0, "1,"), (1, ",2")], |o| o.fill = Fill::Refuse);
        assert!(
            matches!(
                error,
                SeriesError::Missing {
                    row: 1,
                    count: 2,
                    ..
                }
            ),
            "{error}"
        );
        let error = refuse(&[(0, "1,"), (1, ",2")], |o| o.fill = Fill::Drop);
        assert_eq!(error, SeriesError::NoRowsLeft { rows: 2 });
    }

    #[test]
    fn a_stack_of_series_is_not_thinned_out() {
        let rows: Vec<(u32, &str)> = (0..6).flat_map(|h| [(h, "1"), (h, "2")]).collect();
        let error = hours(&rows)
            .into_series(&SeriesOptions::default())
            .unwrap_err();
        assert_eq!(
            error,
            SeriesError::Stacked {
                rows: 12,
                distinct: 6
            }
        );
        let mean = hours(&rows)
            .into_series(&with(|o| o.repeated = Repeated::Mean))
            .unwrap();
        assert_eq!(mean.values(), [1.5; 6]);
    }

    #[test]
    fn a_long_hole_cuts_the_series() {
        let table = hours(&[(0, "1"), (1, "2"), (3, "4"), (300, "3"), (301, "")]);
        let series = table
            .clone()
            .into_series(&SeriesOptions::default())
            .unwrap();
        assert_eq!(series.values(), [1., 2., 3., 4., 3., 3.]);
        assert_eq!(series.cuts(), [4]);
        assert_eq!(series.segments().collect::<Vec<_>>(), [0..4, 4..6]);
        let lines = series.repairs.lines().join(" ");
        for part in [
            "1 row inserted",
            "1 gap of more than 24 rows not filled",
            "296 rows between 2020-01-01 03:00:00 and 2020-01-13 12:00:00",
            "1 trailing cell repeats the last value",
        ] {
            assert!(lines.contains(part), "{part}: {lines}");
        }
        let error = table
            .clone()
            .into_series(&with(|o| o.longest_fill = Some(500)))
            .unwrap_err();
        assert!(
            matches!(
                error,
                SeriesError::TooManyGaps {
                    rows: 5,
                    would_be: 302,
                    ..
                }
            ),
            "{error}"
        );
        let kept = table.into_series(&with(|o| o.gaps = Gaps::Keep)).unwrap();
        assert_eq!((kept.rows(), kept.cuts()), (5, [].as_slice()));
    }

    #[test]
    fn rows_without_a_value_are_part_of_a_hole() {
        let rows: Vec<(u32, &str)> = (0..60)
            .map(|hour| (hour, if (5..40).contains(&hour) { "," } else { "1,2" }))
            .collect();
        let series = hours(&rows).into_series(&SeriesOptions::default()).unwrap();
        assert_eq!((series.rows(), series.cuts()), (25, [5].as_slice()));
        assert_eq!(series.missing_count(), 0);
        assert_eq!(series.repairs.blank_rows, 35);
    }

    #[test]
    fn a_late_clock_is_moved_to_its_step() {
        let line = |i: u32| {
            let seconds = 300 * i + i % 3;
            let (minute, second) = (seconds / 60 % 60, seconds % 60);
            format!("2023-01-01 {:02}:{minute:02}:{second:02},{i}\n", i / 12)
        };
        let text = format!("time,y\n{}", (0..60).map(line).collect::<String>());
        let series = table(&text).into_series(&SeriesOptions::default()).unwrap();
        assert_eq!(series.index.frequency().to_string(), "5 min");
        assert_eq!(series.index.frequency().season_length(), 288);
        assert_eq!(series.rows(), 60);
        let lines = series.repairs.lines();
        assert_eq!(
            lines,
            ["40 rows moved to the nearest time at a step of 5 min, by at most 2 s."]
        );
        let kept = table(&text)
            .into_series(&with(|o| o.gaps = Gaps::Keep))
            .unwrap();
        assert_eq!(kept.index.label(1), "2023-01-01 00:05:01");
    }

    #[test]
    fn weekends_are_no_holes_of_business_days() {
        let line = |i: u32| format!("2023-01-{:02},{i}\n", 2 + i / 5 * 7 + i % 5);
        let text = |days| format!("Date,Close\n{}", (0..days).map(line).collect::<String>());
        let series = table(&text(20))
            .into_series(&SeriesOptions::default())
            .unwrap();
        assert_eq!((series.rows(), series.repairs.inserted_rows), (20, 0));
        let frequency = series.index.frequency();
        assert_eq!(frequency.to_string(), "1 business day");
        // A week and a day are too few to detect it, and enough to use it.
        let short = table(&text(6))
            .into_series(&with(|o| o.expected = Some(frequency.clone())))
            .unwrap();
        assert_eq!((short.rows(), short.index.frequency()), (6, frequency));
        // An hourly model's step is not that of a table of every other hour.
        let hourly = with(|o| o.expected = Some(Frequency::Seconds(3600)));
        let others = hours(&[(0, "1"), (2, "2"), (4, "3"), (6, "4")]);
        let series = others.into_series(&hourly).unwrap();
        assert_eq!(series.index.frequency(), Frequency::Seconds(7200));
    }

    #[test]
    fn months_are_inserted_as_months() {
        let text = "date,a\n2020-01-31,1\n2020-02-29,2\n2020-03-31,3\n2020-06-30,6\n2020-07-31,7\n";
        let series = table(text).into_series(&SeriesOptions::default()).unwrap();
        assert_eq!(series.values(), [1., 2., 3., 4., 5., 6., 7.]);
        assert_eq!(series.index.label(3), "2020-04-30 00:00:00");
        assert_eq!(series.index.frequency(), Frequency::Months(1));
    }

    #[test]
    fn dropped_rows_and_channels() {
        let rows = [
            (0, "1,,5"),
            (1, ",,5"),
            (2, "3,,5"),
            (4, "4,,5"),
            (5, "4,,5"),
        ];
        let series = hours(&rows)
            .into_series(&with(|o| o.fill = Fill::Drop))
            .unwrap();
        assert_eq!(series.channels, ["a", "c"]);
        assert_eq!(series.values(), [1., 5., 3., 5., 4., 5., 4., 5.]);
        let repairs = &series.repairs;
        assert_eq!(
            (
                repairs.dropped_rows,
                repairs.kept_gaps,
                repairs.inserted_rows
            ),
            (1, 1, 0)
        );
        assert_eq!(repairs.dropped_channels, ["b"]);
        assert_eq!(repairs.constant_channels, ["c"]);
        let only = with(|o| o.channels = Some(vec!["b".to_owned()]));
        let error = hours(&rows).into_series(&only).unwrap_err();
        assert_eq!(
            error,
            SeriesError::AllMissing {
                channels: vec!["b".to_owned()]
            }
        );
    }

    #[test]
    fn irregular_timestamps_are_left_alone_and_reported() {
        let text = "time,a\n2020-01-01 00:00,1\n2020-01-01 00:01,2\n2020-01-01 00:05,3\n\
                    2020-01-02 00:00,4\n2020-01-09 00:00,5\n";
        let series = table(text).into_series(&SeriesOptions::default()).unwrap();
        assert_eq!((series.rows(), series.repairs.irregular), (5, true));
        assert!(
            series
                .repairs
                .lines()
                .iter()
                .any(|line| line.contains("no common step"))
        );
    }

    #[test]
    fn channels_by_name() {
        let text = "date,a,b,word\n2020-01-01,1,2,x\n2020-01-02,3,4,y\n";
        let chosen = |names: &[&str]| {
            let names = names.iter().map(ToString::to_string).collect();
            table(text).into_series(&with(|o| o.channels = Some(names)))
        };
        assert_eq!(chosen(&["b", "a"]).unwrap().values(), [2., 1., 4., 3.]);
        let error = chosen(&["word"]).unwrap_err().to_string();
        assert!(
            error.contains("holds text") && error.contains("a, b"),
            "{error}"
        );
        assert_eq!(chosen(&[]).unwrap_err(), SeriesError::NoChannels);
    }

    #[test]
    fn row_numbers_are_only_filled() {
        let series = table("a,b\n1.5,2\nNA,3\n2.5,4\n").into_series(&SeriesOptions::default());
        let series = series.unwrap();
        assert_eq!(series.index, TimeIndex::Rows { count: 3 });
        assert_eq!(series.values(), [1.5, 2., 2., 3., 2.5, 4.]);
        assert_eq!(series.time_features(), None);
    }
}
