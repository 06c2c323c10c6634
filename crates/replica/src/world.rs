//! The world as `decide` asks about it, answered from the rows.

use evendesk_domain::channel::Identity;
use evendesk_domain::conversation::Conversation;
use evendesk_domain::customer::Customer;
use evendesk_domain::decide::{KnownMail, LookupFailed, World};
use evendesk_domain::feedback::Feedback;
use evendesk_domain::id::{AccountId, ConversationId, CustomerId, FeedbackId, MessageId, TeamId, UserId};
use evendesk_domain::permission::{Agent, Scope};
use evendesk_domain::settings::{Account, Mailbox, Team, User};
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use rusqlite::{Connection, OptionalExtension, Params};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::customer::Merges;
use crate::error::{Doing, Error};
use crate::{Reader, Writer, aggregate, event, feedback};

/// Where the events behind the rows are: a server's journal, or what a desk keeps.
pub trait EventSource {
    fn event(&self, seq: u64) -> Result<Option<Recorded>, LookupFailed>;
}

/// The rows of one transaction, as [`World`].
pub struct Rows<'a> {
    db: &'a Connection,
    /// None: the events are kept beside the rows.
    events: Option<&'a dyn EventSource>,
}

impl Writer<'_> {
    /// For a server, whose journal has the events.
    pub fn world<'a>(&'a self, events: &'a dyn EventSource) -> Rows<'a> {
        Rows { db: &self.tx, events: Some(events) }
    }

    /// For a desk, whose cache has them.
    pub fn world_kept(&self) -> Rows<'_> {
        Rows { db: &self.tx, events: None }
    }

    /// What decides who may see a stream; none if it is not here.
    pub fn scope(&self, stream: StreamId) -> Result<Option<Scope>, Error> {
        scope(&self.tx, stream)
    }

    /// A person as far as permissions go; none where they may not sign in.
    pub fn agent(&self, user: UserId) -> Result<Option<Agent>, Error> {
        agent(&self.tx, user)
    }
}

impl Reader {
    pub fn world<'a>(&'a self, events: &'a dyn EventSource) -> Rows<'a> {
        Rows { db: self.db(), events: Some(events) }
    }

    pub fn world_kept(&self) -> Rows<'_> {
        Rows { db: self.db(), events: None }
    }

    pub fn scope(&self, stream: StreamId) -> Result<Option<Scope>, Error> {
        scope(self.db(), stream)
    }

    pub fn agent(&self, user: UserId) -> Result<Option<Agent>, Error> {
        agent(self.db(), user)
    }
}

pub(crate) fn scope(db: &Connection, stream: StreamId) -> Result<Option<Scope>, Error> {
    let team = |sql| {
        let found: Option<Uuid> = one(db, sql, [stream.id])?;
        Ok(found.map(|t| Scope::Team(TeamId(t))))
    };
    match stream.kind {
        StreamKind::Conversation => team("SELECT team FROM conversation WHERE id = ?1"),
        StreamKind::Feedback => team("SELECT department FROM feedback WHERE id = ?1"),
        StreamKind::Mailbox => Ok(Some(Scope::Oversight)),
        _ => Ok(Some(Scope::Everyone)),
    }
}

fn agent(db: &Connection, user: UserId) -> Result<Option<Agent>, Error> {
    Ok(aggregate::load::<User>(db, user.into())?.filter(|u| u.active).as_ref().map(Agent::from))
}

/// The first column of the first row.
fn one<T: rusqlite::types::FromSql>(
    db: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Option<T>, Error> {
    db.prepare_cached(sql)
        .and_then(|mut s| s.query_row(params, |r| r.get(0)).optional())
        .doing("look something up")
}

fn all<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, Error> {
    db.prepare_cached(sql)
        .and_then(|mut s| s.query_map(params, |r| read(r))?.collect())
        .doing("look something up")
}

type Found<T> = Result<Option<T>, LookupFailed>;

impl Rows<'_> {
    fn state<T: DeserializeOwned>(&self, stream: impl Into<StreamId>) -> Found<T> {
        Ok(aggregate::load(self.db, stream.into())?)
    }

    fn ids(&self, sql: &str, of: Uuid) -> Result<Vec<Uuid>, LookupFailed> {
        let found = self.db.prepare_cached(sql).and_then(|mut s| s.query_map([of], |r| r.get(0))?.collect());
        Ok(found.doing("look something up")?)
    }

    fn id(&self, sql: &str, params: impl Params) -> Found<Uuid> {
        Ok(one(self.db, sql, params)?)
    }
}

