//! Stored runs of visitors, and their disk space.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_accessible_to_its_visitor_only() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let server = &hosted.server;
    let (experiment, bytes) = (experiment(4, 1), table(300));
    let cookie = hosted.join();
    let mut client = Client::open_page(server.address, &cookie).await;
    client.open("mine", Some(&bytes)).await;
    client.train(&experiment).await;
    client.prune(&experiment).await;
    let report = report(&client.until(is_done).await);

    let response = server.get("/runs", &[&cookie]);
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let summaries: Vec<(String, RunSummary)> = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(summaries.len(), 1);
    assert_eq!(summaries[0].0, "mine");
    assert_eq!(
        summaries[0].1.mse,
        Some((report.dense.test.mse, report.pruned.test.mse))
    );
    let names: Vec<String> =
        serde_json::from_slice(&server.get("/runs/mine", &[&cookie]).body).unwrap();
    assert!(names.iter().any(|name| name == "report.html"));
    let file = server.get("/runs/mine/files/report.html", &[&cookie]);
    assert_eq!(
        file.header("content-type"),
        Some("application/octet-stream"),
        "browsers must not run it"
    );
    assert_eq!(file.header("content-disposition"), Some("attachment"));
    assert!(file.text().starts_with("<!DOCTYPE html>"));
    assert_eq!(
        server.get("/runs/mine/files/table.csv", &[&cookie]).body,
        bytes
    );
    assert_eq!(
        server.get("/runs/mine/files/nothing", &[&cookie]).status,
        404
    );

    let summary = RunSummary {
        title: "renamed".to_owned(),
        ..summaries[0].1.clone()
    };
    let text = serde_json::to_string(&summary).unwrap();
    let origin = format!("origin: http://{}", server.address);
    assert_eq!(
        server
            .request("PUT", "/runs/mine/card", &[&cookie], &text)
            .status,
        403,
        "no origin"
    );
    assert_eq!(
        server
            .request("PUT", "/runs/mine/card", &[&cookie, &origin], &text)
            .status,
        204
    );
    assert!(server.get("/runs", &[&cookie]).text().contains("renamed"));
    let huge = "x".repeat(300 << 10);
    // A rejecting server may close the connection early, so that the response is lost.
    let refused = server.request("PUT", "/runs/mine/card", &[&cookie, &origin], &huge);
    assert!(matches!(refused.status, 413 | 0), "{refused:?}");
    assert!(server.get("/runs", &[&cookie]).text().contains("renamed"));

    let other = hosted.join();
    assert_eq!(server.get("/runs", &[&other]).text(), "[]");
    assert_ne!(
        server.get("/runs/mine/files/report.html", &[&other]).status,
        200
    );
    assert_eq!(server.get("/runs", &[]).status, 401);
    let visitor = only_folder(&folder.path().join("visitors"));
    let name = visitor.file_name().unwrap().to_string_lossy().into_owned();
    for path in [
        format!("/runs/..%2f{name}%2fmine/files/report.html"),
        "/runs/mine/files/..%2f..%2fsecret.json".to_owned(),
        "/runs/..%2f../files/secret.json".to_owned(),
        "/runs/mine/files/%2fetc%2fpasswd".to_owned(),
    ] {
        let response = server.get(&path, &[&other]);
        assert!(
            matches!(response.status, 400 | 404),
            "{path}: {}",
            response.status
        );
        assert!(!response.text().contains(&hosted.token));
        let own = server.get(&path, &[&cookie]);
        assert!(
            !own.text().contains(&hosted.token) && !own.text().contains("root:"),
            "{path}"
        );
    }
    assert_eq!(
        server
            .request("DELETE", "/runs/mine", &[&other, &origin], "")
            .status,
        204,
        "no such run of this visitor"
    );
    assert!(visitor.join("mine").exists());
    let deleted = server.request("DELETE", "/runs/mine", &[&cookie, &origin], "");
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert!(!visitor.join("mine").exists());

    let index = server.get("/", &[&cookie]);
    assert!(
        index
            .text()
            .contains("<meta name=\"spat-host\" content=\"Room 7\">")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn disk_space_is_limited() {
    let folder = TempDir::new().unwrap();
    let rules = Rules {
        space: 300_000,
        ..Rules::default()
    };
    let hosted = host(folder.path(), rules);
    let bytes = table(300);
    let mut client = hosted.client().await;
    client.open("first", Some(&bytes)).await;
    client.train(&experiment(1, 1)).await;
    client.until(is_trained).await;
    // A file of another visitor.
    std::fs::write(folder.path().join("visitors/large"), vec![0; 300_000]).unwrap();
    // The last measurement expires after five seconds.
    sleep(Duration::from_secs(6)).await;
    client.open("second", Some(&bytes)).await;
    client.train(&experiment(1, 1)).await;
    assert!(client.failure().await.contains("space"));
    assert!(
        client.failure().await.contains("space"),
        "the training must not use the first table"
    );
    // Stored runs can be resumed.
    client.open("first", None).await;
    client.prune(&experiment(1, 1)).await;
    client.until(is_done).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_leaves_the_folder_alone() {
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let mut client = hosted.client().await;
    client
        .socket
        .send(Message::Binary(vec![b'1'; 1000].into()))
        .await
        .unwrap();
    let uploads = folder.path().join("uploads");
    while uploads.read_dir().unwrap().count() == 0 {
        sleep(Duration::from_millis(20)).await;
    }
    let page = page_folder();
    let second = Server::bind(Settings {
        host: Some(Host {
            folder: folder.path().to_owned(),
            facts: facts(),
            name: "another".to_owned(),
            rules: Rules::default(),
            engine: engine(),
            report: |_| {},
        }),
        ..local(&page)
    });
    assert!(matches!(second.await, Err(ServeError::FolderTaken(_))));
    assert_eq!(uploads.read_dir().unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_beyond_the_disk_space_leave_nothing() {
    let folder = TempDir::new().unwrap();
    let rules = Rules {
        space: 300_000,
        ..Rules::default()
    };
    let hosted = host(folder.path(), rules);
    let bytes = table(300);
    let mut client = hosted.client().await;
    client.open("large", Some(&vec![b'1'; 2_000_000])).await;
    let message = client.failure().await;
    assert!(message.contains("space"), "{message}");
    let files = |name: &str| std::fs::read_dir(folder.path().join(name)).unwrap().count();
    assert_eq!((files("uploads"), files("visitors")), (0, 0));

    // Many channels fit the disk but not the engine.
    let mut wide = b"1,".repeat(100_000);
    wide.push(b'\n');
    client.open("wide", Some(&wide)).await;
    let mut experiment = experiment(1, 1);
    experiment.data.read.max_columns = 1 << 40;
    client.train(&experiment).await;
    let message = client.failure().await;
    assert!(message.contains("4096 columns"), "{message}");
    assert_eq!(files("visitors"), 0);
    client.open("good", Some(&bytes)).await;
    client.train(&self::experiment(1, 1)).await;
    client.until(is_trained).await;
    // The table is moved to the run before the training; its upload ends on another thread.
    let empty = async {
        while files("uploads") != 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(SOON, empty).await.unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn runs_are_private_and_show_no_paths() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = TempDir::new().unwrap();
    let hosted = host(folder.path(), Rules::default());
    let cookie = hosted.join();
    let mut client = Client::open_page(hosted.server.address, &cookie).await;
    client.open("mine", Some(&table(300))).await;
    client.train(&experiment(1, 1)).await;
    client.until(is_trained).await;
    let visitor = only_folder(&folder.path().join("visitors"));
    for path in [
        folder.path().join("visitors"),
        folder.path().join("uploads"),
        visitor.clone(),
        visitor.join("mine"),
    ] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", path.display());
    }
    let own_path = folder.path().to_string_lossy().into_owned();
    let get = |path: &str| hosted.server.get(path, &[&cookie]);
    assert!(!get("/runs/mine/files/run.json").text().contains(&own_path));
    symlink(folder.path().join("secret.json"), visitor.join("mine/link")).unwrap();
    let linked = get("/runs/mine/files/link");
    assert_eq!(linked.status, 400);
    assert!(!linked.text().contains(&hosted.token));
    for path in ["/runs/none", "/runs/mine/files/link", "/runs/-rf"] {
        let response = get(path);
        assert_eq!(response.status, 400, "{path}");
        assert!(
            !response.text().contains(&own_path),
            "{path}: {}",
            response.text()
        );
    }
    // A file of another program where the run should be stored.
    std::fs::create_dir(visitor.join("taken")).unwrap();
    std::fs::write(visitor.join("taken/file"), "").unwrap();
    client.open("taken", Some(&table(300))).await;
    client.train(&experiment(1, 1)).await;
    let message = client.failure().await;
    assert!(
        message.contains("`taken`") && !message.contains(&own_path),
        "{message}"
    );
}
