//! Proof that the cache is what its events say: every stream is folded again and compared.

use std::collections::BTreeMap;

use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_replica::{Keeps, Replica, Writer};
use serde::{Deserialize, Serialize};

use super::Core;
use crate::error::Error;

/// A stream whose rows are not what its events give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub stream: StreamId,
    pub rows: String,
    pub folded_again: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    pub streams: usize,
    pub events: usize,
    pub differences: Vec<Difference>,
    /// Whether search finds what reading every message would.
    pub search_index_is_whole: bool,
}

impl Health {
    pub fn is_good(&self) -> bool {
        self.differences.is_empty() && self.search_index_is_whole
    }
}

impl Core {
    /// Examines the cache; what happens meanwhile waits.
    pub fn examine(&mut self) -> Result<Health, Error> {
        let beside = self.cache.folder().with_file_name("examined");
        let mut again = Replica::open(&beside, Keeps::Events)?;
        let health = compare(&self.cache.write()?, &mut again);
        drop(again);
        std::fs::remove_dir_all(&beside).map_err(Error::file(beside))?;
        health
    }
}

/// Folds every stream that `writer` holds from its kept events, in an empty replica, and compares. Events
/// are folded in the order of the journal, all streams together: not one by one as they came.
fn compare(writer: &Writer<'_>, again: &mut Replica) -> Result<Health, Error> {
    let held = writer.streams()?;
    let mut events: Vec<Recorded> = Vec::new();
    for stream in &held {
        events.extend(writer.kept_events(*stream)?);
    }
    events.sort_by_key(|e| e.seq);
    let folded = again.write()?;
    folded.fold(&events)?;
    let mut streams: BTreeMap<StreamId, ()> = held.into_iter().map(|s| (s, ())).collect();
    streams.extend(folded.streams()?.into_iter().map(|s| (s, ())));
    let mut differences = Vec::new();
    for stream in streams.keys() {
        let (rows, folded_again) = (writer.dump_stream(*stream)?, folded.dump_stream(*stream)?);
        if rows != folded_again {
            differences.push(Difference { stream: *stream, rows, folded_again });
        }
    }
    Ok(Health {
        streams: streams.len(),
        events: events.len(),
        differences,
        search_index_is_whole: writer.search_index_is_whole(),
    })
}
