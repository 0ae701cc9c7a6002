//! Files in all supported forms, and messages about broken ones.
#![allow(clippy::unwrap_used)]

use spat_series::{
    CalendarColumns, HeaderRow, LongColumns, ReadError, ReadOptions, Scaler, SeriesError,
    SeriesOptions, Shape, Table, TimeColumn, TimeDetection, TimeUnit, format_timestamp,
    format_with_offset, read_table, with_offset,
};

fn read(text: &str) -> Table {
    read_table(text.as_bytes(), &ReadOptions::default()).unwrap()
}

fn fails(text: impl AsRef<[u8]>) -> ReadError {
    let error = read_table(text.as_ref(), &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().len() > 40, "no way out: {error}");
    error
}

/// The error of a table that can be read but not used.
fn unusable(text: impl AsRef<[u8]>) -> ReadError {
    let table = read_table(text.as_ref(), &ReadOptions::default()).unwrap();
    match table.into_series(&SeriesOptions::default()).unwrap_err() {
        SeriesError::Unreadable(error) => error,
        other => panic!("{other}"),
    }
}

fn first_timestamps(table: &Table) -> Vec<String> {
    table
        .timestamps
        .iter()
        .flatten()
        .take(2)
        .map(|&s| format_timestamp(s))
        .collect()
}

#[test]
fn plain() {
    let table = read("\u{FEFF}date,a,b\r\n2020-01-01,1,\r\n2020-01-02, 2.5 ,NA");
    assert_eq!(table.channels, ["a", "b"]);
    assert_eq!(&table.values()[..1], [1.0]);
    assert_eq!(table.missing_counts(), [0, 2]);
    let d = &table.detection;
    assert!(d.byte_order_mark && d.crlf && d.header && !d.decimal_comma);
    assert_eq!((d.padded_cells, d.missing_markers.len()), (1, 2));
    assert!(
        d.lines().iter().any(|line| line.contains("empty cell ×1")),
        "{:?}",
        d.lines()
    );
}

#[test]
fn timestamps_in_every_way() {
    let first = ["2016-07-01 00:00:00", "2016-07-02 00:00:00"];
    for text in [
        "date,a\n2016-07-01,1\n2016-07-02,2\n",
        "a,date\n1,7/1/2016 0:00\n2,7/2/2016 0:00\n3,7/13/2016 0:00\n",
        "a;date\n1;1.7.2016\n2;2.7.2016\n3;3.7.2016\n4;4.7.2016\n",
        "a;date\n1;1/7/2016\n2;2/7/2016\n3;13/7/2016\n",
        "when,a\n1467331200,1\n1467417600,2\n1467504000,2\n",
        "timestamp,a\n1467331200000,1\n1467417600000,2\n",
        "date,a\n20160701,1\n20160702,2\n",
        "year,month,day,a\n2016,7,1,1\n2016,7,2,1\n",
        "a,t\n1,2016-07-01T02:00:00+02:00\n2,2016-07-02T02:00:00+02:00\n",
        "sep=;\ndate;a\n2016-07-01;1\n2016-07-02;1\n",
    ] {
        assert_eq!(first_timestamps(&read(text)), first, "{text}");
    }
    let months = read("month,a\nJan 2006,1\nFeb 2006,2\n");
    assert_eq!(
        first_timestamps(&months),
        ["2006-01-01 00:00:00", "2006-02-01 00:00:00"]
    );
    let quarters = read("year,quarter,a\n1959.0,1.0,1\n1959.0,2.0,2\n");
    assert_eq!(
        first_timestamps(&quarters),
        ["1959-01-01 00:00:00", "1959-04-01 00:00:00"]
    );
    assert!(matches!(
        quarters.detection.time,
        TimeDetection::Parts { .. }
    ));
}

#[test]
fn day_and_month_are_told_apart_by_the_whole_column() {
    // Days 1 to 12 fit both ways; the order of the whole column decides.
    let mut text = "date,a\n".to_owned();
    for (month, day) in [(3, 10), (3, 11), (3, 12), (4, 1), (4, 2), (4, 3)] {
        text += &format!("{day}/{month}/2020,1\n");
    }
    let table = read(&text);
    assert_eq!(first_timestamps(&table)[0], "2020-03-10 00:00:00");
    let TimeDetection::Column {
        format,
        why,
        ambiguous,
        ..
    } = &table.detection.time
    else {
        panic!("{:?}", table.detection.time)
    };
    assert_eq!(format, "DD/M/YYYY");
    assert!(
        !ambiguous && why.contains("fits as well, but less evenly"),
        "{why}"
    );
    // One day fits both forms, which is reported.
    let table = read("date,a\n1/2/2020 0:00,1\n1/2/2020 1:00,2\n");
    let TimeDetection::Column { ambiguous, .. } = table.detection.time else {
        panic!()
    };
    assert!(ambiguous);
}

