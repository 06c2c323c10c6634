//! Answers that were offered again to a restored server, and wait until a supervisor says what becomes of
//! them.

use evendesk_domain::id::{ConversationId, CustomerId, MessageId, UserId};
use evendesk_domain::time::Timestamp;
use rusqlite::Row;
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::customer::{self, Merges};
use crate::error::{Doing, Error};
use crate::{PROVISIONAL, Reader};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HeldAnswer {
    pub conversation: ConversationId,
    pub message: MessageId,
    pub customer: CustomerId,
    pub name: String,
    pub subject: String,
    pub text: String,
    pub author: String,
    /// When the restored server recorded it again.
    pub at: Timestamp,
}

impl Reader {
    /// Every one that is here, or `of` one author, in the order in which they were recorded.
    pub fn held_answers(&self, of: Option<UserId>) -> Result<Vec<HeldAnswer>, Error> {
        let merges = Merges::read(self.db())?;
        let mut held: Vec<HeldAnswer> = self
            .db()
            .prepare_cached(
                "SELECT m.conversation, m.id, c.customer, c.subject, m.text, m.author, m.learnt_at
                 FROM message m JOIN conversation c ON c.id = m.conversation
                 WHERE m.delivery = 'held' AND m.seq < ?1 AND (?2 IS NULL OR m.by_user = ?2)
                 ORDER BY m.seq",
            )
            .and_then(|mut s| {
                s.query_map((PROVISIONAL.cast_signed(), of.map(|u| u.0)), |r| row(r, &merges))?.collect()
            })
            .doing("list held answers")?;
        for answer in &mut held {
            answer.name = customer::name(self.db(), answer.customer.0)?;
        }
        Ok(held)
    }
}

fn row(r: &Row, merges: &Merges) -> rusqlite::Result<HeldAnswer> {
    Ok(HeldAnswer {
        conversation: ConversationId(r.get(0)?),
        message: MessageId(r.get(1)?),
        customer: CustomerId(merges.root(r.get::<_, Uuid>(2)?)),
        name: String::new(),
        subject: r.get(3)?,
        text: r.get(4)?,
        author: r.get(5)?,
        at: Timestamp::from_millis(r.get(6)?),
    })
}
