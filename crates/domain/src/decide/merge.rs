//! Two matters of one customer that turn out to be one.

use super::attach::goes_on_in;
use super::conversation::{open_to, seen_by};
use super::{Context, Decided, No, Refusal, World};
use crate::clock::read_as_of;
use crate::event::Event;
use crate::id::ConversationId;
use crate::permission::Agent;

/// The other one goes on with the clocks of both: the oldest unanswered word and the earliest first word count,
/// and no breach is forgotten. What was said stays in the stream that it was said in.
pub(super) fn merge(
    world: &dyn World,
    agent: &Agent,
    id: ConversationId,
    into: ConversationId,
    cx: &Context,
) -> Result<Decided, No> {
    let absorbed = seen_by(world, agent, id)?;
    let onto = goes_on_in(world, into)?.map_or(into, |conversation| conversation.id);
    if absorbed.merged_into.is_some() && goes_on_in(world, id)?.is_some_and(|c| c.id == onto) {
        return Ok(Vec::new());
    }
    let absorbed = open_to(world, agent, id)?;
    let onto = open_to(world, agent, onto)?;
    if onto.id == absorbed.id {
        return Err(Refusal::invalid("A matter cannot be merged into itself; choose another one.").into());
    }
    if world.root_customer(absorbed.customer)? != world.root_customer(onto.customer)? {
        return Err(Refusal::invalid(
            "These matters are of two customers; only those of one customer can be merged.",
        )
        .into());
    }
    super::erase::not_erased(world, onto.customer)?;
    let facts = read_as_of(&absorbed.history, cx.terms, cx.now).facts(cx.now, cx.terms);
    let merged_in = Event::ConversationMergedIn {
        from: absorbed.id,
        facts: Box::new(facts),
        routes: absorbed.routes,
        participants: absorbed.participants,
    };
    let merged = Event::ConversationMerged { into: onto.id };
    Ok(vec![(absorbed.id.into(), merged), (onto.id.into(), merged_in)])
}
