//! The promises of `sync.md`, held against an office that has come to rest. One function each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use evendesk_desk::outbox::commands::Kept;
use evendesk_domain::blank::gone;
use evendesk_domain::command::CommandBody;
use evendesk_domain::event::Event;
use evendesk_domain::permission::{Agent, visible};
use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_journal::Journal;
use evendesk_protocol::{FromServer, Outcome};
use evendesk_replica::{Keeps, Readers, Replica};

use super::{BEGAN, World};

impl World {
    pub(super) fn check_promises(&mut self) {
        let all = self.journal.read(0, usize::MAX >> 1).expect("the journal is read");
        for event in &all {
            self.trace.mix(&format!("{event:?}"));
        }
        self.remember_words();
        self.heals_by_itself();
        self.nothing_is_lost(&all);
        self.nothing_is_done_twice(&all);
        self.same_cursor_same_rows(&all);
        self.no_desk_holds_what_it_may_not_see(&all);
        self.no_reply_is_sent_blind(&all);
        self.a_desks_clock_may_be_wrong(&all);
        self.idle_costs_nothing();
    }

    /// 2, as it goes: the same command gets the same answer, however often it asks. `held` may change.
    /// A restored journal may have it at another place.
    pub(super) fn note_answer(&mut self, era: u32, message: &FromServer) {
        let FromServer::Outcome { id, outcome } = message else { return };
        if *outcome == Outcome::Held {
            return;
        }
        let first = self.office.told.entry((era, *id)).or_insert_with(|| outcome.clone()).clone();
        if first != *outcome {
            self.breaks("nothing_is_done_twice", format!("{id} was told {first:?} and then {outcome:?}"));
        }
    }

    pub(super) fn kept(&self, desk: usize) -> Vec<Kept> {
        let it = &self.desks[desk];
        it.outbox().map_or_else(Vec::new, |o| o.commands(it.user).expect("an outbox is read"))
    }

    /// 1. What an agent did is accepted, or refused and shown, or set aside and shown; its words are kept.
    fn nothing_is_lost(&mut self, all: &[Recorded]) {
        let mut lost = Vec::new();
        let mut blanked = self.past.erased.clone();
        blanked.extend(erased(all));
        let erased = |body: &CommandBody| blanked.contains(&body.stream());
        for entry in &self.ledger.entries {
            let kept = self.kept(entry.desk);
            let waits = kept.iter().find(|k| entry.ids.contains(&k.command.id));
            let words_kept =
                waits.is_some_and(|k| erased(&entry.body) || k.command.body.text() == entry.body.text());
            let happened = entry.ids.iter().any(|id| {
                let decision = self.journal.decision(*id).expect("the journal is read");
                let accepted = decision.is_some_and(|d| d.outcome.contains("\"accepted\""));
                let text = entry.body.text();
                let mut its = all.iter().filter(|e| e.command == Some(*id)).peekable();
                let silent = its.peek().is_none();
                accepted
                    && (erased(&entry.body)
                        || text.is_empty()
                        || silent
                        || its.any(|e| e.event.to_text().contains(text)))
            });
            if !(words_kept || happened || entry.dropped || entry.unsure || entry.excused) {
                lost.push(format!("d{} {:?} of {}: {:?}", entry.desk, entry.ids, entry.author, entry.body));
            }
        }
        lost.iter().for_each(|what| self.breaks("nothing_is_lost", what));
        let received: BTreeSet<&str> = all
            .iter()
            .filter_map(|e| match &e.event {
                Event::MessageReceived { inbound, .. } => Some(inbound.remote_id.as_str()),
                _ => None,
            })
            .collect();
        let missing = (1..=self.office.mails.len()).map(|n| format!("mail {n}"));
        let missing: Vec<String> = missing
            .filter(|id| !received.contains(id.as_str()) && !received.contains(gone(id).as_str()))
            .collect();
        if !missing.is_empty() {
            self.breaks("nothing_is_lost", format!("{missing:?}"));
        }
    }

