//! The sample workspace, as `make run` opens it. Its picture is the README's, taken again where
//! `SCREENSHOT_DOCS=1` asks for it.

use std::path::Path;
use std::time::Duration;

use evendesk_testkit::eventually::eventually;
use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;

use crate::office::APP;

#[tokio::test]
async fn whoever_looks_around_finds_sample_customers_of_every_channel_waiting() {
    let screen = Screen::start();
    let window = Window::open(&screen, Path::new(APP), &["--demo"]).await;
    for channel in ["Email", "Phone", "Web form", "Social", "Letter"] {
        let what = format!("somebody who wrote or called by {channel} is in the queue");
        eventually(&what, Duration::from_secs(30), async || {
            is_in_queue(&window, channel).await.then_some(())
        })
        .await;
    }
    window.press("j j Enter").await;
    window.find("[data-testid=entry]").await;
    window.find(".why dl div").await;
    window.shows("in sync").await;
    let picture = window.picture("sample-1-queue").await;
    if std::env::var_os("SCREENSHOT_DOCS").is_some() {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        std::fs::create_dir_all(&docs).expect("a folder for the picture");
        std::fs::copy(picture, docs.join("screenshot.png")).expect("the picture can be kept");
    }
    window.press("g b").await;
    window.by_role("table", "By channel").await;
    window.picture("sample-2-board").await;
    window.close().await;
}

async fn is_in_queue(window: &Window<'_>, channel: &str) -> bool {
    const SEEN: &str = "return [...document.querySelectorAll('[data-testid=queue-row]')]
        .some((row) => row.querySelector(`[aria-label='${arguments[0]}']`) !== null
            || row.textContent.includes(arguments[0]));";
    window.script(SEEN, &[channel.into()]).await == true
}
