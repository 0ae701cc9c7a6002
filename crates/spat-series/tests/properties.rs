//! Properties of every input.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;

use proptest::prelude::*;
use spat_series::{
    Baseline, Fill, Gaps, HeaderRow, MetricsStream, ReadOptions, Repeated, Scaler, Series,
    SeriesOptions, TimeColumn, TimeIndex, format_timestamp, read_table,
};

/// Bytes that are more likely to break parsers than uniformly distributed ones.
fn awkward_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b",".to_vec()),
        Just(b";".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"1,5".to_vec()),
        Just(b"2020-01-01 00:00".to_vec()),
        Just(b"1/2/2020".to_vec()),
        Just(b"1467331200".to_vec()),
        Just("é\u{FFFD}".as_bytes().to_vec()),
        Just(b"NaN".to_vec()),
        Just(b"-9999".to_vec()),
        Just(b"1e400".to_vec()),
        Just(b"date".to_vec()),
        Just(b"sep=;".to_vec()),
        "[0-9.,eE+-]{1,8}".prop_map(String::into_bytes),
        prop::collection::vec(any::<u8>(), 1..6),
    ];
    prop::collection::vec(piece, 0..200).prop_map(|pieces| pieces.concat())
}

fn every_option() -> impl Strategy<Value = (ReadOptions, SeriesOptions)> {
    let read = (
        prop::option::of(any::<u8>()),
        prop::option::of(any::<bool>()),
        0_usize..3,
        prop_oneof![
            Just(TimeColumn::Auto),
            Just(TimeColumn::None),
            Just(TimeColumn::Named("date".to_owned()))
        ],
        prop_oneof![Just(20_usize), Just(1 << 20)],
    );
    (read, 0_usize..4, 0_usize..5, 0_usize..3).prop_map(
        |((delimiter, comma, header, time, line), fill, twice, gaps)| {
            let header = [HeaderRow::Auto, HeaderRow::Present, HeaderRow::Absent][header];
            let read = ReadOptions {
                delimiter,
                decimal_comma: comma,
                header,
                missing: vec!["-9999".to_owned(), "é".to_owned()],
                time_column: time,
                max_line_bytes: line,
                max_columns: 50,
                ..ReadOptions::default()
            };
            let series = SeriesOptions {
                fill: [Fill::Forward, Fill::Linear, Fill::Drop, Fill::Refuse][fill],
                repeated: [
                    Repeated::KeepFirst,
                    Repeated::KeepLast,
                    Repeated::Mean,
                    Repeated::Refuse,
                    Repeated::Keep,
                ][twice],
                gaps: [Gaps::Insert, Gaps::Keep, Gaps::Refuse][gaps],
                ..SeriesOptions::default()
            };
            (read, series)
        },
    )
}

/// How a table is written down.
#[derive(Debug, Clone)]
struct Style {
    delimiter: char,
    comma: bool,
    quoted: bool,
    crlf: bool,
    mark: bool,
    last_line_end: bool,
    padded: bool,
}

fn style() -> impl Strategy<Value = Style> {
    let flags = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    (prop::sample::select(vec![',', ';', '\t', '|']), flags).prop_map(
        |(delimiter, (comma, quoted, crlf, mark, last_line_end, padded))| Style {
            delimiter,
            comma,
            // A decimal comma between commas needs quotes.
            quoted: quoted || (comma && delimiter == ','),
            crlf,
            mark,
            last_line_end,
            padded,
        },
    )
}

