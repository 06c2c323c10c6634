//! The window itself, before anything is done in it.

use std::path::Path;

use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;

const APP: &str = env!("CARGO_BIN_EXE_evendesk");

#[tokio::test]
async fn the_window_opens_and_shows_its_name() {
    let screen = Screen::start();
    let window = Window::open(&screen, Path::new(APP), &[]).await;

    window.by_role("heading", "Evendesk").await;
    assert_eq!(window.client().title().await.unwrap(), "Evendesk");
    window.picture("first-window").await;

    window.close().await;
}

#[tokio::test]
async fn an_app_that_crashed_opens_again() {
    let screen = Screen::start();
    let window = Window::open(&screen, Path::new(APP), &[]).await;
    let first = window.app();
    window.kill();

    let window = Window::open(&screen, Path::new(APP), &[]).await;
    window.shows("Evendesk").await;
    assert_ne!(window.app(), first);
}
