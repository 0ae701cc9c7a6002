//! Reading 17,544 × 862 numbers (the shape of the Traffic benchmark, about 136 MB of text),
//! against the plain `csv` crate reading the same fields into f32.
//!
//! `cargo bench -p spat-series --bench parse`; on Linux it also prints the growth of the resident
//! set. Limits that the project sets itself: at most 1.5 times the time of the plain loop, and at
//! most 3 times the file in memory, the file included.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{hint::black_box, time::Instant};

use spat_series::{ReadOptions, SeriesOptions, read_table};

const ROWS: usize = 17_544;
const COLUMNS: usize = 862;
const ROUNDS: usize = 7;

/// The date `days` days after 2016-07-01, for two years.
fn date(days: usize) -> (usize, usize, usize) {
    const LENGTHS: [usize; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut month, mut day) = (6, days);
    while day >= LENGTHS[month % 12] {
        day -= LENGTHS[month % 12];
        month += 1;
    }
    (2016 + month / 12, 1 + month % 12, 1 + day)
}

/// Occupancy-like numbers between 0 and 1 with five to seven decimals, the same every time.
fn generate() -> Vec<u8> {
    let mut text = Vec::with_capacity(ROWS * COLUMNS * 10);
    text.extend_from_slice(b"date");
    for column in 0..COLUMNS {
        text.extend_from_slice(format!(",sensor {column}").as_bytes());
    }
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for row in 0..ROWS {
        let (year, month, day) = date(row / 24);
        let hour = row % 24;
        text.extend_from_slice(format!("\n{year}-{month:02}-{day:02} {hour:02}:00:00").as_bytes());
        for _ in 0..COLUMNS {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.extend_from_slice(b",0.");
            let number = state >> 32;
            let digits = number % 10_000_000;
            let width = 5 + (number >> 24) as usize % 3;
            text.extend_from_slice(&format!("{digits:07}").as_bytes()[..width]);
        }
    }
    text.push(b'\n');
    text
}

/// The least that any program using the `csv` crate must do.
fn plain(bytes: &[u8]) -> Vec<f32> {
    let mut reader = csv::Reader::from_reader(bytes);
    let mut record = csv::ByteRecord::new();
    let mut values = Vec::new();
    while reader.read_byte_record(&mut record).unwrap() {
        for field in record.iter().skip(1) {
            values.push(std::str::from_utf8(field).unwrap().parse::<f32>().unwrap());
        }
    }
    values
}

/// A line of `/proc/self/status` in MiB; 0 where there is none.
fn memory(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

fn seconds<T>(f: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = black_box(f());
    (start.elapsed().as_secs_f64(), result)
}

fn main() {
    let before = memory("VmRSS");
    let bytes = generate();
    let size = bytes.len() as f64 / (1024.0 * 1024.0);
    println!(
        "{ROWS} × {COLUMNS}, {:.1} MB ({size:.1} MiB)",
        bytes.len() as f64 / 1e6
    );

    // First, while nothing else has raised the peak.
    let table = read_table(&bytes, &ReadOptions::default()).unwrap();
    assert_eq!((table.rows(), table.channels.len()), (ROWS, COLUMNS));
    let after_table = memory("VmHWM") - before;
    let expected = table.values().to_vec();
    let peak = after_table / size;
    println!("peak memory, file and table: {after_table:.0} MiB = {peak:.2} × the file");
    drop(table);
    assert_eq!(plain(&bytes), expected, "both read the same numbers");
    drop(expected);

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(seconds(|| read_table(&bytes, &ReadOptions::default())).0);
        theirs.push(seconds(|| plain(&bytes)).0);
    }
    let mut ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
    for list in [&mut ours, &mut theirs, &mut ratios] {
        list.sort_unstable_by(f64::total_cmp);
    }
    let show = |name: &str, list: &[f64], unit: &str| {
        let (low, high) = (list[0], list[list.len() - 1]);
        println!(
            "{name}: median {:.3}{unit} ({low:.3} … {high:.3})",
            list[list.len() / 2]
        );
    };
    show("read_table", &ours, " s");
    show("plain csv loop", &theirs, " s");
    show("ratio per round", &ratios, "");
    println!(
        "ratio of medians: {:.2}",
        ours[ROUNDS / 2] / theirs[ROUNDS / 2]
    );

    let table = read_table(&bytes, &ReadOptions::default()).unwrap();
    let (time, series) = seconds(|| table.into_series(&SeriesOptions::default()).unwrap());
    println!("into_series: {time:.3} s for {} rows", series.rows());
}
