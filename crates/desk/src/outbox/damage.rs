//! An outbox that is damaged is the one file that may not be thrown away: it is kept beside a new one, which
//! takes over what can still be read. For a while only, and not beyond what it tells of: no single word can be
//! taken out of it any more.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use evendesk_domain::stream::StreamId;
use evendesk_domain::time::Timestamp;
use rusqlite::{Connection, ErrorCode, params};

use super::{Outbox, lock};
use crate::error::Error;

/// How long it is kept after it was written last.
pub const KEPT_DAYS: i64 = 30;

const TABLES: [&str; 4] = ["setting", "draft", "ticket", "command"];

impl Outbox {
    /// Opens the file. Where it is damaged, it is set aside first; [`Outbox::damaged`] finds it from then on.
    pub fn open_or_set_aside(file: &Path) -> Result<Self, Error> {
        let damage = match Self::open(file) {
            Ok(outbox) => match outbox.damage()? {
                None => return Ok(outbox),
                Some(damage) => damage,
            },
            Err(error) if is_damage(&error) => error.to_string(),
            Err(error) => return Err(error),
        };
        let aside = put_aside(file)?;
        tracing::error!(damage, file = %aside.display(), "the outbox is damaged and set aside");
        crate::folder::private().create(true).truncate(false).open(file).map_err(Error::file(file))?;
        let outbox = Self::open(file)?;
        outbox.take_over(&aside);
        Ok(outbox)
    }

    /// What is wrong with the file, in SQLite's words.
    fn damage(&self) -> Result<Option<String>, Error> {
        let checked: rusqlite::Result<String> =
            lock(&self.reader).query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
        match checked {
            Ok(said) if said == "ok" => Ok(None),
            Ok(said) => Ok(Some(said)),
            Err(source) => {
                let error = Error::Outbox { doing: "looking it through", source };
                if is_damage(&error) { Ok(Some(error.to_string())) } else { Err(error) }
            }
        }
    }

    /// Removes the damaged outboxes that tell of a stream, which is erased, or withdrawn.
    pub fn damaged_about_gone(&self, stream: StreamId) -> std::io::Result<()> {
        let id = stream.id.to_string();
        for file in self.damaged() {
            let tells = |path: &PathBuf| {
                std::fs::read(path).map(|bytes| bytes.windows(id.len()).any(|w| w == id.as_bytes()))
            };
            if parts(&file)
                .filter(|part| part.exists())
                .map(|part| tells(&part))
                .any(|tells| tells.unwrap_or(true))
            {
                remove(&file)?;
            }
        }
        Ok(())
    }

    /// Removes the damaged outboxes that have been kept for long enough.
    pub fn damaged_swept(&self, now: Timestamp) -> std::io::Result<()> {
        for file in self.damaged() {
            let written =
                std::fs::metadata(&file)?.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            let written = Timestamp::from_seconds(i64::try_from(written.as_secs()).unwrap_or(i64::MAX));
            if now.seconds_since(written) > KEPT_DAYS * 86_400 {
                remove(&file)?;
            }
        }
        Ok(())
    }

    /// The damaged outboxes that lie beside this one, the first one first.
    pub fn damaged(&self) -> Vec<PathBuf> {
        let Some(Ok(entries)) = self.file.parent().map(std::fs::read_dir) else { return Vec::new() };
        let is_damaged = |path: &PathBuf| {
            let name = path.file_name().and_then(|n| n.to_str());
            name.is_some_and(|n| n.starts_with("outbox-damaged-") && n.ends_with(".db"))
        };
        let mut damaged: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(is_damaged).collect();
        damaged.sort();
        damaged
    }

    /// Copies row by row as far as each table can be read; a command that comes twice is decided once.
    fn take_over(&self, aside: &Path) {
        let Ok(old) = Connection::open(aside) else { return };
        for table in TABLES {
            if let Err(error) = copy(&old, &lock(&self.writer), table) {
                tracing::warn!(%error, table, "not all of a damaged outbox could be read");
            }
        }
    }
}

fn copy(old: &Connection, new: &Connection, table: &str) -> rusqlite::Result<()> {
    let mut read = old.prepare(&format!("SELECT * FROM {table}"))?;
    let names: Vec<&str> = read.column_names().collect();
    let names = names.join(", ");
    let places: Vec<String> = (1..=read.column_count()).map(|n| format!("?{n}")).collect();
    let sql = format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({})", places.join(", "));
    let mut write = new.prepare(&sql)?;
    let columns = read.column_count();
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let values = (0..columns).map(|n| row.get::<_, rusqlite::types::Value>(n));
        let values: Vec<_> = values.collect::<rusqlite::Result<_>>()?;
        write.execute(rusqlite::params_from_iter(values))?;
    }
    new.execute(
        "UPDATE command SET depends_on = NULL WHERE depends_on NOT IN (SELECT id FROM command)",
        params![],
    )?;
    Ok(())
}

fn is_damage(error: &Error) -> bool {
    let Error::Outbox { source, .. } = error else { return false };
    matches!(source.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Renames the file, and the log beside it, to the first free name.
fn put_aside(file: &Path) -> Result<PathBuf, Error> {
    let name = |n: u32| file.with_file_name(format!("outbox-damaged-{n}.db"));
    let aside = (1..).map(name).find(|path| !path.exists()).unwrap_or_else(|| name(0));
    std::fs::rename(file, &aside).map_err(Error::file(file))?;
    let log = beside(file, "-wal");
    if log.exists() {
        std::fs::rename(&log, beside(&aside, "-wal")).map_err(Error::file(log))?;
    }
    let _ = std::fs::remove_file(beside(file, "-shm"));
    Ok(aside)
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A file and what SQLite has put beside it.
fn parts(file: &Path) -> impl Iterator<Item = PathBuf> {
    ["-journal", "-shm", "-wal", ""].into_iter().map(|end| beside(file, end))
}

fn remove(file: &Path) -> std::io::Result<()> {
    for part in parts(file).filter(|part| part.exists()) {
        std::fs::remove_file(part)?;
    }
    tracing::info!(file = %file.display(), "a damaged outbox that was kept is removed");
    Ok(())
}
