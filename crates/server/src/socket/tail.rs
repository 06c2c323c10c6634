//! What one desk is sent of the journal, and when. No sockets, no store, no clock: slices go in,
//! messages come out.
//!
//! Every event passes `visible` before it leaves. Where a slice changes what the desk may see, the
//! directives that follow from it (`grant`, `forget`) go first, and the slice's own events, which
//! move the desk's cursor, only once all of them are confirmed: a desk that was cut off in between
//! comes back with the old cursor and gets the directives again.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use evendesk_domain::event::Event;
use evendesk_domain::permission::{Agent, Scope, visible, visible_set};
use evendesk_domain::stream::{Recorded, StreamId, StreamKind};
use evendesk_protocol::FromServer;
use evendesk_protocol::limits::CREDIT_BATCHES;

use super::directives::{Directive, Directives, Due, Granted, erasing};

/// A stretch of the journal, `(from, to]`, with what is needed to decide who sees what.
#[derive(Debug, Default)]
pub struct Slice {
    pub from: u64,
    pub to: u64,
    pub events: Vec<Recorded>,
    /// Of every stream in `events`, as of `to` or later.
    pub scopes: HashMap<StreamId, Option<Scope>>,
    /// What of streams was erased: the blanked events that a desk must put in the place of its own, with
    /// all that the slice has of the stream; none for a stream that the agent does not see.
    pub erased: BTreeMap<StreamId, Vec<Recorded>>,
    /// Set where the slice changes the agent's own role or teams.
    pub changed: Option<Changed>,
}

/// What the agent's own change brings and takes.
#[derive(Debug)]
pub struct Changed {
    pub agent: Agent,
    pub granted: Vec<StreamId>,
    pub withdrawn: Vec<StreamId>,
}

pub struct Tail {
    agent: Agent,
    /// Everything up to here has been sent, or is waiting in `after`, or was nothing for this desk.
    cursor: u64,
    /// Where the desk was told that it is; behind `cursor` where what came since was not for it.
    told: u64,
    /// It is to be told soon once it is there: the desk shows something as pending until then.
    awaited: u64,
    /// Ends of batches that the desk has not acknowledged.
    unacked: VecDeque<u64>,
    directives: Directives,
    /// What moves the desk's cursor, held back until every directive before it is confirmed.
    after: Option<FromServer>,
}

impl Tail {
    pub const fn new(agent: Agent, cursor: u64) -> Self {
        Self {
            agent,
            cursor,
            told: cursor,
            awaited: 0,
            unacked: VecDeque::new(),
            directives: Directives::new(),
            after: None,
        }
    }

    pub const fn agent(&self) -> &Agent {
        &self.agent
    }

    pub const fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Whether the next slice may go: credit is left, and nothing is held back.
    pub fn is_ready(&self) -> bool {
        self.unacked.len() < CREDIT_BATCHES && self.after.is_none()
    }

    /// Takes the slice that begins at the cursor; returns what to do now.
    pub fn follow(&mut self, mut slice: Slice) -> Vec<Due> {
        debug_assert_eq!(slice.from, self.cursor);
        let before = self.agent.clone();
        if let Some(changed) = &slice.changed {
            self.agent = changed.agent.clone();
        }
        let (mut granted, withdrawn) = self.directives(&before, &slice);
        // What is granted is folded before the slice's own events are, and is held to terms that may be among
        // them: those go first.
        if !granted.is_empty() || !slice.erased.is_empty() {
            granted.extend(slice.events.iter().map(|e| e.stream).filter(|s| s.kind == StreamKind::Terms));
        }
        let mut in_order: Vec<StreamId> = granted.iter().copied().collect();
        in_order.sort_by_key(|s| (std::cmp::Reverse(s.kind), s.id));
        let granting = in_order.into_iter().map(Directive::Grant);
        let forgetting = withdrawn.into_iter().map(Directive::Forget);
        let erased: BTreeSet<StreamId> = slice.erased.keys().copied().collect();
        // After what is granted: that has no words either, but the desk's outbox may.
        let erasing = slice.erased.into_iter().flat_map(|(stream, events)| erasing(stream, events));
        self.directives.begin(granting.chain(forgetting).chain(erasing), slice.to);
        let agent = &self.agent;
        let seen = |stream: &StreamId| {
            slice.scopes.get(stream).copied().flatten().is_some_and(|s| visible(agent, s))
        };
        let whole = |stream: &StreamId| granted.contains(stream) || erased.contains(stream);
        slice.events.retain(|e| !whole(&e.stream) && seen(&e.stream));
        let (from, to) = (self.told, slice.to);
        let visible_set = slice.changed.is_some().then(|| visible_set(&self.agent));
        (self.cursor, self.told) = (to, to);
        self.after = Some(if slice.events.is_empty() && visible_set.is_none() {
            FromServer::Advance { to }
        } else {
            FromServer::Events { from, to, events: slice.events, visible_set }
        });
        self.due()
    }

