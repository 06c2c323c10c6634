//! What became of a command. The same id always gets the same answer, so one that comes twice finds
//! nothing left to do.

use evendesk_domain::id::CommandId;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::Outcome;

use super::{Action, Core};
use crate::error::Error;

impl Core {
    pub(super) fn outcome(
        &mut self,
        id: CommandId,
        outcome: Outcome,
        now: Timestamp,
    ) -> Result<Vec<Action>, Error> {
        let Some(kept) = self.outbox.command(id)? else {
            // Settled before, or sent again under another id.
            self.unanswered.remove(&id);
            return Ok(Vec::new());
        };
        let mut shown_differs = true;
        match outcome {
            Outcome::Accepted { seq } => {
                self.accept(id, seq, now)?;
                shown_differs = seq <= self.position.cursor;
            }
            Outcome::Refused { code, sentence } => {
                let code = serde_json::to_value(code).ok().and_then(|v| v.as_str().map(str::to_owned));
                self.outbox.refused(id, &code.unwrap_or_default(), &sentence)?;
                self.unless_held(kept.command.body.stream())?;
            }
            Outcome::LookAgain { since } => self.outbox.look_again(id, since)?,
            Outcome::SetAside { sentence } => self.outbox.set_aside(id, &sentence)?,
            Outcome::Held => {
                self.outbox.held(id)?;
                self.told_held.insert(id);
                // It stays among the unanswered: offered again when what it follows is accepted.
                return Ok(vec![Action::Connection]);
            }
        }
        self.boundary("outcome noted");
        self.unanswered.remove(&id);
        let mut actions = Vec::new();
        if shown_differs {
            let changed = self.redo(&[kept.command.body.stream()], &[id], &[], now, |_| Ok(()))?;
            self.boundary("outcome shown");
            actions.push(Action::Changed(changed));
            self.unless_held(kept.command.body.stream())?;
        }
        actions.extend(self.push(now)?);
        actions.push(Action::Connection);
        Ok(actions)
    }

    /// Its events may be here already (it changed nothing, or they came first); else it stays until
    /// they are, so that nothing is missing from the screen in between.
    fn accept(&mut self, id: CommandId, seq: u64, now: Timestamp) -> Result<(), Error> {
        self.outbox.accepted(id, seq)?;
        if let Some(agent) = &self.agent {
            for follower in self.outbox.commands(agent.user)? {
                if follower.command.depends_on == Some(id) && self.told_held.remove(&follower.command.id) {
                    self.unanswered.remove(&follower.command.id);
                }
            }
        }
        if seq <= self.position.cursor {
            self.outbox.settled(self.position.cursor, &[], self.server_time(now))?;
        }
        Ok(())
    }
}
