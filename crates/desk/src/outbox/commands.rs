//! Commands that are not settled: what was asked for, in order, and what is known of its fate.
//!
//! A row ends in one of three ways: its events have arrived, or the agent dropped it, or the agent
//! sent it again under a new id. Nothing else deletes one.

use evendesk_domain::command::{Command, CommandBody};
use evendesk_domain::decide::RefusalCode;
use evendesk_domain::id::{CommandId, MessageId, UserId};
use evendesk_domain::stream::StreamId;
use evendesk_domain::time::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use uuid::Uuid;

use super::{Outbox, drafts};
use crate::error::Error;

/// Why a command that followed a dropped one does not go out by itself.
const ORPHANED: &str = "What this followed was dropped. Send it all the same, or drop it too.";
/// Why a command is set aside that the server holds for something this desk has had accepted.
pub const UNKNOWN_BEFORE: &str =
    "The server does not know what this followed. Look at the matter, then send it again or drop it.";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Has not left this desk.
    Waiting,
    /// May have reached the server, and is offered again until there is an answer.
    Sent,
    /// Decided; stays until its events have arrived.
    Accepted,
    Refused,
    LookAgain,
    /// Behind one that waits for the agent.
    Held,
    SetAside,
}

impl State {
    const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Sent,
        Self::Accepted,
        Self::Refused,
        Self::LookAgain,
        Self::Held,
        Self::SetAside,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::LookAgain => "look_again",
            Self::Held => "held",
            Self::SetAside => "set_aside",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// On its way: shown as if it had happened already.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Waiting | Self::Sent | Self::Accepted)
    }

    /// Nothing more happens to it until the agent says so.
    pub const fn needs_attention(self) -> bool {
        matches!(self, Self::Refused | Self::LookAgain | Self::SetAside)
    }

    /// Not decided yet, so what is made after it in the same stream follows it.
    const fn is_undecided(self) -> bool {
        matches!(self, Self::Waiting | Self::Sent | Self::Held)
    }
}

/// A command as kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    pub command: Command,
    pub author: UserId,
    pub made_at: Timestamp,
    pub state: State,
    /// The last event it became, once accepted.
    pub accepted_seq: Option<u64>,
    /// Of a refusal: what to branch on.
    pub code: Option<RefusalCode>,
    pub reason: Option<String>,
    pub since: Option<MessageId>,
    /// Another journal than the one there is now may have accepted it.
    pub reoffered: bool,
}

/// A row whose command cannot be read (damage): shown as it is, and never sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreadable {
    pub id: CommandId,
    pub made_at: Timestamp,
    pub text: String,
}

/// How many are on their way, and how many wait for the agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub pending: u32,
    pub attention: u32,
}