    /// Passes over a stretch that holds nothing for this desk. It is told so only now and then: with many
    /// desks, telling each of every change of all others would cost more than the changes.
    pub fn pass(&mut self, to: u64) -> Option<FromServer> {
        self.cursor = to;
        if self.told < self.awaited && self.awaited <= to { self.advance() } else { None }
    }

    /// Tells the desk where it is, unless it knows.
    pub fn advance(&mut self) -> Option<FromServer> {
        let behind = self.told < self.cursor && self.after.is_none();
        behind.then(|| {
            self.told = self.cursor;
            FromServer::Advance { to: self.told }
        })
    }

    /// The desk waits to be told that it is at `seq`.
    pub fn awaits(&mut self, seq: u64) -> Option<FromServer> {
        self.awaited = self.awaited.max(seq);
        self.pass(self.cursor)
    }

    /// Whether the agent sees any of these.
    pub fn sees_any<'a>(&self, mut scopes: impl Iterator<Item = &'a Option<Scope>>) -> bool {
        scopes.any(|scope| scope.is_some_and(|s| visible(&self.agent, s)))
    }

    /// The desk has stored everything up to `cursor`.
    pub fn acknowledged(&mut self, cursor: u64) {
        while self.unacked.front().is_some_and(|to| *to <= cursor) {
            self.unacked.pop_front();
        }
    }

    /// The desk has carried a directive out; returns what may follow it.
    pub fn confirmed(&mut self, directive: u64) -> Vec<Due> {
        self.directives.confirmed(directive);
        self.due()
    }

    /// A stream that is granted was read; returns it, and what may follow it.
    pub fn read(&mut self, granted: Granted) -> Vec<Due> {
        let mut due: Vec<Due> = self.directives.read(granted).map(Due::Say).into_iter().collect();
        due.extend(self.due());
        due
    }

    fn due(&mut self) -> Vec<Due> {
        let mut due = self.directives.due();
        if self.directives.are_carried_out()
            && let Some(after) = self.after.take()
        {
            if let FromServer::Events { to, .. } = &after {
                self.unacked.push_back(*to);
            }
            due.push(Due::Say(after));
        }
        due
    }

    /// Streams that became visible and streams that ceased to be, by moves of theirs or of the agent.
    fn directives(&self, before: &Agent, slice: &Slice) -> (BTreeSet<StreamId>, Vec<StreamId>) {
        let mut granted = BTreeSet::new();
        let mut withdrawn = Vec::new();
        if let Some(changed) = &slice.changed {
            granted.extend(changed.granted.iter().copied());
            withdrawn.extend(changed.withdrawn.iter().copied());
        }
        for (stream, teams) in moves(&slice.events) {
            let scope = slice.scopes.get(&stream).copied().flatten();
            match moved(&[before, &self.agent], scope, &teams) {
                Moved::Granted => drop(granted.insert(stream)),
                Moved::Withdrawn if !withdrawn.contains(&stream) => withdrawn.push(stream),
                _ => {}
            }
        }
        (granted, withdrawn)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    Granted,
    Withdrawn,
    Neither,
}

/// What a stream's moves bring or take, for an agent as they were before and are now. What was sent
/// earlier was judged by where the stream stood when it was sent, which may be anywhere on its way: so
/// one place out of sight is enough to grant it whole, and one in sight to have it forgotten.
pub fn moved(agents: &[&Agent; 2], now: Option<Scope>, teams: &[Scope]) -> Moved {
    let [_, agent] = agents;
    let anyone = |scope: &Scope| agents.iter().any(|a| visible(a, *scope));
    let everyone = |scope: &Scope| agents.iter().all(|a| visible(a, *scope));
    if now.is_some_and(|scope| visible(agent, scope)) {
        if teams.iter().all(everyone) { Moved::Neither } else { Moved::Granted }
    } else if teams.iter().any(anyone) {
        Moved::Withdrawn
    } else {
        Moved::Neither
    }
}

