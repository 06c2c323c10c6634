//! What an agent is told of outside the window: their matters at risk or breached, words to them,
//! matters given to them.

use evendesk_domain::id::{ConversationId, CustomerId, UserId};
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::customer::{self, Merges};
use crate::error::{Doing, Error};
use crate::{PROVISIONAL, Reader};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertKind {
    AtRisk,
    Breached,
    /// The customer wrote or called in a matter of mine.
    Spoke,
    AssignedToMe,
    /// An answer of ours did not arrive.
    CameBack,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub seq: u64,
    pub kind: AlertKind,
    pub customer: CustomerId,
    pub conversation: ConversationId,
    pub name: String,
    pub subject: String,
}

/// More than anybody wants to be told at once.
const MOST: i64 = 50;

impl Reader {
    /// The last place in the journal that rows here come from: where alerts of this session begin.
    pub fn last_seq(&self) -> Result<u64, Error> {
        Ok(self.position()?.cursor)
    }

    /// What happened after `after` in matters of `user`'s, oldest first.
    pub fn alerts(&self, user: UserId, after: u64) -> Result<Vec<Alert>, Error> {
        let merges = Merges::read(self.db())?;
        let mut alerts: Vec<Alert> = self
            .db()
            .prepare_cached(
                "SELECT h.seq, h.what, c.customer, c.id, c.subject FROM (
                     SELECT seq, what, conversation, by_user, detail FROM change
                     WHERE seq > ?2 AND seq < ?3 AND what IN ('at_risk', 'breached', 'assigned', 'delivery_failed')
                     UNION ALL
                     SELECT seq, 'spoke', conversation, by_user, '' FROM message
                     WHERE seq > ?2 AND seq < ?3 AND kind = 'received'
                 ) h JOIN conversation c ON c.id = h.conversation
                 WHERE c.assignee = ?1 AND c.status <> 'resolved'
                   AND (h.what <> 'assigned' OR (h.detail = ?4 AND h.by_user IS NOT ?1))
                 ORDER BY h.seq LIMIT ?5",
            )
            .and_then(|mut s| {
                let (from, to) = (after.cast_signed(), PROVISIONAL.cast_signed());
                s.query_map((user.0, from, to, user.to_string(), MOST), |r| alert(r, &merges))?.collect()
            })
            .doing("look for alerts")?;
        for alert in &mut alerts {
            alert.name = customer::name(self.db(), alert.customer.0)?;
        }
        Ok(alerts)
    }
}

fn alert(r: &Row, merges: &Merges) -> rusqlite::Result<Alert> {
    Ok(Alert {
        seq: r.get::<_, i64>(0)?.cast_unsigned(),
        kind: match r.get::<_, String>(1)?.as_str() {
            "at_risk" => AlertKind::AtRisk,
            "breached" => AlertKind::Breached,
            "assigned" => AlertKind::AssignedToMe,
            "delivery_failed" => AlertKind::CameBack,
            _ => AlertKind::Spoke,
        },
        customer: CustomerId(merges.root(r.get::<_, Uuid>(2)?)),
        conversation: ConversationId(r.get(3)?),
        name: String::new(),
        subject: r.get(4)?,
    })
}
