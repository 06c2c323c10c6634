//! Parts of a snapshot on their way: asked of whichever node a balancer picks, written and kept there as the
//! server does, and carried in pieces to the desk's disk, where they may not come whole. Only HTTP is left out.

use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use evendesk_desk::Error;
use evendesk_desk::client::parts::Unpacking;
use evendesk_desk::core::PartWanted;
use evendesk_desk::part_file::PartFile;
use evendesk_protocol::http::OTHER_ROWS;
use evendesk_server::http::HttpError;
use evendesk_server::snapshot::{self, Packed};

use super::{Next, World};

/// A part that a desk has asked for over one of its connections.
pub struct Asked {
    desk: usize,
    connection: u64,
    node: usize,
    wanted: PartWanted,
}

/// What comes back.
pub struct Answer {
    bytes: Vec<u8>,
    /// How many of them come before the line breaks, if it does.
    broken_at: Option<usize>,
}

impl World {
    /// Short journals are sent as events, unless the office says otherwise.
    pub(super) fn choose_how_desks_begin(&mut self) {
        if self.chance.one_in(4) {
            return;
        }
        self.office.tailed_events = u64::from(self.chance.next().to_le_bytes()[0] % 60);
        self.office.part_streams = Some(1 + self.chance.index(6));
    }

    pub(super) fn ask_for_a_part(&mut self, desk: usize, wanted: PartWanted) {
        let Some(connection) = self.desks[desk].connection else { return };
        let Some(found) = self.connections.get(&connection) else { return };
        let slow = found.up.slow_ms;
        let elsewhere = self.chance.one_in(4);
        let node = if elsewhere { self.chance.index(self.nodes.len()) } else { found.node };
        let ms = slow + self.chance.between(1, 80);
        self.note(&format!("d{desk} asks n{node} for a part: {wanted:?}"));
        self.after(ms, Next::PartAsked(Asked { desk, connection, node, wanted }));
    }

    pub(super) fn part_asked(&mut self, asked: Asked) {
        let answer = self.write_part(&asked);
        let line = self.connections.get(&asked.connection).map_or(0, |c| c.down.slow_ms);
        let ms = line + self.chance.between(2, 5_000);
        self.after(ms, Next::PartComes(asked, answer));
    }

    /// As the server answers a request for it.
    fn write_part(&mut self, asked: &Asked) -> Result<Answer, Error> {
        let Asked { desk, node, ref wanted, .. } = *asked;
        let offline = || Error::Offline("no connection".into());
        if self.keeps_other_rows(desk, node) {
            return Err(problem(OTHER_ROWS, &HttpError::OtherRows));
        }
        let began = *self.began.get_or_insert_with(Instant::now);
        let now = began + Duration::from_millis(self.now_ms.unsigned_abs());
        let up = self.nodes[node].up.as_ref().ok_or_else(offline)?;
        let agent = up.readers.get().and_then(|r| r.agent(self.desks[desk].user));
        let agent = agent.ok().flatten().ok_or_else(offline)?;
        let part = match up.snapshots.kept(&agent, wanted.begin, wanted.since, now) {
            Some(kept) => Ok(kept),
            None => up.snapshots.write(&*self.journal, &up.readers, &agent, wanted.begin, now),
        };
        let bytes = match part.and_then(|part| part.since(wanted.since)) {
            Ok(part) => bytes(&part),
            Err(HttpError::Busy) => return Err(problem("busy", &HttpError::Busy)),
            Err(e) => {
                self.breaks("heals_by_itself", format!("n{node} cannot write a part: {e}"));
                return Err(offline());
            }
        };
        let breaks = !self.calm && self.chance.one_in(5);
        let broken_at = breaks.then(|| self.chance.index(bytes.len()));
        Ok(Answer { bytes, broken_at })
    }

    /// It goes with the connection that it was asked for over, as everything does.
    pub(super) fn part_comes(&mut self, asked: Asked, answer: Result<Answer, Error>) {
        let Asked { desk, connection, wanted, .. } = asked;
        let number = wanted.number;
        if self.desks[desk].open.is_none() || self.desks[desk].connection != Some(connection) {
            return;
        }
        let path = self.desks[desk].folder.join("parts").join(format!("part-{number}"));
        match answer.and_then(|answer| unpacked(path, &answer)) {
            Ok(file) => {
                self.note(&format!("d{desk} has part {number}"));
                self.done.insert("a snapshot in parts");
                self.takes(desk, |core, now| core.part_fetched(number, file, now).map(|a| ((), a)));
            }
            Err(error) => {
                self.note(&format!("d{desk} does not get part {number}: {error}"));
                self.done.insert("a part that did not come");
                self.takes(desk, |core, now| core.part_failed(number, &error, now).map(|a| ((), a)));
            }
        }
    }
}

fn problem(code: &str, e: &HttpError) -> Error {
    Error::Answered { code: code.into(), sentence: e.to_string() }
}

fn bytes(part: &Arc<Packed>) -> Vec<u8> {
    let mut file = part.open().expect("a part is there as long as it is held");
    let mut bytes = Vec::new();
    while let Ok(piece) = snapshot::piece(&mut file)
        && !piece.is_empty()
    {
        bytes.extend(piece);
    }
    bytes
}

fn unpacked(path: std::path::PathBuf, answer: &Answer) -> Result<PartFile, Error> {
    let mut unpacking = Unpacking::begin(path)?;
    let mut left = &answer.bytes[..answer.broken_at.unwrap_or(answer.bytes.len())];
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = left.read(&mut piece) {
        unpacking.take(&piece[..read])?;
    }
    if answer.broken_at.is_some() {
        return Err(Error::Offline("the connection broke".into()));
    }
    unpacking.end()
}
