//! What is on its way, and what came back.

use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World as _;
use evendesk_domain::id::{ConversationId, CustomerId};
use evendesk_domain::stream::StreamKind;
use evendesk_replica::Reader;

use super::Desk;
use crate::error::Error;
use crate::outbox::commands::{Kept, State, Unreadable};
use crate::view::{OutgoingItem, OutgoingState};

impl Desk {
    /// Everything of the signed-in agent's that is not settled, in the order made.
    pub fn outgoing(&self) -> Result<Vec<OutgoingItem>, Error> {
        let rows = self.outbox.rows(self.agent()?.user)?;
        let reader = self.reader()?;
        rows.into_iter()
            .map(|row| match row {
                Ok(kept) => item(&reader, kept),
                Err(unreadable) => Ok(damaged(unreadable)),
            })
            .collect()
    }
}

fn item(reader: &Reader, kept: Kept) -> Result<OutgoingItem, Error> {
    let body = &kept.command.body;
    let stream = body.stream();
    let conversation = (stream.kind == StreamKind::Conversation).then_some(ConversationId(stream.id));
    let world = reader.world_kept();
    let customer = match (body, conversation) {
        (CommandBody::LogCall(call), _) => Some(call.customer),
        (_, Some(id)) => world.conversation(id)?.map(|c| c.customer),
        _ => (stream.kind == StreamKind::Customer).then_some(CustomerId(stream.id)),
    };
    Ok(OutgoingItem {
        command: kept.command.id,
        made_at: kept.made_at,
        state: shown(kept.state),
        what: what(body),
        customer: customer.map(|c| world.root_customer(c)).transpose()?,
        conversation,
        text: body.text().to_owned(),
        reason: kept.reason,
        since: kept.since,
    })
}

fn damaged(row: Unreadable) -> OutgoingItem {
    OutgoingItem {
        command: row.id,
        made_at: row.made_at,
        state: OutgoingState::SetAside,
        what: "unreadable".to_owned(),
        customer: None,
        conversation: None,
        text: row.text,
        reason: Some(
            "This cannot be read any more, so it cannot be sent. Copy what you need, then drop it."
                .to_owned(),
        ),
        since: None,
    }
}

const fn shown(state: State) -> OutgoingState {
    match state {
        State::Waiting => OutgoingState::Waiting,
        State::Sent | State::Accepted => OutgoingState::Sent,
        State::Refused => OutgoingState::Refused,
        State::LookAgain => OutgoingState::LookAgain,
        State::Held => OutgoingState::Held,
        State::SetAside => OutgoingState::SetAside,
    }
}

/// The command's kind as its JSON says it.
fn what(body: &CommandBody) -> String {
    let json = serde_json::to_value(body).unwrap_or_default();
    json.get("do").and_then(|v| v.as_str()).unwrap_or_default().to_owned()
}
