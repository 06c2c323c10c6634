//! Who may come in, and on which devices they are: invitations, devices, one's own password.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use evendesk_domain::command::Command;
use evendesk_domain::id::{CommandId, DeviceId, UserId};
use evendesk_domain::permission::Agent;
use evendesk_domain::settings::Role;
use evendesk_journal::{Ended, Invitation};
use evendesk_protocol::Outcome;
use evendesk_protocol::http::{DeviceView, InvitationView, Invite, Invited, Join, NewPassword, SignedIn};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::HttpError;
use super::error::Asked;
use super::guard::Caller;
use super::session::{Device, open};
use crate::auth::{code_digest, hash, verify};
use crate::invitation;
use crate::state::{App, SignedInAs};
use crate::writer::Work;

fn check_admin(who: &SignedInAs) -> Result<(), HttpError> {
    if who.agent.role < Role::Admin {
        return Err(HttpError::Forbidden);
    }
    Ok(())
}

pub async fn devices(State(app): State<App>, who: SignedInAs) -> Result<Json<Vec<DeviceView>>, HttpError> {
    let of = (who.agent.role < Role::Admin).then_some(who.agent.user);
    let now = app.clock.now();
    let sessions = app.ask_journal(move |journal| journal.sessions(of, now)).await?;
    let mut devices: Vec<DeviceView> = Vec::new();
    for session in sessions {
        if devices.iter().any(|d| d.user == session.user && d.device == session.device) {
            continue;
        }
        devices.push(DeviceView {
            user: session.user,
            device: session.device,
            name: session.device_name,
            signed_in_at: session.opened_at,
            seen_at: session.seen_at,
            this: session.user == who.agent.user && session.device == who.device,
        });
    }
    Ok(Json(devices))
}

pub async fn revoke(
    State(app): State<App>,
    who: SignedInAs,
    Path((user, device)): Path<(Uuid, Uuid)>,
) -> Result<StatusCode, HttpError> {
    let user = UserId(user);
    if user != who.agent.user {
        check_admin(&who)?;
    }
    app.ask_journal(move |journal| journal.end_device(user, DeviceId(device), Ended::Revoked)).await?;
    app.sign_ins_ended(user);
    Ok(StatusCode::NO_CONTENT)
}

pub async fn invitations(
    State(app): State<App>,
    who: SignedInAs,
) -> Result<Json<Vec<InvitationView>>, HttpError> {
    check_admin(&who)?;
    let now = app.clock.now();
    Ok(Json(app.ask_journal(move |journal| invitation::open(journal, now)).await?))
}

pub async fn invite(
    State(app): State<App>,
    who: SignedInAs,
    Asked(invite): Asked<Invite>,
) -> Result<Json<Invited>, HttpError> {
    check_admin(&who)?;
    let making = move || {
        let reader = app.readers.get()?;
        let made =
            invitation::make(&*app.journal, &reader.world_kept(), who.agent.user, invite, app.clock.now());
        made.map_err(HttpError::from)
    };
    Ok(Json(tokio::task::spawn_blocking(making).await??))
}

pub async fn withdraw(
    State(app): State<App>,
    who: SignedInAs,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, HttpError> {
    check_admin(&who)?;
    let withdrawn = app.ask_journal(move |journal| journal.withdraw_invitation(id)).await?;
    if withdrawn { Ok(StatusCode::NO_CONTENT) } else { Err(HttpError::NotFound) }
}

/// Lets in whoever has a code: it is taken first, so that two who come with it are not both let in, and
/// put back where they chose a login that is taken.
pub async fn join(
    State(app): State<App>,
    Caller(address): Caller,
    Asked(join): Asked<Join>,
) -> Result<Json<SignedIn>, HttpError> {
    let now = app.clock.now();
    app.limits.join.try_take(address, now).map_err(HttpError::TooMany)?;
    let digest = code_digest(&join.code).ok_or(HttpError::NoInvitation)?;
    let password = Zeroizing::new(join.password.clone());
    let hash = app.hashing.run(move || hash(&password)).await??;
    let taken = app.ask_journal(move |journal| journal.take_invitation(&digest, now)).await?;
    let invitation = taken.ok_or(HttpError::NoInvitation)?;
    // Whoever has a code guesses nothing.
    app.limits.join.give_back(&address);
    let agent = match admit(&app, &invitation, &join.login).await {
        Ok(agent) => agent,
        Err(refused) => {
            app.ask_journal(move |journal| journal.put_invitation(&invitation)).await?;
            return Err(refused);
        }
    };
    let user = agent.user;
    app.ask_journal(move |journal| {
        journal.set_password(user, &hash)?;
        journal.end_user_sessions(user, None, Ended::NewPassword)
    })
    .await?;
    app.sign_ins_ended(user);
    Ok(Json(open(&app, agent, Device { id: join.device, name: join.device_name }).await?))
}

/// Makes the person, as the inviter's doing: where they may not do that any more, it is refused.
async fn admit(app: &App, invitation: &Invitation, login: &str) -> Result<Agent, HttpError> {
    let body = invitation::redeemed(&app.readers.get()?.world_kept(), invitation, login.trim())?;
    let work = if invitation.by == invitation::OPERATOR {
        Work::Operator(Box::new(body))
    } else {
        let command = Command { id: CommandId(Uuid::now_v7()), depends_on: None, body };
        Work::Agent { user: invitation.by, command: Box::new(command) }
    };
    match app.writer.settle(work).await? {
        Outcome::Accepted { .. } => {}
        Outcome::Refused { sentence, .. } => return Err(HttpError::Invalid(sentence)),
        _ => return Err(HttpError::Busy),
    }
    app.readers.get()?.agent(invitation.user)?.ok_or(HttpError::Busy)
}

/// Changes one's own; whoever else is signed in as this person is out.
pub async fn new_password(
    State(app): State<App>,
    who: SignedInAs,
    Asked(asked): Asked<NewPassword>,
) -> Result<StatusCode, HttpError> {
    let user = who.agent.user;
    app.limits.password.try_take(user, app.clock.now()).map_err(HttpError::TooMany)?;
    let kept = app.ask_journal(move |journal| journal.password(user)).await?;
    let NewPassword { old, new } = asked;
    let (old, new) = (Zeroizing::new(old), Zeroizing::new(new));
    let hashed = app.hashing.run(move || {
        // Who works on the server's own computer has none at first.
        (kept.is_none() || verify(&old, kept.as_deref())).then(|| hash(&new))
    });
    let hashed = hashed.await?.ok_or_else(|| HttpError::Invalid("The old password is wrong.".into()))??;
    app.ask_journal(move |journal| {
        journal.set_password(user, &hashed)?;
        journal.end_user_sessions(user, Some(&who.digest), Ended::NewPassword)
    })
    .await?;
    app.sign_ins_ended(user);
    app.limits.password.give_back(&user);
    Ok(StatusCode::NO_CONTENT)
}
