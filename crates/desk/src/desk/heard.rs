//! Feedback: logged at once and without a name, or signed.

use evendesk_domain::command::CommandBody;
use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::FeedbackId;
use evendesk_domain::time::Timestamp;
use uuid::Uuid;

use super::Desk;
use crate::client::courier;
use crate::error::Error;
use crate::outbox::commands::State;
use crate::outbox::tickets::Undone;
use crate::view::FeedbackTicket;

impl Desk {
    /// Logs something heard. Unsigned, it leaves by a request of its own within some minutes, and nothing
    /// at the server tells who sent it.
    pub fn log_feedback(
        &self,
        text: String,
        kind: FeedbackKind,
        source: FeedbackSource,
        sign: bool,
    ) -> Result<FeedbackTicket, Error> {
        if sign {
            let feedback = FeedbackId(Uuid::now_v7());
            self.submit(CommandBody::LogFeedback { feedback, text, kind, source })?;
            return Ok(FeedbackTicket { id: feedback });
        }
        let fresh = (Uuid::new_v4(), &rand::random::<[u8; 32]>());
        let (heard, secret) = courier::ticket(fresh, text, kind, source, self.now())?;
        let within = self.options.feedback_within.mul_f64(rand::random::<f64>());
        let delay = i64::try_from(within.as_millis()).unwrap_or(0);
        let due_at = Timestamp::from_millis((self.options.clock)().millis().saturating_add(delay));
        self.outbox.add_ticket(&heard, &secret, due_at)?;
        self.feedback.notify_one();
        Ok(FeedbackTicket { id: heard.feedback })
    }

    /// Takes it back: as if it had never been, where it has not left.
    pub fn undo_feedback(&self, id: FeedbackId) -> Result<(), Error> {
        match self.outbox.undo_ticket(id, (self.options.clock)())? {
            Undone::BeforeSending => Ok(()),
            Undone::ToBeTold => {
                self.feedback.notify_one();
                Ok(())
            }
            Undone::Unknown => self.withdraw_signed(id),
        }
    }

    fn withdraw_signed(&self, id: FeedbackId) -> Result<(), Error> {
        let commands = self.outbox.commands(self.agent()?.user)?;
        let logged = commands.iter().find(
            |k| matches!(&k.command.body, CommandBody::LogFeedback { feedback, .. } if *feedback == id),
        );
        match logged {
            Some(kept) if !matches!(kept.state, State::Sent | State::Accepted) => {
                self.outgoing_drop(kept.command.id)
            }
            _ => self.submit(CommandBody::WithdrawFeedback { feedback: id }).map(drop),
        }
    }
}