/// The streams that changed teams, each with the teams it was in, the first one first.
pub fn moves(events: &[Recorded]) -> BTreeMap<StreamId, Vec<Scope>> {
    let mut moves: BTreeMap<StreamId, Vec<Scope>> = BTreeMap::new();
    for recorded in events {
        if let Event::TeamChanged { from, to } = recorded.event {
            moves.entry(recorded.stream).or_default().extend([Scope::Team(from), Scope::Team(to)]);
        }
    }
    moves
}

#[cfg(test)]
mod tests {
    use evendesk_domain::id::{ConversationId, TeamId, UserId};
    use evendesk_domain::settings::Role;
    use evendesk_domain::stream::Actor;
    use evendesk_domain::time::Timestamp;
    use uuid::Uuid;

    use super::*;

    const OURS: TeamId = TeamId(Uuid::from_u128(1));
    const THEIRS: TeamId = TeamId(Uuid::from_u128(2));

    fn tail() -> Tail {
        let user = UserId(Uuid::nil());
        Tail::new(Agent { user, name: "Ada".into(), role: Role::Agent, teams: vec![OURS] }, 0)
    }

    fn stream(n: u128) -> StreamId {
        ConversationId(Uuid::from_u128(n)).into()
    }

    fn event(seq: u64, n: u128, event: Event) -> Recorded {
        let at = Timestamp::from_seconds(0);
        Recorded { seq, stream: stream(n), at, by: Actor::System, command: None, event }
    }

    fn moved_to(seq: u64, n: u128, from: TeamId, to: TeamId) -> Recorded {
        event(seq, n, Event::TeamChanged { from, to })
    }

    fn slice(from: u64, events: Vec<Recorded>, scopes: &[(u128, TeamId)]) -> Slice {
        let to = events.last().map_or(from, |e| e.seq);
        let scopes = scopes.iter().map(|(n, t)| (stream(*n), Some(Scope::Team(*t)))).collect();
        Slice { from, to, events, scopes, ..Slice::default() }
    }

    /// Does what is due, reading what there is to be read.
    fn sent(tail: &mut Tail, due: Vec<Due>) -> Vec<FromServer> {
        let mut due = VecDeque::from(due);
        let mut sent = Vec::new();
        while let Some(next) = due.pop_front() {
            match next {
                Due::Say(message) => sent.push(message),
                Due::Read { .. } => due.extend(tail.read(Some(Vec::new()))),
            }
        }
        sent
    }

    fn follow(tail: &mut Tail, slice: Slice) -> Vec<String> {
        let due = tail.follow(slice);
        said(&sent(tail, due))
    }

    fn confirm(tail: &mut Tail, directive: u64) -> Vec<String> {
        let due = tail.confirmed(directive);
        said(&sent(tail, due))
    }

    fn said(messages: &[FromServer]) -> Vec<String> {
        let say = |message: &FromServer| match message {
            FromServer::Events { to, events, .. } => format!("{} events to {to}", events.len()),
            FromServer::Advance { to } => format!("advance to {to}"),
            FromServer::Grant { directive, .. } => format!("grant {directive}"),
            FromServer::Forget { directive, .. } => format!("forget {directive}"),
            other => format!("{other:?}"),
        };
        messages.iter().map(say).collect()
    }

    #[test]
    fn what_is_not_visible_never_leaves() {
        let mut tail = tail();
        let both = vec![event(1, 1, Event::Resolved), event(2, 2, Event::Resolved)];
        assert_eq!(follow(&mut tail, slice(0, both, &[(1, OURS), (2, THEIRS)])), ["1 events to 2"]);
        let theirs = vec![event(3, 2, Event::Reopened)];
        assert_eq!(follow(&mut tail, slice(2, theirs, &[(2, THEIRS)])), ["advance to 3"]);
        let unknown = vec![event(4, 3, Event::Reopened)];
        assert_eq!(follow(&mut tail, slice(3, unknown, &[])), ["advance to 4"]);
    }