impl Outbox {
    /// Keeps a command; `journal` is the one that it is offered to at once, if it is.
    pub fn add(&self, kept: &Kept, journal: Option<Uuid>) -> Result<(), Error> {
        self.write_more("keeping a command", |tx| {
            tx.prepare_cached(
                "INSERT INTO command (id, author, made_at, depends_on, stream, body, state, reason, since,
                     incarnation)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                kept.command.id.to_string(),
                kept.author.to_string(),
                kept.made_at.millis(),
                kept.command.depends_on.map(|d| d.to_string()),
                kept.command.body.stream().to_string(),
                json(&kept.command.body)?,
                kept.state.name(),
                kept.reason,
                kept.since.map(|s| s.to_string()),
                journal.map(|j| j.to_string()),
            ])?;
            settle(tx)
        })
    }

    /// Everything of `author`'s that can be read, in the order made.
    pub fn commands(&self, author: UserId) -> Result<Vec<Kept>, Error> {
        Ok(self.rows(author)?.into_iter().filter_map(Result::ok).collect())
    }

    pub fn rows(&self, author: UserId) -> Result<Vec<Result<Kept, Unreadable>>, Error> {
        self.read("reading commands", |c| {
            c.prepare_cached(&format!("{SELECT} WHERE author = ?1 ORDER BY place"))?
                .query_map([author.to_string()], kept)?
                .collect()
        })
    }

    pub fn command(&self, id: CommandId) -> Result<Option<Kept>, Error> {
        self.read("reading a command", |c| find(c, id))
    }

    pub fn tally(&self, author: UserId) -> Result<Tally, Error> {
        self.read("counting commands", |c| {
            c.prepare_cached(
                "SELECT count(*) FILTER (WHERE state IN ('waiting', 'sent', 'accepted', 'held')),
                        count(*) FILTER (WHERE state IN ('refused', 'look_again', 'set_aside'))
                 FROM command WHERE author = ?1",
            )?
            .query_row([author.to_string()], |row| Ok(Tally { pending: row.get(0)?, attention: row.get(1)? }))
        })
    }

    /// The latest undecided command about that stream: what the next one depends on.
    pub fn latest_undecided(&self, author: UserId, stream: StreamId) -> Result<Option<CommandId>, Error> {
        self.read("reading what a command follows", |c| {
            let mut statement = c.prepare_cached(
                "SELECT id, state FROM command WHERE author = ?1 AND stream = ?2 ORDER BY place DESC",
            )?;
            let mut rows = statement.query(params![author.to_string(), stream.to_string()])?;
            while let Some(row) = rows.next()? {
                if state(row, 1)?.is_undecided() {
                    return Ok(Some(CommandId(uuid(row, 0)?)));
                }
            }
            Ok(None)
        })
    }

    /// Noted before they leave for `journal`: from here on they may have arrived.
    pub fn sending(&self, ids: &[CommandId], journal: Option<Uuid>) -> Result<(), Error> {
        self.write_more("noting what is sent", |tx| {
            let mut statement = tx.prepare_cached(
                "UPDATE command SET state = 'sent', incarnation = coalesce(?2, incarnation)
                 WHERE id = ?1 AND state IN ('waiting', 'sent')",
            )?;
            let journal = journal.map(|j| j.to_string());
            ids.iter().try_for_each(|id| statement.execute(params![id.to_string(), journal]).map(drop))
        })
    }

    /// Decided; it stays until the cursor has reached `seq`. Said twice, it is noted once.
    pub fn accepted(&self, id: CommandId, seq: u64) -> Result<(), Error> {
        self.write("noting that a command was accepted", |tx| {
            tx.execute(
                "UPDATE command SET state = 'accepted', accepted_seq = ?2, reason = NULL
                 WHERE id = ?1 AND state IN ('waiting', 'sent', 'held')",
                params![id.to_string(), stored(seq)],
            )?;
            settle(tx)
        })
    }

    pub fn refused(&self, id: CommandId, code: &str, sentence: &str) -> Result<(), Error> {
        self.write("noting that a command was refused", |tx| {
            tx.execute(
                "UPDATE command SET state = 'refused', code = ?2, reason = ?3
                 WHERE id = ?1 AND state IN ('waiting', 'sent', 'held')",
                params![id.to_string(), code, sentence],
            )?;
            settle(tx)
        })
    }

    pub fn look_again(&self, id: CommandId, since: Option<MessageId>) -> Result<(), Error> {
        self.write("noting that a command wants a second look", |tx| {
            tx.execute(
                "UPDATE command SET state = 'look_again', since = ?2
                 WHERE id = ?1 AND state IN ('waiting', 'sent', 'held')",
                params![id.to_string(), since.map(|s| s.to_string())],
            )?;
            settle(tx)
        })
    }

    /// The server cannot take it as it is: its author decides what becomes of it.
    pub fn set_aside(&self, id: CommandId, sentence: &str) -> Result<(), Error> {
        self.write("setting a command aside", |tx| {
            tx.execute(
                "UPDATE command SET state = 'set_aside', reason = ?2
                 WHERE id = ?1 AND state IN ('waiting', 'sent', 'held')",
                params![id.to_string(), sentence],
            )?;
            settle(tx)
        })
    }

    /// The server holds it. Where what it follows is still on its way it will be offered again after
    /// that; where it is not here any more, the agent decides.
    pub fn held(&self, id: CommandId) -> Result<(), Error> {
        self.write("noting that a command is held", |tx| {
            let Some(Ok(command)) = raw(tx, id)? else { return Ok(()) };
            let before = match command.command.depends_on {
                Some(before) => exists(tx, before)?,
                None => false,
            };
            let (state, reason) = if before { ("waiting", None) } else { ("set_aside", Some(UNKNOWN_BEFORE)) };
            tx.execute(
                "UPDATE command SET state = ?2, reason = ?3 WHERE id = ?1 AND state IN ('waiting', 'sent', 'held')",
                params![id.to_string(), state, reason],
            )?;
            settle(tx)
        })
    }

    /// Sends `id` again as `fresh`, with what followed it after it, as the last in the order.
    pub fn confirm(&self, id: CommandId, fresh: CommandId, body: &CommandBody) -> Result<(), Error> {
        self.write("sending a command again", |tx| {
            let renamed = tx.execute(
                "UPDATE command SET id = ?2, body = ?3, state = 'waiting',
                        depends_on = (SELECT b.id FROM command b WHERE b.id = command.depends_on),
                        code = NULL, reason = NULL, since = NULL
                 WHERE id = ?1 AND state IN ('refused', 'look_again', 'set_aside')",
                params![id.to_string(), fresh.to_string(), json(body)?],
            )?;
            if renamed == 0 {
                return Ok(());
            }
            tx.execute(
                "UPDATE command SET depends_on = ?2 WHERE depends_on = ?1",
                params![id.to_string(), fresh.to_string()],
            )?;
            move_to_the_end(tx, fresh)?;
            settle(tx)
        })
    }

    /// Words one that waits for the agent anew.
    pub fn reword(&self, id: CommandId, body: &CommandBody) -> Result<(), Error> {
        self.write("wording a command anew", |tx| {
            tx.execute(
                "UPDATE command SET body = ?2
                 WHERE id = ?1 AND state IN ('refused', 'look_again', 'set_aside')",
                params![id.to_string(), json(body)?],
            )?;
            Ok(())
        })
    }

    /// Moves a command's words back into its conversation's draft and drops it, both or neither.
    pub fn back_to_draft(&self, kept: &Kept, now: Timestamp) -> Result<(), Error> {
        let conversation = evendesk_domain::id::ConversationId(kept.command.body.stream().id);
        self.write("moving a command's text back", |tx| {
            let words = kept.command.body.text();
            let text = match drafts::get(tx, kept.author, conversation)? {
                Some(draft) if draft != words => format!("{words}\n\n{draft}"),
                _ => words.to_owned(),
            };
            drafts::put(tx, kept.author, conversation, &text, now)?;
            drop_row(tx, kept.command.id)
        })
    }
}

