//! Files in storage that speaks S3, beside a journal on PostgreSQL: as nodes share them.

use std::process::Command;

use evendesk_server::blobs::Blobs;
use evendesk_testkit::bucket::{Bucket, KEY_ID, SECRET};
use evendesk_testkit::postgres::Postgres;

/// Runs this test binary's test of that name again, with the keys in its environment: they are read from
/// there alone, and no test may change the environment of others.
fn with_keys(test: &str, secret: &str, url: &str) -> std::process::Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("AWS_ACCESS_KEY_ID", KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("BUCKET_URL", url)
        .output()
        .unwrap()
}

fn url_given() -> Option<String> {
    std::env::var("BUCKET_URL").ok()
}

#[test]
fn files_are_kept_in_a_bucket_under_its_prefix_and_only_with_the_right_key() {
    let name = "bucket::files_are_kept_in_a_bucket_under_its_prefix_and_only_with_the_right_key";
    if let Some(url) = url_given() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(keep_files(&url));
    }
    let bucket = Bucket::start();
    let url = bucket.url("company/files");
    let good = with_keys(name, SECRET, &url);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stdout));
    let kept = std::fs::read_dir(bucket.object("company/files")).unwrap().flatten();
    let kept: Vec<_> = kept.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten()).collect();
    assert!(kept.iter().any(|file| std::fs::read(file.path()).unwrap() == b"stays"));

    let bad = with_keys(name, "another", &url);
    let said = format!("{}{}", String::from_utf8_lossy(&bad.stdout), String::from_utf8_lossy(&bad.stderr));
    assert!(!bad.status.success() && said.contains("SignatureDoesNotMatch"), "{said}");
    assert!(!said.contains("another"), "the secret is in no message");
}

async fn keep_files(url: &str) {
    let blobs = Blobs::at(url).unwrap();
    // The small one first: who is refused in the middle of a large one may be hung up on before reading why.
    blobs.put(b"stays".to_vec()).await.unwrap();
    let large = vec![7; 9 << 20];
    let hash = blobs.put(large.clone()).await.unwrap();
    assert_eq!(blobs.put(large.clone()).await.unwrap(), hash);
    let again = Blobs::at(url).unwrap();
    assert!(again.get(&hash).await.unwrap().is_some_and(|found| found == large));
    assert!(again.is_whole(&hash).await.unwrap() && again.has(&hash).await.unwrap());
    assert_eq!(again.get(&"0".repeat(64)).await.unwrap(), None);
    assert!(!again.has(&"0".repeat(64)).await.unwrap());
    again.delete(&hash).await.unwrap();
    again.delete(&hash).await.unwrap();
    assert!(!blobs.has(&hash).await.unwrap());
}

#[test]
fn a_workspace_on_postgresql_and_s3_is_backed_up_restored_and_proved() {
    let (server, bucket) = (Postgres::start(), Bucket::start());
    let (one, two) = (server.database("one"), server.database("two"));
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let run = |journal: &str, blobs: &str, data: &str, arguments: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_evendesk-server"))
            .args(["--data", &path(data)])
            .args(arguments)
            .env("EVENDESK_JOURNAL", journal)
            .env("EVENDESK_BLOBS", blobs)
            .env("AWS_ACCESS_KEY_ID", KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .output()
            .unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        (done.status.success(), said)
    };
    // A file that a message names, put there by a form.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut options = evendesk_server::Options::new(dir.path().join("first"));
        options.demo = true;
        evendesk_server::Server::start(options).await.unwrap().stop().await;
    });
    let files = path("first/blobs");
    let (good, said) = run("", "", "first", &["journal", "copy", &path("first"), &one]);
    assert!(good && said.contains("is the same"), "{said}");
    let kept = path("kept");
    let (good, said) = run(&one, &files, "first", &["backup", &kept]);
    assert!(good && said.contains("apart from it"), "{said}");
    let in_bucket = bucket.url("files");
    let (good, said) = run(&two, &in_bucket, "node", &["restore", &kept]);
    assert!(good && said.contains("Put the key file into"), "{said}");
    std::fs::copy(dir.path().join("first/key"), dir.path().join("node/key")).unwrap();
    let (good, said) = run(&two, &in_bucket, "node", &["doctor"]);
    assert!(good && said.contains(" 0 differences"), "{said}");

    let again = path("again");
    let (good, said) = run(&two, &in_bucket, "node", &["backup", &again]);
    assert!(good, "{said}");
    let object = std::fs::read_dir(bucket.object("files")).unwrap().next().unwrap().unwrap().path();
    let object = std::fs::read_dir(object).unwrap().next().unwrap().unwrap().path();
    std::fs::write(object, "other words").unwrap();
    let (good, said) = run(&two, &in_bucket, "node", &["doctor"]);
    assert!(!good && said.contains("not what its name says"), "{said}");
}