#[test]
fn the_form_may_be_decided_beyond_the_sample() {
    let mut text = "date,a\n".to_owned();
    for row in 0..400 {
        let day = if row < 300 { 1 + row % 12 } else { 20 };
        text += &format!("{day}/3/2020,1\n");
    }
    assert_eq!(first_timestamps(&read(&text))[1], "2020-03-02 00:00:00");
}

#[test]
fn without_time() {
    let table = read("a,b\n1.5,2\n2.5,3\n");
    assert_eq!(
        (table.timestamps, table.detection.time),
        (None, TimeDetection::Rows)
    );
    let none = ReadOptions {
        time_column: TimeColumn::None,
        ..Default::default()
    };
    let table = read_table(b"date,a\n2020-01-01,1\n", &none).unwrap();
    assert_eq!(table.detection.text_columns[0].name, "date");
}

#[test]
fn asked_for() {
    let named = |name: &str| ReadOptions {
        time_column: TimeColumn::Named(name.to_owned()),
        ..Default::default()
    };
    let text = b"a,x,y\n1,2019,2020-01-01\n2,2020,2020-01-02\n";
    assert_eq!(
        first_timestamps(&read_table(text, &named("x")).unwrap())[0],
        "2019-01-01 00:00:00"
    );
    assert_eq!(
        first_timestamps(&read_table(text, &named("y")).unwrap())[0],
        "2020-01-01 00:00:00"
    );
    let error = read_table(text, &named("a")).unwrap_err();
    assert!(
        matches!(error, ReadError::NoTimestamps { column: 1, .. }),
        "{error}"
    );
    let error = read_table(text, &named("z")).unwrap_err().to_string();
    assert!(error.contains("a, x, y"), "{error}");
    let pattern = ReadOptions {
        time_format: Some("%d.%m.%Y".to_owned()),
        ..ReadOptions::default()
    };
    let error = read_table(b"date,x\n2019-01-01,1\n2019-01-02,2\n", &pattern).unwrap_err();
    let words =
        "no column has timestamps written %d.%m.%Y; column \"date\" begins with \"2019-01-01\"";
    assert!(error.to_string().starts_with(words), "{error}");
    let parts = CalendarColumns {
        year: "x".to_owned(),
        hour: Some("a".to_owned()),
        ..Default::default()
    };
    let options = ReadOptions {
        time_column: TimeColumn::Parts(parts),
        ..Default::default()
    };
    let error = read_table(b"a,x,b\n1,2019,1\n25,2019,1\n", &options).unwrap_err();
    assert_eq!(
        (error.line(), error.column()),
        (Some(3), Some(1)),
        "{error}"
    );
}

#[test]
fn columns_set_aside() {
    let table = read("No,a,word,b\n1,5,x,7\n2,6,y,8\n3,7,z,9\n");
    assert_eq!(table.channels, ["a", "b"]);
    assert_eq!(table.values(), [5., 7., 6., 8., 7., 9.]);
    assert_eq!(table.detection.row_number_column.as_deref(), Some("No"));
    let text = &table.detection.text_columns[0];
    assert_eq!((text.name.as_str(), text.example.as_str()), ("word", "x"));
    // A time column that is 0, 1, 2 … (iTransformer #22).
    let table = read("date,a\n0,5.5\n1,6.5\n2,6.1\n");
    assert_eq!((table.channels.len(), table.timestamps), (1, None));
}

#[test]
fn text_that_comes_late() {
    // Mostly text below the sample: a text column. A few texts: an error at the first.
    let rows = |texts: usize| {
        let late = |i: usize| if i >= 1000 - texts { "off" } else { "1" };
        (0..1000)
            .map(|i| format!("{},{i}.5\n", late(i)))
            .collect::<String>()
    };
    let table = read(&format!("a,b\n{}", rows(700)));
    assert_eq!(
        (&table.channels, table.values()[1]),
        (&vec!["b".to_owned()], 1.5)
    );
    let error = unusable(format!("a,b\n{}", rows(3)));
    let ReadError::NotANumber {
        line: 999,
        column: 1,
        count: 3,
        ..
    } = error
    else {
        panic!("{error}")
    };
}

