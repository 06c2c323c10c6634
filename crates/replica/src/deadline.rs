//! Instants at which someone is to be told: timers that come to be at risk, or fall due.

use evendesk_domain::event::Step;
use evendesk_domain::id::ConversationId;
use evendesk_domain::time::Timestamp;

use crate::Reader;
use crate::error::{Doing, Error};

/// A step that a timer reaches unless something happens before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueStep {
    pub conversation: ConversationId,
    /// Which of the conversation's timers, as `StepReached` names it.
    pub timer: u32,
    pub step: Step,
    pub at: Timestamp,
}

impl Reader {
    /// Steps that nobody has been told of, the earliest first, whether they lie behind or ahead: the
    /// first one not yet reached is when to look again.
    pub fn next_steps(&self, limit: usize) -> Result<Vec<DueStep>, Error> {
        let mut steps = self.steps(
            "SELECT conversation, ordinal, at_risk_at FROM timer
             WHERE closed_at IS NULL AND at_risk_at IS NOT NULL AND told_at_risk = 0
             ORDER BY at_risk_at, ordinal LIMIT ?1",
            Step::AtRisk,
            limit,
        )?;
        steps.extend(self.steps(
            "SELECT conversation, ordinal, due_at FROM timer
             WHERE closed_at IS NULL AND due_at IS NOT NULL AND told_breached = 0
             ORDER BY due_at, ordinal LIMIT ?1",
            Step::Breached,
            limit,
        )?);
        steps.sort_by_key(|s| (s.at, s.step));
        steps.truncate(limit);
        Ok(steps)
    }

    fn steps(&self, sql: &str, step: Step, limit: usize) -> Result<Vec<DueStep>, Error> {
        self.db()
            .prepare_cached(sql)
            .and_then(|mut s| {
                s.query_map([limit.cast_signed() as i64], |r| {
                    Ok(DueStep {
                        conversation: ConversationId(r.get(0)?),
                        timer: r.get(1)?,
                        step,
                        at: Timestamp::from_millis(r.get(2)?),
                    })
                })?
                .collect()
            })
            .doing("look for deadlines")
    }
}