impl World for Rows<'_> {
    fn conversation(&self, id: ConversationId) -> Found<Conversation> {
        self.state(id)
    }

    fn customer(&self, id: CustomerId) -> Found<Customer> {
        self.state(id)
    }

    fn feedback(&self, id: FeedbackId) -> Found<Feedback> {
        self.state(id)
    }

    fn team(&self, id: TeamId) -> Found<Team> {
        self.state(id)
    }

    fn user(&self, id: UserId) -> Found<User> {
        self.state(id)
    }

    fn account(&self, id: AccountId) -> Found<Account> {
        let account: Option<Account> = self.state(id)?;
        Ok(account.filter(|account| !account.removed))
    }

    fn mailbox(&self, id: AccountId) -> Found<Mailbox> {
        self.state(StreamId::mailbox(id))
    }

    fn user_by_login(&self, login: &str) -> Found<User> {
        match self.id("SELECT id FROM user WHERE login = ?1", [login])? {
            Some(id) => self.user(UserId(id)),
            None => Ok(None),
        }
    }

    fn team_by_name(&self, name: &str) -> Found<Team> {
        // SQLite folds the case of ASCII only; there are few teams.
        let wanted = name.to_lowercase();
        let teams: Vec<(Uuid, String)> =
            all(self.db, "SELECT id, name FROM team", [], |r| Ok((r.get(0)?, r.get(1)?)))?;
        match teams.into_iter().find(|(_, name)| name.to_lowercase() == wanted) {
            Some((id, _)) => self.team(TeamId(id)),
            None => Ok(None),
        }
    }

    fn account_by_name(&self, name: &str) -> Found<Account> {
        match self.id("SELECT id FROM account WHERE name = ?1 AND removed = 0", [name])? {
            Some(id) => self.account(AccountId(id)),
            None => Ok(None),
        }
    }

    fn identity_owner(&self, identity: &Identity) -> Found<CustomerId> {
        let sql = "SELECT customer FROM identity WHERE value = ?1 AND kind = ?2 ORDER BY customer LIMIT 1";
        Ok(self.id(sql, (&identity.value, identity.kind.name()))?.map(CustomerId))
    }

    fn seen_before(&self, account: AccountId, remote_id: &str) -> Found<MessageId> {
        let sql = "SELECT id FROM message WHERE remote_id = ?1 AND account = ?2
             UNION ALL SELECT message FROM copied WHERE remote_id = ?1 AND account = ?2 LIMIT 1";
        Ok(self.id(sql, (remote_id, account.0))?.map(MessageId))
    }

    fn mails(&self, message_id: &str) -> Result<Vec<KnownMail>, LookupFailed> {
        // The oldest first: whoever reuses an id comes later than the mail that made it known.
        let sql =
            "SELECT conversation, id, kind = 'reply' FROM message WHERE mail_id = ?1 ORDER BY seq LIMIT 20";
        Ok(all(self.db, sql, [message_id], |r| {
            Ok(KnownMail {
                conversation: ConversationId(r.get(0)?),
                message: MessageId(r.get(1)?),
                ours: r.get(2)?,
            })
        })?)
    }

    fn home(&self, message: MessageId) -> Found<ConversationId> {
        let sql = "SELECT conversation FROM message WHERE id = ?1 ORDER BY seq DESC LIMIT 1";
        Ok(self.id(sql, [message.0])?.map(ConversationId))
    }

    fn copied(&self, remote_id: &str) -> Found<(ConversationId, MessageId)> {
        let sql = "SELECT conversation, id FROM message WHERE remote_id = ?1 AND channel = 'email'
             ORDER BY seq LIMIT 1";
        let found =
            all(self.db, sql, [remote_id], |r| Ok((ConversationId(r.get(0)?), MessageId(r.get(1)?))))?;
        Ok(found.first().copied())
    }

    fn account_by_address(&self, address: &str) -> Found<Account> {
        // There are few accounts, and SQLite folds the case of ASCII only.
        let wanted = address.trim().to_lowercase();
        let accounts: Vec<(Uuid, String)> =
            all(self.db, "SELECT id, address FROM account", [], |r| Ok((r.get(0)?, r.get(1)?)))?;
        match accounts.into_iter().find(|(_, address)| address.trim().to_lowercase() == wanted) {
            Some((id, _)) => self.account(AccountId(id)),
            None => Ok(None),
        }
    }

    fn network_thread(&self, account: AccountId, thread: &str) -> Found<ConversationId> {
        let sql =
            "SELECT conversation FROM message WHERE thread = ?1 AND account = ?2 ORDER BY seq DESC LIMIT 1";
        Ok(self.id(sql, (thread, account.0))?.map(ConversationId))
    }

    fn message(&self, conversation: ConversationId, message: MessageId) -> Found<Recorded> {
        let sql = "SELECT seq FROM message WHERE id = ?1 AND conversation = ?2";
        let seq: Option<i64> = one(self.db, sql, (message.0, conversation.0))?;
        let Some(seq) = seq.map(i64::cast_unsigned) else { return Ok(None) };
        match self.events {
            Some(events) => events.event(seq),
            None => Ok(event::at(self.db, seq)?),
        }
    }

    fn unresolved(&self, customer: CustomerId) -> Result<Vec<ConversationId>, LookupFailed> {
        let merges = Merges::read(self.db)?;
        let mut found: Vec<(i64, Uuid)> = Vec::new();
        for member in merges.family(merges.root(customer.0)) {
            let rows: Vec<(i64, Uuid)> = self
                .db
                .prepare_cached(
                    "SELECT last_word_at, id FROM conversation
                     WHERE customer = ?1 AND status IN ('open', 'waiting', 'hold')",
                )
                .and_then(|mut s| s.query_map([member], |r| Ok((r.get(0)?, r.get(1)?)))?.collect())
                .doing("look for open conversations")?;
            found.extend(rows);
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(found.into_iter().map(|(_, id)| ConversationId(id)).collect())
    }

    fn family(&self, root: CustomerId) -> Result<Vec<CustomerId>, LookupFailed> {
        let merges = Merges::read(self.db)?;
        Ok(merges.family(root.0).into_iter().map(CustomerId).collect())
    }

    fn conversations_of(&self, customer: CustomerId) -> Result<Vec<ConversationId>, LookupFailed> {
        let sql = "SELECT id FROM conversation WHERE customer = ?1 ORDER BY id";
        Ok(self.ids(sql, customer.0)?.into_iter().map(ConversationId).collect())
    }

    fn feedback_quoting(&self, customer: CustomerId) -> Result<Vec<FeedbackId>, LookupFailed> {
        Ok(feedback::quoting(self.db, customer.0)?.into_iter().map(FeedbackId).collect())
    }

    fn active_admins(&self) -> Result<Vec<UserId>, LookupFailed> {
        let sql = "SELECT id FROM user WHERE role = 'admin' AND active = 1 ORDER BY id";
        Ok(all(self.db, sql, [], |r| Ok(UserId(r.get(0)?)))?)
    }

    fn unresolved_of(&self, assignee: UserId) -> Result<Vec<ConversationId>, LookupFailed> {
        let sql = "SELECT id FROM conversation WHERE assignee = ?1 AND status <> 'resolved' ORDER BY id";
        Ok(all(self.db, sql, [assignee.0], |r| Ok(ConversationId(r.get(0)?)))?)
    }

    fn unresolved_in(&self, team: TeamId) -> Result<Vec<ConversationId>, LookupFailed> {
        let sql = "SELECT id FROM conversation WHERE team = ?1 AND status <> 'resolved' ORDER BY id";
        Ok(all(self.db, sql, [team.0], |r| Ok(ConversationId(r.get(0)?)))?)
    }

    fn default_team(&self) -> Found<Team> {
        match self.id("SELECT id FROM team ORDER BY first_seq, id LIMIT 1", [])? {
            Some(id) => self.team(TeamId(id)),
            None => Ok(None),
        }
    }
}
