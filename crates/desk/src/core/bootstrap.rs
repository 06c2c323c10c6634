//! A desk that begins with nothing, where there is much: the parts of a snapshot are asked for one by one and
//! installed. With the first one it can be worked with and follows the tail; how far the rest has come is in
//! the cache, so that a killed app, another node or a restarted server goes on from there.
//!
//! A part was written where the server's rows were just then. It is installed once the cursor has come as
//! far; and it is asked for as of this desk's cursor or later. What was withdrawn or erased before is so not
//! in it, and what is withdrawn or erased while a part is under way has the part thrown away: it is asked for
//! again once the cursor has passed what withdrew it.

use evendesk_domain::time::Timestamp;
use evendesk_protocol::FromDesk;
use evendesk_protocol::http::OTHER_ROWS;
use evendesk_replica::snapshot::{Begin, Received};
use evendesk_replica::{History, Position};

use super::{Action, Core, Line, everything};
use crate::error::Error;
use crate::part_file::PartFile;
use crate::view::{Progress, Stage};

/// After this long a part that could not be had is asked for again.
pub(super) const AGAIN_S: i64 = 2;
/// Messages indexed between two other things.
const SLICE: usize = 200;

/// A part as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartWanted {
    /// Tells the answer to this from the answer to another.
    pub number: u64,
    pub begin: Begin,
    /// Not older than this.
    pub since: u64,
}

#[derive(Debug, Default)]
pub(super) struct Bootstrap {
    /// The first part is awaited: there is nothing to go on from.
    pub starting: bool,
    last_number: u64,
    under_way: Option<PartWanted>,
    /// Fetched, and ahead of the cursor.
    waiting: Option<PartFile>,
    /// Something was withdrawn or erased, and the cursor has not passed it yet.
    unsettled: bool,
    pub again_at: Option<Timestamp>,
    /// Why this computer could not take the last part, for a person.
    pub no_room: Option<String>,
}

impl Core {
    /// Asks for the next part, if there is one and nothing is in its way.
    pub(super) fn want_part(&mut self, now: Timestamp) -> Result<Vec<Action>, Error> {
        let b = &self.bootstrap;
        let busy = b.under_way.is_some() || b.waiting.is_some() || b.unsettled;
        if self.line != Line::Up || busy || b.again_at.is_some_and(|at| now < at) {
            return Ok(Vec::new());
        }
        let begin = match (b.starting, self.history()?) {
            (true, _) => Begin::Start,
            (false, Some(history)) => history.next,
            (false, None) => return Ok(Vec::new()),
        };
        let wanted = PartWanted { number: b.last_number + 1, begin, since: self.position.cursor };
        self.bootstrap.last_number = wanted.number;
        self.bootstrap.again_at = None;
        self.bootstrap.under_way = Some(wanted.clone());
        Ok(vec![Action::FetchPart(wanted), Action::Connection])
    }

    pub(super) fn history(&self) -> Result<Option<History>, Error> {
        Ok(self.cache.readers().get()?.history()?)
    }

    /// The connection is gone, and with it what was under way.
    pub(super) fn no_part_under_way(&mut self) {
        self.bootstrap.under_way = None;
        self.bootstrap.waiting = None;
        self.bootstrap.unsettled = false;
        self.bootstrap.starting = false;
        self.bootstrap.again_at = None;
    }

    /// Something is withdrawn or erased: a part made before may still have it.
    pub(super) fn part_is_outdated(&mut self) {
        self.bootstrap.under_way = None;
        self.bootstrap.unsettled = true;
        self.bootstrap.waiting = None;
    }

    /// The cursor has moved: what waited for that may go on.
    pub(super) fn cursor_moved(&mut self, now: Timestamp) -> Result<Vec<Action>, Error> {
        self.bootstrap.unsettled = false;
        self.look_through_settled()?;
        if let Some(file) = self.bootstrap.waiting.take() {
            return self.take_part(file, now);
        }
        self.want_part(now)
    }

    /// The part asked for under that number is in this file.
    pub fn part_fetched(
        &mut self,
        number: u64,
        file: PartFile,
        now: Timestamp,
    ) -> Result<Vec<Action>, Error> {
        if self.bootstrap.under_way.as_ref().is_none_or(|wanted| wanted.number != number) {
            return Ok(Vec::new());
        }
        self.boundary("part fetched");
        self.take_part(file, now)
    }

