//! Tables in containers. The files in `tests/containers` hold one small table, written by
//! the usual programs for each format.
#![cfg(feature = "full")]
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

use spat_series::{ReadError, ReadOptions, Table, format_timestamp, read_table};

fn bytes(name: &str) -> Vec<u8> {
    fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/containers")
            .join(name),
    )
    .unwrap()
}

fn read(name: &str) -> Table {
    read_table(&bytes(name), &ReadOptions::default()).unwrap()
}

#[test]
fn compressed_tables_are_read() {
    for (name, from) in [
        ("small.csv.gz", "gzip"),
        ("small.csv.xz", "xz"),
        ("small.csv.zst", "zstd"),
        ("small.zip", "data/small.csv"),
    ] {
        let table = read(name);
        assert_eq!(
            (table.channels.as_slice(), table.values()),
            (&["y".to_owned()][..], &[1.5, 2.5, 3.5][..]),
            "{name}"
        );
        assert!(
            table.detection.container.as_ref().unwrap().contains(from),
            "{name}"
        );
    }
}

#[test]
fn the_largest_sheet_is_read_unless_one_is_named() {
    let table = read("small.xlsx");
    assert_eq!(table.channels, ["load, kW"]);
    assert_eq!(table.values(), [1.5, 2.5, 3.5]);
    let times: Vec<String> = table
        .timestamps
        .unwrap()
        .into_iter()
        .map(format_timestamp)
        .collect();
    assert_eq!(
        times,
        [
            "2023-01-01 00:00:00",
            "2023-01-01 01:00:00",
            "2023-01-01 02:00:00"
        ]
    );
    assert!(table.detection.container.unwrap().contains("\"Data\""));
    let sheet = |name: &str| {
        let options = ReadOptions {
            sheet: Some(name.to_owned()),
            ..ReadOptions::default()
        };
        read_table(&bytes("small.xlsx"), &options)
    };
    assert_eq!(sheet("Data").unwrap().rows(), 3);
    let error = sheet("Other").unwrap_err();
    assert!(matches!(error, ReadError::WhichTable { .. }), "{error}");
    assert!(error.to_string().contains("Notes, Data"), "{error}");
}

#[test]
fn parquet_is_read() {
    use std::sync::Arc;

    use parquet::{
        data_type::{DoubleType, Int64Type},
        file::writer::SerializedFileWriter,
        schema::parser::parse_message_type,
    };

    let schema =
        "message table { required int64 time (TIMESTAMP(MICROS, false)); required double y; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let times = [
        1_672_531_200_000_000,
        1_672_534_800_000_000,
        1_672_538_400_000_000,
    ];
    column
        .typed::<Int64Type>()
        .write_batch(&times, None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<DoubleType>()
        .write_batch(&[1.5, 2.5, 3.5], None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let table = read_table(&bytes, &ReadOptions::default()).unwrap();
    assert_eq!(
        (table.channels.as_slice(), table.values()),
        (&["y".to_owned()][..], &[1.5, 2.5, 3.5][..])
    );
    assert_eq!(
        table.timestamps.unwrap(),
        [1_672_531_200, 1_672_534_800, 1_672_538_400]
    );
}

#[test]
fn other_files_are_named_for_what_they_are() {
    for (bytes, what) in [
        (&b"%PDF-1.7\n"[..], "PDF"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\n  <table><tr>", "HTML table"),
        (b"<?xml version=\"1.0\"?>", "XML"),
        (b"ARROW1\0\0", "Arrow"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"{\"message\": \"not found\"}", "JSON"),
    ] {
        let error = read_table(bytes, &ReadOptions::default()).unwrap_err();
        assert!(
            matches!(error, ReadError::NotATable { .. }) && error.to_string().contains(what),
            "{error}"
        );
    }
    let broken = read_table(b"\x1f\x8b\x08\0broken", &ReadOptions::default()).unwrap_err();
    assert!(
        matches!(broken, ReadError::Damaged { what: "gzip", .. }),
        "{broken}"
    );
}

#[test]
fn decompression_bombs_are_refused() {
    use std::io::Write as _;

    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![b'0'; 1 << 20];
    for _ in 0..65 {
        encoder.write_all(&zeros).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    let error = read_table(&bomb, &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("more than 64 MiB"), "{error}");
}
