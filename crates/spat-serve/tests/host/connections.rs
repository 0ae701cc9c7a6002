//! Lost connections, reloaded pages, ended servers: what was begun is gone on with.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_taken_up_where_it_ended() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let address = hosted.server.address;
    let (experiment, bytes) = (experiment(8, 30), table(400));
    let cookie = hosted.join();
    let mut client = Client::arrive(address, &cookie).await;
    client.open("lossy", Some(&bytes)).await;
    client.train(&experiment).await;
    client.prune(&experiment).await;
    let mut heard = client
        .until(|notice| matches!(event(notice), Some(Event::Epoch { .. })))
        .await;
    for _ in 0..3 {
        client = client.come_back(address, &cookie).await;
        assert!(client.hello.continued);
        assert_eq!(client.hello.received, 3);
        heard.extend(
            client
                .until(|notice| matches!(event(notice), Some(Event::Epoch { .. })))
                .await,
        );
        sleep(Duration::from_millis(30)).await;
    }
    heard.extend(client.until(is_done).await);
    let epochs: Vec<_> = heard
        .iter()
        .filter_map(event)
        .filter_map(|event| match event {
            Event::Epoch { result, .. } => Some(result.epoch),
            _ => None,
        })
        .collect();
    let expected: Vec<_> = (1..=30).chain([1]).collect();
    assert_eq!(epochs, expected, "nothing is missed and nothing told twice");

    // A page that is loaded anew is a new one to the host, and sees what is kept.
    let fresh = Client::arrive(address, &cookie).await;
    assert!(!fresh.hello.continued);
    assert!(
        matches!(client.hear().await, Err(Some(4001) | None)),
        "the older page rests"
    );
    drop(fresh);
    let back = client.come_back(address, &cookie).await;
    assert!(!back.hello.continued);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reloaded_page_goes_on_with_its_run() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let address = hosted.server.address;
    let (experiment, bytes) = (experiment(12, 60), table(400));
    let cookie = hosted.join();
    let mut client = Client::arrive(address, &cookie).await;
    client.open("reloaded", Some(&bytes)).await;
    client.train(&experiment).await;
    client
        .until(|notice| matches!(event(notice), Some(Event::Epoch { .. })))
        .await;
    drop(client);

    let mut page = Client::arrive(address, &cookie).await;
    page.open("reloaded", None).await;
    page.train(&experiment).await;
    page.prune(&experiment).await;
    let heard = page.until(is_done).await;
    assert!(
        heard
            .iter()
            .filter_map(event)
            .any(|event| matches!(event, Event::Started { resumed: true, .. }))
    );
    assert_eq!(
        figures(&report(&heard)),
        figures(&alone(&experiment, &bytes))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_in_mid_run_leaves_what_the_next_goes_on_with() {
    let folder = TempDir::new().unwrap();
    let mut hosted = host(folder.path(), Rules::default());
    let (experiment, bytes) = (experiment(21, 80), table(400));
    let cookie = hosted.join();
    let mut client = Client::arrive(hosted.server.address, &cookie).await;
    client.open("kept", Some(&bytes)).await;
    client.train(&experiment).await;
    client
        .until(|notice| matches!(event(notice), Some(Event::Epoch { .. })))
        .await;
    let end = tokio::task::spawn_blocking(move || {
        hosted.server.end();
        hosted
    });
    hosted = end.await.unwrap();
    assert_eq!(
        closed_with(&mut client).await,
        Some(1001),
        "the page hears that it is over"
    );

    let visitor = only_folder(&folder.path().join("visitors"));
    assert!(visitor.join("kept/checkpoint").read_dir().unwrap().count() > 0);
    let again = host(folder.path(), Rules::default());
    assert_eq!(again.token, hosted.token, "the join link stays");
    // The pass is of the same secret; the cookie is named after the port.
    let (_, pass) = cookie.split_once('=').unwrap();
    let cookie = format!("cookie: spat-{}={pass}", again.server.address.port());
    let mut page = Client::arrive(again.server.address, &cookie).await;
    page.open("kept", None).await;
    page.train(&experiment).await;
    page.prune(&experiment).await;
    let heard = page.until(is_done).await;
    assert!(
        heard
            .iter()
            .filter_map(event)
            .any(|event| matches!(event, Event::Started { resumed: true, .. }))
    );
    assert_eq!(
        figures(&report(&heard)),
        figures(&alone(&experiment, &bytes))
    );
}
