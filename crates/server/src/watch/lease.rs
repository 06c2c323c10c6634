//! One node at a time does each thing. A lease is kept by renewing it well before it runs out, and on a
//! shared journal it is the database's clock that says when that is: how far the nodes' own clocks are
//! apart does not matter, as long as seconds are equally long on each.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evendesk_domain::time::Timestamp;

use crate::state::App;

const TTL_S: i64 = 15;
const RENEW_S: i64 = 5;
/// While the journal does not answer, a lease counts as held for so long; nobody else gets it sooner.
const UNHEARD_S: i64 = 10;
/// Whoever takes over waits so long at a time for what the holder before it did.
const LOOK_BACK: Duration = Duration::from_secs(1);

/// Since when a lease is held, for those at work under it: they may be further from it than its holder is,
/// and awake before it.
#[derive(Clone, Default)]
pub struct Held(Arc<Mutex<Option<Timestamp>>>);

impl Held {
    /// Whether nobody else can have it at `now`.
    pub fn at(&self, now: Timestamp) -> bool {
        self.since().is_some_and(|at| (0..UNHEARD_S).contains(&now.seconds_since(at)))
    }

    pub(super) fn renewed(&self, at: Option<Timestamp>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    fn since(&self) -> Option<Timestamp> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Lease {
    app: App,
    name: String,
    held: Held,
    /// The journal's head when it was taken: what the holder before did is known once this is folded.
    due: u64,
}

impl Lease {
    pub fn new(app: App, name: String) -> Self {
        Self { app, name, held: Held::default(), due: 0 }
    }

    /// For whoever is at work under it.
    pub fn held(&self) -> Held {
        self.held.clone()
    }

    /// Whether this node holds it now, and knows what whoever held it before has done. Cheap when asked
    /// often.
    pub async fn hold(&mut self) -> bool {
        let now = self.app.clock.now();
        if !self.held.since().is_some_and(|at| (0..RENEW_S).contains(&now.seconds_since(at))) {
            self.ask(now).await;
        }
        self.held.since().is_some() && self.app.writer.reach(self.due, LOOK_BACK).await
    }

    /// Keeps it, and returns once it is lost: then what is under way must be left.
    pub async fn lost(&mut self) {
        while self.hold().await {
            tokio::time::sleep(Duration::from_secs(RENEW_S.unsigned_abs())).await;
        }
    }

    async fn ask(&mut self, now: Timestamp) {
        let (name, node, held) = (self.name.clone(), self.app.node, self.held.since().is_some());
        let answer = self.app.ask_journal(move |journal| {
            let now = journal.time()?.unwrap_or(now);
            if held {
                return Ok((journal.renew_lease(&name, node, now, TTL_S)?, None));
            }
            let taken = journal.take_lease(&name, node, now, TTL_S)?;
            Ok((taken, if taken { Some(journal.head()?) } else { None }))
        });
        match answer.await {
            Ok((held, head)) => {
                self.held.renewed(held.then_some(now));
                self.due = head.unwrap_or(self.due);
            }
            Err(e) => {
                tracing::warn!("the lease of {} could not be renewed: {e}", self.name);
                self.held.renewed(self.held.since().filter(|at| now.seconds_since(*at) < UNHEARD_S));
            }
        }
    }

    /// Lets another node have it at once. Dropped without, it runs out by itself.
    pub async fn release(&mut self) {
        if self.held.since().is_some() {
            self.held.renewed(None);
            let (name, node) = (self.name.clone(), self.app.node);
            if let Err(e) = self.app.ask_journal(move |journal| journal.release_lease(&name, node)).await {
                tracing::warn!("a lease will run out by itself: {e}");
            }
        }
    }
}