    /// It could not be had.
    pub fn part_failed(&mut self, number: u64, error: &Error, now: Timestamp) -> Result<Vec<Action>, Error> {
        let refused = matches!(error, Error::Answered { code, .. } if code == OTHER_ROWS);
        if self.bootstrap.under_way.as_ref().is_some_and(|wanted| wanted.number == number) {
            tracing::warn!(%error, "a part of the snapshot could not be had");
            self.bootstrap.under_way = None;
            self.bootstrap.again_at = Some(now.plus_seconds(AGAIN_S));
            // Tried again in silence it would fail again, until somebody makes room.
            self.bootstrap.no_room = error.is_of_this_computer().then(|| error.sentence());
            if refused {
                // The server was upgraded meanwhile: the rest can only come as events, from the beginning.
                self.clear(Position::default())?;
                self.rebase_all(now)?;
                return Ok(vec![Action::HangUp { after_s: Some(0) }, Action::Changed(everything())]);
            }
        }
        Ok(vec![Action::Connection])
    }

    fn take_part(&mut self, file: PartFile, now: Timestamp) -> Result<Vec<Action>, Error> {
        let taken = match self.cache.look_into_part(file.path()) {
            Ok(part) => self.judge_part(part, now),
            Err(error) => Err(error),
        };
        let closed = self.cache.put_part_away();
        if matches!(taken, Ok(None)) {
            self.bootstrap.waiting = Some(file);
            return Ok(vec![Action::Send(FromDesk::Ping)]);
        }
        drop(file);
        let number = self.bootstrap.under_way.as_ref().map_or(0, |wanted| wanted.number);
        match taken.and_then(|actions| closed.map(|()| actions)) {
            Ok(actions) => {
                self.bootstrap.under_way = None;
                self.bootstrap.no_room = None;
                let mut actions = actions.unwrap_or_default();
                actions.extend(self.want_part(now)?);
                Ok(actions)
            }
            // Nothing of it was taken; another one may be better.
            Err(error) => self.part_failed(number, &error, now),
        }
    }

    /// Installs a part, unless it has to wait for the cursor (none), or is not what was asked for.
    fn judge_part(&mut self, part: Received, now: Timestamp) -> Result<Option<Vec<Action>>, Error> {
        let Some(wanted) = self.bootstrap.under_way.clone() else { return Ok(Some(Vec::new())) };
        let stamp = &part.stamp;
        let start = wanted.begin == Begin::Start;
        let ours = stamp.begin == wanted.begin
            && stamp.cursor >= wanted.since
            && stamp.read_model == evendesk_replica::fingerprint()
            && (start || self.position.incarnation == Some(stamp.incarnation));
        if !ours {
            return Err(Error::Protocol("a part of the snapshot is not the one that was asked for".into()));
        }
        if !start && stamp.cursor > self.position.cursor {
            return Ok(None);
        }
        if !start && stamp.visible_set != self.visible_set {
            return Err(Error::Protocol("a part of the snapshot was made for other eyes".into()));
        }
        self.redo(&part.streams, &[], &[], now, |writer| Ok(writer.install(&part)?))?;
        self.boundary("part installed");
        self.erase_typed()?;
        if !start {
            self.look_through_settled()?;
            return Ok(Some(vec![Action::Changed(everything()), Action::Connection]));
        }
        self.bootstrap.starting = false;
        self.position = self.cache.position()?;
        self.visible_set.clone_from(&part.stamp.visible_set);
        self.head = self.head.max(self.position.cursor);
        self.outbox.settled(self.position.cursor, &[], self.server_time(now))?;
        self.rebase_all(now)?;
        // From here the tail goes on.
        Ok(Some(vec![Action::Changed(everything()), Action::HangUp { after_s: Some(0) }]))
    }

    /// Indexes some of what came in parts; false when there is nothing left to do.
    pub fn index_some(&mut self) -> Result<bool, Error> {
        let writer = self.cache.write()?;
        let indexed = writer.index_some(SLICE)?;
        if indexed > 0 {
            writer.commit()?;
        }
        Ok(indexed == SLICE)
    }

    /// How far this desk has come on its way to having everything; none once it has.
    pub(super) fn progress(&self) -> Result<Option<Progress>, Error> {
        let reader = self.cache.readers().get()?;
        if self.bootstrap.starting {
            return Ok(Some(Progress { stage: Stage::Open, done: 0, total: 1 }));
        }
        if let Some(History { done, total, .. }) = reader.history()? {
            return Ok(Some(Progress { stage: Stage::History, done, total }));
        }
        let indexing = reader.indexing()?;
        Ok(indexing.map(|i| Progress { stage: Stage::SearchIndex, done: i.done, total: i.total }))
    }
}
