//! Unsigned feedback. No sign-in, no address, no header is looked at besides the workspace's submit
//! key; nothing is logged; what undoes it is kept apart from the event.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use evendesk_domain::command::SystemCommand;
use evendesk_domain::stream::Actor;
use evendesk_protocol::Outcome;
use evendesk_protocol::http::{HeardFeedback, SUBMIT_KEY_HEADER, UndoFeedback};

use super::HttpError;
use super::error::Asked;
use crate::auth::digest;
use crate::state::App;
use crate::writer::Work;

pub async fn hear(
    State(app): State<App>,
    headers: HeaderMap,
    Asked(heard): Asked<HeardFeedback>,
) -> Result<StatusCode, HttpError> {
    admit(&app, &headers)?;
    let undo: [u8; 32] = hex::decode(&heard.undo_digest)
        .ok()
        .and_then(|d| d.try_into().ok())
        .ok_or_else(|| HttpError::Invalid("The undo digest must be 64 hex digits.".into()))?;
    let HeardFeedback { feedback, text, kind, source, heard_at, .. } = heard;
    app.ask_journal(move |journal| journal.put_undo(feedback, &undo)).await?;
    settle(&app, SystemCommand::Hear { feedback, text, kind, source, heard_at }).await?;
    Ok(StatusCode::CREATED)
}

pub async fn undo(
    State(app): State<App>,
    headers: HeaderMap,
    Asked(undo): Asked<UndoFeedback>,
) -> Result<StatusCode, HttpError> {
    admit(&app, &headers)?;
    let kept = app.ask_journal(move |journal| journal.undo(undo.feedback)).await?;
    let kept = kept.ok_or(HttpError::NotFound)?;
    if digest(&undo.secret) != kept {
        return Err(HttpError::NotFound);
    }
    settle(&app, SystemCommand::Unhear { feedback: undo.feedback }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The key first: who does not have it must not use up what those who do may send.
fn admit(app: &App, headers: &HeaderMap) -> Result<(), HttpError> {
    let key = headers.get(SUBMIT_KEY_HEADER).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if digest(key) != digest(&app.workspace.submit_key) {
        return Err(HttpError::Forbidden);
    }
    app.limits.feedback.try_take((), app.clock.now()).map_err(HttpError::TooMany)
}

async fn settle(app: &App, command: SystemCommand) -> Result<(), HttpError> {
    let work = Work::System { commands: vec![command], by: Actor::Nobody };
    match app.writer.settle(work).await? {
        Outcome::Refused { sentence, .. } => Err(HttpError::Invalid(sentence)),
        _ => Ok(()),
    }
}
