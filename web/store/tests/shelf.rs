//! The shelf on a browser's own IndexedDB.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

use spat_web_store::Shelf;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn a_file_is_read_as_it_was_written_and_replaced_whole() {
    let shelf = Shelf::open().await.unwrap();
    let large: Vec<u8> = (0..5_000_000_u32).map(|byte| (byte % 251) as u8).collect();
    shelf.write("files", "model", &large).await.unwrap();
    // The engine's thread has a shelf of its own.
    let other = Shelf::open().await.unwrap();
    assert!(other.read("files", "model").await.unwrap() == Some(large));
    other.write("files", "model", b"").await.unwrap();
    assert_eq!(
        shelf.read("files", "model").await.unwrap(),
        Some(Vec::new())
    );
    shelf.remove("files", "model").await.unwrap();
    shelf.remove("files", "model").await.unwrap();
    assert_eq!(other.read("files", "model").await.unwrap(), None);
}

#[wasm_bindgen_test]
async fn a_run_has_its_own_files_whatever_the_others_are_called() {
    let shelf = Shelf::open().await.unwrap();
    for run in ["run", "run0", "ru", "größe"] {
        shelf.write(run, "table.csv", run.as_bytes()).await.unwrap();
        shelf.write(run, "checkpoint/state", b"s").await.unwrap();
        shelf.put_card(run, "{}").await.unwrap();
    }
    let mut names = shelf.names("run0").await.unwrap();
    names.sort();
    assert_eq!(names, ["checkpoint/state", "table.csv"]);
    shelf.delete("run0").await.unwrap();
    assert!(shelf.names("run0").await.unwrap().is_empty());
    for run in ["run", "ru", "größe"] {
        let table = shelf.read(run, "table.csv").await.unwrap();
        assert_eq!(table.as_deref(), Some(run.as_bytes()));
    }
}

#[wasm_bindgen_test]
async fn cards_come_back_by_their_runs_and_unreadable_ones_are_left_out() {
    let shelf = Shelf::open().await.unwrap();
    for (run, card) in [
        ("card-a", "first"),
        ("card-b", "unreadable"),
        ("card-a", "second"),
    ] {
        shelf.put_card(run, card).await.unwrap();
    }
    let read = |card: &[u8]| {
        let card = String::from_utf8(card.to_vec()).ok()?;
        (card != "unreadable").then_some(card)
    };
    let mut cards = shelf.cards(read).await.unwrap();
    cards.retain(|(run, _)| run.starts_with("card-"));
    assert_eq!(cards, [("card-a".to_owned(), "second".to_owned())]);
    shelf.delete("card-a").await.unwrap();
    let cards = shelf.cards(|_| Some(())).await.unwrap();
    assert!(cards.iter().all(|(run, ())| run != "card-a"));
}
