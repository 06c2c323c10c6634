//! One-click feedback from anywhere: a shortcut of the whole desktop and the tray's item.

use serde_json::json;
use tauri::plugin::TauriPlugin;
use tauri::{AppHandle, Emitter as _, Wry};
use tauri_plugin_global_shortcut::{GlobalShortcutExt as _, ShortcutState};

use crate::{opening, selection};

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

/// Takes what is marked or copied, and hands it on as feedback. The window comes to the front
/// only where there was nothing to take: otherwise one click was enough, and the agent goes on.
pub fn capture(app: &AppHandle) {
    let app = app.clone();
    std::thread::spawn(move || {
        let text = selection::read().map_or_else(String::new, |captured| captured.text);
        if text.is_empty() {
            opening::in_front(&app);
        }
        if let Err(error) = app.emit(EVENT, json!({ "text": text })) {
            tracing::warn!(%error, "the captured text did not reach the page");
        }
    });
}
