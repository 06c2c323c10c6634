//! The desk's cache: a replica of what its agent may see, which can be deleted at any time. Opening it
//! never fails for what is in it: a file that cannot be read is deleted and built again.

use std::path::{Path, PathBuf};

use evendesk_replica::snapshot::Received;
use evendesk_replica::{Keeps, Position, Readers, Replica, Writer};

use crate::error::Error;

pub struct Cache {
    folder: PathBuf,
    replica: Replica,
}

impl Cache {
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let replica = match sound(folder) {
            Ok(replica) => replica,
            Err(error) if error.is_disk_full() => return Err(error.into()),
            Err(error) => {
                tracing::warn!(%error, "the cache cannot be read and is built again");
                delete(folder)?;
                sound(folder)?
            }
        };
        Ok(Self { folder: folder.to_owned(), replica })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn write(&mut self) -> Result<Writer<'_>, Error> {
        Ok(self.replica.write()?)
    }

    pub fn readers(&self) -> Readers {
        self.replica.readers()
    }

    pub fn position(&self) -> Result<Position, Error> {
        Ok(self.replica.reader()?.position()?)
    }

    /// Begins again with nothing, in a new file: for damage found later. Those who read the old one
    /// finish with it in peace, and take new readers.
    pub fn rebuild(&mut self) -> Result<(), Error> {
        delete(&self.folder)?;
        self.replica = sound(&self.folder)?;
        Ok(())
    }

    /// Forgets everything, in one transaction: another journal, or another agent.
    pub fn clear(&mut self, position: Position) -> Result<(), Error> {
        let writer = self.replica.write()?;
        // What waits for its part of a snapshot has events, and no rows.
        for stream in writer.streams()?.into_iter().chain(writer.kept_streams()?) {
            writer.forget(stream)?;
        }
        writer.set_position(position)?;
        writer.set_visible_set("")?;
        writer.end_history()?;
        writer.commit()?;
        if !self.empty_log()? {
            tracing::info!("the cache's log is in use and is emptied later");
        }
        Ok(())
    }

    /// As [`Replica::look_into_part`].
    pub fn look_into_part(&mut self, file: &Path) -> Result<Received, Error> {
        Ok(self.replica.look_into_part(file)?)
    }

    /// As [`Replica::put_part_away`].
    pub fn put_part_away(&mut self) -> Result<(), Error> {
        Ok(self.replica.put_part_away()?)
    }

    /// As [`Replica::empty_log`].
    pub fn empty_log(&mut self) -> Result<bool, Error> {
        Ok(self.replica.empty_log()?)
    }
}

/// Opens it and reads a little of it, which finds a file that is no database at all.
fn sound(folder: &Path) -> Result<Replica, evendesk_replica::Error> {
    let mut replica = Replica::open(folder, Keeps::Events)?;
    replica.reader()?.position()?;
    replica.write()?.provisional_streams()?;
    Ok(replica)
}

fn delete(folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(Error::file(folder))? {
        let entry = entry.map_err(Error::file(folder))?;
        if entry.file_name().to_string_lossy().starts_with("cache-") {
            std::fs::remove_file(entry.path()).map_err(Error::file(entry.path()))?;
        }
    }
    Ok(())
}
