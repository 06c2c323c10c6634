//! The file: opening it, one writer, many readers that never wait for it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use evendesk_domain::event::Event;
use evendesk_remains as remains;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::error::{Doing, Error};
use crate::terms::TermsCache;
use crate::{
    aggregate, change, conversation, copied, customer, event, feedback, held, message, position, settings,
    terms, timer,
};

/// Every table, in one place to be read: the order does not matter.
const TABLES: [&str; 12] = [
    aggregate::TABLE,
    change::TABLE,
    conversation::TABLE,
    copied::TABLE,
    customer::TABLES,
    event::TABLE,
    feedback::TABLE,
    held::TABLE,
    message::TABLES,
    position::TABLE,
    settings::TABLES,
    timer::TABLE,
];

/// Raised when the fold gives other rows for the same events without any table changing.
const FOLD_VERSION: u32 = 3;

/// Names the read model: a file of another one is not read but replaced.
pub fn fingerprint() -> &'static str {
    static NAME: LazyLock<String> = LazyLock::new(|| {
        // FNV-1a, 64 bits: it only has to differ when the text does.
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let text = TABLES.iter().chain([&terms::TABLE]).flat_map(|t| t.bytes());
        // What was from the future is folded as what it is, once it is understood.
        let understood = Event::understood();
        for byte in text.chain(FOLD_VERSION.to_le_bytes()).chain(understood.bytes()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let mut name = String::new();
        let _ = write!(name, "{hash:016x}");
        name
    });
    &NAME
}

/// Whether the file keeps the events of its streams beside the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// A desk's cache: it has no journal to fold from again.
    Events,
    /// A server's replica.
    RowsOnly,
}

/// One read model, open.
pub struct Replica {
    /// Closed before the writer, who as the last one moves the log into the file.
    readers: Readers,
    pub(crate) connection: Connection,
    keeps: Keeps,
}

/// Hands out read connections; cheap to clone and to send.
#[derive(Clone)]
pub struct Readers(Arc<Pool>);

struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    terms: TermsCache,
}

/// Idle read connections kept open; more may be in use at once.
const IDLE_READERS: usize = 4;

/// A consistent view of the rows as of when it was taken.
pub struct Reader {
    connection: Option<Connection>,
    pool: Arc<Pool>,
}

/// The open write transaction. Dropped without `commit`, it never was.
pub struct Writer<'a> {
    pub(crate) tx: rusqlite::Transaction<'a>,
    pub(crate) keeps: Keeps,
    pub(crate) terms: TermsCache,
}

impl Replica {
    /// Opens the folder's file of this build's read model, and removes those of other builds.
    pub fn open(folder: &Path, keeps: Keeps) -> Result<Self, Error> {
        std::fs::create_dir_all(folder)?;
        let name = format!("cache-{}.db", fingerprint());
        remove_others(folder, &name)?;
        let path = folder.join(name);
        owner_only(&path)?;
        let connection = open(&path, OpenFlags::default())?;
        for table in TABLES.iter().chain([&terms::TABLE]) {
            connection.execute_batch(table).doing("make its tables")?;
        }
        let pool = Pool { path, idle: Mutex::new(Vec::new()), terms: TermsCache::default() };
        Ok(Self { connection, readers: Readers(Arc::new(pool)), keeps })
    }

    /// Begins the write transaction; rolled back when dropped without `commit`.
    pub fn write(&mut self) -> Result<Writer<'_>, Error> {
        let tx = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .doing("begin to write")?;
        Ok(Writer { tx, keeps: self.keeps, terms: self.readers.0.terms.clone() })
    }

    /// Moves what is in the log beside the file into it and empties the log, which until then holds what
    /// was deleted. False if a reader was still at work on an older state.
    pub fn empty_log(&mut self) -> Result<bool, Error> {
        let busy: i64 = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .doing("empty its log")?;
        remains::forget_pages(&self.connection).doing("empty its log")?;
        Ok(busy == 0)
    }

    pub fn reader(&self) -> Result<Reader, Error> {
        self.readers.get()
    }

    pub fn readers(&self) -> Readers {
        self.readers.clone()
    }
}

impl Readers {
    pub(crate) fn path(&self) -> &Path {
        &self.0.path
    }

    /// A view of what is committed now.
    pub fn get(&self) -> Result<Reader, Error> {
        let idle = self.0.idle.lock().ok().and_then(|mut idle| idle.pop());
        let connection = match idle {
            Some(connection) => connection,
            None => open(&self.0.path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?,
        };
        connection.execute_batch("BEGIN").doing("begin to read")?;
        Ok(Reader { connection: Some(connection), pool: Arc::clone(&self.0) })
    }
}

impl Reader {
    pub(crate) fn db(&self) -> &Connection {
        // Taken only by `drop`.
        self.connection.as_ref().expect("a reader has its connection until it is dropped")
    }

    pub(crate) fn terms_cache(&self) -> &TermsCache {
        &self.pool.terms
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if connection.execute_batch("COMMIT").is_err() {
            return;
        }
        if let Ok(mut idle) = self.pool.idle.lock()
            && idle.len() < IDLE_READERS
        {
            idle.push(connection);
        }
    }
}

impl Writer<'_> {
    /// Runs `f`; what it wrote is undone if it fails, and the transaction goes on.
    pub fn savepoint<T, E>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<Result<T, E>, Error> {
        self.tx.execute_batch("SAVEPOINT step").doing("mark a step")?;
        let result = f();
        let end = if result.is_ok() { "RELEASE step" } else { "ROLLBACK TO step; RELEASE step" };
        self.tx.execute_batch(end).doing("end a step")?;
        Ok(result)
    }

    pub fn commit(self) -> Result<(), Error> {
        self.tx.commit().doing("commit")
    }
}

pub(crate) fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let db = remains::open(path, flags).doing("be opened")?;
    // The file can be folded again, so it need not survive a power cut; `secure_delete` is for what is
    // withdrawn or erased.
    db.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;
         PRAGMA temp_store=MEMORY; PRAGMA cache_size=-16000; PRAGMA mmap_size=268435456;
         PRAGMA busy_timeout=5000;",
    )
    .doing("be set up")?;
    db.set_prepared_statement_cache_capacity(128);
    Ok(db)
}

fn remove_others(folder: &Path, ours: &str) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("cache-") && !name.starts_with(ours) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Before SQLite opens it: its log files get the rights that the file has then.
fn owner_only(path: &Path) -> Result<(), Error> {
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    drop(file);
    Ok(())
}
