//! Any bytes, read in several ways and repaired: nothing may panic, hang or grow without bound.
//!
//! `cargo +nightly fuzz run read_table`; on a stable compiler
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run read_table --sanitizer none`. `fuzz/seeds.py` writes the first inputs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spat_series::{
    CalendarColumns, Fill, Gaps, HeaderRow, LongColumns, ReadOptions, Repeated, SeriesOptions, Shape,
    TimeColumn, column_names, read_table,
};

fuzz_target!(|input: (u32, &[u8])| {
    let (choice, bytes) = input;
    let bit = |place: u32| choice >> place & 1 == 1;
    let of = |place: u32, count: u32| ((choice >> place) % count) as usize;
    let text = |name: &str| name.to_owned();
    let shapes = [
        Shape::Rows,
        Shape::Rows,
        Shape::Rows,
        Shape::Rows,
        Shape::Rows,
        Shape::Transposed,
        Shape::MonthsAcross,
        Shape::Long(LongColumns {
            id: text("unique_id"),
            time: text("ds"),
            values: if bit(24) { vec![text("y")] } else { vec![text("y"), text("x")] },
        }),
    ];
    let read = ReadOptions {
        delimiter: bit(0).then(|| b";,\t|"[of(1, 4)]),
        decimal_comma: bit(3).then(|| bit(4)),
        header: [HeaderRow::Auto, HeaderRow::Present, HeaderRow::Absent][of(5, 3)],
        missing: vec![text("-9999"), text("ä")],
        time_column: [
            TimeColumn::Auto,
            TimeColumn::None,
            TimeColumn::Named(text("t")),
            TimeColumn::Parts(CalendarColumns {
                year: text("year"),
                month: Some(text("month")),
                ..CalendarColumns::default()
            }),
        ][of(7, 4)]
        .clone(),
        time_format: bit(16).then(|| text("%d.%m.%Y %H:%M:%S%.f")),
        day_first: bit(17).then(|| bit(18)),
        time_zone: bit(19).then(|| text(["Europe/Berlin", "+05:30"][of(20, 2)])),
        shape: shapes[of(21, 8)].clone(),
        skip: bit(25).then_some(1),
        header_rows: bit(26).then_some(2),
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
    column_names(bytes, &read).ok();
    let table = match read_table(bytes, &read) {
        Ok(table) => table,
        Err(error) => return drop(error.to_string()),
    };
    assert_eq!(table.values().len(), table.rows() * table.channels.len());
    assert!(
        table.detection.container.is_some()
            || read.shape != Shape::Rows
            || table.values().len() <= bytes.len() + 1,
        "more values than bytes"
    );
    table.detection.lines();
    table.detection.lost();
    match table.into_series(&repair) {
        Ok(series) => {
            assert!(series.values().iter().all(|value| value.is_finite()));
            assert_eq!(
                series.values().len(),
                series.rows() * series.channel_count()
            );
            series.repairs.lines();
            assert!(series.index.timestamps().is_none_or(<[i64]>::is_sorted));
            series.index.label(0);
            series.index.extend_labels(5);
            series.index.frequency().to_string();
            series.time_features();
            series.future_time_features(5);
            let rows = series.rows();
            assert_eq!(series.rebased(&[]).rows(), rows);
        }
        Err(error) => drop(error.to_string()),
    }
});
