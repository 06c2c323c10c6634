//! What is on its way, and what came back.

use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World as _;
use evendesk_domain::id::{ConversationId, CustomerId};
use evendesk_domain::stream::StreamKind;
use evendesk_replica::Reader;

use super::Desk;
use crate::error::{Code, Error};
use crate::outbox::commands::{Kept, State, Unreadable};
use crate::outbox::drafts::Draft;
use crate::view::{LeavingFeedback, OutgoingItem, OutgoingState, Unsent, UnsentDraft};

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

    /// Drafts, and feedback that is still here.
    pub fn unsent(&self) -> Result<Unsent, Error> {
        let reader = self.reader()?;
        let drafts = self.outbox.drafts(self.agent()?.user)?;
        let feedback = self.outbox.leaving_tickets()?;
        Ok(Unsent {
            drafts: drafts.into_iter().map(|d| draft(&reader, d)).collect::<Result<_, _>>()?,
            feedback: feedback
                .into_iter()
                .map(|heard| LeavingFeedback { id: heard.feedback, text: heard.text, kind: heard.kind })
                .collect(),
        })
    }
}

fn draft(reader: &Reader, draft: Draft) -> Result<UnsentDraft, Error> {
    let about = About::of(reader, Some(draft.conversation))?;
    let customer = about.customer.map(|c| reader.world_kept().root_customer(c)).transpose()?;
    Ok(UnsentDraft {
        conversation: draft.conversation,
        customer,
        name: name(reader, customer)?,
        subject: about.subject,
        text: draft.text,
        changed_at: draft.changed_at,
    })
}

fn item(reader: &Reader, kept: Kept) -> Result<OutgoingItem, Error> {
    let body = &kept.command.body;
    let stream = body.stream();
    let conversation = (stream.kind == StreamKind::Conversation).then_some(ConversationId(stream.id));
    let about = About::of(reader, conversation)?;
    let customer = match body {
        CommandBody::LogCall(call) => Some(call.customer),
        _ if stream.kind == StreamKind::Customer => Some(CustomerId(stream.id)),
        _ => about.customer,
    };
    let customer = customer.map(|c| reader.world_kept().root_customer(c)).transpose()?;
    Ok(OutgoingItem {
        command: kept.command.id,
        made_at: kept.made_at,
        state: shown(kept.state),
        what: what(body),
        customer,
        name: name(reader, customer)?,
        conversation,
        subject: about.subject,
        text: body.text().to_owned(),
        then: match body {
            CommandBody::Reply(draft) => Some(draft.then),
            _ => None,
        },
        code: kept.code.map(Code::from),
        reason: kept.reason,
        since: kept.since,
    })
}

/// What a conversation is about, as far as it is here.
#[derive(Default)]
struct About {
    customer: Option<CustomerId>,
    subject: String,
}

impl About {
    fn of(reader: &Reader, conversation: Option<ConversationId>) -> Result<Self, Error> {
        let Some(id) = conversation else { return Ok(Self::default()) };
        Ok(match reader.world_kept().conversation(id)? {
            Some(c) => Self { customer: Some(c.customer), subject: c.subject },
            None => Self::default(),
        })
    }
}

fn name(reader: &Reader, customer: Option<CustomerId>) -> Result<String, Error> {
    let Some(id) = customer else { return Ok(String::new()) };
    Ok(reader.world_kept().customer(id)?.map(|c| c.name).unwrap_or_default())
}

fn damaged(row: Unreadable) -> OutgoingItem {
    OutgoingItem {
        command: row.id,
        made_at: row.made_at,
        state: OutgoingState::SetAside,
        what: "unreadable".to_owned(),
        customer: None,
        name: String::new(),
        conversation: None,
        subject: String::new(),
        text: row.text,
        then: None,
        code: None,
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
