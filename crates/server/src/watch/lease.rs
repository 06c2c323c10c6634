//! One node at a time does each thing. A lease is kept by renewing it well before it runs out.

use evendesk_domain::time::Timestamp;

use crate::state::App;

const TTL_S: i64 = 30;
const RENEW_S: i64 = 10;

pub struct Lease {
    app: App,
    name: String,
    renewed_at: Option<Timestamp>,
}

impl Lease {
    pub const fn new(app: App, name: String) -> Self {
        Self { app, name, renewed_at: None }
    }

    /// Whether this node holds it now. Cheap when asked often.
    pub fn hold(&mut self) -> bool {
        let now = self.app.clock.now();
        if self.renewed_at.is_some_and(|at| (0..RENEW_S).contains(&now.seconds_since(at))) {
            return true;
        }
        let (journal, node) = (&self.app.journal, self.app.node);
        let held = match self.renewed_at {
            Some(_) => journal.renew_lease(&self.name, node, now, TTL_S),
            None => journal.take_lease(&self.name, node, now, TTL_S),
        };
        match held {
            Ok(held) => self.renewed_at = held.then_some(now),
            Err(e) => {
                tracing::warn!("the lease of {} could not be renewed: {e}", self.name);
                self.renewed_at = None;
            }
        }
        self.renewed_at.is_some()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.renewed_at.is_some() {
            // It runs out by itself if this fails.
            let _ = self.app.journal.release_lease(&self.name, self.app.node);
        }
    }
}
