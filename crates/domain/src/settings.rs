//! Settings objects: teams, users, accounts. Each is a stream of its own; saving again replaces.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::channel::Channel;
use crate::event::Event;
use crate::id::{AccountId, TeamId, TermsId, UserId};
use crate::stream::Recorded;
use crate::time::Timestamp;

/// What a person may do. Each role may do what the one before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Works in the inbox of their teams.
    Agent,
    /// Sees all teams and the channel board.
    Supervisor,
    /// Changes settings and people.
    Admin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Agent, Self::Supervisor, Self::Admin];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|r| r.name() == s)
            .ok_or_else(|| format!("there is no role '{s}'; say agent, supervisor or admin"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    pub id: TeamId,
    pub name: String,
    /// What new conversations of the team are held to.
    pub terms: TermsId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub login: String,
    pub role: Role,
    pub teams: Vec<TeamId>,
    /// May sign in; changing anything else of a person does not change this.
    pub active: bool,
}

/// One source of one channel: a mailbox, a form, a webhook. Nothing secret is in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccountSettings {
    pub channel: Channel,
    /// As people call it, and unique in the workspace: `support`, `returns form`.
    pub name: String,
    /// The address answers come from, for mail; empty where there is none.
    pub address: String,
    /// Where what comes in goes.
    #[ts(type = "string")]
    pub team: TeamId,
    /// `imaps://host:port`, for mail.
    pub imap: Option<String>,
    /// `smtp://host:port`, for mail.
    pub smtp: Option<String>,
    pub user: Option<String>,
    /// Where answers are posted, for a webhook.
    pub webhook: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    pub settings: AccountSettings,
}

/// How far an account has been read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    pub account: AccountId,
    pub uid_validity: u32,
    pub last_uid: u32,
}

/// What became of one thing that an account saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LedgerEntry {
    pub uid: u32,
    pub remote_id: String,
    pub fate: Fate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    Taken,
    /// Seen before, on this or another cursor.
    Duplicate,
    /// Could not be read; kept raw under `blob`, and may be tried again.
    Quarantined {
        blob: String,
        why: String,
    },
    /// Too large to fetch.
    TooLarge {
        bytes: u64,
    },
    /// Never had: the mail server does not give it, or it was gone.
    Withheld {
        why: String,
    },
}

/// The workspace was brought back from a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Restored {
    pub at: Timestamp,
    pub backup_made_at: Timestamp,
}

impl Restored {
    /// The last time counts.
    pub fn apply(state: &mut Option<Self>, recorded: &Recorded) {
        if let Event::WorkspaceRestored { backup_made_at } = recorded.event {
            *state = Some(Self { at: recorded.at, backup_made_at });
        }
    }
}

impl Team {
    pub fn apply(state: &mut Option<Self>, id: TeamId, recorded: &Recorded) {
        if let Event::TeamSaved { name, terms } = &recorded.event {
            *state = Some(Self { id, name: name.clone(), terms: *terms });
        }
    }
}

impl User {
    pub fn apply(state: &mut Option<Self>, id: UserId, recorded: &Recorded) {
        match (&recorded.event, state) {
            (Event::UserSaved { name, login, role, teams }, state) => {
                *state = Some(Self {
                    id,
                    name: name.clone(),
                    login: login.clone(),
                    role: *role,
                    teams: teams.clone(),
                    active: state.as_ref().is_none_or(|user| user.active),
                });
            }
            (Event::UserDeactivated, Some(user)) => user.active = false,
            (Event::UserReactivated, Some(user)) => user.active = true,
            _ => {}
        }
    }
}

impl Account {
    pub fn apply(state: &mut Option<Self>, id: AccountId, recorded: &Recorded) {
        match (&recorded.event, state) {
            (Event::AccountSaved { settings }, Some(account)) => account.settings = (**settings).clone(),
            (Event::AccountSaved { settings }, state @ None) => {
                *state = Some(Self { id, settings: (**settings).clone() });
            }
            _ => {}
        }
    }
}

impl Mailbox {
    pub fn apply(state: &mut Option<Self>, account: AccountId, recorded: &Recorded) {
        if let Event::MailboxAdvanced { uid_validity, last_uid, .. } = recorded.event {
            *state = Some(Self { account, uid_validity, last_uid });
        }
    }
}
