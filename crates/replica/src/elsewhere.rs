//! What of a customer is hidden from an agent, as a count. Asked of the server's replica, which holds every
//! team's conversations: a desk's holds only what its agent may see, and so has nothing to count.

use evendesk_domain::id::{CustomerId, TeamId};
use evendesk_domain::permission::{Agent, Scope, visible};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::Reader;
use crate::customer::Merges;
use crate::error::{Doing, Error};

/// Matters with teams that the asker is not in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Elsewhere {
    #[ts(type = "number")]
    pub open: usize,
    #[ts(type = "number")]
    pub resolved: usize,
}

impl Reader {
    /// Of the customer and everyone they absorbed.
    pub fn elsewhere(&self, agent: &Agent, customer: CustomerId) -> Result<Elsewhere, Error> {
        let merges = Merges::read(self.db())?;
        let mut hidden = Elsewhere::default();
        for member in merges.family(merges.root(customer.0)) {
            for (team, is_resolved) in self.matters_by_team(member)? {
                if visible(agent, Scope::Team(team)) {
                    continue;
                }
                *(if is_resolved { &mut hidden.resolved } else { &mut hidden.open }) += 1;
            }
        }
        Ok(hidden)
    }

    fn matters_by_team(&self, customer: Uuid) -> Result<Vec<(TeamId, bool)>, Error> {
        self.db()
            .prepare_cached("SELECT team, status = 'resolved' FROM conversation WHERE customer = ?1")
            .and_then(|mut s| s.query_map([customer], |r| Ok((TeamId(r.get(0)?), r.get(1)?)))?.collect())
            .doing("count what is hidden")
    }
}
