//! Signing in and out.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use evendesk_domain::decide::World;
use evendesk_domain::id::{DeviceId, UserId};
use evendesk_domain::limits::LOGIN_CHARS;
use evendesk_domain::permission::Agent;
use evendesk_journal::{Ended, Session};
use evendesk_protocol::http::{SignIn, SignedIn};

use super::HttpError;
use super::error::Asked;
use super::guard::Caller;
use crate::auth::{SESSION_S, Token, verify};
use crate::state::{App, SignedInAs};

/// The installation that somebody signs in on, as it calls itself.
pub struct Device {
    pub id: DeviceId,
    pub name: String,
}

pub async fn sign_in(
    State(app): State<App>,
    Caller(address): Caller,
    Asked(request): Asked<SignIn>,
) -> Result<Json<SignedIn>, HttpError> {
    let now = app.clock.now();
    if request.login.chars().count() > LOGIN_CHARS {
        return Err(HttpError::WrongPassword);
    }
    app.limits.sign_in_by_address.try_take(address, now).map_err(HttpError::TooMany)?;
    app.limits.sign_in_by_login.try_take(request.login.clone(), now).map_err(HttpError::TooMany)?;
    let checked = check(&app, &request).await;
    // Only a wrong password is held against anybody: many people may share an address, and one may sign in
    // often.
    if !matches!(checked, Err(HttpError::WrongPassword)) {
        app.limits.sign_in_by_address.give_back(&address);
        app.limits.sign_in_by_login.give_back(&request.login);
    }
    let agent = checked?;
    Ok(Json(open(&app, agent, Device { id: request.device, name: request.device_name }).await?))
}

async fn check(app: &App, request: &SignIn) -> Result<Agent, HttpError> {
    let find = || Ok::<_, HttpError>(app.readers.get()?.world_kept().user_by_login(&request.login)?);
    let mut user = find()?;
    if user.is_none() {
        // Made a moment ago, perhaps, on another node.
        app.catch_up().await?;
        user = find()?;
    }
    let kept = match user.as_ref().map(|u| u.id) {
        Some(id) => app.ask_journal(move |journal| journal.password(id)).await?,
        None => None,
    };
    let password = zeroize::Zeroizing::new(request.password.clone());
    let matches = app.hashing.run(move || verify(&password, kept.as_deref())).await?;
    let user = user.filter(|_| matches).ok_or(HttpError::WrongPassword)?;
    if user.active { Ok(Agent::from(&user)) } else { Err(HttpError::Over(Ended::Deactivated)) }
}

/// Opens a session for someone who has proved who they are. An earlier one of theirs on the same
/// installation has no use any more.
pub async fn open(app: &App, agent: Agent, device: Device) -> Result<SignedIn, HttpError> {
    let token = Token::draw()?;
    let now = app.clock.now();
    let session = Session {
        digest: token.digest,
        user: agent.user,
        device: device.id,
        device_name: device.name.chars().filter(|c| !c.is_control()).take(LOGIN_CHARS).collect(),
        opened_at: now,
        seen_at: now,
        expires_at: now.plus_seconds(SESSION_S),
    };
    app.ask_journal(move |journal| {
        journal.sweep(now)?;
        journal.end_device(session.user, session.device, Ended::SignedOut)?;
        journal.open_session(&session)
    })
    .await?;
    Ok(SignedIn { token: token.text, agent, workspace_name: app.workspace.name.clone() })
}

/// For the app that runs this server in itself: whoever started it may be its admin.
pub async fn open_for(app: &App, user: UserId, device: Device) -> Result<SignedIn, HttpError> {
    let agent = app.readers.get()?.agent(user)?.ok_or(HttpError::NotFound)?;
    open(app, agent, device).await
}

pub async fn sign_out(State(app): State<App>, who: SignedInAs) -> Result<StatusCode, HttpError> {
    app.ask_journal(move |journal| journal.end_session(&who.digest, Ended::SignedOut)).await?;
    app.sign_ins_ended(who.agent.user);
    Ok(StatusCode::NO_CONTENT)
}
