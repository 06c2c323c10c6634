//! The tray icon: how many are overdue, and the few things worth doing without the window.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tauri::image::Image;
use tauri::menu::{Menu, MenuItem, PredefinedMenuItem};
use tauri::tray::TrayIconBuilder;
use tauri::{AppHandle, Manager as _, Wry};

use crate::{one_click, opening};

const ID: &str = "evendesk";
const ICON: Image<'static> = tauri::include_image!("icons/32x32.png");

/// The menu's first line, which says how many are overdue.
struct Headline(MenuItem<Wry>);

/// Puts the icon in the tray. A desktop without one is no reason not to start.
pub fn show(app: &AppHandle) {
    // The toolkit's tray library is loaded when first used, and its binding panics where it is
    // not installed; only this call touches it.
    let built = catch_unwind(AssertUnwindSafe(|| build(app)));
    match built {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "there is no tray icon"),
        Err(_) => tracing::warn!("there is no tray icon, since the tray library is not installed"),
    }
}

fn build(app: &AppHandle) -> tauri::Result<()> {
    let headline = MenuItem::with_id(app, "open", headline_text(0), true, None::<&str>)?;
    let feedback = MenuItem::with_id(app, "feedback", "Log selection as feedback", true, None::<&str>)?;
    let line = PredefinedMenuItem::separator(app)?;
    let quit = MenuItem::with_id(app, "quit", "Quit Evendesk", true, None::<&str>)?;
    let menu = Menu::with_items(app, &[&headline, &feedback, &line, &quit])?;
    TrayIconBuilder::with_id(ID)
        .icon(ICON)
        .tooltip("Evendesk")
        .menu(&menu)
        .on_menu_event(|app, event| match event.id().as_ref() {
            "open" => opening::in_front(app),
            "feedback" => one_click::capture(app),
            "quit" => app.exit(0),
            _ => {}
        })
        .build(app)?;
    app.manage(Headline(headline));
    Ok(())
}

/// Shows how many are overdue: as a number beside the icon where the desktop has room for one,
/// by a red mark on it, and in words in the menu.
pub fn set_overdue(app: &AppHandle, overdue: usize) {
    let Some(tray) = app.tray_by_id(ID) else {
        return;
    };
    let number = (overdue > 0).then(|| overdue.to_string());
    let icon = if overdue > 0 { marked(&ICON) } else { ICON };
    let shown = tray
        .set_title(number)
        .and_then(|()| tray.set_icon(Some(icon)))
        .and_then(|()| tray.set_tooltip(Some(headline_text(overdue))))
        .and_then(|()| match app.try_state::<Headline>() {
            Some(headline) => headline.0.set_text(headline_text(overdue)),
            None => Ok(()),
        });
    if let Err(error) = shown {
        tracing::warn!(%error, "the tray does not show the number overdue");
    }
}

fn headline_text(overdue: usize) -> String {
    match overdue {
        0 => "Open Evendesk".to_owned(),
        1 => "Open Evendesk: 1 overdue".to_owned(),
        many => format!("Open Evendesk: {many} overdue"),
    }
}

/// The icon with a red dot in its lower right corner, ringed in white to be seen on any ground.
fn marked(icon: &Image<'_>) -> Image<'static> {
    let (width, height) = (icon.width(), icon.height());
    let mut rgba = icon.rgba().to_vec();
    let radius = f64::from(width) * 0.25;
    let centre = (f64::from(width) - radius - 1.0, f64::from(height) - radius - 1.0);
    for (pixel, at) in rgba.chunks_exact_mut(4).zip(0_u32..) {
        let (x, y) = (f64::from(at % width) + 0.5, f64::from(at / width) + 0.5);
        let distance = (x - centre.0).hypot(y - centre.1);
        if distance <= radius - 1.5 {
            pixel.copy_from_slice(&[0xc0, 0x36, 0x2c, 0xff]);
        } else if distance <= radius {
            pixel.copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
        }
    }
    Image::new_owned(rgba, width, height)
}

/// Whether anything on this desktop shows tray icons just now. Only then may closing the window
/// hide it: elsewhere nobody could bring it back.
#[cfg(target_os = "linux")]
pub fn is_seen() -> bool {
    let watched = async || -> zbus::Result<bool> {
        let bus = zbus::Connection::session().await?;
        let names = zbus::fdo::DBusProxy::new(&bus).await?;
        Ok(names.name_has_owner("org.kde.StatusNotifierWatcher".try_into()?).await?)
    };
    zbus::block_on(watched()).unwrap_or(false)
}

/// Every desktop but those of X11 and Wayland has a tray.
#[cfg(not(target_os = "linux"))]
pub fn is_seen() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_covers_a_corner_and_leaves_the_rest_of_the_icon() {
        let marked = marked(&ICON);
        let pixel = |x: usize, y: usize| &marked.rgba()[(y * 32 + x) * 4..][..4];
        assert_eq!(pixel(23, 23), [0xc0, 0x36, 0x2c, 0xff]);
        let upper_half = 32 * 12 * 4;
        assert_eq!(marked.rgba()[..upper_half], ICON.rgba()[..upper_half]);
    }
}
