//! `spat inspect` and `spat data`.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use crate::folder::{Folder, table, text};

#[test]
fn inspect_says_what_was_detected() {
    let folder = Folder::new();
    let german = table(600).replace(',', ";").replace('.', ",");
    folder.write("german.csv", german.as_bytes());
    let (printed, _) = folder.succeeds(&["inspect", "german.csv"]);
    for word in ["load", "wind", "sun", "1 h", "600"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
}

/// The error follows what was detected.
#[test]
fn inspect_shows_tables_that_a_run_would_refuse() {
    let folder = Folder::new();
    let mut gaps = "when,load\n".to_owned();
    for day in [1, 2, 3, 20, 21, 22, 39] {
        gaps += &format!("2024-01-{day:02} 00:00,1.5\n2024-01-{day:02} 01:00,2.5\n");
    }
    folder.write(
        "gaps.csv",
        gaps.replace("2024-01-39", "2024-02-08").as_bytes(),
    );
    let output = folder.spat(&["inspect", "gaps.csv"]);
    assert_eq!(output.status.code(), Some(2));
    let (printed, error) = (text(&output.stdout), text(&output.stderr));
    for word in ["gaps.csv: 14 rows × 1 channel", "How it was read", "when"] {
        assert!(printed.contains(word), "{word}: {printed}");
    }
    assert!(error.contains("--gaps keep"), "{error}");
}

#[test]
fn forecasts_of_series_below_each_other_keep_their_columns() {
    let folder = Folder::new();
    let mut long = "unique_id,ds,y\n".to_owned();
    for series in ["H1", "H2"] {
        for row in 0..300 {
            let (day, hour) = (1 + row / 24, row % 24);
            let value = (f64::from(hour) / 24.0 * std::f64::consts::TAU).sin();
            long += &format!("{series},2024-01-{day:02}T{hour:02}:00:00+02:00,{value:.3}\n");
        }
    }
    folder.write("long.csv", long.as_bytes());
    let run = [
        "run",
        "long.csv",
        "--long",
        "unique_id,ds,y",
        "--run",
        "run",
        "--lookback",
        "24",
        "--horizon",
        "6",
        "--epochs",
        "1",
        "--width",
        "8",
        "--heads",
        "2",
        "--ff",
        "8",
    ];
    folder.succeeds(&run);
    let forecasts = fs::read_to_string(folder.path().join("run/forecasts.csv")).unwrap();
    assert!(forecasts.contains("+02:00,H1,"), "{forecasts}");
    let (printed, _) = folder.succeeds(&["forecast", "run/pruned.safetensors", "long.csv"]);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 13, "{printed}");
    assert!(lines[0].starts_with("unique_id,ds,y"), "{printed}");
    assert!(
        lines[1].starts_with("H1,2024-01-13 12:00:00+02:00,"),
        "{printed}"
    );
    assert!(
        lines[12].starts_with("H2,2024-01-13 17:00:00+02:00,"),
        "{printed}"
    );
}

#[test]
fn a_table_of_many_columns_is_inspected_in_linear_time() {
    let folder = Folder::new();
    let columns = 100_000;
    let line = |cell: &dyn Fn(usize) -> String| {
        let cells: Vec<String> = (0..columns).map(cell).collect();
        cells.join(",") + "\n"
    };
    let mut table = line(&|column| format!("a rather long name of a channel {column}"));
    for row in 0..4 {
        table += &line(&|column| format!("{row}.{}", column % 7));
    }
    folder.write("wide.csv", table.as_bytes());
    let started = std::time::Instant::now();
    folder.succeeds(&["inspect", "wide.csv"]);
    // Comparing every pair of names took 21 s.
    assert!(started.elapsed().as_secs() < 18, "{:?}", started.elapsed());
}

#[test]
fn names_in_a_table_cannot_control_the_terminal() {
    let folder = Folder::new();
    let hostile = table(600).replacen("load", "\u{1b}]0;owned\u{7}\u{202e}load", 1);
    folder.write("hostile.csv", hostile.as_bytes());
    let (printed, notes) = folder.succeeds(&["inspect", "hostile.csv"]);
    assert!(printed.contains("\\u{1b}"), "{printed}");
    for hidden in ['\u{1b}', '\u{7}', '\u{202e}'] {
        assert!(!printed.contains(hidden) && !notes.contains(hidden));
    }
}

#[test]
fn downloads_are_checked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwrong")
            .unwrap();
    });
    let folder = Folder::new();
    let output = folder.spat(&["data", "get", "ETTh1", "--origin", &origin]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).contains("SHA-256"),
        "{}",
        text(&output.stderr)
    );
    assert!(!folder.path().join("ETTh1.csv").exists());
    server.join().unwrap();
}

#[test]
fn data_sets_are_listed_with_origin_and_checksum() {
    let folder = Folder::new();
    let (list, _) = folder.succeeds(&["data", "list", "--json"]);
    let sets: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    for set in &sets {
        let sum = set["sha256"].as_str().unwrap();
        assert!(
            sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{set}"
        );
    }
    folder.refuses(&["data", "get", "ETTh9"], &["ETTh9", "ETTh1"]);
    folder.write("ETTh1.csv", b"mine");
    folder.refuses(&["data", "get", "etth1"], &["another file", "--output"]);
    assert_eq!(fs::read(folder.path().join("ETTh1.csv")).unwrap(), b"mine");
    // Nothing listens on port 9 of this computer.
    let output = folder.spat(&["data", "get", "ETTh2", "--origin", "http://127.0.0.1:9"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("check the network"),
        "{}",
        text(&output.stderr)
    );
}