#[test]
fn markers() {
    let text = b"a,b\n1.5,x\n-9999,2\n3.5,-9999.0\n";
    let missing = vec!["-9999".to_owned(), "X".to_owned()];
    let table = read_table(
        text,
        &ReadOptions {
            missing,
            ..Default::default()
        },
    )
    .unwrap();
    assert_eq!(table.missing_counts(), [1, 2]);
    let table = read("a,b\n1.5,3\n-9999,2\n3.5,-9999.0\n");
    assert_eq!(table.missing_counts(), [0, 0]);
    assert_eq!(table.detection.suspected_markers[0].count, 2);
    let table = read("a\n-500\n-999\n-2000\n-1000\n");
    assert_eq!(table.detection.suspected_markers, []);
}

#[test]
fn odd_rows() {
    let table = read("date,a\n2020-01-01,1,\n2020-01-02,2,\n,\n,\n");
    let d = &table.detection;
    assert_eq!(
        (table.rows(), d.trailing_delimiters, d.blank_lines),
        (2, 2, 2)
    );
    let table = read("a,b\n1,2\n,\n3,4\n,\n,\n");
    assert_eq!((table.rows(), table.detection.blank_lines), (3, 2));
    assert!(table.values()[2].is_nan());
    let absent = ReadOptions {
        header: HeaderRow::Absent,
        ..Default::default()
    };
    let table = read_table(b"7,8\n", &absent).unwrap();
    assert_eq!(table.channels, ["ch1", "ch2"]);
    assert_eq!(read("v\n1\n2\n").values(), [1., 2.]);
    assert_eq!(
        read("a;b\n1.234,5;2\n0,5;3\n").values(),
        [1234.5, 2., 0.5, 3.]
    );
}

#[test]
fn steps_below_a_second_are_kept_and_continued() {
    let of = |time: fn(u32) -> String| {
        let line = |i: u32| format!("{},{i}\n", time(i));
        let text = format!("time,y\n{}", (0..40).map(line).collect::<String>());
        let series = read(&text).into_series(&SeriesOptions::default()).unwrap();
        let index = &series.index;
        assert_eq!(
            (series.rows(), index.format().unit),
            (40, TimeUnit::Nanoseconds)
        );
        assert_eq!(series.time_features().unwrap().len(), 160);
        let next = index.extend_labels(1).remove(0);
        format!("{} {} {next}", index.frequency(), index.label(1))
    };
    let iso = of(|i| format!("2024-01-01 00:00:{:02}.{}", i / 10, i % 10));
    assert_eq!(iso, "0.1 s 2024-01-01 00:00:00.100 2024-01-01 00:00:04.000");
    let epoch = of(|i| format!("{}.{:02}", 1_664_400_000 + i / 50, i % 50 * 2));
    assert_eq!(
        epoch,
        "20 ms 2022-09-28 21:20:00.020 2022-09-28 21:20:00.800"
    );
    let milliseconds = of(|i| format!("{}", 1_664_400_000_000_u64 + u64::from(i) * 2500));
    assert_eq!(
        milliseconds,
        "2.5 s 2022-09-28 21:20:02.500 2022-09-28 21:21:40.000"
    );
    let float = of(|i| {
        format!(
            "{}",
            1_664_400_000.0 + f64::from(i) * 0.01 + 1e-6 * f64::from(i * i % 7)
        )
    });
    assert_eq!(
        float,
        "10 ms 2022-09-28 21:20:00.010 2022-09-28 21:20:00.400"
    );
    let microseconds = of(|i| format!("2024-01-01T00:00:00.{:06}", i * 25));
    assert_eq!(
        microseconds,
        "25 µs 2024-01-01 00:00:00.000025 2024-01-01 00:00:00.001000"
    );
}

