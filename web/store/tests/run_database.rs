//! Tests of the database in a browser.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

use spat_web_store::RunDatabase;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn a_file_is_written_replaced_and_removed() {
    let database = RunDatabase::open().await.unwrap();
    let large: Vec<u8> = (0..5_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    database.write("files", "model", &large).await.unwrap();
    // The worker opens its own connection.
    let other = RunDatabase::open().await.unwrap();
    assert!(other.read("files", "model").await.unwrap() == Some(large));
    other.write("files", "model", b"").await.unwrap();
    assert_eq!(
        database.read("files", "model").await.unwrap(),
        Some(Vec::new())
    );
    database.remove("files", "model").await.unwrap();
    database.remove("files", "model").await.unwrap();
    assert_eq!(other.read("files", "model").await.unwrap(), None);
}

#[wasm_bindgen_test]
async fn runs_with_similar_names_have_separate_files() {
    let database = RunDatabase::open().await.unwrap();
    for run in ["run", "run0", "ru", "größe"] {
        database
            .write(run, "table.csv", run.as_bytes())
            .await
            .unwrap();
        database.write(run, "checkpoint/state", b"s").await.unwrap();
        database.put_summary(run, "{}").await.unwrap();
    }
    let mut names = database.names("run0").await.unwrap();
    names.sort();
    assert_eq!(names, ["checkpoint/state", "table.csv"]);
    database.delete("run0").await.unwrap();
    assert!(database.names("run0").await.unwrap().is_empty());
    for run in ["run", "ru", "größe"] {
        let table = database.read(run, "table.csv").await.unwrap();
        assert_eq!(table.as_deref(), Some(run.as_bytes()));
    }
}

#[wasm_bindgen_test]
async fn summaries_are_replaced_and_unreadable_ones_are_skipped() {
    let database = RunDatabase::open().await.unwrap();
    for (run, summary) in [
        ("card-a", "first"),
        ("card-b", "unreadable"),
        ("card-a", "second"),
    ] {
        database.put_summary(run, summary).await.unwrap();
    }
    let read = |summary: &[u8]| {
        let summary = String::from_utf8(summary.to_vec()).ok()?;
        (summary != "unreadable").then_some(summary)
    };
    let mut summaries = database.summaries(read).await.unwrap();
    summaries.retain(|(run, _)| run.starts_with("card-"));
    assert_eq!(summaries, [("card-a".to_owned(), "second".to_owned())]);
    database.delete("card-a").await.unwrap();
    let summaries = database.summaries(|_| Some(())).await.unwrap();
    assert!(summaries.iter().all(|(run, ())| run != "card-a"));
}
