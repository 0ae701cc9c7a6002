//! Tests with real files, which are read from `$SPAT_DATA`, or else from `shared/data` next to the
//! workspace; a test whose file is absent prints that and passes.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::PathBuf;

use spat_series::{
    Baseline, Fill, Frequency, MetricsStream, Part, ReadOptions, Repeated, Scaler, SeriesOptions,
    SplitRule, Table, TimeDetection, TimeIndex, Windows, format_timestamp, mase_scale, read_table,
};

fn bytes(name: &str) -> Option<Vec<u8>> {
    let folder = std::env::var_os("SPAT_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let bytes = std::fs::read(folder.join(name)).ok();
    if bytes.is_none() {
        eprintln!(
            "skipped: {name} is not in {} (set SPAT_DATA)",
            folder.display()
        );
    }
    bytes
}

fn table(name: &str) -> Option<Table> {
    Some(read_table(&bytes(name)?, &ReadOptions::default()).unwrap())
}

fn format_of(table: &Table) -> &str {
    match &table.detection.time {
        TimeDetection::Column { format, .. } => format,
        _ => "none",
    }
}

#[test]
fn etth1_from_bytes_to_measures() {
    let Some(table) = table("ETT-small/ETTh1.csv") else {
        return;
    };
    assert_eq!(format_of(&table), "YYYY-MM-DD HH:MM:SS");
    let series = table.into_series(&SeriesOptions::default()).unwrap();
    assert_eq!((series.rows(), series.channel_count()), (17_420, 7));
    assert_eq!(
        series.channels,
        ["HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"]
    );
    assert!(series.repairs.lines().is_empty());
    assert_eq!(series.index.frequency(), Frequency::Seconds(3600));
    assert_eq!(series.index.label(0), "2016-07-01 00:00:00");
    assert_eq!(series.index.label(17_419), "2018-06-26 19:00:00");
    assert_eq!(series.row(0)[0], 5.827);
    let features = series.time_features().unwrap();
    assert_eq!(&features[..3], [-0.5, (4.0_f64 / 6.0 - 0.5) as f32, -0.5]);

    let split = SplitRule::EttHourly.apply(series.rows(), 96, 96).unwrap();
    let scaler = Scaler::fit(&series, split.train.clone());
    let scaled = scaler.transform(series.values());
    let train = &scaled[..split.train.end * 7];
    for channel in 0..7 {
        let column = || train.iter().skip(channel).step_by(7).map(|&v| f64::from(v));
        let mean = column().sum::<f64>() / 8640.0;
        let variance = column().map(|v| (v - mean).powi(2)).sum::<f64>() / 8640.0;
        assert!(
            mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-5,
            "{mean} {variance}"
        );
    }

    let windows = Windows::of(&split, Part::Test, 96, 96);
    let scale = mase_scale(&series, split.train.clone(), 24);
    let mut out = Vec::new();
    let mut measure = |baseline: Baseline| {
        let mut stream = MetricsStream::new(96, 7, Some(&scaler), Some(scale.clone()));
        for i in 0..windows.len() {
            let start = windows.start_row(i);
            let input = &scaled[start * 7..(start + 96) * 7];
            let truth = &scaled[(start + 96) * 7..(start + 192) * 7];
            baseline.forecast(input, 96, 96, 7, &mut out);
            stream.push(&out, truth);
        }
        stream.finish()
    };
    let naive = measure(Baseline::Naive);
    let seasonal = measure(Baseline::SeasonalNaive { season: 24 });
    assert_eq!(naive.windows, 2785);
    // These two are not from a published table: they pin what this code measures, so that a
    // change of split, scaler or windows is noticed.
    assert!(
        (naive.scaled.mse - 1.294_370).abs() < 1e-5,
        "{}",
        naive.scaled.mse
    );
    assert!(
        (naive.scaled.mae - 0.713_181).abs() < 1e-5,
        "{}",
        naive.scaled.mae
    );
    assert!(seasonal.scaled.mse < naive.scaled.mse);
    let mase = seasonal.original.unwrap().mase.unwrap();
    assert!((0.5..2.0).contains(&mase), "{mase}");
}

#[test]
fn ettm1_is_a_quarter_hour() {
    let Some(table) = table("ETT-small/ETTm1.csv") else {
        return;
    };
    let series = table.into_series(&SeriesOptions::default()).unwrap();
    assert_eq!(series.rows(), 69_680);
    assert_eq!(series.index.frequency().to_string(), "15 min");
    assert_eq!(series.index.frequency().season_length(), 96);
    assert_eq!(
        format_timestamp(series.index.extend(1).unwrap()[0]),
        "2018-06-26 20:00:00"
    );
}

#[test]
fn weather_as_the_literature_has_it_and_as_a_person_wants_it() {
    let Some(table) = table("weather/weather.csv") else {
        return;
    };
    let d = &table.detection;
    assert!(d.crlf && d.header);
    assert_eq!(
        d.replacement_in_header.len(),
        3,
        "{:?}",
        d.replacement_in_header
    );
    let suspects: Vec<String> = d
        .suspected_markers
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(suspects, ["-9999 ×81"]);

    let literature = table.into_series(&SeriesOptions::as_they_are()).unwrap();
    assert_eq!(
        (literature.rows(), literature.channel_count()),
        (52_696, 21)
    );
    assert_eq!(literature.missing_count(), 0);
    assert_eq!(
        (
            literature.repairs.kept_repeats,
            literature.repairs.kept_gaps
        ),
        (1, 9)
    );
    assert_eq!(literature.index.frequency().season_length(), 144);
    assert_eq!(literature.channels.last().unwrap(), "OT");

    let options = ReadOptions {
        missing: vec!["-9999".to_owned()],
        ..Default::default()
    };
    let table = read_table(&bytes("weather/weather.csv").unwrap(), &options).unwrap();
    let person = table.into_series(&SeriesOptions::default()).unwrap();
    assert_eq!(
        (
            person.repairs.repeated_timestamps,
            person.repairs.inserted_rows
        ),
        (1, 9)
    );
    assert_eq!(person.rows(), 52_696 - 1 + 9);
    assert_eq!(person.missing_count(), 81 + 9 * 21);
    assert_eq!(person.repairs.filled(), person.missing_count());
}

#[test]
fn illness_is_weekly() {
    let Some(table) = table("illness/national_illness.csv") else {
        return;
    };
    let series = table.into_series(&SeriesOptions::default()).unwrap();
    assert_eq!((series.rows(), series.channel_count()), (966, 7));
    assert_eq!(series.index.frequency().to_string(), "1 week");
    assert_eq!(series.index.label(965), "2020-06-30 00:00:00");
    assert!(series.repairs.lines().is_empty());
}

#[test]
fn sensor_numbers_are_a_header() {
    let Some(table) = table("los_speed/los_speed.csv") else {
        return;
    };
    assert!(table.detection.header, "{}", table.detection.header_why);
    assert_eq!((table.rows(), table.channels.len()), (2016, 207));
    assert_eq!(table.channels[0], "773869");
    let series = table.into_series(&SeriesOptions::default()).unwrap();
    assert_eq!(series.index, TimeIndex::Rows { count: 2016 });
}

#[test]
fn the_demo_has_holes_that_are_reported() {
    let Some(table) = table("demo/nyc-weather-2013.csv") else {
        return;
    };
    assert_eq!((table.rows(), table.channels.len()), (8714, 15));
    let empty: usize = table.missing_counts().iter().sum();
    let series = table
        .clone()
        .into_series(&SeriesOptions::default())
        .unwrap();
    let inserted = series.repairs.inserted_rows;
    assert!(inserted >= 7, "{inserted}");
    assert_eq!(series.missing_count(), empty + inserted * 15);
    assert_eq!(series.index.len(), series.rows());
    let dropped = SeriesOptions {
        fill: Fill::Drop,
        ..Default::default()
    };
    let dropped = table.into_series(&dropped).unwrap();
    assert_eq!(dropped.rows() + dropped.repairs.dropped_rows, 8714);
}

#[test]
fn a_column_of_words_is_set_aside() {
    let Some(table) = table("demo/seattle-weather.csv") else {
        return;
    };
    assert_eq!(
        table.channels,
        ["precipitation", "temp_max", "temp_min", "wind"]
    );
    assert_eq!(table.detection.text_columns[0].name, "weather");
    assert_eq!(table.detection.text_columns[0].example, "drizzle");
    let mean = SeriesOptions {
        repeated: Repeated::Mean,
        ..Default::default()
    };
    let series = table.into_series(&mean).unwrap();
    assert_eq!(
        (series.rows(), series.index.frequency().season_length()),
        (1461, 7)
    );
}