#[test]
fn holes_in_steps_below_a_second_are_filled() {
    let line = |i: u32| format!("2024-01-01 00:00:{:02}.{:02},{i}\n", i / 4, i % 4 * 25);
    let rows = (0..40).filter(|i| !(10..13).contains(i)).map(line);
    let table = read(&format!("time,y\n{}", rows.collect::<String>()));
    let series = table.into_series(&SeriesOptions::default()).unwrap();
    assert_eq!((series.rows(), series.repairs.inserted_rows), (40, 3));
    assert_eq!(series.row(11), [11.0]);
    assert_eq!(
        series.repairs.longest_gap.unwrap().after,
        "2024-01-01 00:00:02.250"
    );
}

#[test]
fn parts_of_a_second_that_change_no_step_are_cut_off() {
    let line = |i: u32| format!("2024-01-01 {i:02}:00:00.250,{i}\n");
    let table = read(&format!(
        "time,y\n{}",
        (0..20).map(line).collect::<String>()
    ));
    assert_eq!(table.time_format.unit, TimeUnit::Seconds);
    assert_eq!(first_timestamps(&table)[1], "2024-01-01 01:00:00");
    let table = read("time,a\n1500-01-01 00:00:00.0,1\n1500-01-01 00:00:00.5,2\n");
    assert_eq!((table.rows(), &table.timestamps), (2, &None));
    assert!(matches!(
        table.detection.time,
        TimeDetection::TooFine { .. }
    ));
}

