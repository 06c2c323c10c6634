//! Settings objects: teams, users, accounts. Each is a stream of its own; saving again replaces.

use std::collections::BTreeMap;

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
    /// Left away where there is nothing in it, as before there was any.
    #[serde(default, skip_serializing_if = "MailSettings::is_usual")]
    pub mail: MailSettings,
}

/// What only a mailbox has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct MailSettings {
    /// The folders that are read, as its server names them; its inbox alone where none is named.
    pub folders: Vec<String>,
    /// Certificates, as PEM, of whoever vouches for its servers besides those that the system trusts.
    pub ca: Option<String>,
    /// How it is signed in to without a password.
    pub oauth: Option<OAuth>,
}

impl MailSettings {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// Whom to ask for tokens, and as whom. The tokens and the client's secret are kept elsewhere, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct OAuth {
    pub authorize_url: String,
    pub token_url: String,
    pub client_id: String,
    /// What is asked for, words apart by blanks.
    pub scope: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: AccountId,
    #[serde(with = "text")]
    pub settings: AccountSettings,
    /// Nothing comes in or goes out by it any more; what did stays.
    pub removed: bool,
}

/// Settings as JSON within a state whose own encoding cannot leave fields away.
mod text {
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize as _, Serializer};

    use super::AccountSettings;

    pub fn serialize<S: Serializer>(settings: &AccountSettings, to: S) -> Result<S::Ok, S::Error> {
        serde_json::to_string(settings).map_err(S::Error::custom)?.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<AccountSettings, D::Error> {
        serde_json::from_str(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// The folder in which new mail is found on every server.
pub const INBOX: &str = "INBOX";

/// How far an account has been read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    pub account: AccountId,
    /// UIDVALIDITY and the last UID, by folder.
    pub folders: BTreeMap<String, (u32, u32)>,
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
            (Event::AccountSaved { settings }, state) => {
                *state = Some(Self { id, settings: (**settings).clone(), removed: false });
            }
            (Event::AccountRemoved, Some(account)) => account.removed = true,
            _ => {}
        }
    }
}

impl Mailbox {
    pub fn apply(state: &mut Option<Self>, account: AccountId, recorded: &Recorded) {
        let (folder, read) = match &recorded.event {
            Event::MailboxAdvanced { uid_validity, last_uid, .. } => (INBOX, (*uid_validity, *last_uid)),
            Event::FolderAdvanced { folder, uid_validity, last_uid, .. } => {
                (folder.as_str(), (*uid_validity, *last_uid))
            }
            _ => return,
        };
        let mailbox = state.get_or_insert_with(|| Self { account, folders: BTreeMap::new() });
        mailbox.folders.insert(folder.to_owned(), read);
    }
}
