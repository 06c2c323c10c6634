//! What is mine and falls overdue is told by the desktop itself, and a click on that leads to it.

use std::time::Duration;

use evendesk_testkit::eventually::eventually_now;
use evendesk_testkit::screen::{Notification, Screen};

use crate::office::{ADA, Mail, Office};

#[tokio::test]
async fn a_matter_of_mine_that_falls_overdue_is_a_notification_that_opens_it() {
    let office = Office::open();
    let screen = Screen::start();
    let window = office.seat(&screen, ADA).await;
    let asked =
        Mail { id: "<shelf-1@customer.example>", subject: "Shelf", answers: None, text: "How deep is it?" };
    office.carla_writes(&asked);
    window.shows("Carla Neri").await;
    window.press("j Enter").await;
    window.shows("How deep is it?").await;
    window.press("i").await;
    window.shows("assigned to Ada Byron").await;
    window.press("g f").await;
    window.shows("No feedback yet.").await;

    // It lay in the mailbox unseen: the customer has waited since then, whenever we looked.
    let late =
        Mail { id: "<shelf-0@customer.example>", subject: "Shelf", answers: None, text: "Is the shelf oak?" };
    office.carla_wrote(4, &late);
    let overdue = Notification { title: "Carla Neri: overdue".into(), body: "Shelf".into() };
    eventually_now("the desktop says what is overdue", Duration::from_secs(15), || {
        screen.notifications().contains(&overdue).then_some(())
    });
    window.picture("notified-1").await;

    screen.click_notification();
    window.shows("Is the shelf oak?").await;
    window.find("[data-testid=clock][data-state=breached]").await;
    window.picture("notified-2-opened").await;
    window.close().await;
}
