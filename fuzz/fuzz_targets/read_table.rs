//! Any bytes, read in several ways and repaired: nothing may panic, hang or grow without bound.
//!
//! `cargo +nightly fuzz run read_table`; on a stable compiler
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run read_table --sanitizer none`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spat_series::{
    Fill, Gaps, HeaderRow, ReadOptions, Repeated, SeriesOptions, TimeColumn, read_table,
};

fuzz_target!(|input: (u16, &[u8])| {
    let (choice, bytes) = input;
    let bit = |place: u16| choice >> place & 1 == 1;
    let of = |place: u16, count: u16| usize::from((choice >> place) % count);
    let read = ReadOptions {
        delimiter: bit(0).then(|| b";,\t|"[of(1, 4)]),
        decimal_comma: bit(3).then(|| bit(4)),
        header: [HeaderRow::Auto, HeaderRow::Present, HeaderRow::Absent][of(5, 3)],
        missing: vec!["-9999".to_owned(), "ä".to_owned()],
        time_column: [
            TimeColumn::Auto,
            TimeColumn::None,
            TimeColumn::Named("t".to_owned()),
        ][of(7, 3)]
        .clone(),
        max_line_bytes: if bit(9) { 64 } else { 1 << 20 },
        max_columns: 1000,
        ..ReadOptions::default()
    };
    let repair = SeriesOptions {
        fill: [Fill::Forward, Fill::Linear, Fill::Drop, Fill::Refuse][of(10, 4)],
        repeated: [
            Repeated::KeepFirst,
            Repeated::KeepLast,
            Repeated::Mean,
            Repeated::Keep,
        ][of(12, 4)],
        gaps: if bit(14) { Gaps::Keep } else { Gaps::Insert },
        ..SeriesOptions::default()
    };
    let table = match read_table(bytes, &read) {
        Ok(table) => table,
        Err(error) => return drop(error.to_string()),
    };
    assert_eq!(table.values().len(), table.rows() * table.channels.len());
    assert!(
        table.values().len() <= bytes.len() + 1,
        "more values than bytes"
    );
    table.detection.lines();
    match table.into_series(&repair) {
        Ok(series) => {
            assert!(series.values().iter().all(|value| value.is_finite()));
            assert_eq!(
                series.values().len(),
                series.rows() * series.channel_count()
            );
            series.repairs.lines();
            series.index.extend(5);
            series.time_features();
        }
        Err(error) => drop(error.to_string()),
    }
});
