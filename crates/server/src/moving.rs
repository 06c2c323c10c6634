//! Moving a workspace's journal to another place: the same workspace, which is then only there.

use std::path::PathBuf;

use evendesk_journal::postgres::Address;
use evendesk_journal::whole::{self, Summary, Whole};
use evendesk_journal::{Error, PostgresJournal, SqliteJournal};

use crate::folder;
use crate::store::StoreError;

/// A place of a journal: a data folder's, or a database.
pub enum Place {
    File(PathBuf),
    Database(Box<Address>),
}

/// What was moved.
#[derive(Debug)]
pub struct Moved {
    pub summary: Summary,
    pub from: String,
    pub to: String,
}

impl Place {
    /// A folder stands for the journal in it.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        if Address::is_one(text) {
            return Ok(Self::Database(Box::new(Address::parse(text)?)));
        }
        let path = PathBuf::from(text);
        let is_file = path.extension().is_some_and(|ending| ending == "db");
        Ok(Self::File(if is_file { path } else { path.join("journal.db") }))
    }

    /// For people, and without anything secret.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => {
                std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string()
            }
            Self::Database(address) => address.place(),
        }
    }

    /// Opens what is there; makes it only where it is to be filled.
    fn open(&self, to_fill: bool) -> Result<Box<dyn Whole>, StoreError> {
        let path = match self {
            Self::Database(address) => return Ok(Box::new(PostgresJournal::open(address)?)),
            Self::File(path) => path,
        };
        match path.parent() {
            Some(folder) if to_fill => std::fs::create_dir_all(folder).map_err(StoreError::Replace)?,
            _ if !path.exists() => {
                return Err(StoreError::Refused(format!("there is no journal at {}", path.display())));
            }
            _ => {}
        }
        folder::ours_alone(path).map_err(StoreError::Replace)?;
        Ok(Box::new(SqliteJournal::open(path)?))
    }
}

/// Moves everything but leases. The order is what makes it safe: the first place is closed before the
/// second is filled, and the second is a workspace only once all of it was compared. Whatever interrupts
/// this leaves one workspace at most, and asked again it goes on.
pub fn move_journal(from: &Place, to: &Place) -> Result<Moved, StoreError> {
    let names = (from.name(), to.name());
    if names.0 == names.1 {
        return Err(StoreError::Refused("these are the same journal".into()));
    }
    let (source, target) = (from.open(false)?, to.open(true)?);
    if source.workspace()?.is_none() {
        return Err(Error::NoWorkspace.into());
    }
    if target.workspace()?.is_some() {
        return Err(StoreError::Refused(format!("{} holds a workspace already", names.1)));
    }
    match source.moved_to()? {
        // An earlier move was interrupted.
        Some(place) if place == names.1 => {}
        Some(place) => return Err(Error::Moved { to: place }.into()),
        // Whoever writes is fenced off; whoever would begin to is told where to.
        None => source.depart(Some(&names.1))?,
    }
    match copy(&*source, &*target) {
        Ok(summary) => Ok(Moved { summary, from: names.0, to: names.1 }),
        Err(e) => {
            // Only where it is certain that nothing came to life there does the first place open again.
            if matches!(target.workspace(), Ok(None)) {
                source.depart(None)?;
            }
            Err(e.into())
        }
    }
}

fn copy(source: &dyn Whole, target: &dyn Whole) -> Result<Summary, Error> {
    let mut snapshot = source.snapshot()?;
    whole::copy(&mut *snapshot, target, |_| {})
}
