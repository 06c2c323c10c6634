//! A customer asks to be forgotten: the words go from every window, what was counted stays.

use std::time::Duration;

use evendesk_testkit::eventually::eventually;
use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;

use crate::office::{ADA, MIRA, Mail, Office, clocks};

#[tokio::test]
async fn an_erased_customer_is_gone_from_every_window_and_the_queue_keeps_their_clock() {
    let office = Office::open();
    let (screen, other_screen) = (Screen::start(), Screen::start());
    let asked = Mail { id: "<desk@customer.example>", subject: "Desk", answers: None, text: "Is it oak?" };
    office.carla_writes(&asked);
    let mira = office.seat(&screen, MIRA).await;
    let ada = office.seat(&other_screen, ADA).await;
    for window in [&mira, &ada] {
        window.shows("Carla Neri").await;
        window.press("j Enter").await;
        window.shows("Is it oak?").await;
    }
    let running = clocks(&ada).await;
    assert!(!running.is_empty(), "her clocks run");
    ada.picture("erased-1-before").await;

    mira.press("Ctrl+k").await;
    mira.by_role("dialog", "All commands").await;
    mira.type_text("erase").await;
    mira.picture("erased-2-palette").await;
    mira.press("Enter").await;
    mira.by_role("dialog", "Erase Carla Neri").await;
    mira.shows("loses its words, for good").await;
    mira.shows("Clocks and the board keep their figures.").await;
    mira.picture("erased-3-asks").await;
    // Enter alone is not enough.
    mira.press("Enter").await;
    mira.by_role("dialog", "Erase Carla Neri").await;
    ada.shows("Is it oak?").await;
    mira.press("Space Tab Enter").await;

    for window in [&mira, &ada] {
        window.gone("Is it oak?").await;
        window.gone("Carla").await;
        window.gone("carla@customer.example").await;
        window.shows("Everything of this customer was erased").await;
    }
    assert_eq!(clocks(&ada).await, running, "her clocks run on");
    has_clock_in_queue(&ada).await;
    mira.picture("erased-4-done").await;
    ada.picture("erased-5-with-another").await;
    ada.press("/").await;
    ada.by_role("dialog", "Search").await;
    ada.type_text("oak").await;
    ada.shows("Nothing found").await;
    ada.picture("erased-6-not-found").await;
    mira.close().await;
    ada.close().await;
}

async fn has_clock_in_queue(window: &Window<'_>) {
    const RUNS: &str =
        "return document.querySelector('[data-testid=queue-row] [data-testid=clock]')?.dataset.state";
    eventually("the one who waits has a clock in the queue", Duration::from_secs(15), async || {
        let state = window.script(RUNS, &[]).await;
        state.as_str().is_some_and(|state| state != "none").then_some(())
    })
    .await;
}
