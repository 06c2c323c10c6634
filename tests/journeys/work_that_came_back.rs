//! What was done without the server comes back, is found in Outgoing after a crash, and is dealt with by
//! keyboard alone.

use std::path::Path;

use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;

use crate::office::{ADA, APP, Mail, Office, SAM, UNTIL_TRIED_AGAIN};

const ANSWER: &str = "The short ones.";
const NOTE: &str = "Asked the depot how many.";
const DRAFT: &str = "And by the way,";

#[tokio::test]
async fn outgoing_work_survives_a_crash_and_what_came_back_is_changed_and_sent_again_by_keyboard() {
    let mut office = Office::open();
    let (screen, other_screen) = (Screen::start(), Screen::start());
    let ada = office.seat(&screen, ADA).await;
    let sam = office.seat(&other_screen, SAM).await;
    let asked =
        Mail { id: "<chair-1@customer.example>", subject: "Chair", answers: None, text: "Which screws?" };
    office.carla_writes(&asked);
    for window in [&ada, &sam] {
        window.shows("Carla Neri").await;
        window.press("j Enter").await;
        window.shows("Which screws?").await;
    }

    office.server.kill();
    ada.shows("offline").await;
    for (key, words) in [("r", ANSWER), ("n", NOTE)] {
        ada.press(key).await;
        ada.type_text(words).await;
        ada.press("Ctrl+Enter").await;
        ada.shows(words).await;
    }
    ada.press("r").await;
    ada.type_text(DRAFT).await;
    ada.press("Escape g o").await;
    lists_all(&ada).await;
    ada.picture("outgoing-1-server-away").await;
    ada.kill();

    let ada = Window::open(&screen, Path::new(APP), &[]).await;
    ada.shows("offline, 2 pending").await;
    ada.press("g o").await;
    lists_all(&ada).await;
    // The note is dropped, and had back.
    ada.press("j x").await;
    ada.shows("Dropped").await;
    ada.shows("offline, 1 pending").await;
    ada.press("u").await;
    ada.shows("offline, 2 pending").await;
    lists_all(&ada).await;
    ada.picture("outgoing-2-after-a-crash").await;
    ada.kill();

    // A colleague answers while this desk is closed.
    office.server.start();
    sam.shows_within("in sync", UNTIL_TRIED_AGAIN).await;
    sam.press("r").await;
    sam.type_text("The long ones.").await;
    sam.press("Ctrl+Enter").await;
    assert_eq!(office.carla_reads(1).len(), 1);

    let ada = Window::open(&screen, Path::new(APP), &[]).await;
    ada.shows("1 needs a look").await;
    ada.find("[data-testid=queue-row] .pending").await;
    ada.press("g o").await;
    ada.shows("Needs you").await;
    ada.shows("Waits behind these").await;
    ada.picture("outgoing-3-came-back").await;
    ada.press("Enter").await;
    ada.shows("Not sent yet. After you had looked: Sam Reyes answered.").await;
    ada.picture("outgoing-4-beside-the-draft").await;
    ada.press("End").await;
    ada.type_text(" Four of them.").await;
    assert_eq!(office.carla_reads(1).len(), 1, "what came back has not gone out");
    ada.press("Ctrl+Enter").await;
    let arrived = office.carla_reads(2);
    let said = "The short ones. Four of them.";
    assert!(arrived.iter().any(|mail| mail.contains(said)), "the changed words went out: {arrived:#?}");
    sam.shows(said).await;
    sam.shows(NOTE).await;

    // What is left is the draft; then nothing.
    ada.press("Escape g o").await;
    ada.shows(DRAFT).await;
    ada.gone("Needs you").await;
    ada.press("x").await;
    ada.shows("Everything has reached the server.").await;
    ada.picture("outgoing-5-settled").await;
    ada.close().await;
    sam.close().await;
}

async fn lists_all(window: &Window<'_>) {
    window.by_role("main", "Outgoing").await;
    for words in [ANSWER, NOTE, DRAFT] {
        window.shows(words).await;
    }
}
