//! Calls logged by agents, in and out.

use super::{Context, Decided, No, Refusal, World};
use crate::channel::{Channel, Identity};
use crate::clock::Priority;
use crate::command::CallDraft;
use crate::event::{Call, CallDirection, Event, Opened};
use crate::id::CustomerId;
use crate::limits;
use crate::permission::{Agent, Scope, visible};

pub(super) fn log(world: &dyn World, agent: &Agent, draft: &CallDraft, cx: &Context) -> Result<Decided, No> {
    check(&draft.call, draft, cx)?;
    let call = Call { number: number(draft.call.number.as_ref())?, ..draft.call.clone() };
    let logged = Event::CallLogged { message: draft.message, call: Box::new(call.clone()) };
    if !draft.opens {
        let conversation = super::conversation::open_to(world, agent, draft.conversation)?;
        if conversation.holds(draft.message) {
            return Ok(Vec::new());
        }
        super::erase::not_erased(world, conversation.customer)?;
        return Ok(vec![(draft.conversation.into(), logged)]);
    }
    if world.conversation(draft.conversation)?.is_some() {
        return Ok(Vec::new());
    }
    let (customer, mut events) = customer(world, draft, call.number.as_ref())?;
    let stream = draft.conversation.into();
    events.push((stream, Event::ConversationOpened(opened(world, agent, draft, customer)?)));
    events.push((stream, logged));
    Ok(events)
}

fn check(call: &Call, draft: &CallDraft, cx: &Context) -> Result<(), Refusal> {
    if call.note.len() > limits::TEXT_BYTES {
        return Err(Refusal::invalid(format!(
            "A call's note may be {} KiB at most.",
            limits::TEXT_BYTES / 1024
        )));
    }
    if draft.name.chars().count() > limits::LINE_CHARS {
        return Err(Refusal::invalid("That name is too long."));
    }
    if call.started_at > call.answered_at || call.answered_at > call.ended_at {
        return Err(Refusal::invalid(
            "A call starts before it is picked up, and ends after: correct its times.",
        ));
    }
    // Two clocks are never quite the same; a minute is not worth a refusal.
    if call.ended_at > cx.now.plus_seconds(60) {
        return Err(Refusal::invalid("This call would end in the future; correct its times."));
    }
    Ok(())
}

/// The number as everybody else writes it: two ways to type it are one number.
fn number(typed: Option<&Identity>) -> Result<Option<Identity>, Refusal> {
    let Some(typed) = typed else { return Ok(None) };
    let known = Identity::new(typed.kind, &typed.value, None);
    known.map(Some).map_err(|why| Refusal::invalid(format!("The number cannot be used: {why}.")))
}

/// The customer meant, or the candidate. Where the number already has an owner that the desk did not
/// know, the candidate opens merged into that owner, so that nothing the desk made is orphaned.
fn customer(
    world: &dyn World,
    draft: &CallDraft,
    number: Option<&Identity>,
) -> Result<(CustomerId, Decided), No> {
    if !draft.opens_customer {
        world.customer(draft.customer)?.ok_or_else(|| Refusal::not_found("customer"))?;
        super::erase::not_erased(world, draft.customer)?;
        return Ok((draft.customer, Vec::new()));
    }
    if world.customer(draft.customer)?.is_some() {
        super::erase::not_erased(world, draft.customer)?;
        // Opened already, by an earlier call of this desk's: it is that customer, and opens no second time.
        return Ok((draft.customer, Vec::new()));
    }
    let stream = draft.customer.into();
    let mut events = vec![(stream, Event::CustomerOpened { name: draft.name.trim().to_owned() })];
    if let Some(number) = number {
        match world.identity_owner(number)? {
            Some(owner) => {
                let into = world.root_customer(owner)?;
                events.push((stream, Event::CustomerMerged { into }));
            }
            None => {
                let added = Event::IdentityAdded { identity: number.clone(), verified: true };
                events.push((stream, added));
            }
        }
    }
    Ok((draft.customer, events))
}

fn opened(world: &dyn World, agent: &Agent, draft: &CallDraft, customer: CustomerId) -> Result<Opened, No> {
    let team = match draft.team.or_else(|| agent.teams.first().copied()) {
        Some(id) => world.team(id)?,
        None => world.default_team()?,
    };
    let team = team
        .filter(|t| visible(agent, Scope::Team(t.id)))
        .ok_or_else(|| Refusal::invalid("Choose one of your teams for this call."))?;
    let what = match draft.call.direction {
        CallDirection::Inbound => "Call",
        CallDirection::Outbound => "Outbound call",
    };
    let first_line = draft.call.note.lines().next().unwrap_or_default().trim();
    let subject = if first_line.is_empty() { what } else { first_line };
    Ok(Opened {
        customer,
        channel: Channel::Phone,
        subject: subject.chars().take(120).collect(),
        team: team.id,
        terms: team.terms,
        priority: Priority::Normal,
        account: None,
        split_from: None,
        related: None,
    })
}
