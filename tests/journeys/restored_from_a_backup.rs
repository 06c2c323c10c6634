//! The server is lost and an older backup comes up in its place: desks offer again what it forgot, and a
//! supervisor says what becomes of the answers.

use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;

use crate::office::{ADA, Mail, Office, SAM, UNTIL_TRIED_AGAIN, header};

const FIRST: &str = "It has a hundred pages.";
const SECOND: &str = "And it is bound in linen.";

#[tokio::test]
async fn after_a_restore_everybody_is_told_and_a_supervisor_says_by_keyboard_which_answers_go_out_again() {
    let mut office = Office::open();
    let (screen, other_screen) = (Screen::start(), Screen::start());
    let ada = office.seat(&screen, ADA).await;
    let sam = office.seat(&other_screen, SAM).await;
    let asked =
        Mail { id: "<book@customer.example>", subject: "Book", answers: None, text: "How long is it?" };
    office.carla_writes(&asked);
    for window in [&ada, &sam] {
        window.shows("Carla Neri").await;
        window.press("j Enter").await;
        window.shows("How long is it?").await;
    }
    let kept = tempfile::tempdir().expect("a folder for the backup");
    let backup = kept.path().join("kept").display().to_string();
    office.server.run(&["backup", &backup, "--with-key"], "");

    for (count, words) in [(1, FIRST), (2, SECOND)] {
        ada.press("r").await;
        ada.type_text(words).await;
        ada.press("Ctrl+Enter").await;
        assert_eq!(office.carla_reads(count).len(), count);
        sam.shows(words).await;
    }
    ada.press("Escape").await;

    office.server.kill();
    std::fs::remove_dir_all(office.server.folder()).expect("the server's folder is lost");
    office.server.run(&["restore", &backup], "");
    office.server.start();

    for window in [&ada, &sam] {
        window.shows_within("The server was restored from a backup of", UNTIL_TRIED_AGAIN).await;
        window.shows("What it had forgotten was sent to it again.").await;
    }
    sam.shows_within("2 answers wait for your release", UNTIL_TRIED_AGAIN).await;
    ada.shows_within("Waits for a supervisor's release", UNTIL_TRIED_AGAIN).await;
    ada.picture("restored-1-author").await;
    ada.press("g o").await;
    ada.shows("Waits for a supervisor's release").await;
    for words in [FIRST, SECOND] {
        ada.shows(words).await;
    }
    ada.picture("restored-2-author-outgoing").await;
    sam.picture("restored-3-supervisor").await;

    // The first had gone out; the second goes out once more.
    sam.press("g o").await;
    sam.shows("Waits for your release").await;
    sam.picture("restored-4-supervisor-outgoing").await;
    sam.press("Shift+X").await;
    sam.shows("1 answer waits for your release").await;
    sam.shows(SECOND).await;
    sam.press("Shift+O").await;
    sam.gone("waits for your release").await;
    sam.shows("Everything has reached the server.").await;
    ada.shows("Everything has reached the server.").await;
    let mails = office.carla_reads(3);
    assert_eq!(mails.len(), 3, "the one that had gone out did not go again");
    let again = mails.iter().filter(|mail| mail.contains(SECOND));
    let ids: Vec<_> = again.map(|mail| header(mail, "Message-ID")).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "whoever has it knows it again: {ids:?}");
    understood(&ada).await;
    ada.picture("restored-5-settled").await;
    ada.close().await;
    sam.close().await;
}

async fn understood(window: &Window<'_>) {
    window.click("button", "Understood").await;
    window.gone("The server was restored").await;
}
