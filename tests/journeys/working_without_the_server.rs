//! The server is gone, the work goes on, the app is killed as well: nothing is lost, nothing is done twice.

use std::collections::HashSet;
use std::path::Path;

use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;

use crate::office::{ADA, APP, Mail, Office, UNTIL_TRIED_AGAIN, header};

#[tokio::test]
async fn what_was_done_without_the_server_is_done_once_after_both_were_killed() {
    let mut office = Office::open();
    let screen = Screen::start();
    let window = office.seat(&screen, ADA).await;
    let asked =
        Mail { id: "<chair-1@customer.example>", subject: "Chair", answers: None, text: "Which screws?" };
    office.carla_writes(&asked);
    window.shows("Carla Neri").await;
    window.press("j Enter").await;
    window.shows("Which screws?").await;

    office.server.kill();
    window.shows("offline").await;
    let answers = ["The short ones, four of them.", "And the long ones for the back."];
    for answer in answers {
        window.press("r").await;
        window.type_text(answer).await;
        window.press("Ctrl+Enter").await;
        window.shows(answer).await;
    }
    window.press("p").await;
    window.by_role("dialog", "Log a call").await;
    window.click("button", "We called").await;
    window.click("textbox", "Note").await;
    window.type_text("Talked her through the assembly.").await;
    window.picture("offline-1-call").await;
    window.press("Ctrl+Enter").await;
    window.shows("Talked her through the assembly.").await;
    window.shows("3 pending").await;
    window.picture("offline-2-pending").await;
    window.kill();

    let window = Window::open(&screen, Path::new(APP), &[]).await;
    window.shows("offline, 3 pending").await;
    window.press("j Enter").await;
    for said in answers {
        window.shows(said).await;
    }
    window.shows("Talked her through the assembly.").await;
    window.picture("offline-3-opened-again").await;

    office.server.start();
    window.shows_within("in sync", UNTIL_TRIED_AGAIN).await;
    window.gone("pending").await;
    let mut arrived = office.carla_reads(2);
    window.picture("offline-4-in-sync").await;

    // A server that dies once more, and comes back, sends nothing again.
    office.server.kill();
    office.server.start();
    let more =
        Mail { id: "<chair-2@customer.example>", subject: "Stool", answers: None, text: "And the stool?" };
    office.carla_writes(&more);
    window.shows_within("And the stool?", UNTIL_TRIED_AGAIN).await;
    window.close().await;
    office.server.kill();

    arrived = office.carla_reads(arrived.len());
    assert_eq!(arrived.len(), answers.len(), "each answer once: {arrived:#?}");
    let ids: HashSet<String> = arrived.iter().map(|mail| header(mail, "Message-ID")).collect();
    assert_eq!(ids.len(), answers.len(), "each under an id of its own: {ids:?}");
    for answer in answers {
        assert_eq!(arrived.iter().filter(|mail| mail.contains(answer)).count(), 1, "{answer}: {arrived:#?}");
    }
    let events = office.server.journal();
    for said in answers.iter().chain(&["Talked her through the assembly."]) {
        let of_it = events.iter().filter(|event| event.event.to_text().contains(said)).count();
        assert_eq!(of_it, 1, "{said} is in the journal once");
    }
    let of_ada = events.iter().filter(|event| event.by.user().is_some());
    let commands: HashSet<_> = of_ada.map(|event| event.command.expect("people act by commands")).collect();
    assert_eq!(commands.len(), 3, "each command is decided: {commands:?}");

    let doctor = office.server.run(&["doctor"], "");
    assert!(doctor.contains(" 0 differences"), "{doctor}");
    let doctor = screen.command(APP).arg("--doctor").output().expect("the app can be started");
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(doctor.status.success() && said.contains(" 0 differences"), "{said}");
}
