//! What came in finds its customer and its conversation: identified, deduplicated, attached. One
//! rule for every channel.

use super::world::Seen;
use super::{Context, Decided, No, Refusal, World};
use crate::channel::Identity;
use crate::clock::{Priority, Status};
use crate::conversation::{Conversation, Delivery};
use crate::event::{Event, Opened};
use crate::id::{AccountId, ConversationId, CustomerId, MessageId, TeamId};
use crate::inbound::{Author, Inbound};

/// How old the last word of a customer's one open conversation may be for something new to join it.
pub const ATTACH_WINDOW_DAYS: i64 = 14;

pub(super) fn receive(
    world: &dyn World,
    (message, candidate, fresh): (MessageId, CustomerId, ConversationId),
    inbound: &Inbound,
    cx: &Context,
) -> Result<Decided, No> {
    if world.seen(inbound.account, &inbound.remote_id)? != Seen::Never {
        return Ok(Vec::new());
    }
    let mut inbound = inbound.clone();
    inbound.spoke_at = inbound.spoke_at.min(cx.now);
    if let Some((failed, mut events)) = bounced(world, &inbound)? {
        events.push((failed.into(), received(message, inbound, false)));
        return Ok(events);
    }
    let (customer, mut events) =
        identify(world, candidate, &inbound.from, &inbound.from_name, inbound.verified)?;
    let (conversation, guessed) = match attach(world, customer, &inbound, cx)? {
        Some(attached) => attached,
        None => {
            let opened = opened(world, customer, &inbound)?;
            events.push((fresh.into(), Event::ConversationOpened(opened)));
            (fresh, false)
        }
    };
    events.push((conversation.into(), received(message, inbound, guessed)));
    Ok(events)
}

fn received(message: MessageId, inbound: Inbound, guessed: bool) -> Event {
    Event::MessageReceived { message, inbound: Box::new(inbound), guessed }
}

/// A permanent bounce of an answer of ours belongs where that answer is, whoever reports it.
fn bounced(world: &dyn World, inbound: &Inbound) -> Result<Option<(ConversationId, Decided)>, No> {
    let Some(bounce) = &inbound.bounce else { return Ok(None) };
    let Some(original) = &bounce.original_message_id else { return Ok(None) };
    let Some((id, message)) = world.mail(original)? else { return Ok(None) };
    let Some(conversation) = world.conversation(id)? else { return Ok(None) };
    let ours =
        matches!(conversation.delivery(message), Delivery::Pending | Delivery::Held | Delivery::Delivered);
    let mut events = Vec::new();
    if ours && bounce.permanent {
        let to = bounce.recipient.as_deref().unwrap_or("the recipient");
        let status = bounce.status.as_deref().map(|s| format!(" ({s})")).unwrap_or_default();
        let reason = format!("The mail to {to} came back{status}.");
        events.push((id.into(), Event::DeliveryFailed { message, reason }));
    }
    Ok(Some((id, events)))
}

/// The identity's owner, or a new customer with this as its first identity.
pub(super) fn identify(
    world: &dyn World,
    candidate: CustomerId,
    identity: &Identity,
    name: &str,
    verified: bool,
) -> Result<(CustomerId, Decided), No> {
    if let Some(owner) = world.identity_owner(identity)? {
        return Ok((owner, learn(world, owner, identity, name, verified)?));
    }
    let stream = candidate.into();
    Ok((
        candidate,
        vec![
            (stream, Event::CustomerOpened { name: name.trim().to_owned() }),
            (stream, Event::IdentityAdded { identity: identity.clone(), verified }),
        ],
    ))
}

/// What this word adds to what is known: a first name for the nameless, proof of an identity.
fn learn(
    world: &dyn World,
    owner: CustomerId,
    identity: &Identity,
    name: &str,
    verified: bool,
) -> Result<Decided, No> {
    let Some(known) = world.customer(owner)? else { return Ok(Vec::new()) };
    let mut events = Vec::new();
    if known.name.is_empty() && !name.trim().is_empty() {
        events.push((owner.into(), Event::CustomerNamed { name: name.trim().to_owned() }));
    }
    let proved = known.identities.iter().any(|k| k.identity == *identity && k.verified);
    if verified && !proved {
        events.push((owner.into(), Event::IdentityAdded { identity: identity.clone(), verified }));
    }
    Ok(events)
}

/// The network's own thread first; else the customer's one open, recent conversation, marked as a
/// guess; else none. A thread never lets a stranger into someone else's conversation.
fn attach(
    world: &dyn World,
    customer: CustomerId,
    inbound: &Inbound,
    cx: &Context,
) -> Result<Option<(ConversationId, bool)>, No> {
    let root = world.root_customer(customer)?;
    for id in threads(world, inbound)? {
        if let Some(conversation) = world.conversation(id)?
            && world.root_customer(conversation.customer)? == root
        {
            return Ok(Some((conversation.id, false)));
        }
    }
    if inbound.author != Author::Person {
        return Ok(None);
    }
    Ok(only_recent(world, root, cx)?.map(|c| (c.id, true)))
}

fn threads(world: &dyn World, inbound: &Inbound) -> Result<Vec<ConversationId>, No> {
    let mail = &inbound.mail;
    let mut found = Vec::new();
    for id in mail.in_reply_to.iter().chain(mail.references.iter().rev()) {
        found.extend(world.mail(id)?.map(|(conversation, _)| conversation));
    }
    if let Some(thread) = &inbound.thread {
        found.extend(world.network_thread(inbound.account, thread)?);
    }
    Ok(found)
}

/// The customer's one open conversation, if there is exactly one and it is recent.
fn only_recent(world: &dyn World, root: CustomerId, cx: &Context) -> Result<Option<Conversation>, No> {
    let unresolved = world.unresolved(root)?;
    let [only] = unresolved.as_slice() else { return Ok(None) };
    let Some(conversation) = world.conversation(*only)? else { return Ok(None) };
    let recent = cx.now.seconds_since(conversation.last_word_at) < ATTACH_WINDOW_DAYS * 86_400;
    let open = conversation.status(cx.terms) != Status::Resolved;
    Ok((recent && open && !conversation.read_only).then_some(conversation))
}

fn opened(world: &dyn World, customer: CustomerId, inbound: &Inbound) -> Result<Opened, No> {
    let (team, terms) = team_of(world, Some(inbound.account))?;
    Ok(Opened {
        customer,
        channel: inbound.channel,
        subject: inbound.subject.clone(),
        team,
        terms,
        priority: Priority::Normal,
        account: Some(inbound.account),
        split_from: None,
    })
}

/// The account's team, or the workspace's first, with what it is held to.
pub(super) fn team_of(
    world: &dyn World,
    account: Option<AccountId>,
) -> Result<(TeamId, crate::id::TermsId), No> {
    let account = account.map(|id| world.account(id)).transpose()?.flatten();
    let named = account.map(|a| world.team(a.settings.team)).transpose()?.flatten();
    let team = match named {
        Some(team) => team,
        None => world.default_team()?.ok_or_else(|| {
            Refusal::not_now("There is no team yet to take this in; make one in Settings first.")
        })?,
    };
    Ok((team.id, team.terms))
}
