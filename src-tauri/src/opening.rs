//! What the page is asked to open, by a click on a notification, and bringing the window to the front.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tauri::{AppHandle, Emitter as _, Manager as _};

const EVENT: &str = "open_customer";

/// One matter of one customer, by their ids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenCustomer {
    pub customer: String,
    pub conversation: Option<String>,
}

/// Wishes wait here for a page that is not loaded yet; one that is hears an event instead.
#[derive(Default)]
pub struct Openings(Mutex<Page>);

#[derive(Default)]
struct Page {
    listens: bool,
    wish: Option<OpenCustomer>,
}

impl Openings {
    /// Notes that the page listens from now on, and takes what was wished before.
    pub fn take(&self) -> Option<OpenCustomer> {
        let mut page = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        page.listens = true;
        page.wish.take()
    }

    /// Hands `matter` back if the page listens, or keeps it for the page, in place of an older one.
    fn put(&self, matter: OpenCustomer) -> Option<OpenCustomer> {
        let mut page = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if page.listens {
            return Some(matter);
        }
        page.wish = Some(matter);
        None
    }
}

/// Opens `matter` in the window, in front.
pub fn open(app: &AppHandle, matter: OpenCustomer) {
    if let Some(matter) = app.state::<Openings>().put(matter)
        && let Err(error) = app.emit(EVENT, matter)
    {
        tracing::warn!(%error, "the page was not told what to open");
    }
    in_front(app);
}

/// Brings the window to the front.
pub fn in_front(app: &AppHandle) {
    let asked = app.clone();
    // Windows belong to the main thread; notifications and the session bus call from others.
    let queued = app.run_on_main_thread(move || {
        if let Err(error) = crate::window::open(&asked) {
            tracing::error!(%error, "the window could not be brought to the front");
        }
    });
    if let Err(error) = queued {
        tracing::warn!(%error, "the app is closing, so its window stays closed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matter(customer: &str) -> OpenCustomer {
        OpenCustomer { customer: customer.to_owned(), conversation: None }
    }

    #[test]
    fn the_latest_wish_waits_for_the_page_and_later_ones_go_straight_to_it() {
        let openings = Openings::default();
        assert_eq!(openings.put(matter("ada")), None);
        assert_eq!(openings.put(matter("noor")), None);
        assert_eq!(openings.take(), Some(matter("noor")));
        assert_eq!(openings.take(), None);
        assert_eq!(openings.put(matter("imke")), Some(matter("imke")));
    }
}
