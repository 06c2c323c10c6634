//! Dropping a command, and taking that back: it returns to its place, and what followed it follows again.

use evendesk_domain::id::CommandId;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::Outbox;
use super::commands::{drop_row, settle};
use crate::error::Error;

/// A row as it was. `place` comes first, since it alone may have been taken meanwhile.
const COLUMNS: [&str; 14] = [
    "place",
    "id",
    "author",
    "made_at",
    "depends_on",
    "stream",
    "body",
    "state",
    "accepted_seq",
    "code",
    "reason",
    "since",
    "incarnation",
    "reoffered",
];

/// All that is needed to take a drop back. Lives as long as the window may offer it, in memory alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped {
    row: Vec<Value>,
    followers: Vec<String>,
}

impl Outbox {
    /// Drops a command; what followed it is set aside, since it was meant to come after. None where it
    /// was gone already.
    pub fn drop_command(&self, id: CommandId) -> Result<Option<Dropped>, Error> {
        self.write("dropping a command", |tx| {
            let Some(row) = row(tx, id)? else { return Ok(None) };
            let followers = followers(tx, id)?;
            drop_row(tx, id)?;
            Ok(Some(Dropped { row, followers }))
        })
    }

    /// Puts a dropped command back. A follower that the agent has dealt with meanwhile stays as it is.
    pub fn undrop(&self, dropped: &Dropped) -> Result<(), Error> {
        self.write("taking a drop back", |tx| {
            let (columns, marks) = (COLUMNS.join(", "), vec!["?"; COLUMNS.len() - 1].join(", "));
            let place = "CASE WHEN EXISTS (SELECT 1 FROM command WHERE place = ?1) THEN NULL ELSE ?1 END";
            let insert = format!("INSERT INTO command ({columns}) VALUES ({place}, {marks})");
            tx.execute(&insert, params_from_iter(&dropped.row))?;
            for follower in &dropped.followers {
                tx.execute(
                    "UPDATE command SET depends_on = ?1, state = 'held', reason = NULL
                     WHERE id = ?2 AND state = 'set_aside' AND depends_on IS NULL",
                    [&dropped.row[1], &Value::Text(follower.clone())],
                )?;
            }
            settle(tx)
        })
    }
}

fn row(tx: &Connection, id: CommandId) -> rusqlite::Result<Option<Vec<Value>>> {
    tx.prepare_cached(&format!("SELECT {} FROM command WHERE id = ?1", COLUMNS.join(", ")))?
        .query_row([id.to_string()], |row| (0..COLUMNS.len()).map(|at| row.get(at)).collect())
        .optional()
}

fn followers(tx: &Connection, id: CommandId) -> rusqlite::Result<Vec<String>> {
    tx.prepare_cached(
        "SELECT id FROM command WHERE depends_on = ?1 AND state IN ('waiting', 'sent', 'held')",
    )?
    .query_map([id.to_string()], |row| row.get(0))?
    .collect()
}
