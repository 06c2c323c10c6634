//! Parts of a snapshot for desks that begin with nothing: written into files beside the replica, kept for
//! those who ask for the same right after, and removed.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use evendesk_domain::permission::{Agent, visible, visible_set};
use evendesk_journal::Journal;
use evendesk_protocol::limits::TAILED_EVENTS;
use evendesk_replica::Readers;
use evendesk_replica::snapshot::{Begin, Pen};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::http::HttpError;
use crate::state::App;

/// So long a part is kept for others.
const KEPT: Duration = Duration::from_secs(30);
/// Parts kept at most, and written at a time.
const KEPT_PARTS: usize = 32;
const AT_A_TIME: usize = 2;
/// Text packs well, and the desks' lines are slower than this.
const LEVEL: i32 = 3;

/// A packed part; its file goes with the last who holds it.
pub struct Packed {
    file: PathBuf,
    cursor: u64,
    visible_set: String,
    begin: Begin,
    made: Instant,
}

impl Drop for Packed {
    fn drop(&mut self) {
        if let Err(e) = std::fs::remove_file(&self.file) {
            tracing::warn!("a part of a snapshot could not be removed: {e}");
        }
    }
}

impl Packed {
    pub fn open(&self) -> std::io::Result<std::fs::File> {
        std::fs::File::open(&self.file)
    }

    /// For a desk that is there: refused where this node has not come so far.
    pub fn since(self: Arc<Self>, since: u64) -> Result<Arc<Self>, HttpError> {
        if self.cursor < since { Err(HttpError::Busy) } else { Ok(self) }
    }
}

pub struct Snapshots {
    folder: PathBuf,
    /// A desk that has nothing of a journal up to this long is sent all of it instead.
    pub tailed_events: u64,
    /// Ends parts earlier: for tests.
    pub most_streams: Option<usize>,
    kept: Mutex<Vec<Arc<Packed>>>,
    writing: Semaphore,
}

impl Snapshots {
    /// Empties the folder: what is in it is of a server that was killed.
    pub fn open(folder: PathBuf) -> std::io::Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        crate::folder::owner_only(&folder, 0o700)?;
        Ok(Self {
            folder,
            tailed_events: TAILED_EVENTS,
            most_streams: None,
            kept: Mutex::default(),
            writing: Semaphore::new(AT_A_TIME),
        })
    }

    /// One that was made for the same eyes, and is not older than what the desk has.
    pub fn kept(&self, agent: &Agent, begin: Begin, since: u64, now: Instant) -> Option<Arc<Packed>> {
        let view = visible_set(agent);
        self.sweep(now);
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|part| part.begin == begin && part.cursor >= since && part.visible_set == view)
            .map(Arc::clone)
    }

    /// Writes the part that begins there, as the rows are now, and keeps it. Blocks.
    pub fn write(
        &self,
        journal: &dyn Journal,
        readers: &Readers,
        agent: &Agent,
        begin: Begin,
        now: Instant,
    ) -> Result<Arc<Packed>, HttpError> {
        let plain = Temporary(self.folder.join(Uuid::new_v4().to_string()));
        crate::folder::private_file(&plain.0)?;
        let view = visible_set(agent);
        let pen = Pen {
            begin,
            visible_set: &view,
            may_see: &|scope| visible(agent, scope),
            events: &|stream| {
                let events = journal.read_stream(stream);
                events.map_err(|e| evendesk_replica::Error::Folder(std::io::Error::other(e.to_string())))
            },
            most_streams: self.most_streams,
        };
        let stamp = readers.write_part(&plain.0, &pen)?;
        let file = plain.0.with_extension("zst");
        let packed = Packed { file, cursor: stamp.cursor, visible_set: stamp.visible_set, begin, made: now };
        let into = crate::folder::private_file(&packed.file)?;
        zstd::stream::copy_encode(std::fs::File::open(&plain.0)?, into, LEVEL)?;
        let packed = Arc::new(packed);
        self.keep(&packed);
        Ok(packed)
    }

    fn keep(&self, part: &Arc<Packed>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_PARTS {
            kept.remove(0);
        }
        kept.push(Arc::clone(part));
    }

    /// Lets go of all: what was erased is not handed out again.
    pub fn forget(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Lets go of what is older than it may be; called now and then.
    pub fn sweep(&self, now: Instant) {
        let fresh = |part: &Arc<Packed>| now.saturating_duration_since(part.made) < KEPT;
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).retain(fresh);
    }
}

/// The part that begins there, as of `since` or later.
pub async fn part(app: &App, agent: Agent, begin: Begin, since: u64) -> Result<Arc<Packed>, HttpError> {
    if let Some(kept) = app.snapshots.kept(&agent, begin, since, Instant::now()) {
        return Ok(kept);
    }
    let _turn = app.snapshots.writing.acquire().await.map_err(|_| HttpError::Busy)?;
    // Whoever was before may have wanted the same.
    if let Some(kept) = app.snapshots.kept(&agent, begin, since, Instant::now()) {
        return Ok(kept);
    }
    let (writing, app) = (app.clone(), app.clone());
    let packed = tokio::task::spawn_blocking(move || {
        let shared = &*writing;
        shared.snapshots.write(&*shared.journal, &shared.readers, &agent, begin, Instant::now())
    });
    let packed = packed.await??;
    tokio::spawn(async move {
        tokio::time::sleep(KEPT).await;
        app.snapshots.sweep(Instant::now());
    });
    packed.since(since)
}

/// A file that is gone when this is.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The next piece of a part on its way out, and the rest.
pub fn piece(file: &mut std::fs::File) -> std::io::Result<Vec<u8>> {
    const PIECE: u64 = 256 * 1024;
    let mut bytes = Vec::new();
    file.take(PIECE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Where parts lie while there are any.
pub fn folder(data: &Path) -> PathBuf {
    data.join("snapshots")
}
