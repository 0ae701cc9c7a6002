//! Who may not come in, and what bad clients cannot do.

use spat_spec::ClientEnvelope;

use super::*;

/// What takes longer does not happen.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_reach_the_engine() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let address = hosted.server.address;
    let origin = ("origin", format!("http://{address}"));
    let cookie = hosted.join();
    let pass = (
        "cookie",
        cookie.strip_prefix("cookie: ").unwrap().to_owned(),
    );
    let status = |headers: Vec<(&'static str, String)>| async move {
        dial(address, "", &headers).await.map(drop).unwrap_err()
    };
    assert_eq!(status(vec![origin.clone()]).await, 401, "no pass");
    let mut forged = pass.clone();
    forged.1.pop();
    assert_eq!(status(vec![origin.clone(), forged]).await, 401);
    assert_eq!(status(vec![pass.clone()]).await, 403, "no origin");
    let foreign = ("origin", "http://evil.example".to_owned());
    assert_eq!(status(vec![foreign, pass.clone()]).await, 403);
    let named = ("host", "evil.example".to_owned());
    assert_eq!(status(vec![named, origin.clone(), pass.clone()]).await, 421);
    assert!(dial(address, "", &[origin, pass]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_clients_stop_nobody() {
    let folder = TempDir::new().unwrap();
    let limits = Limits {
        patience: Duration::from_secs(3),
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

    // Words that are no order, binary rubbish behind them, a frame that is too large.
    let mut rubbish = hosted.client().await;
    rubbish
        .socket
        .send(Message::Text("{\"order\":".into()))
        .await
        .unwrap();
    assert_eq!(closed_with(&mut rubbish).await, Some(1003));
    let mut large = hosted.client().await;
    large
        .socket
        .send(Message::Binary(vec![0; 3 << 20].into()))
        .await
        .ok();
    assert!(matches!(closed_with(&mut large).await, None | Some(1009)));
    let mut hasty = hosted.client().await;
    for _ in 0..2000 {
        if hasty
            .socket
            .feed(Message::Text(
                "{\"number\":1,\"order\":{\"order\":\"find\",\"engine\":\"cpu\"}}".into(),
            ))
            .await
            .is_err()
        {
            break;
        }
    }
    hasty.socket.flush().await.ok();
    assert!(matches!(closed_with(&mut hasty).await, Some(1008) | None));

    // A table that is larger than the server takes.
    let mut greedy = hosted.client().await;
    greedy.open("large", Some(&vec![b'1'; 2 << 20])).await;
    let words = greedy.failure().await;
    assert!(words.contains("1 MB"), "{words}");
    // A model that would take the machine.
    let mut vast = experiment.clone();
    if let spat_spec::ForecasterConfig::ITransformer(config) = &mut vast.forecaster {
        config.d_model = 1 << 20;
        config.layers = 1 << 20;
    }
    greedy.open("vast", Some(&bytes)).await;
    greedy.train(&vast).await;
    let words = greedy.failure().await;
    assert!(words.contains("parameters"), "{words}");
    // Names that lead elsewhere.
    for name in ["../outside", "/etc/x", "..", "a/b", "", "a\\b"] {
        greedy.open(name, Some(&bytes)).await;
        let words = greedy.failure().await;
        assert!(words.contains("no name of a run"), "{name}: {words}");
    }
    // A table that is none, and no table at all.
    greedy.open("text", Some(b"no table at all")).await;
    greedy.train(&experiment).await;
    greedy.failure().await;
    let mut early = hosted.client().await;
    early.train(&experiment).await;
    assert!(early.failure().await.contains("open one first"));
    early.open("never begun", None).await;
    assert!(early.failure().await.contains("not on the server"));

    // One that goes in mid-upload.
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
async fn who_takes_nothing_or_goes_away_is_let_go() {
    let folder = TempDir::new().unwrap();
    let limits = Limits {
        patience: Duration::from_secs(3),
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

    // One with large answers, which orders and takes none of them.
    let mut talker = hosted.client().await;
    talker.open("wide", Some(&long)).await;
    talker.train(&wide(1)).await;
    talker.until(is_trained).await;
    let talk = async {
        for number in 3.. {
            let order = EngineRequest::Command(Command::Window {
                window: number as usize % 500,
            });
            let asked = ClientEnvelope {
                number,
                bytes: None,
                request: order,
            };
            let text = serde_json::to_string(&asked).unwrap();
            let sent = talker.socket.send(Message::Text(text.into())).await;
            if sent.is_err() {
                return;
            }
            sleep(Duration::from_millis(30)).await;
        }
    };
    let ended = timeout(Duration::from_secs(60), talk).await;
    assert!(ended.is_ok(), "the talker is still connected");

    // One that says nothing more and takes nothing, and one that has gone: both would train for ever.
    let bytes = table(400);
    let mut deaf = hosted.client().await;
    deaf.open("deaf", Some(&bytes)).await;
    deaf.train(&experiment(1, 100_000)).await;
    let cookie = hosted.join();
    let mut left = Client::arrive(address, &cookie).await;
    left.open("left", Some(&bytes)).await;
    left.train(&experiment(2, 100_000)).await;
    left.until(|notice| matches!(event(notice), Some(Event::Progress { .. })))
        .await;
    // Only the session is kept in mind; the connection goes.
    left.socket.close(None).await.ok();

    sleep(Duration::from_secs(6)).await;
    let ended = timeout(SOON, closed_with(&mut deaf)).await;
    assert!(ended.is_ok(), "the deaf one is still connected");
    let left = left.come_back(address, &cookie).await;
    assert!(!left.hello.continued, "who has gone still computes");
    // The device is free.
    let mut good = hosted.client().await;
    good.open("good", Some(&bytes)).await;
    good.train(&experiment(3, 1)).await;
    let heard = good.until(is_trained).await;
    assert!(heard.contains(&EngineMessage::Place { ahead: 0 }));
    assert!(
        !heard
            .iter()
            .any(|notice| matches!(notice, EngineMessage::Place { ahead } if *ahead > 0)),
        "{heard:?}"
    );
}

/// Windows so long that a look at one is a large answer.
fn wide(epochs: usize) -> Experiment {
    let mut wide = experiment(1, epochs);
    if let spat_spec::ForecasterConfig::ITransformer(config) = &mut wide.forecaster {
        config.lookback = 1000;
        config.horizon = 200;
    }
    wide
}
