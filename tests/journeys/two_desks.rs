//! Two people at two windows: what one does the other sees at once, and neither talks over the other.

use std::time::Duration;

use evendesk_testkit::eventually::eventually;
use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;

use crate::office::{ADA, Mail, Office, SAM};

/// What is promised from one desk to the other.
const AT_ONCE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn two_desks_see_each_other_at_once_and_an_overtaken_answer_gets_a_second_look() {
    let office = Office::open();
    let (screen, other_screen) = (Screen::start(), Screen::start());
    let ada = office.seat(&screen, ADA).await;
    let sam = office.seat(&other_screen, SAM).await;

    let asked = Mail { id: "<desk-1@customer.example>", subject: "Desk", answers: None, text: "Is it oak?" };
    office.carla_writes(&asked);
    for window in [&ada, &sam] {
        window.shows("Carla Neri").await;
        window.press("j Enter").await;
        window.shows("Is it oak?").await;
    }
    ada.press("i").await;
    sam.shows_within("assigned to Ada Byron", AT_ONCE).await;
    sam.press("n").await;
    sam.type_text("It is beech, I think.").await;
    sam.press("Ctrl+Enter").await;
    ada.shows_within("It is beech, I think.", AT_ONCE).await;

    sam.press("Escape g b").await;
    sam.by_role("table", "By channel").await;
    board_says(&sam, "email", &["1", "0", "0"], "0").await;
    sam.picture("desks-1-board-waiting").await;

    ada.press("r").await;
    ada.type_text("No, it is beech.").await;
    ada.press("Ctrl+Enter").await;
    ada.shows("answered in").await;
    board_says(&sam, "email", &["0", "0", "0"], "1").await;
    sam.picture("desks-2-board-answered").await;

    let again = Mail {
        id: "<desk-2@customer.example>",
        subject: "Desk",
        answers: Some(asked.id),
        text: "Varnished?",
    };
    office.carla_writes(&again);
    ada.shows("Varnished?").await;
    ada.press("r").await;
    ada.type_text("It is oiled, twice.").await;

    sam.press("g d j Enter").await;
    sam.shows("Varnished?").await;
    sam.press("r").await;
    sam.type_text("It is oiled.").await;
    sam.press("Ctrl+Enter").await;
    ada.shows_within("While you typed: Sam Reyes answered.", AT_ONCE).await;
    ada.picture("desks-3-overtaken").await;
    ada.press("Ctrl+Enter").await;
    ada.shows("Not sent yet: Sam Reyes answered.").await;
    assert_eq!(office.carla_reads(2).len(), 2, "what is looked at again has not gone out");
    ada.picture("desks-4-second-look").await;
    ada.press("Ctrl+Enter").await;

    let answers = office.carla_reads(3);
    for text in ["No, it is beech.", "It is oiled.", "It is oiled, twice."] {
        let about_it = answers.iter().filter(|mail| mail.lines().any(|line| line.trim() == text));
        assert_eq!(about_it.count(), 1, "{text}: {answers:#?}");
    }
    sam.shows("It is oiled, twice.").await;
    sam.close().await;
    ada.close().await;
}

/// Waits until the board's row of a channel says how many wait, are at risk and overdue, and how many
/// were answered.
async fn board_says(window: &Window<'_>, channel: &str, now: &[&str; 3], answered: &str) {
    const FIGURES: &str =
        "const row = document.querySelector(`[data-testid=board-row][data-channel=${arguments[0]}]`);
        return row && [...row.querySelectorAll('td')].map((cell) => cell.innerText.trim());";
    let what = format!("the board says of {channel}: {now:?} and {answered} answered");
    eventually(&what, Duration::from_secs(5), async || {
        let cells = window.script(FIGURES, &[channel.into()]).await;
        let cell = |at: usize| cells[at].as_str();
        let is_so = [cell(0), cell(2), cell(3)] == now.map(Some) && cell(11) == Some(answered);
        is_so.then_some(())
    })
    .await;
}
