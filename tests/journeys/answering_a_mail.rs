//! A mail comes in, is answered by keys alone, and what follows stays in the same conversation.

use std::time::Duration;

use evendesk_testkit::screen::Screen;

use crate::office::{ADA, CARLA, Mail, Office, SHOP, clocks, header, page_of};

/// What is promised from delivery to the window.
const AT_ONCE: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_mail_is_in_the_window_within_two_seconds_and_answered_by_keyboard_in_its_thread() {
    let office = Office::open();
    let screen = Screen::start();
    let window = office.seat(&screen, ADA).await;
    window.shows("Nobody is waiting.").await;

    let asked = "<lamp-1@customer.example>";
    let question = "The lamp arrived without its bulb.\r\nCould you send one?";
    office.carla_writes(&Mail { id: asked, subject: "Lamp without bulb", answers: None, text: question });
    window.shows_within("Carla Neri", AT_ONCE).await;
    window.find("[data-testid=queue-row] [data-testid=clock][data-state=running]").await;
    window.picture("mail-1-arrived").await;

    window.press("j Enter").await;
    window.shows("The lamp arrived without its bulb.").await;
    window.find("[data-testid=clock][data-target=first_response][data-state=running]").await;
    window.press("r").await;
    window.type_text("Good afternoon, a bulb is on its way to you.").await;
    window.picture("mail-2-answering").await;
    window.press("Ctrl+Enter").await;

    let answer = office.carla_reads(1).remove(0);
    assert!(answer.contains("a bulb is on its way to you"), "{answer}");
    assert_eq!(header(&answer, "In-Reply-To"), asked);
    assert_eq!(header(&answer, "References"), asked);
    assert_eq!(header(&answer, "Subject"), "Re: Lamp without bulb");
    assert!(header(&answer, "From").contains(SHOP), "{answer}");
    assert!(header(&answer, "To").contains(CARLA), "{answer}");

    window.shows("answered in").await;
    window.find("[data-testid=clock][data-target=resolution]").await;
    let clocks = clocks(&window).await;
    assert!(clocks.iter().all(|clock| !clock.contains("first_response")), "it is met: {clocks:?}");
    window.picture("mail-3-answered").await;

    let sent = header(&answer, "Message-ID");
    office.carla_writes(&Mail {
        id: "<lamp-2@customer.example>",
        subject: "Re: Lamp without bulb",
        answers: Some(&sent),
        text: "Thank you. When?",
    });
    window.shows_within("Thank you. When?", AT_ONCE).await;
    window.find("[data-testid=clock][data-target=next_response][data-state=running]").await;
    window.picture("mail-4-goes-on").await;
    let page = page_of(&window, "Carla Neri").await;
    assert_eq!(page["matters"].as_array().map(Vec::len), Some(1), "one conversation: {page:#}");

    window.close().await;
}
