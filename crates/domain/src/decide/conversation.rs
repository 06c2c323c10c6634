//! What agents do with a matter besides answering it.

use super::{Context, Decided, No, Refusal, RefusalCode, World};
use crate::clock::{RESOLUTION, Status, Target};
use crate::command::CommandBody;
use crate::conversation::Conversation;
use crate::event::{Event, Opened, Step};
use crate::id::{ConversationId, MessageId, TeamId, UserId};
use crate::limits;
use crate::permission::{Agent, Scope, visible};
use crate::stream::StreamId;

pub(super) fn decide(
    world: &dyn World,
    agent: &Agent,
    body: &CommandBody,
    cx: &Context,
) -> Result<Decided, No> {
    let stream = body.stream();
    let conversation = open_to(world, agent, ConversationId(stream.id))?;
    let events = match body {
        CommandBody::Note { message, text, .. } => {
            super::erase::not_erased(world, conversation.customer)?;
            note(&conversation, *message, text)?
        }
        CommandBody::Assign { assignee, .. } => assign(world, &conversation, *assignee)?,
        CommandBody::SetPriority { priority, .. } if conversation.priority() != *priority => {
            vec![Event::PriorityChanged { priority: *priority }]
        }
        CommandBody::SetTeam { team, .. } => set_team(world, &conversation, *team, cx)?,
        CommandBody::Snooze { until, .. } if *until > cx.now => vec![Event::Snoozed { until: *until }],
        CommandBody::Snooze { .. } => {
            return Err(Refusal::invalid("A snooze needs a time that is still to come.").into());
        }
        CommandBody::Unsnooze { .. } if conversation.snoozed_until.is_some() => vec![Event::Unsnoozed],
        CommandBody::MoveMessage { message, to, .. } => {
            return move_message(world, &conversation, *message, *to);
        }
        CommandBody::NoReplyNeeded { .. } if conversation.reading(cx.terms).open_turn.is_some() => {
            vec![Event::NoReplyNeeded]
        }
        _ => status(&conversation, body, cx)?,
    };
    Ok(on(stream, events))
}

fn on(stream: StreamId, events: Vec<Event>) -> Decided {
    events.into_iter().map(|event| (stream, event)).collect()
}

/// The conversation, if the agent may work on it, this build understands all of it, and it does not go on
/// elsewhere.
pub(super) fn open_to(world: &dyn World, agent: &Agent, id: ConversationId) -> Result<Conversation, No> {
    let conversation = seen_by(world, agent, id)?;
    if conversation.merged_into.is_some() {
        return Err(Refusal::not_now(
            "This matter was merged into another one of the same customer; it goes on there.",
        )
        .into());
    }
    Ok(conversation)
}

/// As [`open_to`], also where it was merged: for what is still to be decided about what was said in it.
pub(super) fn seen_by(world: &dyn World, agent: &Agent, id: ConversationId) -> Result<Conversation, No> {
    let conversation = world.conversation(id)?.ok_or_else(|| Refusal::not_found("conversation"))?;
    if !visible(agent, Scope::Team(conversation.team)) {
        return Err(Refusal::not_found("conversation").into());
    }
    if conversation.read_only {
        return Err(Refusal::new(
            RefusalCode::NeedsUpgrade,
            "A newer Evendesk has been at work on this conversation; upgrade this one to change it.",
        )
        .into());
    }
    Ok(conversation)
}

pub(super) fn check_text(what: &str, text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(format!("{what} needs some words.")));
    }
    if text.len() > limits::TEXT_BYTES {
        return Err(Refusal::invalid(format!("{what} may be {} KiB at most.", limits::TEXT_BYTES / 1024)));
    }
    Ok(())
}

fn note(conversation: &Conversation, message: MessageId, text: &str) -> Result<Vec<Event>, No> {
    if conversation.holds(message) {
        return Ok(Vec::new());
    }
    check_text("A note", text)?;
    Ok(vec![Event::NoteAdded { message, text: text.to_owned() }])
}

fn assign(
    world: &dyn World,
    conversation: &Conversation,
    assignee: Option<UserId>,
) -> Result<Vec<Event>, No> {
    if conversation.assignee == assignee {
        return Ok(Vec::new());
    }
    if let Some(user) = assignee {
        let user = world.user(user)?.ok_or_else(|| Refusal::not_found("person"))?;
        if !user.active {
            return Err(Refusal::invalid(format!(
                "{} does not work here any more; choose somebody else.",
                user.name
            ))
            .into());
        }
        if !visible(&Agent::from(&user), Scope::Team(conversation.team)) {
            return Err(Refusal::invalid(format!(
                "{} is not in this conversation's team; move it to one of their teams first.",
                user.name
            ))
            .into());
        }
    }
    Ok(vec![Event::Assigned { assignee }])
}

