//! A mail, a form, a call: one customer, so one row, one timeline and one clock.

use std::time::Duration;

use evendesk_desk::client::trust::Trust;
use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;
use serde_json::Value;

use crate::office::{ADA, CARLA, Mail, Office, clocks, page_of};

/// Faster, and the form takes its writer for a machine.
const AS_PEOPLE_TYPE: Duration = Duration::from_millis(3500);

#[tokio::test]
async fn a_mail_a_form_and_a_call_of_one_customer_are_one_row_one_timeline_and_one_clock() {
    let office = Office::open();
    let screen = Screen::start();
    let window = office.seat(&screen, ADA).await;

    let asked =
        Mail { id: "<sofa-1@customer.example>", subject: "Sofa", answers: None, text: "Does it fold?" };
    office.carla_writes(&asked);
    window.shows("Carla Neri").await;
    fill_in(&office, "And does it come in green?").await;
    window.press("j Enter").await;
    window.shows("And does it come in green?").await;
    assert_eq!(rows(&window).await, 1);
    assert_eq!(clocks(&window).await, ["first_response running", "resolution running"]);
    window.picture("channels-1-mail-and-form").await;

    window.press("p").await;
    window.by_role("dialog", "Log a call").await;
    window.click("button", "We called").await;
    window.click("textbox", "Note").await;
    window.type_text("It folds, and it comes in green.").await;
    window.press("Ctrl+Enter").await;
    window.shows("It folds, and it comes in green.").await;
    window.gone("pending").await;
    assert_eq!(rows(&window).await, 1);
    assert_eq!(clocks(&window).await, ["resolution running"], "the call has answered both");
    window.picture("channels-2-and-call").await;

    let page = page_of(&window, "Carla Neri").await;
    assert_eq!(page["matters"].as_array().map(Vec::len), Some(1), "{page:#}");
    let entries = page["entries"].as_array().cloned().unwrap_or_default();
    let said: Vec<&Value> =
        entries.iter().map(|entry| &entry["kind"]).filter(|kind| kind["kind"] != "change").collect();
    let channels: Vec<_> = said.iter().map(|kind| kind["channel"].as_str().unwrap_or("phone")).collect();
    assert_eq!(channels, ["email", "web_form", "phone"], "{page:#}");

    // A form carries no answers; the shop's mailbox does.
    window.press("r").await;
    window.type_text("As I said on the phone: yes, in green.").await;
    window.press("Ctrl+Enter").await;
    assert!(office.carla_reads(1)[0].contains("yes, in green"));
    window.close().await;
}

/// Opens the form's page, fills it in as Carla, and sends it, as a browser without scripts does.
async fn fill_in(office: &Office, message: &str) {
    let web = Trust::new(None).and_then(|trust| trust.http()).expect("HTTP");
    let page = web.get(&office.form).send().await.expect("the form's page").text().await.expect("a page");
    let hidden = |name: &str| {
        let after = page.split(&format!(r#"name="{name}" value=""#)).nth(1).expect("a hidden field");
        after.split('"').next().unwrap_or_default().to_owned()
    };
    let fields = [
        ("id", hidden("id")),
        ("opened_at", hidden("opened_at")),
        ("name", "Carla Neri".into()),
        ("email", CARLA.into()),
        ("phone", String::new()),
        ("subject", "Colours".into()),
        ("message", message.into()),
        ("website", String::new()),
    ];
    tokio::time::sleep(AS_PEOPLE_TYPE).await;
    let body = serde_urlencoded::to_string(fields).expect("a form");
    let request =
        web.post(&office.form).header("Content-Type", "application/x-www-form-urlencoded").body(body);
    let answer = request.send().await.expect("the form is sent");
    assert!(answer.status().is_success(), "{}: {:?}", answer.status(), answer.text().await);
}

async fn rows(window: &Window<'_>) -> u64 {
    let rows = window.script("return document.querySelectorAll('[data-testid=queue-row]').length", &[]).await;
    rows.as_u64().unwrap_or_default()
}
