//! The window itself, before anything is done in it.

use std::path::Path;

use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;
use serde_json::json;

const APP: &str = env!("CARGO_BIN_EXE_evendesk");

#[tokio::test]
async fn the_window_opens_and_shows_its_name() {
    let screen = Screen::start();
    let window = Window::open(&screen, Path::new(APP), &[]).await;

    window.find("#app *").await;
    assert_eq!(window.client().title().await.unwrap(), "Evendesk");
    let app = window.ask("app_info", json!({})).await.unwrap();
    assert!(app["data_folder"].as_str().unwrap().starts_with(screen.home().to_str().unwrap()), "{app}");
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
    window.find("#app *").await;
    assert_ne!(window.app(), first);
}