fn write(style: &Style, columns: usize, values: &[Option<f32>]) -> String {
    let mut text = if style.mark {
        "\u{FEFF}".to_owned()
    } else {
        String::new()
    };
    let end = if style.crlf { "\r\n" } else { "\n" };
    text.push_str("date");
    for column in 0..columns {
        write!(text, "{}name {column}", style.delimiter).unwrap();
    }
    for (row, cells) in values.chunks_exact(columns).enumerate() {
        write!(
            text,
            "{end}{}",
            format_timestamp(1_600_000_000 + 3600 * row as i64)
        )
        .unwrap();
        for cell in cells {
            // Two decimals at least, so that the decimal sign is never in doubt.
            let mut cell = cell.map_or_else(
                || "NA".to_owned(),
                |value| {
                    let shortest = format!("{value}");
                    if shortest.contains('.') {
                        shortest
                    } else {
                        shortest + ".0"
                    }
                },
            );
            if style.comma {
                cell = cell.replace('.', ",");
            }
            if style.padded {
                cell = format!(" {cell} ");
            }
            if style.quoted {
                cell = format!("\"{cell}\"");
            }
            write!(text, "{}{cell}", style.delimiter).unwrap();
        }
    }
    if style.last_line_end {
        text.push_str(end);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_bytes_and_options_panic(bytes in awkward_bytes(), (read, series) in every_option()) {
        for read in [ReadOptions::default(), read] {
            match read_table(&bytes, &read) {
                Err(error) => prop_assert!(!error.to_string().is_empty()),
                Ok(table) => {
                    prop_assert_eq!(table.values().len(), table.rows() * table.channels.len());
                    prop_assert!(table.values().iter().all(|value| !value.is_infinite()));
                    if let Some(timestamps) = &table.timestamps {
                        prop_assert_eq!(timestamps.len(), table.rows());
                    }
                    table.detection.lines();
                    match table.into_series(&series) {
                        Err(error) => prop_assert!(!error.to_string().is_empty()),
                        Ok(series) => {
                            prop_assert_eq!(series.values().len(), series.rows() * series.channel_count());
                            prop_assert!(series.values().iter().all(|value| value.is_finite()));
                            if let Some(timestamps) = series.index.timestamps() {
                                prop_assert!(timestamps.is_sorted());
                            }
                            series.repairs.lines();
                            series.index.extend(3);
                        }
                    }
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        style in style(),
        columns in 1_usize..5,
        cells in prop::collection::vec(prop::option::weighted(0.9, -1e6_f32..1e6), 20..200),
    ) {
        let rows = cells.len() / columns;
        let values = &cells[..rows * columns];
        // A column without a number is not a column of numbers.
        prop_assume!((0..columns).all(|c| values.iter().skip(c).step_by(columns).any(Option::is_some)));
        let table = read_table(write(&style, columns, values).as_bytes(), &ReadOptions::default()).unwrap();
        prop_assert_eq!(table.rows(), rows);
        prop_assert_eq!(table.detection.delimiter, style.delimiter);
        prop_assert_eq!(table.detection.decimal_comma, style.comma);
        prop_assert_eq!(table.channels.len(), columns);
        for (read, written) in table.values().iter().zip(values) {
            match written {
                Some(written) => prop_assert_eq!(read, written),
                None => prop_assert!(read.is_nan()),
            }
        }
        let timestamps = table.timestamps.unwrap();
        prop_assert!(timestamps.iter().enumerate().all(|(i, s)| *s == 1_600_000_000 + 3600 * i as i64));
    }

    #[test]
    fn a_series_survives_json(values in prop::collection::vec(-1e30_f32..1e30, 1..50)) {
        let index = TimeIndex::from_timestamps((0..values.len() as i64).map(|i| i * 60).collect());
        let series = Series::from_values(vec!["a".to_owned()], values, index).unwrap();
        let json = serde_json::to_string(&series).unwrap();
        prop_assert_eq!(serde_json::from_str::<Series>(&json).unwrap(), series);
    }

    #[test]
    fn scaling_back_returns(values in prop::collection::vec(-1e6_f32..1e6, 6..300)) {
        let rows = values.len() / 3;
        let values = values[..rows * 3].to_vec();
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        let series = Series::from_values(names, values, TimeIndex::Rows { count: rows }).unwrap();
        let scaler = Scaler::fit(&series, 0..rows.max(2) - 1);
        let back = scaler.inverse(&scaler.transform(series.values()));
        for (i, (a, b)) in series.values().iter().zip(&back).enumerate() {
            // Rounding of the scaled value is as large as its channel's deviation makes it.
            let room = 1e-6 * (a.abs() + scaler.mean[i % 3].abs() + scaler.std[i % 3]);
            prop_assert!((a - b).abs() <= room, "{a} {b}");
        }
    }

    #[test]
    fn streamed_measures_are_the_direct_ones(
        pairs in prop::collection::vec((-100_f32..100.0, -100_f32..100.0), 12..240),
        std in 0.1_f32..50.0,
        cut in 0_usize..5,
    ) {
        // Windows of 3 steps × 2 channels.
        let windows = pairs.len() / 6;
        let (forecast, truth): (Vec<f32>, Vec<f32>) = pairs[..windows * 6].iter().copied().unzip();
        let scaler = Scaler { mean: vec![3.0, -4.0], std: vec![std, 2.0], offset: vec![] };
        let mut stream = MetricsStream::new(3, 2, Some(&scaler), Some(vec![2.0, 5.0]));
        let cut = cut.min(windows) * 6;
        stream.push(&forecast[..cut], &truth[..cut]);
        for (forecast, truth) in forecast[cut..].chunks(6).zip(truth[cut..].chunks(6)) {
            stream.push(forecast, truth);
        }
        let metrics = stream.finish();
        prop_assert_eq!(metrics.windows, windows);

        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * (1.0 + b.abs());
        let mean = |f: &dyn Fn(usize, f64, f64) -> f64| {
            let each = forecast.iter().zip(&truth).enumerate();
            let sum: f64 = each.map(|(i, (&f0, &y))| f(i, f64::from(f0), f64::from(y))).sum();
            sum / forecast.len() as f64
        };
        let std = [f64::from(std), 2.0];
        prop_assert!(close(metrics.scaled.mse, mean(&|_, f, y| (f - y).powi(2))));
        prop_assert!(close(metrics.scaled.mae, mean(&|_, f, y| (f - y).abs())));
        prop_assert!(close(metrics.scaled.rmse.powi(2), metrics.scaled.mse));
        let original = metrics.original.unwrap();
        prop_assert!(close(original.mse, mean(&|i, f, y| ((f - y) * std[i % 2]).powi(2))));
        let mase = mean(&|i, f, y| ((f - y) * std[i % 2]).abs() / [2.0, 5.0][i % 2]);
        prop_assert!(close(original.mase.unwrap(), mase));
        let steps = metrics.per_step.iter().map(|s| s.scaled.mae).sum::<f64>() / 3.0;
        prop_assert!(close(steps, metrics.scaled.mae));
        let channels = metrics.per_channel.iter().map(|c| c.scaled.mae).sum::<f64>() / 2.0;
        prop_assert!(close(channels, metrics.scaled.mae));
    }

    #[test]
    fn baselines_always_answer(
        input in prop::collection::vec(-10_f32..10.0, 0..60),
        lookback in 0_usize..40,
        horizon in 0_usize..40,
        channels in 0_usize..4,
        season in 0_usize..50,
    ) {
        let mut out = Vec::new();
        for baseline in [
            Baseline::Naive,
            Baseline::SeasonalNaive { season },
            Baseline::Drift,
            Baseline::Mean,
        ] {
            baseline.forecast(&input, lookback, horizon, channels, &mut out);
            prop_assert_eq!(out.len(), horizon * channels);
            prop_assert!(out.iter().all(|value| value.is_finite()));
        }
    }
}
