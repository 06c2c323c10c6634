//! The window itself, before anything is done in it.

use std::path::Path;

use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;

const APP: &str = env!("CARGO_BIN_EXE_evendesk");

#[tokio::test]
async fn the_window_opens_and_shows_its_name() {
    let screen = Screen::start();
    let window = Window::open(&screen, Path::new(APP), &[]).await;

    window.find("#app *").await;
    assert_eq!(window.client().title().await.unwrap(), "Evendesk");
    assert!(screen.home().join("data/evendesk").is_dir(), "the desk's folder is in the person's home");
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

#[tokio::test]
async fn a_second_start_leaves_the_first_in_place_and_ends() {
    let screen = Screen::start();
    let window = Window::open(&screen, Path::new(APP), &[]).await;
    window.find("#app *").await;

    let second = screen.command(APP).status().unwrap();
    assert!(second.success(), "{second}");
    window.find("#app *").await;

    window.close().await;
}
