//! The one window: opened when first wanted, hidden rather than closed where a tray can bring it back.

use tauri::{AppHandle, Manager as _, WebviewWindow, WebviewWindowBuilder, WindowEvent};
use tauri_plugin_window_state::StateFlags;

use crate::{Start, tray};

const LABEL: &str = "main";

/// What is kept of the window from one start to the next. Not whether it was visible: that is
/// for `--background` to say.
pub fn kept_state() -> StateFlags {
    StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED | StateFlags::FULLSCREEN
}

/// Whether there is a page to tell things to.
pub fn is_there(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some()
}

/// Shows the window in front, making it if it was not there.
pub fn open(app: &AppHandle) -> tauri::Result<()> {
    let window = match app.get_webview_window(LABEL) {
        Some(window) => window,
        None => build(app)?,
    };
    window.show()?;
    window.unminimize()?;
    window.set_focus()
}

fn build(app: &AppHandle) -> tauri::Result<WebviewWindow> {
    let config = app.config().app.windows.iter().find(|window| window.label == LABEL);
    let config = config.ok_or(tauri::Error::WindowNotFound)?;
    // What the page keeps stays with its desk, so that two desks of one user share nothing.
    let kept = app.state::<Start>().data.join("page");
    let window = WebviewWindowBuilder::from_config(app, config)?.data_directory(kept).build()?;
    let closing = window.clone();
    window.on_window_event(move |event| {
        if let WindowEvent::CloseRequested { api, .. } = event
            && tray::is_seen()
            && closing.hide().is_ok()
        {
            api.prevent_close();
        }
    });
    Ok(window)
}
