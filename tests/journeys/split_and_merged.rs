//! A mail without a thread is guessed to belong to the one open matter; a key undoes that, and another
//! takes it back by merging.

use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;
use serde_json::Value;

use crate::office::{ADA, Mail, Office, clocks, page_of};

#[tokio::test]
async fn a_guess_is_undone_by_one_key_and_two_matters_are_merged_by_another() {
    let office = Office::open();
    let screen = Screen::start();
    let window = office.seat(&screen, ADA).await;

    let sofa =
        Mail { id: "<sofa-1@customer.example>", subject: "Sofa", answers: None, text: "Does it fold?" };
    office.carla_writes(&sofa);
    window.shows("Carla Neri").await;
    let chair = Mail {
        id: "<chair-1@customer.example>",
        subject: "Chair",
        answers: None,
        text: "The chair has lost a leg.",
    };
    office.carla_writes(&chair);
    window.press("j Enter").await;
    window.shows("The chair has lost a leg.").await;
    window.shows("guessed to belong here").await;
    assert_eq!(open_matters(&window).await.len(), 1);
    window.picture("guess-1-marked").await;

    window.press("m").await;
    window.shows("Moved to a matter of its own").await;
    window.gone("pending").await;
    window.gone("guessed to belong here").await;
    let parts = open_matters(&window).await;
    assert_eq!(parts.len(), 2, "{parts:#?}");
    let spoke_at = |text: &str| said_at(&parts, text);
    let started = |subject: &str| turn_of(&parts, subject)["started_at"].clone();
    assert_eq!(started("Sofa"), spoke_at("Does it fold?"));
    assert_eq!(started("Chair"), spoke_at("The chair has lost a leg."));
    assert_eq!(turn_of(&parts, "Chair")["target"], "next_response", "a part gains no first response");
    window.picture("guess-2-undone").await;

    window.press("Shift+M").await;
    window.by_role("dialog", "Merge into another matter").await;
    window.press("Enter").await;
    window.shows("Merged into").await;
    window.gone("pending").await;
    window.shows("merged another matter into this one").await;
    window.shows("Does it fold?").await;
    window.shows("The chair has lost a leg.").await;
    let merged = open_matters(&window).await;
    assert_eq!(merged.len(), 1, "{merged:#?}");
    assert_eq!(merged[0].0["timers"][0]["started_at"], spoke_at("Does it fold?"), "the oldest word counts");
    assert_eq!(clocks(&window).await.len(), 2, "one turn and one resolution");
    window.picture("guess-3-merged").await;

    window.press("r").await;
    window.type_text("It folds, and a leg is on its way.").await;
    window.press("Ctrl+Enter").await;
    assert!(office.carla_reads(1)[0].contains("a leg is on its way"));
    window.close().await;
}

/// The matters on Carla's page that are open, each with the page.
async fn open_matters(window: &Window<'_>) -> Vec<(Value, Value)> {
    let page = page_of(window, "Carla Neri").await;
    let matters = page["matters"].as_array().cloned().unwrap_or_default();
    let open = matters.into_iter().filter(|matter| matter["status"] == "open");
    open.map(|matter| (matter, page.clone())).collect()
}

fn turn_of(matters: &[(Value, Value)], subject: &str) -> Value {
    let (matter, _) = matters.iter().find(|(m, _)| m["subject"] == subject).expect("a matter");
    matter["timers"][0].clone()
}

fn said_at(matters: &[(Value, Value)], text: &str) -> Value {
    let entries = matters[0].1["entries"].as_array().cloned().unwrap_or_default();
    let said = entries.iter().find(|e| e["kind"]["text"].as_str().is_some_and(|t| t.contains(text)));
    // Clocks count whole seconds.
    let at = said.expect("it was said")["kind"]["spoke_at"].as_i64().expect("an instant");
    Value::from(at / 1000 * 1000)
}
