//! A few facts of this installation: who it is, where it belongs, who is signed in. No credential is
//! among them: tokens live in the system's keychain.

use evendesk_domain::id::{DeviceId, UserId};
use evendesk_domain::permission::Agent;
use rusqlite::{OptionalExtension as _, params};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Outbox;
use crate::error::Error;
use crate::view::SessionEnded;

/// The names of what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Device,
    Server,
    WorkspaceName,
    /// The one signed in, as JSON; absent when signed out.
    Agent,
    /// Whose sign-in was ended from elsewhere and why, as JSON, until somebody signs in.
    TurnedAway,
    /// Whose view the cache is: another agent's sign-in begins a new one.
    CacheOwner,
    /// The workspace of the last greeting: the cache's cursor is a place in its journal.
    Workspace,
    /// For unsigned feedback; the same for everyone in the workspace.
    SubmitKey,
    /// Server time minus this computer's, as last estimated, in milliseconds.
    OffsetMs,
    /// The customers whose mails show pictures from elsewhere unasked, as JSON.
    PicturesUnasked,
}

/// Whose sign-in was ended from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedAway {
    pub user: UserId,
    pub why: SessionEnded,
}

impl Setting {
    const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Server => "server",
            Self::WorkspaceName => "workspace_name",
            Self::Agent => "agent",
            Self::TurnedAway => "turned_away",
            Self::CacheOwner => "cache_owner",
            Self::Workspace => "workspace",
            Self::SubmitKey => "submit_key",
            Self::OffsetMs => "offset_ms",
            Self::PicturesUnasked => "pictures_unasked",
        }
    }
}

impl Outbox {
    pub fn get(&self, setting: Setting) -> Result<Option<String>, Error> {
        self.read("reading a setting", |c| {
            c.prepare_cached("SELECT value FROM setting WHERE name = ?1")?
                .query_row([setting.name()], |row| row.get(0))
                .optional()
        })
    }

    pub fn set(&self, setting: Setting, value: &str) -> Result<(), Error> {
        if self.get(setting)?.as_deref() == Some(value) {
            return Ok(());
        }
        self.write("keeping a setting", |tx| {
            tx.execute(
                "INSERT INTO setting (name, value) VALUES (?1, ?2)
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                params![setting.name(), value],
            )?;
            Ok(())
        })
    }

    pub fn unset(&self, setting: Setting) -> Result<(), Error> {
        self.write("dropping a setting", |tx| {
            tx.execute("DELETE FROM setting WHERE name = ?1", [setting.name()])?;
            Ok(())
        })
    }

    /// The id of this installation, made from `fresh` the first time.
    pub fn device(&self, fresh: Uuid) -> Result<DeviceId, Error> {
        if let Some(id) = self.get(Setting::Device)?.and_then(|v| v.parse().ok()) {
            return Ok(DeviceId(id));
        }
        self.set(Setting::Device, &fresh.to_string())?;
        Ok(DeviceId(fresh))
    }

    /// Who is signed in. What cannot be read counts as nobody: signing in again mends it.
    pub fn agent(&self) -> Result<Option<Agent>, Error> {
        Ok(self.get(Setting::Agent)?.and_then(|json| serde_json::from_str(&json).ok()))
    }

    pub fn turned_away(&self) -> Result<Option<TurnedAway>, Error> {
        Ok(self.get(Setting::TurnedAway)?.and_then(|json| serde_json::from_str(&json).ok()))
    }

    pub fn set_turned_away(&self, away: TurnedAway) -> Result<(), Error> {
        self.set(Setting::TurnedAway, &serde_json::to_string(&away).unwrap_or_default())
    }

    pub fn set_agent(&self, agent: &Agent) -> Result<(), Error> {
        // An agent is plain fields: it cannot fail to become JSON.
        self.set(Setting::Agent, &serde_json::to_string(agent).unwrap_or_default())?;
        self.write("keeping whose the drafts are", |tx| {
            tx.execute("UPDATE OR IGNORE draft SET author = ?1 WHERE author = ''", [agent.user.to_string()])?;
            Ok(())
        })
    }
}