/// Moves a command, and what follows it directly or not, behind everything else in the same order.
fn move_to_the_end(tx: &Connection, id: CommandId) -> rusqlite::Result<()> {
    let places: Vec<i64> = tx
        .prepare_cached(
            "WITH RECURSIVE train (id, place) AS (
                 SELECT id, place FROM command WHERE id = ?1
                 UNION
                 SELECT c.id, c.place FROM command c JOIN train ON c.depends_on = train.id
             )
             SELECT place FROM train ORDER BY place",
        )?
        .query_map([id.to_string()], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut statement = tx
        .prepare_cached("UPDATE command SET place = (SELECT max(place) + 1 FROM command) WHERE place = ?1")?;
    places.iter().try_for_each(|place| statement.execute([place]).map(drop))
}

pub(super) fn drop_row(tx: &Connection, id: CommandId) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE command SET state = 'set_aside', reason = ?2, depends_on = NULL
         WHERE depends_on = ?1 AND state IN ('waiting', 'sent', 'held')",
        params![id.to_string(), ORPHANED],
    )?;
    tx.execute("DELETE FROM command WHERE id = ?1", [id.to_string()])?;
    settle(tx)
}

/// Holds what follows a command that waits for the agent, and lets go what no longer does. One pass
/// in order is enough: a command only follows earlier ones.
pub(super) fn settle(tx: &Connection) -> rusqlite::Result<()> {
    tx.execute(
        "WITH RECURSIVE behind (id) AS (
             SELECT c.id FROM command c JOIN command before ON c.depends_on = before.id
             WHERE before.state IN ('refused', 'look_again', 'set_aside')
             UNION
             SELECT c.id FROM command c JOIN behind ON c.depends_on = behind.id
         )
         UPDATE command SET state = CASE WHEN id IN behind THEN 'held' ELSE 'waiting' END
         WHERE (id IN behind AND state IN ('waiting', 'sent')) OR (id NOT IN behind AND state = 'held')",
        [],
    )?;
    Ok(())
}

const SELECT: &str =
    "SELECT id, author, made_at, depends_on, body, state, accepted_seq, reason, since, reoffered,
    code FROM command";

fn find(c: &Connection, id: CommandId) -> rusqlite::Result<Option<Kept>> {
    Ok(raw(c, id)?.and_then(Result::ok))
}

fn raw(c: &Connection, id: CommandId) -> rusqlite::Result<Option<Result<Kept, Unreadable>>> {
    c.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?.query_row([id.to_string()], kept).optional()
}

fn exists(c: &Connection, id: CommandId) -> rusqlite::Result<bool> {
    c.prepare_cached("SELECT 1 FROM command WHERE id = ?1")?.exists([id.to_string()])
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Result<Kept, Unreadable>> {
    let id = CommandId(uuid(row, 0)?);
    let made_at = Timestamp::from_millis(row.get(2)?);
    let text: String = row.get(4)?;
    let Ok(body) = serde_json::from_str(&text) else { return Ok(Err(Unreadable { id, made_at, text })) };
    let depends_on = maybe_uuid(row, 3)?.map(CommandId);
    Ok(Ok(Kept {
        command: Command { id, depends_on, body },
        author: UserId(uuid(row, 1)?),
        made_at,
        state: state(row, 5)?,
        accepted_seq: row.get::<_, Option<i64>>(6)?.map(|seq| seq.unsigned_abs()),
        reason: row.get(7)?,
        since: maybe_uuid(row, 8)?.map(MessageId),
        reoffered: row.get(9)?,
        code: row.get::<_, Option<String>>(10)?.and_then(|code| serde_json::from_value(code.into()).ok()),
    }))
}

fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<State> {
    let name: String = row.get(column)?;
    State::from_name(&name)
        .ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, name.into()))
}

pub(super) fn uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get::<_, String>(column)?
        .parse()
        .map_err(|e: uuid::Error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, e.into()))
}

fn maybe_uuid(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Uuid>> {
    row.get::<_, Option<String>>(column)?.map(|_| uuid(row, column)).transpose()
}

fn json(body: &CommandBody) -> rusqlite::Result<String> {
    serde_json::to_string(body).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))
}

/// SQLite's integers are signed; a seq beyond them does not occur in a journal.
pub(super) fn stored(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
