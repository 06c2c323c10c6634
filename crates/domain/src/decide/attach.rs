//! Where something that came in belongs: with what it answers, as far as whoever sent it takes part in
//! that; else, as a guess, in their one open matter; else in a new one. Never by subject.

use super::{Context, No, World};
use crate::channel::IdentityKind;
use crate::clock::Status;
use crate::conversation::Conversation;
use crate::id::{ConversationId, CustomerId};
use crate::inbound::Inbound;

/// How old the last word of a customer's one open conversation may be for something new to join it.
pub const ATTACH_WINDOW_DAYS: i64 = 14;
/// Conversations looked at for one mail: its ids are whatever its sender wrote.
const CANDIDATES: usize = 50;

pub(super) enum Place {
    In {
        conversation: ConversationId,
        guessed: bool,
    },
    /// A matter of its own; `related` is one that it quotes and that is not its sender's.
    New {
        related: Option<ConversationId>,
    },
}

/// `owner` is the customer that has the sender's identity.
pub(super) fn place(
    world: &dyn World,
    owner: Option<CustomerId>,
    inbound: &Inbound,
    cx: &Context,
) -> Result<Place, No> {
    let root = owner.map(|owner| world.root_customer(owner)).transpose()?;
    let mut related = None;
    for id in answered(world, inbound)? {
        let Some(conversation) = goes_on_in(world, id)? else { continue };
        if may_write(world, &conversation, root, inbound)? {
            return Ok(Place::In { conversation: conversation.id, guessed: false });
        }
        related = related.or(Some(conversation.id));
    }
    // What quotes another's matter is about that one, and no word to the sender's own.
    let guess = match (root, related) {
        (Some(root), None) => only_recent(world, root, cx)?,
        _ => None,
    };
    Ok(match guess {
        Some(conversation) => Place::In { conversation: conversation.id, guessed: true },
        None => Place::New { related },
    })
}

/// What it says it answers, the strongest first: the network's own thread; a Message-ID of ours; our token in
/// the address, where a provider has rewritten the ids; any other mail that we know.
fn answered(world: &dyn World, inbound: &Inbound) -> Result<Vec<ConversationId>, No> {
    let mut strongest = Vec::new();
    let mut others = Vec::new();
    if let Some(thread) = &inbound.thread {
        strongest.extend(world.network_thread(inbound.account, thread)?);
    }
    for id in inbound.mail.answered() {
        for mail in world.mails(id)? {
            if mail.ours { strongest.push(mail.conversation) } else { others.push(mail.conversation) }
        }
    }
    if let Some(answer) = inbound.answers {
        strongest.extend(world.home(answer)?);
    }
    let mut found = Vec::new();
    for id in strongest.into_iter().chain(others) {
        if found.len() < CANDIDATES && !found.contains(&id) {
            found.push(id);
        }
    }
    Ok(found)
}

/// The conversation, or the one that it was merged into.
pub(super) fn goes_on_in(world: &dyn World, id: ConversationId) -> Result<Option<Conversation>, No> {
    let mut found = world.conversation(id)?;
    // Merges refuse cycles; the bound keeps damage from becoming an endless loop.
    for _ in 0..64 {
        let Some(into) = found.as_ref().and_then(|c| c.merged_into) else { break };
        found = world.conversation(into)?;
    }
    Ok(found)
}

/// Its customer, under any of their identities, and whom its mails name. Nobody else, whatever they quote.
fn may_write(
    world: &dyn World,
    conversation: &Conversation,
    root: Option<CustomerId>,
    inbound: &Inbound,
) -> Result<bool, No> {
    let theirs = match root {
        Some(root) => world.root_customer(conversation.customer)? == root,
        None => false,
    };
    let from = &inbound.from;
    Ok(theirs || (from.kind == IdentityKind::Email && conversation.takes_part(&from.value)))
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
