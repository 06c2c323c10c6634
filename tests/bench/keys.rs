//! From a key to what it does being on the glass, in the real window, as the page itself measures it.

use std::path::Path;
use std::time::Duration;

use evendesk_testkit::eventually::eventually;
use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;
use serde_json::json;

use crate::data::APP;
use crate::figures::Table;
use crate::scale::Scale;

/// What `docs/performance.md` promises.
const TARGET_MS: f64 = 50.0;
const PATIENCE: Duration = Duration::from_secs(10);
/// Presses down the queue before as many back up.
const STRETCH: usize = 25;

/// The page's measurements of a command, taken away once read.
const TAKE: &str = "const [name] = arguments, all = window.__evendesk_paint;
    const found = all.findIndex((painted) => painted.name === name);
    return found < 0 ? null : all.splice(0, found + 1)[found].ms;";

pub fn measure(home: &Path, scale: &Scale, table: &mut Table) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.expect("a runtime").block_on(in_window(home, scale, table));
}

async fn in_window(home: &Path, scale: &Scale, table: &mut Table) {
    let screen = Screen::start();
    let data = home.to_str().expect("the folder's name is text");
    let window = Window::open(&screen, Path::new(APP), &["--data", data]).await;
    window.find("[role=option], [role=row], .row").await;
    tokio::time::sleep(Duration::from_secs(3)).await;

    let moves = moves(&window, scale.presses).await;
    table.times("key to paint, moving in the queue (j, k)", &moves, Some(TARGET_MS));
    let opens = opens(&window, scale.presses / 2).await;
    table.times("key to paint, opening a customer (Enter)", &opens, Some(TARGET_MS));
    let jumps = jumps(&window, scale.presses / 4).await;
    table.times("key to paint, ten rows on (Page Down, Page Up)", &jumps, None);
    window.picture("benchmark").await;
    window.close().await;
}

async fn moves(window: &Window<'_>, presses: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for press in 0..presses {
        let (key, command) =
            if (press / STRETCH).is_multiple_of(2) { ("j", "next") } else { ("k", "previous") };
        times.push(painted(window, key, command).await);
    }
    times
}

/// Each time another customer: on to the next, into it, and back to the list.
async fn opens(window: &Window<'_>, presses: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..presses {
        painted(window, "j", "next").await;
        times.push(painted(window, "Enter", "open").await);
        painted(window, "Escape", "back").await;
    }
    times
}

/// Beyond what was fetched ahead.
async fn jumps(window: &Window<'_>, presses: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for press in 0..presses {
        let (key, command) = if (press / STRETCH).is_multiple_of(2) {
            ("PageDown", "page_down")
        } else {
            ("PageUp", "page_up")
        };
        times.push(painted(window, key, command).await);
    }
    times
}

/// Presses a key and waits until the page has measured what it did.
async fn painted(window: &Window<'_>, key: &str, command: &str) -> Duration {
    window.press(key).await;
    let what = format!("{key} is painted");
    let ms =
        eventually(&what, PATIENCE, async || window.script(TAKE, &[json!(command)]).await.as_f64()).await;
    Duration::from_secs_f64(ms / 1000.0)
}