    #[test]
    fn a_move_is_granted_or_forgotten_before_the_cursor_passes_it() {
        let mut tail = tail();
        let into = vec![moved_to(1, 1, THEIRS, OURS)];
        assert_eq!(follow(&mut tail, slice(0, into, &[(1, OURS)])), ["grant 1"]);
        assert!(!tail.is_ready());
        assert_eq!(confirm(&mut tail, 1), ["advance to 1"]);
        let away = vec![moved_to(2, 1, OURS, THEIRS), event(3, 2, Event::Resolved)];
        assert_eq!(follow(&mut tail, slice(1, away, &[(1, THEIRS), (2, OURS)])), ["forget 2"]);
        assert_eq!(confirm(&mut tail, 2), ["1 events to 3"]);
    }

    #[test]
    fn terms_of_the_same_slice_go_before_a_stream_that_is_granted() {
        let mut tail = tail();
        let terms = StreamId::from(evendesk_domain::id::TermsId(Uuid::from_u128(9)));
        let made = Recorded { stream: terms, ..event(2, 9, Event::Resolved) };
        let due = tail.follow(slice(0, vec![moved_to(1, 1, THEIRS, OURS), made], &[(1, OURS)]));
        let sent = sent(&mut tail, due);
        let first = sent.first();
        assert!(matches!(first, Some(FromServer::Grant { stream, .. }) if *stream == terms), "{sent:?}");
        assert_eq!(sent.len(), 2);
    }

    #[test]
    fn what_only_passed_through_is_forgotten_all_the_same() {
        let through = vec![moved_to(1, 1, THEIRS, OURS), moved_to(2, 1, OURS, THEIRS)];
        assert_eq!(follow(&mut tail(), slice(0, through, &[(1, THEIRS)])), ["forget 1"]);
    }

    #[test]
    fn what_went_away_and_came_back_is_granted_for_it_may_have_been_passed_over() {
        let back = vec![moved_to(1, 1, OURS, THEIRS), moved_to(2, 1, THEIRS, OURS)];
        assert_eq!(follow(&mut tail(), slice(0, back, &[(1, OURS)])), ["grant 1"]);
    }

    #[test]
    fn what_left_our_team_is_forgotten_though_we_left_it_too() {
        let mut tail = tail();
        let away = slice(0, vec![moved_to(1, 1, OURS, THEIRS)], &[(1, THEIRS)]);
        let agent = Agent { teams: vec![TeamId(Uuid::from_u128(3))], ..tail.agent().clone() };
        let changed = Changed { agent, granted: Vec::new(), withdrawn: Vec::new() };
        assert_eq!(follow(&mut tail, Slice { changed: Some(changed), ..away }), ["forget 1"]);
    }

    #[test]
    fn a_desk_that_does_not_acknowledge_gets_no_more() {
        let mut tail = tail();
        for seq in 1..=u64::try_from(CREDIT_BATCHES).unwrap() {
            assert!(tail.is_ready());
            tail.follow(slice(seq - 1, vec![event(seq, 1, Event::Resolved)], &[(1, OURS)]));
        }
        assert!(!tail.is_ready());
        tail.acknowledged(1);
        assert!(tail.is_ready());
    }

    #[test]
    fn what_is_for_others_is_told_only_with_what_is_not_or_where_it_is_awaited() {
        let mut tail = tail();
        assert!((1..=100).all(|seq| tail.pass(seq).is_none()));
        let ours = vec![event(101, 1, Event::Resolved)];
        let due = tail.follow(slice(100, ours, &[(1, OURS)]));
        let told = sent(&mut tail, due);
        assert!(matches!(told[..], [FromServer::Events { from: 0, to: 101, .. }]), "{told:?}");
        assert_eq!(tail.pass(102), None);
        assert_eq!(tail.awaits(104), None);
        assert_eq!(said(&tail.pass(104).into_iter().collect::<Vec<_>>()), ["advance to 104"]);
        assert_eq!(tail.pass(105), None);
        assert_eq!(said(&tail.awaits(105).into_iter().collect::<Vec<_>>()), ["advance to 105"]);
        assert_eq!(tail.advance(), None);
    }

    #[test]
    fn many_directives_go_a_few_at_a_time() {
        let mut tail = tail();
        let all: Vec<_> = (1..=100).map(|n| moved_to(u64::try_from(n).unwrap(), n, OURS, THEIRS)).collect();
        let scopes: Vec<_> = (1..=100).map(|n| (n, THEIRS)).collect();
        let mut sent = follow(&mut tail, slice(0, all, &scopes)).len();
        assert!(sent < 50, "{sent} at once");
        for directive in 1..=100 {
            sent += confirm(&mut tail, directive).len();
        }
        assert_eq!(sent, 101);
    }
}