#[test]
fn errors_name_the_place() {
    assert_eq!(fails(""), ReadError::Empty);
    assert_eq!(fails("\n \r\n"), ReadError::Empty);
    assert_eq!(fails("a,b\n"), ReadError::NoRows { columns: 2 });
    assert!(matches!(fails("a,b\n,\n"), ReadError::NoRows { .. }));
    assert!(matches!(
        fails("a,b\nx,y\nu,v\n"),
        ReadError::NoNumbers { columns: 2, .. }
    ));
    assert!(matches!(
        fails("date\n2020-01-01\n"),
        ReadError::NoNumbers { .. }
    ));
    let error = fails("a,b\n1,2\n1,2,3\n");
    assert!(matches!(
        error,
        ReadError::Ragged {
            line: 3,
            expected: 2,
            found: 3,
            ..
        }
    ));
    let error = fails("a,b\n1,2\n\n1\n");
    assert!(matches!(
        error,
        ReadError::Ragged {
            line: 4,
            expected: 2,
            found: 1,
            ..
        }
    ));
    let error = fails("a,b\n1,2\n1,1e400\n");
    assert!(
        matches!(
            error,
            ReadError::NotFinite {
                line: 3,
                column: 2,
                ..
            }
        ),
        "{error}"
    );
    assert!(matches!(
        fails("a,b\n1,2\n1,inf\n"),
        ReadError::NotFinite { .. }
    ));
    assert!(matches!(
        fails("a,b\n1,2\n1,4e38\n"),
        ReadError::NotFinite { .. }
    ));
    let latin = b"a,b\n1,2\n\xE4,3\n";
    if cfg!(feature = "encodings") {
        let error = unusable(latin);
        assert!(
            matches!(
                error,
                ReadError::NotANumber {
                    line: 3,
                    column: 1,
                    ..
                }
            ),
            "{error}"
        );
    } else {
        let error = fails(latin);
        assert!(
            matches!(
                error,
                ReadError::NotUtf8 {
                    offset: 8,
                    line: 3,
                    byte: 0xE4
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("Latin-1"));
    }
    assert_eq!(fails(b"a\0b\n"), ReadError::Nul { offset: 1, line: 1 });
    assert_eq!(fails(b"\xFF\xFEa\0"), ReadError::NoRows { columns: 1 });
    let error = fails("date,a\n2020-01-01,1\n2020-01-02,1\n2020-01-03,1\n2020-01-04,1\noops,4\n");
    assert_eq!(
        (error.line(), error.column()),
        (Some(6), Some(1)),
        "{error}"
    );
    assert!(error.to_string().contains("YYYY-MM-DD"), "{error}");
    // Text from the file is shortened.
    assert!(
        unusable(format!("a\n1\n2\n{}\n", "x".repeat(5000)))
            .to_string()
            .len()
            < 300
    );
}

#[test]
fn ten_million_columns() {
    let wide = "1,".repeat(10_000_000);
    assert_eq!(
        fails(&wide),
        ReadError::LineTooLong {
            line: 1,
            limit: 16 << 20
        }
    );
    let options = ReadOptions {
        max_line_bytes: usize::MAX,
        ..Default::default()
    };
    let error = read_table(wide.as_bytes(), &options).unwrap_err();
    assert_eq!(
        error,
        ReadError::TooManyColumns {
            line: 1,
            limit: 100_000
        }
    );
}

#[test]
fn the_hours_of_beijing() {
    // UCI's Beijing PM2.5: a row number, four calendar columns, NA, a word, CR LF.
    let mut text = "No,year,month,day,hour,pm2.5,DEWP,cbwd\r\n".to_owned();
    for row in 0..60 {
        let pm = if row < 24 {
            "NA".to_owned()
        } else {
            (100 + row).to_string()
        };
        text += &format!(
            "{},2010,1,{},{},{pm},-{row},NW\r\n",
            row + 1,
            1 + row / 24,
            row % 24
        );
    }
    let table = read(&text);
    assert_eq!(table.channels, ["pm2.5", "DEWP"]);
    assert_eq!(table.detection.row_number_column.as_deref(), Some("No"));
    assert_eq!(table.detection.text_columns[0].name, "cbwd");
    assert_eq!(
        format_timestamp(table.timestamps.as_ref().unwrap()[59]),
        "2010-01-03 11:00:00"
    );
    assert_eq!(table.missing_counts(), [24, 0]);
    let TimeDetection::Parts { columns } = &table.detection.time else {
        panic!()
    };
    assert_eq!(columns, &["year", "month", "day", "hour"]);
}

#[test]
fn a_quoted_and_padded_table() {
    let table = read(
        "\"date\",\"a\"\r\n\"2016-01-11 17:00:00\",\" 45.5\"\r\n\"2016-01-11 17:10:00\",\" 46\"\r\n",
    );
    assert_eq!(table.values(), [45.5, 46.0]);
    assert_eq!(table.detection.padded_cells, 2);
}

#[test]
fn the_better_of_two_time_columns() {
    let table = read("launch,date,a\n2020-01-01,2021-02-01,1\n2020-01-02,2021-02-02,2\n");
    assert_eq!(first_timestamps(&table)[0], "2021-02-01 00:00:00");
    assert_eq!(table.detection.text_columns[0].name, "launch");
}

#[test]
fn rows_of_totals_are_passed_over() {
    let table = read("date,a\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\nTotal,6\n");
    assert_eq!(table.rows(), 3);
    assert_eq!(table.detection.footer.unwrap().line, 5);
}

#[test]
fn a_header_between_rows_is_passed_over() {
    let table = read("date,a\n2020-01-01,1\n2020-01-02,2\ndate,a\n2020-01-03,3\n");
    assert_eq!((table.rows(), table.detection.repeated_headers), (3, 1));
}

#[test]
fn the_form_of_times_can_be_named() {
    let text = b"t,a\n3|4|2020,1\n4|4|2020,2\n5|4|2020,3\n";
    let options = ReadOptions {
        time_column: TimeColumn::Named("t".to_owned()),
        time_format: Some("%d|%m|%Y".to_owned()),
        delimiter: Some(b','),
        ..Default::default()
    };
    assert_eq!(
        first_timestamps(&read_table(text, &options).unwrap())[0],
        "2020-04-03 00:00:00"
    );
    let text = b"date,a\n3/4/2020,1\n4/4/2020,2\n";
    for (day_first, expected) in [
        (true, "2020-04-03 00:00:00"),
        (false, "2020-03-04 00:00:00"),
    ] {
        let options = ReadOptions {
            day_first: Some(day_first),
            ..Default::default()
        };
        assert_eq!(
            first_timestamps(&read_table(text, &options).unwrap())[0],
            expected
        );
    }
}

#[test]
fn times_without_a_zone_are_of_the_zone_that_is_named() {
    let text = b"date,a\n2020-07-01 02:00,1\n2020-07-01 03:00,2\n";
    let of = |zone: &str| {
        let options = ReadOptions {
            time_zone: Some(zone.to_owned()),
            ..Default::default()
        };
        read_table(text, &options)
    };
    assert_eq!(
        first_timestamps(&of("+02:00").unwrap())[0],
        "2020-07-01 00:00:00"
    );
    let error = of("Europe/Nowhere").unwrap_err();
    assert!(matches!(error, ReadError::UnknownZone { .. }), "{error}");
    if cfg!(feature = "time-zones") {
        assert_eq!(
            first_timestamps(&of("Europe/Berlin").unwrap())[0],
            "2020-07-01 00:00:00"
        );
        // The ambiguous hour at the end of daylight saving time is two hours.
        let text = b"date,a\n2023-10-29 01:00,1\n2023-10-29 02:00,2\n2023-10-29 02:00,3\n2023-10-29 03:00,4\n";
        let options = ReadOptions {
            time_zone: Some("Europe/Berlin".to_owned()),
            ..Default::default()
        };
        let timestamps = read_table(text, &options).unwrap().timestamps.unwrap();
        assert!(
            timestamps.windows(2).all(|pair| pair[1] - pair[0] == 3600),
            "{timestamps:?}"
        );
    }
}

#[test]
fn series_below_each_other_become_columns() {
    let text = b"unique_id,ds,y,x\nA,2020-01-01,1,5\nB,2020-01-01,2,6\nA,2020-01-02,3,7\nB,2020-01-02,4,8\nB,2020-01-03,9,0\n";
    let long = |values: &[&str]| ReadOptions {
        shape: Shape::Long(LongColumns {
            id: "unique_id".to_owned(),
            time: "ds".to_owned(),
            values: values.iter().map(ToString::to_string).collect(),
        }),
        ..Default::default()
    };
    let table = read_table(text, &long(&["y"])).unwrap();
    assert_eq!(table.channels, ["A", "B"]);
    assert_eq!(table.values()[..4], [1., 2., 3., 4.]);
    assert!(table.is_missing(2, 0));
    let table = read_table(text, &long(&["y", "x"])).unwrap();
    assert_eq!(table.channels, ["A y", "A x", "B y", "B x"]);
    assert!(matches!(
        read_table(text, &long(&["z"])),
        Err(ReadError::UnknownColumn { .. })
    ));
}

#[test]
fn mixed_units_are_refused_by_name() {
    let text = "date,p,q\n2020-01-01,1 kW,1\n2020-01-02,900 W,2\n2020-01-03,2 kW,3\n";
    let error = unusable(text);
    assert!(
        matches!(error, ReadError::MixedUnits { column: 2, .. }),
        "{error}"
    );
    assert!(
        error.to_string().contains("kW") && error.to_string().contains("mixes"),
        "{error}"
    );
}

#[test]
fn new_options_do_not_change_the_text_of_old_ones() {
    let json = serde_json::to_string(&ReadOptions::default()).unwrap();
    assert_eq!(
        json,
        "{\"delimiter\":null,\"decimal_comma\":null,\"header\":\"Auto\",\"missing\":[],\"time_column\":\"Auto\",\
         \"max_line_bytes\":16777216,\"max_columns\":100000}"
    );
}

#[test]
fn numbers_beyond_an_f32_keep_their_digits() {
    let line = |i: u32| {
        format!(
            "2024-01-01 {:02}:00:00,{},{i}\n",
            i,
            123_456_789.5 + f64::from(i) / 4.0
        )
    };
    let text = format!("time,energy,y\n{}", (0..24).map(line).collect::<String>());
    let table = read(&text);
    assert!(
        table.detection.warnings().is_empty(),
        "{:?}",
        table.detection
    );
    let lines = table.detection.lines().join("\n");
    assert!(lines.contains("\"energy\" have more digits"), "{lines}");
    let series = table.into_series(&SeriesOptions::default()).unwrap();
    let shown = |row: usize| format_with_offset(series.row(row)[0], series.offset(0));
    assert_eq!(
        (shown(0), shown(1)),
        ("123456789.5".to_owned(), "123456789.75".to_owned())
    );
    assert_eq!(series.offset(1), 0.0);
    assert!(series.repairs.constant_channels.is_empty());
    let chosen = series
        .select(&["y".to_owned(), "energy".to_owned()])
        .unwrap();
    assert_eq!(chosen.offsets(), [0.0, series.offset(0)]);

    let scaler = Scaler::fit(&series, 0..24);
    assert_eq!(scaler.offset, series.offsets());
    let mean = f64::from(scaler.mean[0]) + scaler.offset[0];
    assert_eq!(mean, 123_456_789.5 + 11.5 / 4.0);

    let other = series.clone().rebased(&[123_456_000.0, 0.0]);
    assert_eq!(
        format_with_offset(other.row(1)[0], 123_456_000.0),
        "123456789.75"
    );
    assert_eq!(other.rebased(series.offsets()), series);
}

#[test]
fn epochs_that_are_no_time_keep_their_digits() {
    let line = |i: i64| format!("{},{i}\n", 1_664_400_000 + i * 7);
    let text = format!("id_number,y\n{}", (0..30).map(line).collect::<String>());
    let options = ReadOptions {
        time_column: TimeColumn::None,
        ..ReadOptions::default()
    };
    let table = read_table(text.as_bytes(), &options).unwrap();
    let value = |row: usize| with_offset(table.values()[row * 2], table.offset(0));
    assert_eq!((value(0), value(29)), (1_664_400_000.0, 1_664_400_203.0));
}

#[test]
fn results_are_written_in_the_offset_of_the_table() {
    let next = |time: fn(u32) -> String, zone: Option<&str>| {
        let line = |i: u32| format!("{},{i}\n", time(i));
        let text = format!("time,y\n{}", (0..12).map(line).collect::<String>());
        let options = ReadOptions {
            time_zone: zone.map(str::to_owned),
            ..ReadOptions::default()
        };
        let table = read_table(text.as_bytes(), &options).unwrap();
        let lines = table.detection.lines().join("\n");
        let series = table.into_series(&SeriesOptions::default()).unwrap();
        assert_eq!(series.index.frequency().to_string(), "1 h", "{lines}");
        (series.index.extend_labels(1).remove(0), lines)
    };
    let (east, lines) = next(|i| format!("2024-07-01T{i:02}:00:00+02:00"), None);
    assert_eq!(east, "2024-07-01 12:00:00+02:00");
    assert!(lines.contains("converted to UTC"), "{lines}");
    let (utc, _) = next(|i| format!("2024-07-01T{i:02}:00:00Z"), None);
    assert_eq!(utc, "2024-07-01 12:00:00Z");
    let (zero, _) = next(|i| format!("2024-07-01T{i:02}:00:00+00:00"), None);
    assert_eq!(zero, "2024-07-01 12:00:00+00:00");
    let (none, _) = next(|i| format!("2024-07-01 {i:02}:00"), None);
    assert_eq!(none, "2024-07-01 12:00:00");
    let (fixed, _) = next(|i| format!("2024-07-01 {i:02}:00"), Some("-03:00"));
    assert_eq!(fixed, "2024-07-01 12:00:00-03:00");
    // At 01:00 UTC local time changes from 02:00+01:00 to 03:00+02:00.
    let change: fn(u32) -> String = |i| match i {
        0..2 => format!("2024-03-31T{i:02}:00:00+01:00"),
        _ => format!("2024-03-31T{:02}:00:00+02:00", i + 1),
    };
    let (last, lines) = next(change, None);
    assert_eq!(last, "2024-03-31 13:00:00+02:00");
    assert!(
        lines.contains("results have the last one, +02:00"),
        "{lines}"
    );
    if cfg!(feature = "time-zones") {
        let (named, _) = next(|i| format!("2024-01-01 {i:02}:00"), Some("Europe/Berlin"));
        assert_eq!(named, "2024-01-01 12:00:00+01:00");
        let (bracket, _) = next(
            |i| format!("2024-07-01T{i:02}:00:00+02:00[Europe/Berlin]"),
            None,
        );
        assert_eq!(bracket, "2024-07-01 12:00:00+02:00");
    }
}

#[test]
fn shapes_that_the_table_does_not_have_are_refused() {
    let of = |text: &str, shape: Shape| {
        let options = ReadOptions {
            shape,
            ..ReadOptions::default()
        };
        read_table(text.as_bytes(), &options).unwrap_err()
    };
    let error = of("a\n1\n2\n", Shape::Transposed);
    assert!(matches!(error, ReadError::NoRows { .. }), "{error}");
    let line = |i: u32| format!("{i},{},1\n", 1_664_400_000 + i);
    let text = format!("id,t,y\n{}", (0..2000).map(line).collect::<String>());
    let long = LongColumns {
        id: "id".to_owned(),
        time: "t".to_owned(),
        values: vec!["y".to_owned()],
    };
    let error = of(&text, Shape::Long(long));
    assert!(matches!(error, ReadError::SparseLong { .. }), "{error}");
}
