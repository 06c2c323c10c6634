//! One-click feedback from anywhere: a shortcut of the whole desktop and the tray's item.

use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use serde_json::json;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Emitter as _, Manager as _, Wry};
use tauri_plugin_global_shortcut::{GlobalShortcutExt as _, ShortcutState};

use crate::home::Home;
use crate::notify::{self, Notice};
use crate::{opening, selection, window, words};

/// Free on the common desktops, and the page's own key for the same, with modifiers.
const SHORTCUT: &str = "Ctrl+Alt+F";

/// Tells the page that a text was captured; an empty one asks for words.
const EVENT: &str = "feedback_shortcut";

pub fn plugin() -> TauriPlugin<Wry> {
    tauri_plugin_global_shortcut::Builder::new().build()
}

/// Listens to the shortcut. Another program may hold it, or the display may have no such thing:
/// then the button and the tray remain.
pub fn listen(app: &AppHandle) {
    let registered = app.global_shortcut().on_shortcut(SHORTCUT, |app, _, event| {
        if event.state == ShortcutState::Pressed {
            capture(app);
        }
    });
    if let Err(error) = registered {
        tracing::info!(%error, "{SHORTCUT} is not available for one-click feedback");
    }
}

/// Takes what is marked or copied, and logs it as feedback: through the page, which shows the undo, or,
/// where there is no window, by itself. The window comes to the front only where there was nothing to
/// take: otherwise one click was enough, and the agent goes on.
pub fn capture(app: &AppHandle) {
    let app = app.clone();
    std::thread::spawn(move || {
        let text = selection::read().map_or_else(String::new, |captured| captured.text);
        if text.is_empty() {
            opening::in_front(&app);
        } else if !window::is_there(&app) {
            return log(&app, text);
        }
        if let Err(error) = app.emit(EVENT, json!({ "text": text })) {
            tracing::warn!(%error, "the captured text did not reach the page");
        }
    });
}

fn log(app: &AppHandle, text: String) {
    let logged = app.state::<Home>().desk().log_feedback(
        text,
        FeedbackKind::Unsorted,
        FeedbackSource::default(),
        false,
    );
    let title = match logged {
        Ok(_) => words::logged().to_owned(),
        Err(error) => error.to_string(),
    };
    notify::send(app, Notice { title, body: String::new(), opens: None, pressing: false });
}
