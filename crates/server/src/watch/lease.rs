//! One node at a time does each thing. A lease is kept by renewing it well before it runs out, and on a
//! shared journal it is the database's clock that says when that is: how far the nodes' own clocks are
//! apart does not matter, as long as seconds are equally long on each.

use std::time::Duration;

use evendesk_domain::time::Timestamp;

use crate::state::App;

const TTL_S: i64 = 15;
const RENEW_S: i64 = 5;
/// While the journal does not answer, a lease counts as held for so long; nobody else gets it sooner.
const UNHEARD_S: i64 = 10;
/// Whoever takes over waits so long at a time for what the holder before it did.
const LOOK_BACK: Duration = Duration::from_secs(1);

pub struct Lease {
    app: App,
    name: String,
    renewed_at: Option<Timestamp>,
    /// The journal's head when it was taken: what the holder before did is known once this is folded.
    due: u64,
}

impl Lease {
    pub const fn new(app: App, name: String) -> Self {
        Self { app, name, renewed_at: None, due: 0 }
    }

    /// Whether this node holds it now, and knows what whoever held it before has done. Cheap when asked
    /// often.
    pub async fn hold(&mut self) -> bool {
        let now = self.app.clock.now();
        if !self.renewed_at.is_some_and(|at| (0..RENEW_S).contains(&now.seconds_since(at))) {
            self.ask(now).await;
        }
        self.renewed_at.is_some() && self.app.writer.reach(self.due, LOOK_BACK).await
    }

    /// Keeps it, and returns once it is lost: then what is under way must be left.
    pub async fn lost(&mut self) {
        while self.hold().await {
            tokio::time::sleep(Duration::from_secs(RENEW_S.unsigned_abs())).await;
        }
    }

    async fn ask(&mut self, now: Timestamp) {
        let (name, node, held) = (self.name.clone(), self.app.node, self.renewed_at.is_some());
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
                self.renewed_at = held.then_some(now);
                self.due = head.unwrap_or(self.due);
            }
            Err(e) => {
                tracing::warn!("the lease of {} could not be renewed: {e}", self.name);
                self.renewed_at = self.renewed_at.filter(|at| now.seconds_since(*at) < UNHEARD_S);
            }
        }
    }

    /// Lets another node have it at once. Dropped without, it runs out by itself.
    pub async fn release(&mut self) {
        if self.renewed_at.take().is_some() {
            let (name, node) = (self.name.clone(), self.app.node);
            if let Err(e) = self.app.ask_journal(move |journal| journal.release_lease(&name, node)).await {
                tracing::warn!("a lease will run out by itself: {e}");
            }
        }
    }
}
