//! A data folder opened for work: what the server and every command line tool begin with.

use std::sync::Arc;

use evendesk_domain::id::AccountId;
use evendesk_journal::postgres::Address;
use evendesk_journal::whole::Whole;
use evendesk_journal::{Journal, PostgresJournal, SqliteJournal};
use evendesk_replica::{Keeps, Replica};
use uuid::Uuid;

use crate::blobs::{BlobError, Blobs};
use crate::clock::Clock;
use crate::erasure::{self, ErasureError, Ledger};
use crate::folder::{Folder, FolderError};
use crate::location::Location;
use crate::seal::{Seal, SealError};
use crate::secrets;
use crate::writer::{Scribe, WriteError, tail};

pub struct Store {
    pub folder: Folder,
    pub journal: Arc<dyn Journal>,
    pub replica: Replica,
}

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Journal(#[from] evendesk_journal::Error),
    #[error(transparent)]
    Replica(#[from] evendesk_replica::Error),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Erasure(#[from] ErasureError),
    #[error("the replica's folder cannot be emptied: {0}")]
    Replace(std::io::Error),
    #[error(
        "with a journal that nodes share, files must be where every node has them: say --blobs s3://… or \
         --blobs FOLDER"
    )]
    BlobsNowhere,
    #[error("{0}")]
    Refused(String),
    #[error("the machine gives no random numbers")]
    NoRandomness,
}

impl Store {
    /// Locks the folder and opens what is in it; nothing is founded yet.
    pub fn open(at: &Location) -> Result<Self, StoreError> {
        Self::open_in(Folder::open(&at.data)?, at)
    }

    /// As [`Store::open`], for a command: where the journal is shared, also while a server has the folder.
    pub fn open_for_command(at: &Location) -> Result<Self, StoreError> {
        let folder = match Folder::open(&at.data) {
            Err(FolderError::InUse(_)) if at.is_shared() => Folder::beside(&at.data)?,
            opened => opened?,
        };
        Self::open_in(folder, at)
    }

    fn open_in(folder: Folder, at: &Location) -> Result<Self, StoreError> {
        let journal = journal(&folder, at)?;
        let replica = replica(&folder, &*journal)?;
        Ok(Self { folder, journal, replica })
    }

    /// Takes writing over, or joins those who write, and brings the replica to the journal's head. What was
    /// to be erased and is not, after a crash in the middle of it, is erased first.
    pub fn into_scribe(self) -> Result<(Folder, Arc<dyn Journal>, Seal, Scribe), StoreError> {
        let erasures = Arc::new(Ledger::open(&self.folder.erasures()).map_err(ErasureError::from)?);
        erasure::apply(&*self.journal, &erasures, Clock::system().now())?;
        let scribe = Scribe::open(Arc::clone(&self.journal), self.replica, erasures)?;
        let accounts = scribe.replica().reader()?.accounts()?;
        let accounts: Vec<AccountId> = accounts.into_iter().map(|account| account.id).collect();
        let seal = seal(&self.folder, &*self.journal, &accounts)?;
        Ok((self.folder, self.journal, seal, scribe))
    }
}

fn journal(folder: &Folder, at: &Location) -> Result<Arc<dyn Journal>, StoreError> {
    let journal: Arc<dyn Whole> = whole(folder, at)?;
    Ok(journal)
}

/// The journal, as one that can be copied whole.
pub fn whole(folder: &Folder, at: &Location) -> Result<Arc<dyn Whole>, StoreError> {
    if let Some(url) = &at.journal {
        if at.blobs.is_none() {
            return Err(StoreError::BlobsNowhere);
        }
        return Ok(Arc::new(PostgresJournal::open(&Address::parse(url)?)?));
    }
    crate::folder::ours_alone(&folder.journal()).map_err(StoreError::Replace)?;
    let journal = Arc::new(SqliteJournal::open(&folder.journal())?);
    Ok(journal)
}

/// The journal, to be read while a server may be at work on it.
pub fn to_look_into(at: &Location) -> Result<Arc<dyn Whole>, StoreError> {
    match &at.journal {
        Some(url) => Ok(Arc::new(PostgresJournal::open(&Address::parse(url)?)?)),
        None => {
            let path = at.data.join("journal.db");
            if !path.exists() {
                return Err(evendesk_journal::Error::NoWorkspace.into());
            }
            Ok(Arc::new(SqliteJournal::open_to_read(&path)?))
        }
    }
}

/// Where the files are.
pub fn blobs(at: &Location) -> Result<Blobs, BlobError> {
    match &at.blobs {
        Some(elsewhere) => Blobs::at(elsewhere),
        None => Blobs::open(&at.data.join("blobs")),
    }
}

/// Sealed once, and opened at every start of a node.
const PROOF: &str = "proof of the key";

/// The key; where nodes share what it seals, only the one that seals it.
fn seal(folder: &Folder, journal: &dyn Journal, accounts: &[AccountId]) -> Result<Seal, StoreError> {
    if !journal.is_shared() {
        return Ok(Seal::open(&folder.key())?);
    }
    let proof = journal.secret(PROOF)?;
    if proof.is_some() && !folder.key().exists() {
        return Err(SealError::NoKey.into());
    }
    let seal = Seal::open(&folder.key())?;
    match proof {
        Some(sealed) => drop(seal.unseal(PROOF, &sealed).map_err(|_| SealError::OtherKey)?),
        None => {
            // It was copied here from a single server's journal, perhaps, and has secrets already.
            let foreign = accounts.iter().map(|account| secrets::of(journal, &seal, *account));
            if foreign.into_iter().any(|kept| matches!(kept, Err(secrets::SecretError::Seal(_)))) {
                return Err(SealError::OtherKey.into());
            }
            journal.put_secret(PROOF, &seal.seal(PROOF, b"ours")?)?;
        }
    }
    Ok(seal)
}

/// The replica, unless it was folded from another journal than this one: then a new one.
pub fn replica(folder: &Folder, journal: &dyn Journal) -> Result<Replica, StoreError> {
    let replica = Replica::open(&folder.replica(), Keeps::RowsOnly)?;
    let known = replica.reader()?.position()?.incarnation;
    let Some(known) = known else { return Ok(replica) };
    if journal.workspace()?.is_some_and(|w| w.incarnation == known) {
        match still_says(journal, &replica) {
            Ok(()) => return Ok(replica),
            Err(e) if e.has_lost_its_tail() => begin_anew(journal, known)?,
            Err(e) => return Err(e.into()),
        }
    }
    drop(replica);
    std::fs::remove_dir_all(folder.replica()).map_err(StoreError::Replace)?;
    Ok(Replica::open(&folder.replica(), Keeps::RowsOnly)?)
}

/// Whether the journal is still the one that the replica was folded from.
fn still_says(journal: &dyn Journal, replica: &Replica) -> Result<(), WriteError> {
    let reader = replica.reader()?;
    let cursor = reader.position()?.cursor;
    tail::agrees(journal, cursor, &reader.mark()?, journal.event(cursor)?.as_ref())
}

/// The journal has lost what came last. Desks may have seen it as well: as another incarnation, nobody takes the
/// journal for what it was, and they offer again what they had had accepted.
fn begin_anew(journal: &dyn Journal, known: Uuid) -> Result<(), StoreError> {
    if journal.begin_anew(known, Uuid::new_v4())? {
        tracing::warn!(
            "the journal has lost what came last; it is a new incarnation now, and desks offer again what they had sent"
        );
    }
    Ok(())
}
