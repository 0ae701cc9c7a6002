//! Sessions and runs after lost connections, reloaded pages and server restarts.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnecting_page_misses_nothing() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let address = hosted.server.address;
    let (experiment, bytes) = (experiment(8, 30), table(400));
    let cookie = hosted.join();
    let mut client = Client::open_page(address, &cookie).await;
    client.open("lossy", Some(&bytes)).await;
    client.train(&experiment).await;
    client.prune(&experiment).await;
    let mut messages = client
        .until(|message| matches!(event(message), Some(Event::Epoch { .. })))
        .await;
    for _ in 0..3 {
        client = client.reconnect(address, &cookie).await;
        assert!(client.hello.continued);
        assert_eq!(client.hello.received, 3);
        messages.extend(
            client
                .until(|message| matches!(event(message), Some(Event::Epoch { .. })))
                .await,
        );
        sleep(Duration::from_millis(30)).await;
    }
    messages.extend(client.until(is_done).await);
    let epochs: Vec<_> = messages
        .iter()
        .filter_map(event)
        .filter_map(|event| match event {
            Event::Epoch { result, .. } => Some(result.epoch),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = (1..=30).chain([1]).collect();
    assert_eq!(epochs, expected, "messages are missing or repeated");

    // A newly loaded page starts another session and replaces the previous page.
    let fresh = Client::open_page(address, &cookie).await;
    assert!(!fresh.hello.continued);
    assert!(
        matches!(client.next_message().await, Err(Some(4001) | None)),
        "the previous page is closed"
    );
    drop(fresh);
    let back = client.reconnect(address, &cookie).await;
    assert!(!back.hello.continued);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reloaded_page_resumes_its_run() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let address = hosted.server.address;
    let (experiment, bytes) = (experiment(12, 60), table(400));
    let cookie = hosted.join();
    let mut client = Client::open_page(address, &cookie).await;
    client.open("reloaded", Some(&bytes)).await;
    client.train(&experiment).await;
    client
        .until(|message| matches!(event(message), Some(Event::Epoch { .. })))
        .await;
    drop(client);

    let mut page = Client::open_page(address, &cookie).await;
    page.open("reloaded", None).await;
    page.train(&experiment).await;
    page.prune(&experiment).await;
    let messages = page.until(is_done).await;
    assert!(
        messages
            .iter()
            .filter_map(event)
            .any(|event| matches!(event, Event::Started { resumed: true, .. }))
    );
    assert_eq!(
        figures(&report(&messages)),
        figures(&alone(&experiment, &bytes))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_resumes_after_a_server_restart() {
    let folder = TempDir::new().unwrap();
    let mut hosted = host(folder.path(), Rules::default());
    let (experiment, bytes) = (experiment(21, 80), table(400));
    let cookie = hosted.join();
    let mut client = Client::open_page(hosted.server.address, &cookie).await;
    client.open("kept", Some(&bytes)).await;
    client.train(&experiment).await;
    client
        .until(|message| matches!(event(message), Some(Event::Epoch { .. })))
        .await;
    let end = tokio::task::spawn_blocking(move || {
        hosted.server.stop();
        hosted
    });
    hosted = end.await.unwrap();
    assert_eq!(
        closed_with(&mut client).await,
        Some(1001),
        "the page is told why"
    );

    let visitor = only_folder(&folder.path().join("visitors"));
    assert!(visitor.join("kept/checkpoint").read_dir().unwrap().count() > 0);
    let again = host(folder.path(), Rules::default());
    assert_eq!(again.token, hosted.token, "the join link stays valid");
    // The cookie stays valid; its name contains the port.
    let (_, value) = cookie.split_once('=').unwrap();
    let cookie = format!("cookie: spat-{}={value}", again.server.address.port());
    let mut page = Client::open_page(again.server.address, &cookie).await;
    page.open("kept", None).await;
    page.train(&experiment).await;
    page.prune(&experiment).await;
    let messages = page.until(is_done).await;
    assert!(
        messages
            .iter()
            .filter_map(event)
            .any(|event| matches!(event, Event::Started { resumed: true, .. }))
    );
    assert_eq!(
        figures(&report(&messages)),
        figures(&alone(&experiment, &bytes))
    );
}
