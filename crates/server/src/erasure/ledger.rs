//! `erasures.jsonl`: what was erased, kept outside the journal and outside backups, so that a restore does
//! not bring it back. Ids only, no words: of streams, and of files by their hash. A line each.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use evendesk_domain::stream::StreamId;
use evendesk_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

/// One erasure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    pub at: Timestamp,
    pub streams: Vec<StreamId>,
    /// Files that its events named; those that nobody else names are deleted.
    pub blobs: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Erased(Erased),
    /// The erasure above was not carried out, and will not be.
    TakenBack,
    /// All above has been carried out in the journal of that incarnation, and in its files.
    CarriedOut(Uuid),
}

#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("{} cannot be used: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "line {line} of {} cannot be read, and what was erased must not come back; mend it from another copy",
        path.display()
    )]
    Damaged { path: PathBuf, line: usize },
}

/// The open ledger. One process has it, as it has the folder.
pub struct Ledger {
    path: PathBuf,
    kept: Mutex<Kept>,
    /// Something was blanked, and its files are to go.
    pub(super) blanked: Notify,
}

struct Kept {
    file: File,
    erased: Vec<(Erased, Instant)>,
    /// How many of them are carried out, in the journal of which incarnation.
    carried_out: Option<(Uuid, usize)>,
}

impl Ledger {
    /// Opens or makes the file. A last line that was cut off by a crash was never acted on, and goes.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let unusable = |source| LedgerError::File { path: path.to_owned(), source };
        let mut file = open_private(path).map_err(unusable)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(unusable)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).map_err(unusable)?;
        file.seek(SeekFrom::End(0)).map_err(unusable)?;
        let mut kept = Kept { file, erased: Vec::new(), carried_out: None };
        for (index, line) in text[..whole].lines().enumerate() {
            match serde_json::from_str(line) {
                Ok(Line::Erased(erased)) => kept.erased.push((erased, Instant::now())),
                Ok(Line::TakenBack) => drop(kept.erased.pop()),
                Ok(Line::CarriedOut(incarnation)) => {
                    kept.carried_out = Some((incarnation, kept.erased.len()));
                }
                Err(_) => return Err(LedgerError::Damaged { path: path.to_owned(), line: index + 1 }),
            }
        }
        Ok(Self { path: path.to_owned(), kept: Mutex::new(kept), blanked: Notify::new() })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an erasure; on disk when this returns.
    pub fn note(&self, erased: Erased) -> Result<(), LedgerError> {
        let mut kept = self.kept();
        self.write(&mut kept.file, &Line::Erased(erased.clone()))?;
        kept.erased.push((erased, Instant::now()));
        Ok(())
    }

    /// Takes back what was noted last: the journal did not take it. For whoever noted it, before anything else.
    pub fn take_back(&self) -> Result<(), LedgerError> {
        let mut kept = self.kept();
        self.write(&mut kept.file, &Line::TakenBack)?;
        kept.erased.pop();
        Ok(())
    }

    /// Keeps what another node has erased, as far as it is not known.
    pub fn learn(
        &self,
        at: Timestamp,
        streams: impl IntoIterator<Item = StreamId>,
    ) -> Result<(), LedgerError> {
        let unknown: Vec<StreamId> = {
            let kept = self.kept();
            let known = |s: &StreamId| kept.erased.iter().any(|(e, _)| e.streams.contains(s));
            streams.into_iter().filter(|s| !known(s)).collect()
        };
        if unknown.is_empty() {
            return Ok(());
        }
        self.note(Erased { at, streams: unknown, blobs: Vec::new() })
    }

    /// What is not known to be carried out in the journal of that incarnation.
    pub fn due(&self, incarnation: Uuid) -> Vec<Erased> {
        self.due_since(incarnation).into_iter().map(|(erased, _)| erased).collect()
    }

    /// The same, each with when this process came to know of it.
    pub(super) fn due_since(&self, incarnation: Uuid) -> Vec<(Erased, Instant)> {
        let kept = self.kept();
        let done = kept.carried_out.filter(|(of, _)| *of == incarnation).map_or(0, |(_, done)| done);
        kept.erased[done..].to_vec()
    }

    /// The first `count` that were due are carried out.
    pub(super) fn carried_out(&self, incarnation: Uuid, count: usize) -> Result<(), LedgerError> {
        let mut kept = self.kept();
        let done = kept.carried_out.filter(|(of, _)| *of == incarnation).map_or(0, |(_, done)| done) + count;
        // More may have come since: the line speaks of all above it.
        if done < kept.erased.len() {
            self.blanked.notify_one();
            return Ok(());
        }
        self.write(&mut kept.file, &Line::CarriedOut(incarnation))?;
        kept.carried_out = Some((incarnation, done));
        Ok(())
    }

    /// The journal has what was noted: its files may go.
    pub fn blanked(&self) {
        self.blanked.notify_one();
    }

    fn write(&self, file: &mut File, line: &Line) -> Result<(), LedgerError> {
        let unusable = |source| LedgerError::File { path: self.path.clone(), source };
        // Ids and instants: it cannot fail to become JSON.
        let mut text = serde_json::to_string(line).unwrap_or_default();
        text.push('\n');
        let end = file.stream_position().map_err(unusable)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
        if written.is_err() {
            // A full disk took half of it: without it, the next line begins where this one did.
            let _ = file.set_len(end);
            let _ = file.seek(SeekFrom::Start(end));
        }
        written.map_err(unusable)
    }
}

/// Opens for reading and appending a file that only its owner may read.
fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use evendesk_domain::id::CustomerId;

    use super::*;

    fn erased(n: u128) -> Erased {
        let streams = vec![CustomerId(Uuid::from_u128(n)).into()];
        Erased { at: Timestamp::from_seconds(1), streams, blobs: vec!["ab".into()] }
    }

    #[test]
    fn what_was_erased_is_due_until_it_is_carried_out_or_taken_back_and_again_after_a_restore() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("erasures.jsonl");
        let (ours, restored) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let ledger = Ledger::open(&path).unwrap();
        ledger.note(erased(1)).unwrap();
        ledger.note(erased(2)).unwrap();
        ledger.carried_out(ours, 2).unwrap();
        ledger.note(erased(3)).unwrap();
        ledger.note(erased(4)).unwrap();
        ledger.take_back().unwrap();
        for ledger in [ledger, Ledger::open(&path).unwrap()] {
            assert_eq!(ledger.due(ours), [erased(3)]);
            assert_eq!(ledger.due(restored), [erased(1), erased(2), erased(3)]);
        }
    }

    #[test]
    fn a_line_cut_off_by_a_crash_goes_and_damage_in_the_middle_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("erasures.jsonl");
        Ledger::open(&path).unwrap().note(erased(1)).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}{}", &whole[..20])).unwrap();
        let ledger = Ledger::open(&path).unwrap();
        ledger.note(erased(2)).unwrap();
        assert_eq!(Ledger::open(&path).unwrap().due(Uuid::nil()), [erased(1), erased(2)]);
        std::fs::write(&path, format!("{{\n{whole}")).unwrap();
        let told = Ledger::open(&path).err().unwrap().to_string();
        assert!(told.contains("line 1") && told.contains("come back"), "{told}");
    }
}
