//! One running app a data folder: a second start brings the first one to the front and ends.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use tauri::Wry;
use tauri::plugin::TauriPlugin;

use crate::opening;

/// The plugin that finds the first instance. Two folders are two desks and may run side by side.
pub fn plugin(data: &Path) -> TauriPlugin<Wry> {
    tauri_plugin_single_instance::Builder::new()
        .dbus_id(bus_name(data))
        .callback(|app, _arguments, _folder| opening::in_front(app))
        .build()
}

fn bus_name(data: &Path) -> String {
    let mut hasher = DefaultHasher::new();
    data.hash(&mut hasher);
    format!("org.evendesk.desktop.d{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_folder_has_its_own_name_on_the_bus() {
        assert_eq!(bus_name(Path::new("/a")), bus_name(Path::new("/a")));
        assert_ne!(bus_name(Path::new("/a")), bus_name(Path::new("/b")));
    }
}
