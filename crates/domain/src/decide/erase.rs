//! A customer erased: everything ever said by and with them loses its words, everywhere and for good.

use std::collections::BTreeSet;

use super::{Decided, No, Refusal, RefusalCode, World};
use crate::event::Event;
use crate::id::CustomerId;
use crate::permission::Agent;
use crate::settings::Role;
use crate::stream::StreamId;

/// One [`Event::Redacted`] for each stream of the customer and of everyone merged into them: customers,
/// conversations, and feedback that quotes them. Which events each names is filled in by whoever has
/// the journal; the account's ledgers, which only name ids, follow from that.
///
/// Feedback has no customer, so it is found by what it says: a case that names one of their identities, or
/// is an excerpt of a message of theirs, loses its words with them. One that was freed of everything
/// personal when it was logged stays: it is about nobody.
///
/// The clocks keep running on what is open: a person closes it, as any other matter.
pub(super) fn customer(world: &dyn World, agent: &Agent, customer: CustomerId) -> Result<Decided, No> {
    if agent.role < Role::Admin {
        return Err(
            Refusal::new(RefusalCode::NotAllowed, "Only an admin can erase a customer; ask one.").into()
        );
    }
    world.customer(customer)?.ok_or_else(|| Refusal::not_found("customer"))?;
    let family = world.family(world.root_customer(customer)?)?;
    let mut streams: BTreeSet<StreamId> = BTreeSet::new();
    for member in &family {
        if world.customer(*member)?.is_some_and(|c| c.erased_at.is_some()) {
            continue;
        }
        streams.insert((*member).into());
        for id in world.conversations_of(*member)? {
            if world.conversation(id)?.is_some_and(|c| c.read_only) {
                return Err(newer());
            }
            streams.insert(id.into());
        }
        streams.extend(world.feedback_quoting(*member)?.into_iter().map(StreamId::from));
    }
    Ok(streams.into_iter().map(|stream| (stream, Event::Redacted { seqs: Vec::new() })).collect())
}

/// Nobody can tell where in an event of a later version the words are.
fn newer() -> No {
    Refusal::new(
        RefusalCode::NeedsUpgrade,
        "A newer Evendesk has been at work on a conversation of this customer; upgrade this one to erase them.",
    )
    .into()
}

/// Whether something may still be said about them.
pub(super) fn not_erased(world: &dyn World, customer: CustomerId) -> Result<(), No> {
    if world.customer(customer)?.is_some_and(|c| c.erased_at.is_some()) {
        return Err(Refusal::not_now("This customer was erased; nothing is added to them any more.").into());
    }
    Ok(())
}
