//! Rejected clients, and misbehaving ones.

use spat_spec::ClientEnvelope;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_requires_cookie_origin_and_host() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let address = hosted.server.address;
    let origin = ("origin", format!("http://{address}"));
    let cookie = hosted.join();
    let cookie_header = (
        "cookie",
        cookie.strip_prefix("cookie: ").unwrap().to_owned(),
    );
    let status = |headers: Vec<(&'static str, String)>| async move {
        connect(address, "", &headers).await.map(drop).unwrap_err()
    };
    assert_eq!(status(vec![origin.clone()]).await, 401, "no cookie");
    let mut forged = cookie_header.clone();
    forged.1.pop();
    assert_eq!(status(vec![origin.clone(), forged]).await, 401);
    assert_eq!(status(vec![cookie_header.clone()]).await, 403, "no origin");
    let foreign = ("origin", "http://evil.example".to_owned());
    assert_eq!(status(vec![foreign, cookie_header.clone()]).await, 403);
    let named = ("host", "evil.example".to_owned());
    assert_eq!(
        status(vec![named, origin.clone(), cookie_header.clone()]).await,
        421
    );
    assert!(connect(address, "", &[origin, cookie_header]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn misbehaving_clients_do_not_affect_others() {
    let folder = TempDir::new().unwrap();
    let limits = Limits {
        idle_timeout: Duration::from_secs(3),
        ping: Duration::from_millis(500),
        ..Limits::default()
    };
    let rules = Rules {
        table: 1 << 20,
        turn: Duration::from_millis(300),
        ..Rules::default()
    };
    let hosted = host_with(folder.path(), rules, limits);
    let (experiment, bytes) = (experiment(2, 3), table(400));

    // Invalid JSON, an oversized frame, too many requests.
    let mut invalid = hosted.client().await;
    invalid
        .socket
        .send(Message::Text("{\"order\":".into()))
        .await
        .unwrap();
    assert_eq!(closed_with(&mut invalid).await, Some(1003));
    let mut large = hosted.client().await;
    large
        .socket
        .send(Message::Binary(vec![0; 3 << 20].into()))
        .await
        .ok();
    assert!(matches!(closed_with(&mut large).await, None | Some(1009)));
    let mut flooding = hosted.client().await;
    let request = serde_json::to_string(&ClientEnvelope {
        number: 1,
        bytes: None,
        request: EngineRequest::Find {
            engine: Engine::Cpu,
        },
    })
    .unwrap();
    for _ in 0..2000 {
        if flooding
            .socket
            .feed(Message::Text(request.clone().into()))
            .await
            .is_err()
        {
            break;
        }
    }
    flooding.socket.flush().await.ok();
    assert!(matches!(
        closed_with(&mut flooding).await,
        Some(1008) | None
    ));

    // A table beyond the limit.
    let mut demanding = hosted.client().await;
    demanding.open("large", Some(&vec![b'1'; 2 << 20])).await;
    let message = demanding.failure().await;
    assert!(message.contains("1 MB"), "{message}");
    // A model beyond the limit.
    let mut vast = experiment.clone();
    if let spat_spec::ForecasterConfig::ITransformer(config) = &mut vast.forecaster {
        config.d_model = 8192;
        config.layers = 1024;
    }
    demanding.open("vast", Some(&bytes)).await;
    demanding.train(&vast).await;
    let message = demanding.failure().await;
    assert!(message.contains("parameters"), "{message}");
    // Paths as names of runs.
    for name in [
        "../outside",
        "/etc/x",
        "..",
        "a/b",
        "",
        "a\\b",
        "-rf",
        "con",
        "a\u{202e}b",
        "a\u{1b}b",
    ] {
        demanding.open(name, Some(&bytes)).await;
        let message = demanding.failure().await;
        assert!(
            message.contains("is not a valid run name"),
            "{name}: {message}"
        );
    }
    // Bytes that are not a table, and no table at all.
    demanding.open("text", Some(b"no table at all")).await;
    demanding.train(&experiment).await;
    demanding.failure().await;
    let mut early = hosted.client().await;
    early.train(&experiment).await;
    assert!(early.failure().await.contains("open one first"));
    early.open("never begun", None).await;
    assert!(early.failure().await.contains("not on the server"));

    // A client that disconnects during an upload.
    let uploads = || folder.path().join("uploads").read_dir().unwrap().count();
    let before = uploads();
    let mut gone = hosted.client().await;
    gone.socket
        .send(Message::Binary(vec![b'1'; 1000].into()))
        .await
        .unwrap();
    let counted = async |count| {
        while uploads() != count {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, counted(before + 1)).await.unwrap();
    drop(gone);
    timeout(SOON, counted(before)).await.unwrap();

    let mut good = hosted.client().await;
    good.open("good", Some(&bytes)).await;
    good.train(&experiment).await;
    good.prune(&experiment).await;
    let report = report(&good.until(is_done).await);
    assert_eq!(figures(&report), figures(&alone(&experiment, &bytes)));
    assert!(!folder.path().join("outside").exists());
    assert!(!folder.path().join("visitors/outside").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn stalled_and_absent_clients_are_disconnected() {
    let folder = TempDir::new().unwrap();
    let limits = Limits {
        idle_timeout: Duration::from_secs(3),
        ping: Duration::from_millis(500),
        ..Limits::default()
    };
    let rules = Rules {
        turn: Duration::from_millis(300),
        absence: Duration::from_secs(1),
        ..Rules::default()
    };
    let hosted = host_with(folder.path(), rules, limits);
    let address = hosted.server.address;
    let long = table(4000);

    // A client that sends requests with large responses and reads none.
    let mut unread = hosted.client().await;
    unread.open("wide", Some(&long)).await;
    unread.train(&wide(1)).await;
    unread.until(is_trained).await;
    let flood = async {
        for number in 3.. {
            let request = EngineRequest::Command(Command::Window {
                window: number as usize % 500,
            });
            let envelope = ClientEnvelope {
                number,
                bytes: None,
                request,
            };
            let text = serde_json::to_string(&envelope).unwrap();
            let sent = unread.socket.send(Message::Text(text.into())).await;
            if sent.is_err() {
                return;
            }
            sleep(Duration::from_millis(30)).await;
        }
    };
    let ended = timeout(Duration::from_secs(60), flood).await;
    assert!(ended.is_ok(), "the client is still connected");

    // A client that reads and sends nothing, and one that disconnects, both with endless trainings.
    let bytes = table(400);
    let mut stalled = hosted.client().await;
    stalled.open("stalled", Some(&bytes)).await;
    stalled.train(&experiment(1, 100_000)).await;
    let cookie = hosted.join();
    let mut left = Client::open_page(address, &cookie).await;
    left.open("left", Some(&bytes)).await;
    left.train(&experiment(2, 100_000)).await;
    left.until(|message| matches!(event(message), Some(Event::Progress { .. })))
        .await;
    // Ends the connection, and keeps the name of the session.
    left.socket.close(None).await.ok();

    sleep(Duration::from_secs(6)).await;
    let ended = timeout(SOON, closed_with(&mut stalled)).await;
    assert!(ended.is_ok(), "the stalled client is still connected");
    let left = left.reconnect(address, &cookie).await;
    assert!(
        !left.hello.continued,
        "the absent client's session still exists"
    );
    // The device is free.
    let mut good = hosted.client().await;
    good.open("good", Some(&bytes)).await;
    good.train(&experiment(3, 1)).await;
    let messages = good.until(is_trained).await;
    assert!(messages.contains(&EngineMessage::Place { ahead: 0 }));
    assert!(
        !messages
            .iter()
            .any(|message| matches!(message, EngineMessage::Place { ahead } if *ahead > 0)),
        "{messages:?}"
    );
}

/// Windows so long that forecasts of them are large.
fn wide(epochs: usize) -> Experiment {
    let mut wide = experiment(1, epochs);
    if let spat_spec::ForecasterConfig::ITransformer(config) = &mut wide.forecaster {
        config.lookback = 1000;
        config.horizon = 200;
    }
    wide
}
