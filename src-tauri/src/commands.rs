//! The commands that the page may call. Each one only translates; what it does lives elsewhere.

use serde::Serialize;
use tauri::{AppHandle, State};

use crate::keychain::{Keychain, Place};
use crate::opening::{Matter, Openings};
use crate::selection::{self, Captured};
use crate::{Start, tray};

/// What the page should know of the app it runs in.
#[derive(Debug, Serialize)]
pub struct AppInfo {
    pub name: String,
    pub version: String,
    /// Whether this is the sample desk.
    pub demo: bool,
    /// The team's server, where it was named at the start.
    pub server: Option<String>,
    /// Where this desk's files are, for people to read.
    pub data_folder: String,
    /// Where the sign-in is kept.
    pub keychain: Place,
    /// Whether closing the window leaves the app in the tray.
    pub stays_in_tray: bool,
}

/// Asks the session bus and the keychain, so not on the main thread.
#[tauri::command(async)]
pub fn app_info(app: AppHandle, start: State<'_, Start>, keychain: State<'_, Keychain>) -> AppInfo {
    let package = app.package_info();
    AppInfo {
        name: "Evendesk".to_owned(),
        version: package.version.to_string(),
        demo: start.demo,
        server: start.server.clone(),
        data_folder: start.data.display().to_string(),
        keychain: keychain.place(),
        stays_in_tray: tray::is_seen(),
    }
}

/// What is marked or copied on this screen.
#[tauri::command(async)]
pub fn read_selection() -> Option<Captured> {
    selection::read()
}

/// Says that the page is there and hears events, and takes what it was asked to open before.
#[tauri::command]
pub fn take_opening(openings: State<'_, Openings>) -> Option<Matter> {
    openings.take()
}
