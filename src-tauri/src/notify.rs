//! Native notifications. What is worth one is for the desk to say; here it is only shown.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use notify_rust::{Notification, Timeout, Urgency};
use tauri::AppHandle;

use crate::opening::{self, OpenCustomer};

/// Notifications whose click is waited for at one time, each on a small thread; further ones are
/// shown all the same, and clicking them does nothing.
const WAITED_FOR: usize = 32;

/// How long a notification stays where the desktop leaves that to us.
const SHOWN: Duration = Duration::from_secs(12);

static WAITING: AtomicUsize = AtomicUsize::new(0);

/// One notification.
#[derive(Debug, Clone)]
pub struct Notice {
    pub title: String,
    pub body: String,
    /// What a click opens; without it, a click brings the window up.
    pub opens: Option<OpenCustomer>,
    /// Stays until it is dealt with: a breach, an escalation.
    pub pressing: bool,
}

/// Shows `notice` without waiting for anything. Where nothing shows notifications it is logged
/// and forgotten: the window and the tray say the same.
pub fn send(app: &AppHandle, notice: Notice) {
    let app = app.clone();
    let spawned =
        std::thread::Builder::new().name("notification".to_owned()).spawn(move || show(&app, &notice));
    if let Err(error) = spawned {
        tracing::warn!(%error, "a notification could not be shown");
    }
}

fn show(app: &AppHandle, notice: &Notice) {
    let handle = match describe(notice).show() {
        Ok(handle) => handle,
        Err(error) => {
            tracing::info!(%error, title = notice.title, "nothing here shows notifications");
            return;
        }
    };
    let Some(_place) = Place::take() else { return };
    handle.wait_for_action(|action| {
        if action == "default" {
            match &notice.opens {
                Some(matter) => opening::open(app, matter.clone()),
                None => opening::in_front(app),
            }
        }
    });
}

fn describe(notice: &Notice) -> Notification {
    let mut notification = Notification::new();
    notification
        .appname("Evendesk")
        .icon("evendesk")
        .summary(&notice.title)
        .body(&as_plain_text(&notice.body))
        .action("default", "Open")
        .timeout(Timeout::from(SHOWN));
    if notice.pressing {
        notification.urgency(Urgency::Critical).timeout(Timeout::Never);
    }
    notification
}

/// Bodies may be read as markup, and what customers write must not be.
fn as_plain_text(body: &str) -> String {
    body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// One of the places to wait in, given back when dropped.
struct Place;

impl Place {
    fn take() -> Option<Place> {
        let taken = WAITING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            (waiting < WAITED_FOR).then_some(waiting + 1)
        });
        taken.ok().map(|_| Place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_customer_wrote_is_never_markup() {
        assert_eq!(as_plain_text("<b>1 & 2</b>"), "&lt;b&gt;1 &amp; 2&lt;/b&gt;");
    }
}
