//! Someone comes by invitation, and their device is signed out from afar: it forgets what it held of
//! customers, says so, and gives back what was typed.

use std::path::Path;
use std::time::Duration;

use evendesk_testkit::eventually::eventually;
use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;

use crate::office::{APP, MIRA, Mail, Office};

const LOGIN: &str = "jo.park";
const PASSWORD: &str = "a horse of her own";
const DRAFT: &str = "It is oak, oiled twice.";

#[tokio::test]
async fn whoever_is_invited_joins_by_code_and_a_device_signed_out_says_so_and_keeps_what_was_typed() {
    let office = Office::open();
    let (screen, other_screen) = (Screen::start(), Screen::start());
    let asked = Mail { id: "<desk@customer.example>", subject: "Desk", answers: None, text: "Is it oak?" };
    office.carla_writes(&asked);
    let mira = office.seat(&screen, MIRA).await;
    let code = invite(&mira, "Jo Park").await;

    let jo = Window::open(&other_screen, Path::new(APP), &[]).await;
    jo.shows("Who is waiting longest?").await;
    jo.press("Tab Tab Enter").await;
    jo.by_role("textbox", "Server address").await;
    jo.picture("invited-3-join").await;
    jo.press("Shift+Tab Enter").await;
    jo.by_role("textbox", "Invitation code").await;
    for text in [&office.server.url(), code.as_str(), LOGIN, PASSWORD] {
        jo.type_text(text).await;
        jo.press("Tab").await;
    }
    jo.picture("invited-4-by-code").await;
    jo.click("button", "Join").await;
    jo.shows("in sync").await;
    jo.shows("Carla Neri").await;
    jo.press("j Enter").await;
    jo.shows("Is it oak?").await;
    jo.press("r").await;
    jo.type_text(DRAFT).await;
    jo.picture("invited-5-typed").await;
    mira.shows("Jo Park").await;
    mira.picture("invited-6-is-here").await;

    sign_out(&mira, "Jo Park").await;
    jo.shows("This device was signed out").await;
    jo.shows("1 thing you wrote or did is kept here for you.").await;
    jo.gone("Is it oak?").await;
    jo.gone("Carla Neri").await;
    jo.picture("invited-9-signed-out").await;

    // The address is known, so the focus is where the login goes.
    jo.type_text(LOGIN).await;
    jo.press("Tab").await;
    jo.type_text(PASSWORD).await;
    jo.press("Enter").await;
    jo.shows("in sync").await;
    jo.shows("Carla Neri").await;
    jo.press("j Enter r").await;
    eventually("the answer that was begun is there", Duration::from_secs(15), async || {
        (jo.script("return document.querySelector('textarea')?.value", &[]).await == DRAFT).then_some(())
    })
    .await;
    jo.picture("invited-10-back").await;
    jo.press("Ctrl+Enter").await;
    let answers = office.carla_reads(1);
    assert!(answers[0].contains(DRAFT), "{answers:#?}");
    jo.close().await;
    mira.close().await;
}

/// An admin invites someone into the first team, by keys alone; returns the code.
async fn invite(admin: &Window<'_>, name: &str) -> String {
    admin.press("g p").await;
    admin.by_role("table", "Here").await;
    admin.picture("invited-1-people").await;
    admin.press("Tab Enter").await;
    admin.by_role("dialog", "Invite a person").await;
    admin.type_text(name).await;
    admin.press("Tab Tab Space").await;
    admin.picture("invited-2-whom").await;
    admin.press("Tab Enter").await;
    let code = admin.find("[data-testid=code]").await.text().await.expect("the code can be read");
    admin.picture("invited-2-code").await;
    admin.press("Escape").await;
    admin.by_role("table", "Invited").await;
    code
}

/// An admin signs someone's only device out, by keys alone.
async fn sign_out(admin: &Window<'_>, name: &str) {
    admin.press("g v").await;
    admin.by_role("table", "Others").await;
    admin.shows(name).await;
    admin.picture("invited-7-devices").await;
    admin.press("Tab Tab Enter").await;
    admin.by_role("dialog", "Sign out").await;
    admin.shows("forgets what it held at once").await;
    admin.picture("invited-8-asks").await;
    admin.press("Shift+Tab Enter").await;
    admin.shows("is signed out").await;
}
