//! Invitations: an admin names who may come, and gets a code that lets them in once. Beside the journal
//! is only the code's digest; the event that makes the person is the inviter's.

use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::{No, World, check_person};
use evendesk_domain::id::{InvitationId, TeamId, UserId};
use evendesk_domain::settings::{Role, User};
use evendesk_domain::time::Timestamp;
use evendesk_journal::{Invitation, Journal};
use evendesk_protocol::http::{InvitationView, Invite, Invited};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::auth::Code;

/// How long an invitation is good for.
pub const DAYS: i64 = 7;
/// Open ones at a time.
const MOST: usize = 1_000;

/// Whoever holds the data folder, where an inviter is named.
pub const OPERATOR: UserId = UserId(Uuid::nil());

#[derive(Debug, thiserror::Error)]
pub enum InvitationError {
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Journal(#[from] evendesk_journal::Error),
    #[error("what is offered cannot be looked up: {0}")]
    Lookup(String),
    #[error(transparent)]
    Random(#[from] std::io::Error),
}

impl From<No> for InvitationError {
    fn from(no: No) -> Self {
        match no {
            No::Refused(refusal) => Self::Refused(refusal.sentence),
            No::LookAgain { .. } => Self::Lookup("it has changed".into()),
            No::Failed(failed) => failed.into(),
        }
    }
}

impl From<evendesk_domain::decide::LookupFailed> for InvitationError {
    fn from(failed: evendesk_domain::decide::LookupFailed) -> Self {
        Self::Lookup(failed.to_string())
    }
}

/// As kept beside the journal.
#[derive(Serialize, Deserialize)]
struct Offer {
    name: String,
    role: Role,
    teams: Vec<TeamId>,
    /// For somebody who is here: their name, role and teams stay as they are by then.
    again: bool,
}

/// Makes an invitation and tells its code, this once.
pub fn make(
    journal: &dyn Journal,
    world: &dyn World,
    by: UserId,
    invite: Invite,
    now: Timestamp,
) -> Result<Invited, InvitationError> {
    let (user, offer) = match invite {
        Invite::NewPerson { name, role, teams } => {
            check_person(world, &name, &teams)?;
            (UserId(Uuid::now_v7()), Offer { name, role, teams, again: false })
        }
        Invite::Again { user } => {
            let User { name, role, teams, .. } = still_here(world, user)?;
            (user, Offer { name, role, teams, again: true })
        }
    };
    journal.sweep(now)?;
    let open = journal.invitations(now)?;
    if open.len() >= MOST {
        return Err(InvitationError::Refused(format!(
            "There are {MOST} open invitations already; withdraw those that nobody will use."
        )));
    }
    // A newer code for the same person takes the older one's place.
    for older in open.iter().filter(|i| offer.again && i.user == user) {
        journal.withdraw_invitation(older.id)?;
    }
    let code = Code::draw()?;
    let invitation = Invitation {
        id: Uuid::now_v7(),
        digest: code.digest,
        user,
        offer: serde_json::to_string(&offer).unwrap_or_default(),
        by,
        made_at: now,
        expires_at: now.plus_seconds(DAYS * 86_400),
    };
    journal.put_invitation(&invitation)?;
    Ok(Invited { code: code.text, invitation: shown(&invitation, offer) })
}

/// Those that are open, as people see them.
pub fn open(journal: &dyn Journal, now: Timestamp) -> Result<Vec<InvitationView>, evendesk_journal::Error> {
    let shown = |i: &Invitation| serde_json::from_str(&i.offer).ok().map(|offer| shown(i, offer));
    Ok(journal.invitations(now)?.iter().filter_map(shown).collect())
}

fn shown(invitation: &Invitation, offer: Offer) -> InvitationView {
    let Offer { name, role, teams, again } = offer;
    InvitationView {
        id: InvitationId(invitation.id),
        user: invitation.user,
        name,
        role,
        teams,
        again,
        by: (invitation.by != OPERATOR).then_some(invitation.by),
        made_at: invitation.made_at,
        expires_at: invitation.expires_at,
    }
}

/// What the inviter asks for when the invited person has chosen a login.
pub fn redeemed(
    world: &dyn World,
    invitation: &Invitation,
    login: &str,
) -> Result<CommandBody, InvitationError> {
    let offer: Offer = serde_json::from_str(&invitation.offer)
        .map_err(|_| InvitationError::Refused("This invitation cannot be read; ask for another.".into()))?;
    let Offer { name, role, teams, again } = offer;
    let (name, role, teams) = if again {
        let User { name, role, teams, .. } = still_here(world, invitation.user)?;
        (name, role, teams)
    } else {
        (name, role, teams)
    };
    Ok(CommandBody::SaveUser { id: invitation.user, name, login: login.to_owned(), role, teams })
}

fn still_here(world: &dyn World, user: UserId) -> Result<User, InvitationError> {
    world.user(user)?.filter(|u| u.active).ok_or_else(|| {
        InvitationError::Refused("This person may not sign in; an admin can bring them back first.".into())
    })
}
