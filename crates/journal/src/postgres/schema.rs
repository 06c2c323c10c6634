//! The tables and how they came to be: the same as SQLite's, column by column, so that a row can be moved
//! from one engine to the other as it is.

use tokio_postgres::Client;

use super::{Failed, Lost};
use crate::Error;

/// Forward only: each is run once, in order, and never edited once it has been released.
const MIGRATIONS: &[&str] = &[r#"
CREATE TABLE workspace (
    one         bigint NOT NULL PRIMARY KEY CHECK (one = 1),
    id          bytea  NOT NULL,
    name        text   NOT NULL,
    incarnation bytea  NOT NULL,
    submit_key  text   NOT NULL,
    founded_at  bigint NOT NULL,
    epoch       bigint NOT NULL,
    head        bigint NOT NULL,
    moved_to    text   NOT NULL DEFAULT '' -- where everything has gone; empty: it is here
);

CREATE TABLE event (
    seq         bigint NOT NULL PRIMARY KEY,
    stream_id   bytea  NOT NULL,
    stream_kind text   NOT NULL,
    at          bigint NOT NULL,
    actor       text   NOT NULL,
    command     bytea  NOT NULL, -- empty: no command, or none that is recorded
    payload     text   NOT NULL
);
CREATE INDEX event_by_stream ON event (stream_id, seq);

CREATE TABLE decision (
    command bytea  NOT NULL PRIMARY KEY,
    outcome text   NOT NULL,
    at      bigint NOT NULL
);

CREATE TABLE lease (
    name       text   NOT NULL PRIMARY KEY,
    holder     bytea  NOT NULL,
    expires_at bigint NOT NULL
);

CREATE TABLE password (
    "user" bytea NOT NULL PRIMARY KEY,
    hash   text  NOT NULL
);

CREATE TABLE session (
    digest      bytea  NOT NULL PRIMARY KEY,
    "user"      bytea  NOT NULL,
    device      bytea  NOT NULL,
    opened_at   bigint NOT NULL,
    expires_at  bigint NOT NULL,
    device_name text   NOT NULL,
    seen_at     bigint NOT NULL,
    ended       text   NOT NULL  -- why; empty: it is not
);
CREATE INDEX session_by_user ON session ("user");

CREATE TABLE invitation (
    id         bytea  NOT NULL PRIMARY KEY,
    digest     bytea  NOT NULL,
    "user"     bytea  NOT NULL,
    offer      text   NOT NULL,
    made_by    bytea  NOT NULL,
    made_at    bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE UNIQUE INDEX invitation_by_digest ON invitation (digest);

CREATE TABLE secret (
    name   text  NOT NULL PRIMARY KEY,
    sealed bytea NOT NULL
);

CREATE TABLE feedback_undo (
    feedback bytea NOT NULL PRIMARY KEY,
    digest   bytea NOT NULL
);
"#];

/// Held while the layout is brought up to date, so that nodes which start together do it one by one.
const LOCK: i64 = 0x0065_7665_6e64_6573;

pub(super) async fn migrate(client: &mut Client) -> Result<(), Error> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    let looking = "look at the journal's layout";
    let tx = client.transaction().await.failed(looking)?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await.failed(looking)?;
    tx.batch_execute("CREATE TABLE IF NOT EXISTS layout (version bigint NOT NULL)").await.failed(looking)?;
    let found = tx.query_one("SELECT coalesce(max(version), 0) FROM layout", &[]).await.failed(looking)?;
    let found: i64 = found.get(0);
    if found > known {
        return Err(Error::Newer { found, known });
    }
    let updating = "bring the journal's layout up to date";
    for migration in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        tx.batch_execute(migration).await.failed(updating)?;
    }
    if found < known {
        tx.execute("DELETE FROM layout", &[]).await.failed(updating)?;
        tx.execute("INSERT INTO layout (version) VALUES ($1)", &[&known]).await.failed(updating)?;
    }
    tx.commit().await.failed(updating)
}

/// Whether `e` says that a row of that key is there already.
pub(super) fn is_taken(e: &Lost, table: &str) -> bool {
    e.as_db_error().is_some_and(|said| {
        *said.code() == tokio_postgres::error::SqlState::UNIQUE_VIOLATION && said.table() == Some(table)
    })
}
