//! Feedback cases: heard without a name or with one, and what becomes of them.

use super::{Context, Decided, No, Refusal, RefusalCode, World};
use crate::command::{CommandBody, SystemCommand};
use crate::event::{Event, FeedbackLogged};
use crate::feedback::{Feedback, FeedbackKind, FeedbackOutcome, FeedbackSource, FeedbackStatus};
use crate::id::{FeedbackId, UserId};
use crate::limits;
use crate::permission::{Agent, Scope, visible};
use crate::time::Timestamp;

pub(super) fn decide(
    world: &dyn World,
    agent: &Agent,
    body: &CommandBody,
    cx: &Context,
) -> Result<Decided, No> {
    let stream = body.stream();
    if let CommandBody::LogFeedback { feedback, text, kind, source } = body {
        return logged(world, *feedback, (text, *kind, source), cx.now, Some(agent.user));
    }
    let case = world.feedback(FeedbackId(stream.id))?.ok_or_else(|| Refusal::not_found("feedback"))?;
    let own = case.signed_by == Some(agent.user);
    if !visible(agent, Scope::Team(case.department)) && !own {
        return Err(Refusal::not_found("feedback").into());
    }
    let event = match body {
        CommandBody::AcknowledgeFeedback { .. } if case.status == FeedbackStatus::New => {
            Event::FeedbackAcknowledged
        }
        CommandBody::AssignFeedback { owner, .. } if case.owner != *owner => assigned(world, *owner)?,
        CommandBody::NoteFeedback { text, .. } => {
            super::conversation::check_text("A note", text)?;
            Event::FeedbackNoted { text: text.clone() }
        }
        CommandBody::CloseFeedback { outcome, because, .. } => closed(&case, *outcome, because)?,
        CommandBody::ReopenFeedback { .. } if case.status == FeedbackStatus::Closed => {
            Event::FeedbackReopened
        }
        CommandBody::WithdrawFeedback { .. } if !own => {
            return Err(Refusal::new(
                RefusalCode::NotAllowed,
                "Only who logged this can take it back; close it with \"no action\" instead.",
            )
            .into());
        }
        CommandBody::WithdrawFeedback { .. } if case.status == FeedbackStatus::New => {
            Event::FeedbackWithdrawn
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![(stream, event)])
}

fn assigned(world: &dyn World, owner: Option<UserId>) -> Result<Event, No> {
    if let Some(user) = owner {
        world.user(user)?.ok_or_else(|| Refusal::not_found("person"))?;
    }
    Ok(Event::FeedbackAssigned { owner })
}

fn closed(case: &Feedback, outcome: FeedbackOutcome, because: &str) -> Result<Event, No> {
    if matches!(case.status, FeedbackStatus::Closed | FeedbackStatus::Withdrawn) {
        return Err(Refusal::not_now("This feedback is closed already; reopen it first.").into());
    }
    if outcome == FeedbackOutcome::NoAction {
        super::conversation::check_text("\"No action\"", because)?;
    }
    Ok(Event::FeedbackClosed { outcome, because: because.to_owned() })
}

/// Unsigned feedback and its undo. The server has checked the submit key, or the undo's secret.
pub(super) fn hear(world: &dyn World, command: &SystemCommand) -> Result<Decided, No> {
    match command {
        SystemCommand::Hear { feedback, text, kind, source, heard_at } => {
            logged(world, *feedback, (text, *kind, source), *heard_at, None)
        }
        SystemCommand::Unhear { feedback } => {
            let case = world.feedback(*feedback)?.ok_or_else(|| Refusal::not_found("feedback"))?;
            if case.signed_by.is_some() {
                return Err(Refusal::new(
                    RefusalCode::NotAllowed,
                    "This feedback is signed; only who logged it can take it back.",
                )
                .into());
            }
            match case.status {
                FeedbackStatus::New => Ok(vec![((*feedback).into(), Event::FeedbackWithdrawn)]),
                FeedbackStatus::Withdrawn => Ok(Vec::new()),
                _ => Err(Refusal::not_now("Someone is at work on this feedback already; it stays.").into()),
            }
        }
        _ => Ok(Vec::new()),
    }
}

fn logged(
    world: &dyn World,
    id: FeedbackId,
    (text, kind, source): (&str, FeedbackKind, &FeedbackSource),
    heard_at: Timestamp,
    signed_by: Option<UserId>,
) -> Result<Decided, No> {
    if world.feedback(id)?.is_some() {
        return Ok(Vec::new());
    }
    if text.trim().is_empty() {
        return Err(Refusal::invalid("Feedback needs some words: select or copy what was said first.").into());
    }
    if text.len() > limits::FEEDBACK_BYTES {
        let most = limits::FEEDBACK_BYTES / 1024;
        return Err(Refusal::invalid(format!(
            "Feedback may be {most} KiB at most; log the part that matters."
        ))
        .into());
    }
    let (department, terms) = super::receive::team_of(world, None)?;
    let cut = |s: &str| s.chars().take(limits::LINE_CHARS).collect();
    let minute = heard_at.seconds().div_euclid(60) * 60;
    let event = FeedbackLogged {
        text: text.to_owned(),
        feedback_kind: kind,
        source: FeedbackSource { title: cut(&source.title), address: cut(&source.address) },
        department,
        terms,
        heard_at: Timestamp::from_seconds(minute),
        signed_by,
    };
    Ok(vec![(id.into(), Event::FeedbackLogged(Box::new(event)))])
}
