//! What looks after the data folder.

use evendesk_server::generate::{Size, generate};
use evendesk_server::store::Store;
use evendesk_server::{Options, Server, doctor};

const SMALL: Size = Size { conversations: 40, messages: 200, seed: 7 };

#[tokio::test]
async fn the_doctor_finds_nothing_in_a_good_folder_and_what_is_planted_in_a_bad_one() {
    let dir = tempfile::tempdir().unwrap();
    let made = generate(dir.path(), &SMALL).unwrap();
    assert_eq!((made.conversations, made.messages), (SMALL.conversations, SMALL.messages));
    let report = doctor::examine(&dir.path().into()).await.unwrap();
    assert_eq!(report.differences, Vec::<String>::new());
    assert_eq!(report.events, made.events);

    let file = std::fs::read_dir(dir.path().join("replica")).unwrap().map(|e| e.unwrap().path());
    let file = file.into_iter().find(|p| p.extension().is_some_and(|e| e == "db")).unwrap();
    let rows = rusqlite::Connection::open(file).unwrap();
    rows.execute(
        "UPDATE conversation SET subject = 'tampered' WHERE id = (SELECT min(id) FROM conversation)",
        [],
    )
    .unwrap();
    drop(rows);
    let report = doctor::examine(&dir.path().into()).await.unwrap();
    assert!(matches!(&report.differences[..], [one] if one.contains("tampered")), "{:?}", report.differences);
}

#[tokio::test]
async fn a_command_on_a_folder_in_use_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let running = Server::start(Options::new(dir.path())).await.unwrap();
    let refused = Store::open(&dir.path().into()).err().unwrap();
    assert!(refused.to_string().contains("in use by another Evendesk"), "{refused}");
    running.stop().await;
    Store::open(&dir.path().into()).unwrap();
}

#[test]
fn generating_is_refused_where_there_is_something_already() {
    let dir = tempfile::tempdir().unwrap();
    generate(dir.path(), &SMALL).unwrap();
    assert!(generate(dir.path(), &SMALL).unwrap_err().to_string().contains("already"));
}
