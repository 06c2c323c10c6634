//! Delivery reports: each belongs where the answer is that it tells of, whoever reports it.

use super::attach::goes_on_in;
use super::{Decided, KnownMail, No, World};
use crate::conversation::{Conversation, Delivery};
use crate::event::{Event, Reply};
use crate::id::{ConversationId, MessageId};
use crate::inbound::{Author, Bounce, Inbound};

/// Where a report belongs, and what follows from it: a permanent failure is one of the answer. That it is late,
/// or has arrived, is only noted, as the message that it is. None where no answer of ours is named.
pub(super) fn report(world: &dyn World, inbound: &Inbound) -> Result<Option<(ConversationId, Decided)>, No> {
    if !matches!(inbound.author, Author::Bounce | Author::Complaint) {
        return Ok(None);
    }
    let Some((id, message)) = reported(world, inbound)? else { return Ok(None) };
    let Some(conversation) = world.conversation(id)? else { return Ok(None) };
    let Some(goes_on) = goes_on_in(world, id)? else { return Ok(None) };
    let mut events = Vec::new();
    if let Some(bounce) = inbound.bounce.as_ref().filter(|_| inbound.author == Author::Bounce)
        && bounce.permanent
        && is_under_way(&conversation, message)
        && !is_of_a_copy(world, id, message, bounce)?
    {
        let failed = Event::DeliveryFailed { message, reason: reason(bounce) };
        // Where it was merged, the matter that goes on is told as well.
        if goes_on.id != id {
            events.push((goes_on.id.into(), failed.clone()));
        }
        events.push((id.into(), failed));
    }
    Ok(Some((goes_on.id, events)))
}

/// The answer that it is about: by the id of the mail that it carries; by the token in the address, for reports
/// that carry none or a provider's own; by the ids in its own header.
fn reported(world: &dyn World, inbound: &Inbound) -> Result<Option<(ConversationId, MessageId)>, No> {
    let ours = |id: &str| -> Result<Option<KnownMail>, No> {
        Ok(world.mails(id)?.into_iter().find(|mail| mail.ours))
    };
    if let Some(id) = inbound.bounce.as_ref().and_then(|b| b.original_message_id.as_ref())
        && let Some(mail) = ours(id)?
    {
        return Ok(Some((mail.conversation, mail.message)));
    }
    if let Some(message) = inbound.answers
        && let Some(home) = world.home(message)?
    {
        return Ok(Some((home, message)));
    }
    for id in inbound.mail.answered() {
        if let Some(mail) = ours(id)? {
            return Ok(Some((mail.conversation, mail.message)));
        }
    }
    Ok(None)
}

fn is_under_way(conversation: &Conversation, message: MessageId) -> bool {
    matches!(conversation.delivery(message), Delivery::Pending | Delivery::Held | Delivery::Delivered)
}

/// Whether it was only somebody in Cc whom it did not reach.
fn is_of_a_copy(
    world: &dyn World,
    id: ConversationId,
    message: MessageId,
    bounce: &Bounce,
) -> Result<bool, No> {
    let Some(recipient) = &bounce.recipient else { return Ok(false) };
    let Some(recorded) = world.message(id, message)? else { return Ok(false) };
    let is = |address: &String| address.eq_ignore_ascii_case(recipient);
    Ok(reply(&recorded.event).is_some_and(|reply| !is(&reply.to) && reply.cc.iter().any(is)))
}

fn reply(event: &Event) -> Option<&Reply> {
    match event {
        Event::Replied(reply) => Some(reply),
        Event::MessageMovedIn { original, .. } => reply(original),
        _ => None,
    }
}

fn reason(bounce: &Bounce) -> String {
    let to = bounce.recipient.as_deref().unwrap_or("the recipient");
    let status = bounce.status.as_deref().map(|s| format!(" ({s})")).unwrap_or_default();
    format!("The mail to {to} came back{status}.")
}