    /// 2. A command and a mail are carried out once; the same answer each time; seqs without gaps.
    fn nothing_is_done_twice(&mut self, all: &[Recorded]) {
        let mut wrong = Vec::new();
        let (mut messages, mut mails, mut commands) = (BTreeSet::new(), BTreeSet::new(), BTreeMap::new());
        for (place, event) in (1..).zip(all) {
            if event.seq != place {
                wrong.push(format!("seq {} is where {place} should be", event.seq));
            }
            let once = match &event.event {
                Event::Replied(reply) => messages.insert(reply.message),
                Event::NoteAdded { message, .. } => messages.insert(*message),
                Event::MessageReceived { message, inbound, .. } => {
                    messages.insert(*message) & mails.insert(inbound.remote_id.clone())
                }
                _ => true,
            };
            if !once {
                wrong.push(format!("said twice: {event:?}"));
            }
            if let Some(id) = event.command {
                let last = commands.insert(id, place);
                if last.is_some_and(|last| last + 1 != place) {
                    wrong.push(format!("{id} was decided more than once"));
                }
            }
        }
        wrong.iter().for_each(|how| self.breaks("nothing_is_done_twice", how));
    }

    /// 3. Desks and nodes hold what folding the journal from nothing gives, and search finds all of it.
    fn same_cursor_same_rows(&mut self, all: &[Recorded]) {
        let mut again = Replica::open(&self.folder.join("again"), Keeps::RowsOnly).expect("a replica opens");
        let writer = again.write().expect("a replica is written");
        writer.fold(all).expect("the journal is folded");
        writer.commit().expect("a replica is written");
        let truth = dump(&again.readers(), None);
        let head = all.last().map_or(0, |e| e.seq);
        for node in 0..self.nodes.len() {
            let Some(up) = self.nodes[node].up.as_mut() else { continue };
            let whole = up.scribe.search_index_is_whole().expect("a replica is read");
            let (rows, at) = (dump(&up.readers, None), up.scribe.head());
            if let Some(how) = differs(&rows, &truth) {
                self.breaks("same_cursor_same_rows", format!("n{node}: {how}"));
            }
            if !whole || at != head {
                self.breaks(
                    "same_cursor_same_rows",
                    format!("n{node} is at {at} of {head}, search whole: {whole}"),
                );
            }
        }
        for desk in 0..self.desks.len() {
            let user = self.desks[desk].user;
            let agent = again.reader().and_then(|r| r.agent(user)).expect("a replica is read");
            let Some(agent) = agent else { continue };
            let seen = dump(&again.readers(), Some(&agent));
            let Some(open) = self.desks[desk].open.as_mut() else { continue };
            let (rows, at) = (dump(&open.core.readers(), None), open.core.cursor());
            let health = open.core.examine().expect("a cache is examined");
            if at != head {
                self.breaks("same_cursor_same_rows", format!("d{desk} is at {at} of {head}"));
            }
            if self.kept(desk).iter().all(|k| !k.state.is_pending())
                && let Some(how) = differs(&rows, &seen)
            {
                self.breaks("same_cursor_same_rows", format!("d{desk} of {user}: {how}"));
            }
            if !health.is_good() {
                let first = health.differences.first();
                self.breaks(
                    "same_cursor_same_rows",
                    format!("d{desk}, folded again: {first:?}, search {}", health.search_index_is_whole),
                );
            }
        }
    }

    /// 4. Not a word of what is withdrawn is left in a desk's files.
    fn no_desk_holds_what_it_may_not_see(&mut self, all: &[Recorded]) {
        let Some(readers) = self.nodes.iter().find_map(|n| n.up.as_ref()).map(|up| up.readers.clone()) else {
            return;
        };
        let reader = readers.get().expect("a replica is read");
        let mut found = Vec::new();
        for (n, desk) in self.desks.iter().enumerate() {
            let Some(agent) = reader.agent(desk.user).expect("a replica is read") else { continue };
            let (mut hidden, mut shown) = (self.office.words.clone(), BTreeSet::new());
            for event in all {
                let scope = reader.scope(event.stream).expect("a replica is read");
                let seen = scope.is_some_and(|scope| visible(&agent, scope));
                let words = secrets(&event.event.to_text());
                if seen { shown.extend(words) } else { hidden.extend(words) }
            }
            // What a part that was split off still shows is no secret.
            hidden.retain(|word| !shown.contains(word));
            let own = self.kept(n).into_iter().map(|k| serde_json::to_string(&k.command.body));
            let own: BTreeSet<String> = own.flatten().flat_map(|body| secrets(&body)).collect();
            hidden.retain(|word| !own.contains(word));
            for (file, words) in files(&desk.folder) {
                let left: Vec<&String> = hidden.intersection(&words).collect();
                if !left.is_empty() {
                    found.push(format!("d{n} of {}: {left:?} in {}", desk.user, file.display()));
                }
            }
        }
        found.iter().for_each(|how| self.breaks("no_desk_holds_what_it_may_not_see", how));
    }

