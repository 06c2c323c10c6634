//! Who and what there is to choose from: people, teams, accounts.

use evendesk_domain::channel::Channel;
use evendesk_domain::id::{AccountId, TeamId, TermsId, UserId};
use evendesk_domain::settings::{Restored, Role, Team, User};
use evendesk_domain::stream::{StreamId, StreamKind};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use crate::error::{Doing, Error};
use crate::{Reader, aggregate, timer};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Directory {
    /// Also who does not work here any more: their names stand on what they did.
    pub users: Vec<UserView>,
    pub teams: Vec<TeamView>,
    /// What teams can be held to.
    pub terms: Vec<TermsView>,
    pub accounts: Vec<AccountView>,
    /// The last time that all of this was brought back from a backup, if it ever was.
    pub restored: Option<Restored>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UserView {
    pub id: UserId,
    pub name: String,
    pub login: String,
    pub role: Role,
    pub teams: Vec<TeamId>,
    /// One or two letters for a small round badge.
    pub initials: String,
    /// May sign in.
    pub active: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TeamView {
    pub id: TeamId,
    pub name: String,
    pub terms: TermsId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TermsView {
    pub id: TermsId,
    pub name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AccountView {
    pub id: AccountId,
    pub name: String,
    pub channel: Channel,
    pub address: String,
    pub team: TeamId,
}

impl From<&User> for UserView {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            name: user.name.clone(),
            login: user.login.clone(),
            role: user.role,
            teams: user.teams.clone(),
            initials: initials(&user.name),
            active: user.active,
        }
    }
}

/// First letters of the first and last word.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|w| w.chars().next());
    let last = words.next_back().and_then(|w| w.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

impl Reader {
    pub fn directory(&self) -> Result<Directory, Error> {
        Ok(Directory {
            users: self.users()?,
            teams: self.teams()?,
            terms: self.terms_there_are()?,
            accounts: self.accounts()?,
            restored: self.restored()?,
        })
    }

    fn restored(&self) -> Result<Option<Restored>, Error> {
        let workspaces: Vec<Uuid> = self
            .db()
            .prepare_cached("SELECT stream FROM aggregate WHERE stream_kind = 'workspace'")
            .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
            .doing("read when it was restored")?;
        let Some(id) = workspaces.first() else { return Ok(None) };
        aggregate::load(self.db(), StreamId { kind: StreamKind::Workspace, id: *id })
    }

    fn users(&self) -> Result<Vec<UserView>, Error> {
        let ids: Vec<Uuid> = self
            .db()
            .prepare_cached("SELECT id FROM user ORDER BY name, id")
            .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
            .doing("read people")?;
        let users: Vec<Option<User>> = ids
            .into_iter()
            .map(|id| aggregate::load(self.db(), UserId(id).into()))
            .collect::<Result<_, _>>()?;
        Ok(users.iter().flatten().map(UserView::from).collect())
    }

    pub fn teams(&self) -> Result<Vec<TeamView>, Error> {
        let ids: Vec<Uuid> = self
            .db()
            .prepare_cached("SELECT id FROM team ORDER BY first_seq, id")
            .and_then(|mut s| s.query_map([], |r| r.get(0))?.collect())
            .doing("read teams")?;
        let teams: Vec<Option<Team>> = ids
            .into_iter()
            .map(|id| aggregate::load(self.db(), TeamId(id).into()))
            .collect::<Result<_, _>>()?;
        let view = |Team { id, name, terms }| TeamView { id, name, terms };
        Ok(teams.into_iter().flatten().map(view).collect())
    }

    fn terms_there_are(&self) -> Result<Vec<TermsView>, Error> {
        self.db()
            .prepare_cached("SELECT id, name FROM terms ORDER BY name, id")
            .and_then(|mut s| {
                s.query_map([], |r| Ok(TermsView { id: TermsId(r.get(0)?), name: r.get(1)? }))?.collect()
            })
            .doing("read terms")
    }

    pub fn accounts(&self) -> Result<Vec<AccountView>, Error> {
        self.db()
            .prepare_cached(
                "SELECT id, name, channel, address, team FROM account WHERE removed = 0 ORDER BY first_seq, id",
            )
            .and_then(|mut s| {
                s.query_map([], |r| {
                    Ok(AccountView {
                        id: AccountId(r.get(0)?),
                        name: r.get(1)?,
                        channel: timer::channel(&r.get::<_, String>(2)?),
                        address: r.get(3)?,
                        team: TeamId(r.get(4)?),
                    })
                })?
                .collect()
            })
            .doing("read accounts")
    }
}