fn set_team(
    world: &dyn World,
    conversation: &Conversation,
    to: TeamId,
    cx: &Context,
) -> Result<Vec<Event>, No> {
    if conversation.team == to {
        return Ok(Vec::new());
    }
    let team = world.team(to)?.ok_or_else(|| Refusal::not_found("team"))?;
    let mut events = vec![Event::TeamChanged { from: conversation.team, to }];
    if conversation.history.current_terms() != team.terms {
        events.push(Event::TermsChanged { terms: team.terms, effective_at: cx.now });
    }
    if let Some(assignee) = conversation.assignee {
        let stays = world.user(assignee)?.is_some_and(|u| visible(&Agent::from(&u), Scope::Team(to)));
        if !stays {
            events.push(Event::Assigned { assignee: None });
        }
    }
    Ok(events)
}

/// `waiting`, `hold`, `resume`, `resolve`, `reopen`: saying again what already is changes nothing.
fn status(conversation: &Conversation, body: &CommandBody, cx: &Context) -> Result<Vec<Event>, No> {
    let reading = conversation.reading(cx.terms);
    let resolved = reading.status == Status::Resolved;
    let event = match body {
        CommandBody::SetWaiting { .. } if reading.status == Status::Waiting => return Ok(Vec::new()),
        CommandBody::SetWaiting { .. } if reading.open_turn.is_some() => {
            return Err(Refusal::not_now(
                "The customer is waiting for us, so we cannot wait for them: answer first, or say that no \
                 reply is needed.",
            )
            .into());
        }
        CommandBody::SetWaiting { .. } | CommandBody::SetHold { .. } | CommandBody::Resume { .. }
            if resolved =>
        {
            return Err(Refusal::not_now("This matter is resolved; reopen it first.").into());
        }
        CommandBody::SetWaiting { .. } => Event::WaitingSet,
        CommandBody::SetHold { .. } if reading.status != Status::Hold => Event::HoldSet,
        CommandBody::Resume { .. } if reading.status != Status::Open => Event::Resumed,
        CommandBody::Resolve { .. } if !resolved => Event::Resolved,
        CommandBody::Reopen { .. } if resolved => Event::Reopened,
        _ => return Ok(Vec::new()),
    };
    Ok(vec![event])
}

/// Splits one message off: both parts keep the instants of their own words.
fn move_message(
    world: &dyn World,
    conversation: &Conversation,
    message: MessageId,
    to: ConversationId,
) -> Result<Decided, No> {
    if world.conversation(to)?.is_some() {
        // Moved already, under this same command or one like it.
        return Ok(Vec::new());
    }
    if !conversation.holds(message) {
        return Err(Refusal::not_found("message").into());
    }
    let recorded = world.message(conversation.id, message)?.ok_or_else(|| Refusal::not_found("message"))?;
    let (learnt_at, by, original) = match recorded.event {
        // Moved before: what travels is the message, not the earlier move.
        Event::MessageMovedIn { learnt_at, by, original, .. } => (learnt_at, by, original),
        event => (recorded.at, recorded.by, Box::new(event)),
    };
    if matches!(*original, Event::Replied(_)) {
        return Err(Refusal::invalid(
            "An answer stays in the matter it was sent from; move the message it answered instead.",
        )
        .into());
    }
    let opened = Opened {
        customer: conversation.customer,
        channel: conversation.channel,
        subject: subject_of(&original).unwrap_or_else(|| conversation.subject.clone()),
        team: conversation.team,
        terms: conversation.history.current_terms(),
        priority: conversation.priority(),
        account: conversation.account,
        split_from: Some(conversation.id),
        related: None,
    };
    let moved_in = Event::MessageMovedIn { message, from: conversation.id, learnt_at, by, original };
    Ok(vec![
        (to.into(), Event::ConversationOpened(opened)),
        (to.into(), moved_in),
        (conversation.id.into(), Event::MessageMovedOut { message, to }),
    ])
}

fn subject_of(event: &Event) -> Option<String> {
    match event {
        Event::MessageReceived { inbound, .. } if !inbound.subject.is_empty() => {
            Some(inbound.subject.clone())
        }
        _ => None,
    }
}

/// Each step of each timer once, whoever asks and however often; nothing where the timer was closed, or
/// its instant moved away, since whoever asks looked.
pub(super) fn reach_step(
    world: &dyn World,
    id: ConversationId,
    timer: u32,
    step: Step,
    cx: &Context,
) -> Result<Decided, No> {
    let conversation = world.conversation(id)?.ok_or_else(|| Refusal::not_found("conversation"))?;
    if conversation.steps.contains(&(timer, step)) {
        return Ok(Vec::new());
    }
    let reading = conversation.reading(cx.terms);
    let found = match timer {
        RESOLUTION => reading.timers.iter().find(|t| t.target == Target::Resolution),
        turn => usize::try_from(turn).ok().and_then(|place| reading.timers.get(place)),
    };
    let at = found.filter(|t| t.is_open()).and_then(|t| match step {
        Step::AtRisk => t.at_risk_at,
        Step::Breached => t.due_at,
    });
    let reached = at.is_some_and(|at| at <= cx.now);
    Ok(reached.then(|| (id.into(), Event::StepReached { timer, step })).into_iter().collect())
}
