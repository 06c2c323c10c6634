//! What came in finds its customer and its conversation: identified, deduplicated, attached. One
//! rule for every channel.

use super::attach::{Place, place};
use super::world::Seen;
use super::{Context, Decided, LookupFailed, No, Refusal, World};
use crate::blank::gone;
use crate::channel::{Channel, Identity};
use crate::clock::Priority;
use crate::event::{Event, Opened};
use crate::id::{AccountId, ConversationId, CustomerId, MessageId, TeamId};
use crate::inbound::Inbound;

pub(super) fn receive(
    world: &dyn World,
    (message, candidate, fresh): (MessageId, CustomerId, ConversationId),
    inbound: &Inbound,
    cx: &Context,
) -> Result<Decided, No> {
    if known(world, inbound)? != Seen::Never {
        return Ok(Vec::new());
    }
    if let Some((conversation, message)) = taken_in_elsewhere(world, inbound)? {
        let Inbound { account, remote_id, .. } = inbound.clone();
        return Ok(vec![(conversation.into(), Event::MessageCopied { message, account, remote_id })]);
    }
    let mut inbound = inbound.clone();
    inbound.spoke_at = inbound.spoke_at.min(cx.now);
    if let Some((home, mut events)) = super::report::report(world, &inbound)? {
        events.push((home.into(), received(message, inbound, false)));
        return Ok(events);
    }
    let owner = world.identity_owner(&inbound.from)?;
    match place(world, owner, &inbound, cx)? {
        Place::In { conversation, guessed } => {
            // Somebody copied in who is nobody's customer only takes part in this one.
            let mut events = match owner {
                Some(owner) => learn(world, owner, &inbound.from, &inbound.from_name, inbound.verified)?,
                None => Vec::new(),
            };
            events.push((conversation.into(), received(message, inbound, guessed)));
            Ok(events)
        }
        Place::New { related } => {
            let (customer, mut events) =
                identify(world, candidate, &inbound.from, &inbound.from_name, inbound.verified)?;
            let opened = Opened { related, ..opened(world, customer, &inbound)? };
            events.push((fresh.into(), Event::ConversationOpened(opened)));
            events.push((fresh.into(), received(message, inbound, false)));
            Ok(events)
        }
    }
}

fn received(message: MessageId, inbound: Inbound, guessed: bool) -> Event {
    Event::MessageReceived { message, inbound: Box::new(inbound), guessed }
}

/// Whether there is nothing new in it: seen before by its account, erased, or an answer of ours that came
/// back by a copy to ourselves.
pub fn known(world: &dyn World, inbound: &Inbound) -> Result<Seen, LookupFailed> {
    let seen = world.seen(inbound.account, &inbound.remote_id)?;
    if seen != Seen::Never || inbound.channel != Channel::Email {
        return Ok(seen);
    }
    if world.copied(&gone(&inbound.remote_id))?.is_some() {
        return Ok(Seen::Erased);
    }
    Ok(if is_echo(world, inbound)? { Seen::Before } else { Seen::Never })
}

/// Our own Message-ID is not enough, since whoever got the answer can write it.
fn is_echo(world: &dyn World, inbound: &Inbound) -> Result<bool, LookupFailed> {
    let Some(id) = &inbound.mail.message_id else { return Ok(false) };
    if !world.mails(id)?.iter().any(|mail| mail.ours) {
        return Ok(false);
    }
    Ok(world.account_by_address(&inbound.from.value)?.is_some())
}

/// One mail to two of our mailboxes is one message. What makes it the same is all that it says, not only its
/// Message-ID.
fn taken_in_elsewhere(
    world: &dyn World,
    inbound: &Inbound,
) -> Result<Option<(ConversationId, MessageId)>, LookupFailed> {
    match inbound.channel {
        Channel::Email => world.copied(&inbound.remote_id),
        _ => Ok(None),
    }
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
        related: None,
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