    /// 6. Only servers stamp; desks know how far off they are.
    fn a_desks_clock_may_be_wrong(&mut self, all: &[Recorded]) {
        let now = self.now();
        let late = all.iter().find(|e| e.at < BEGAN || e.at > now).map(|e| format!("{e:?}"));
        if let Some(event) = late {
            self.breaks("a_desks_clock_may_be_wrong", format!("stamped by a desk: {event}"));
        }
        for desk in 0..self.desks.len() {
            let Some(open) = &self.desks[desk].open else { continue };
            let error = open.core.offset_ms() + self.desks[desk].clock_off_ms;
            if error.abs() > 1_000 {
                self.breaks("a_desks_clock_may_be_wrong", format!("d{desk} errs by {error} ms"));
            }
        }
    }

    /// 7. With nobody clicking, every queue is empty and everybody is up to date.
    fn heals_by_itself(&mut self) {
        for desk in 0..self.desks.len() {
            let stuck: Vec<String> = self
                .kept(desk)
                .iter()
                .filter(|k| k.state.is_pending())
                .map(|k| format!("{} {:?}", k.command.id, k.state))
                .collect();
            if !stuck.is_empty() {
                self.breaks("heals_by_itself", format!("d{desk} still has {stuck:?}"));
            }
            let Some(open) = &self.desks[desk].open else {
                self.breaks("heals_by_itself", format!("d{desk} is not open"));
                continue;
            };
            let is = open.core.connection().expect("an outbox is read");
            if is.state != evendesk_desk::view::ConnectionState::InSync || is.progress.is_some() {
                self.breaks("heals_by_itself", format!("d{desk} is {is:?}"));
            }
        }
        if !self.office.undone.is_empty() {
            self.breaks("heals_by_itself", format!("watchers still ask {:?}", self.office.undone));
        }
    }

    /// 8. Nobody says anything but heartbeats.
    fn idle_costs_nothing(&mut self) {
        if self.said > 0 {
            self.breaks("idle_costs_nothing", format!("{} words were said by an idle office", self.said));
        }
    }
}

/// Every stream, or those an agent may see, and its rows.
fn dump(readers: &Readers, agent: Option<&Agent>) -> BTreeMap<StreamId, String> {
    let reader = readers.get().expect("a replica is read");
    let mut all = BTreeMap::new();
    for stream in reader.streams().expect("a replica is read") {
        let scope = reader.scope(stream).expect("a replica is read");
        if agent.is_none_or(|a| scope.is_some_and(|s| visible(a, s))) {
            all.insert(stream, reader.dump_stream(stream).expect("a replica is read"));
        }
    }
    all
}

fn differs(rows: &BTreeMap<StreamId, String>, truth: &BTreeMap<StreamId, String>) -> Option<String> {
    let extra =
        rows.keys().find(|s| !truth.contains_key(s)).map(|s| format!("holds {s}, which it should not"));
    let lacks = || truth.keys().find(|s| !rows.contains_key(s)).map(|s| format!("lacks {s}"));
    let other = || {
        let (stream, is) = rows.iter().find(|(s, rows)| truth.get(s) != Some(*rows))?;
        Some(format!("{stream} is\n{is}\nand not\n{}", truth[stream]))
    };
    extra.or_else(lacks).or_else(other)
}

/// What was erased, and what has come to be about somebody who was.
pub fn erased(all: &[Recorded]) -> BTreeSet<StreamId> {
    let redacted = all.iter().filter(|e| matches!(e.event, Event::Redacted { .. }));
    let mut erased: BTreeSet<StreamId> = redacted.map(|e| e.stream).collect();
    for event in all {
        if let Event::ConversationOpened(opened) = &event.event
            && erased.contains(&opened.customer.into())
        {
            erased.insert(event.stream);
        }
    }
    erased
}

/// The words that [`World::words`] makes.
pub fn secrets(text: &str) -> Vec<String> {
    let words = text.match_indices("zq").filter_map(|(at, _)| text.get(at..at + 18));
    words.filter(|w| w.as_bytes()[2..].iter().all(u8::is_ascii_hexdigit)).map(str::to_owned).collect()
}

/// The words found anywhere in the bytes of each file.
fn files(folder: &Path) -> Vec<(PathBuf, BTreeSet<String>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap_or_default();
            let words = secrets(&String::from_utf8_lossy(&bytes)).into_iter().collect();
            found.push((path, words));
        }
    }
    found
}
