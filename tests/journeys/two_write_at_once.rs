//! Two people come to one matter: each sees that the other is there and writes, and neither is stopped.

use std::time::Duration;

use evendesk_testkit::screen::Screen;

use crate::office::{ADA, Mail, Office, SAM};

/// What is promised from one desk to the other.
const AT_ONCE: Duration = Duration::from_secs(1);
/// One is told of where one rests, not where one passes through.
const RESTING: Duration = Duration::from_secs(3);

#[tokio::test]
async fn two_who_write_in_one_matter_see_it_at_once_and_the_later_answer_looks_once_more() {
    let office = Office::open();
    let (screen, other_screen) = (Screen::start(), Screen::start());
    let ada = office.seat(&screen, ADA).await;
    let asked = Mail { id: "<lamp@customer.example>", subject: "Lamp", answers: None, text: "Is it warm?" };
    office.carla_writes(&asked);
    ada.shows("Carla Neri").await;
    ada.press("j Enter").await;
    ada.shows("Is it warm?").await;
    ada.press("r").await;
    ada.type_text("It is").await;

    // Who comes later is told who was there before.
    let sam = office.seat(&other_screen, SAM).await;
    sam.shows("Carla Neri").await;
    sam.press("j Enter").await;
    ada.shows_within("Sam Reyes is looking at this", RESTING).await;
    sam.shows_within("Ada Byron is", RESTING).await;
    ada.type_text(" warm,").await;
    sam.shows_within("Ada Byron is writing an answer here", AT_ONCE).await;
    sam.press("r").await;
    sam.type_text("Warm white.").await;
    ada.shows_within("Sam Reyes is writing an answer here", AT_ONCE).await;
    ada.picture("collision-1-both-write").await;
    sam.picture("collision-2-both-write").await;

    sam.press("Ctrl+Enter").await;
    sam.shows("Ada Byron is writing here too").await;
    ada.shows_within("While you typed: Sam Reyes answered.", AT_ONCE).await;
    ada.gone("Sam Reyes is writing an answer here").await;
    sam.picture("collision-3-sent-first").await;
    assert_eq!(office.carla_reads(1).len(), 1);

    // Who leaves is gone at once, crash or not.
    ada.kill();
    sam.gone("Ada Byron is").await;
    sam.close().await;
}
