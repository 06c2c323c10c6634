//! The numbers beside the places.

use std::collections::{HashMap, HashSet};

use evendesk_domain::id::TeamId;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::customer::Merges;
use crate::error::{Doing, Error};
use crate::queue::{Place, list};
use crate::{Reader, Viewer};

/// Customers in each place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Counts {
    #[ts(type = "number")]
    pub due_next: usize,
    #[ts(type = "number")]
    pub overdue: usize,
    #[ts(type = "number")]
    pub mine: usize,
    #[ts(type = "number")]
    pub unassigned: usize,
    #[ts(type = "number")]
    pub waiting: usize,
    #[ts(type = "number")]
    pub snoozed: usize,
    #[ts(type = "number")]
    pub mentions: usize,
    pub teams: Vec<TeamCount>,
    #[ts(type = "number")]
    pub feedback_new: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TeamCount {
    pub team: TeamId,
    #[ts(type = "number")]
    pub count: usize,
    #[ts(type = "number")]
    pub overdue: usize,
}

/// Customers once each, in one pass over the queue's index.
#[derive(Default)]
struct Tally {
    all: HashSet<Uuid>,
    overdue: HashSet<Uuid>,
    mine: HashSet<Uuid>,
    unassigned: HashSet<Uuid>,
    teams: HashMap<Uuid, (HashSet<Uuid>, HashSet<Uuid>)>,
}

struct Queued {
    customer: Uuid,
    team: Uuid,
    assignee: Option<Uuid>,
    overdue: bool,
}

impl Tally {
    fn add(&mut self, queued: &Queued, me: Uuid) {
        let customer = queued.customer;
        let team = self.teams.entry(queued.team).or_default();
        self.all.insert(customer);
        team.0.insert(customer);
        if queued.overdue {
            self.overdue.insert(customer);
            team.1.insert(customer);
        }
        match queued.assignee {
            Some(user) if user == me => {
                self.mine.insert(customer);
            }
            None => {
                self.unassigned.insert(customer);
            }
            Some(_) => {}
        }
    }
}

impl Reader {
    /// Every place's number.
    pub fn counts(&self, viewer: &Viewer) -> Result<Counts, Error> {
        let tally = self.tally(viewer)?;
        let of = |place| Ok::<_, Error>(list(self.db(), &place, viewer)?.len());
        let mut teams: Vec<TeamCount> = tally
            .teams
            .iter()
            .map(|(team, (all, overdue))| TeamCount {
                team: TeamId(*team),
                count: all.len(),
                overdue: overdue.len(),
            })
            .collect();
        teams.sort_unstable_by_key(|t| t.team);
        Ok(Counts {
            due_next: tally.all.len(),
            overdue: tally.overdue.len(),
            mine: tally.mine.len(),
            unassigned: tally.unassigned.len(),
            waiting: of(Place::Waiting)?,
            snoozed: of(Place::Snoozed)?,
            mentions: of(Place::Mentions)?,
            teams,
            feedback_new: self.new_feedback()?,
        })
    }

    fn tally(&self, viewer: &Viewer) -> Result<Tally, Error> {
        let merges = Merges::read(self.db())?;
        let now = viewer.now.millis();
        let queued: Vec<Queued> = self
            .db()
            .prepare_cached(
                "SELECT customer, team, assignee, due_at IS NOT NULL AND due_at < ?1 FROM conversation
                 WHERE queued = 1 AND (hidden_until IS NULL OR hidden_until <= ?1)",
            )
            .and_then(|mut s| {
                s.query_map([now], |r| {
                    let customer = merges.root(r.get(0)?);
                    Ok(Queued { customer, team: r.get(1)?, assignee: r.get(2)?, overdue: r.get(3)? })
                })?
                .collect()
            })
            .doing("count the queues")?;
        let mut tally = Tally::default();
        for one in &queued {
            tally.add(one, viewer.user.0);
        }
        Ok(tally)
    }

    fn new_feedback(&self) -> Result<usize, Error> {
        let count: i64 = self
            .db()
            .prepare_cached("SELECT count(*) FROM feedback WHERE status = 'new'")
            .and_then(|mut s| s.query_row([], |r| r.get(0)))
            .doing("count feedback")?;
        Ok(usize::try_from(count).unwrap_or(0))
    }
}
