//! The batch as it grows: each command decided and folded on a savepoint of its own, in the replica's
//! open transaction. Nothing here is kept before the scribe appends it.

use std::collections::HashMap;

use evendesk_domain::command::{Command, CommandBody};
use evendesk_domain::decide::{
    Context, Decided, LookupFailed, No, Refusal, RefusalCode, World, decide, decide_reoffered, decide_system,
};
use evendesk_domain::event::Event;
use evendesk_domain::id::{CommandId, UserId};
use evendesk_domain::permission::Agent;
use evendesk_domain::settings::Role;
use evendesk_domain::stream::{Actor, Recorded};
use evendesk_domain::time::Timestamp;
use evendesk_journal::{Batch, Decision, Journal};
use evendesk_protocol::Outcome;
use evendesk_replica::EventSource;
use uuid::Uuid;

use super::{Answer, Ask, Undecided, Work};
use crate::erasure::Plan;

/// How an agent's command is decided.
type Decide = fn(&dyn World, &Agent, &CommandBody, &Context<'_>) -> Result<Decided, No>;

/// The batch as it grows: decided and folded, not yet appended.
pub(super) struct Draft<'a> {
    journal: &'a dyn Journal,
    pub batch: Batch,
    decided: HashMap<CommandId, Outcome>,
    /// The journal could not be asked: nothing of this may be kept.
    pub failed: Option<evendesk_journal::Error>,
    /// What is to lose its words in the journal, when the batch is appended.
    pub erasing: Option<Plan>,
    /// The batch as it was before an erasure blanked what it had drafted, for when that is undone.
    before_erasing: Option<Vec<Recorded>>,
}

/// Why a step left nothing behind.
enum Undone {
    No(No),
    Fold(evendesk_replica::Error),
    Journal(evendesk_journal::Error),
    /// One erasure a batch: a second one would not see in the journal what the first is about to blank.
    Busy,
}

impl<'a> Draft<'a> {
    pub fn new(journal: &'a dyn Journal, base: u64) -> Self {
        Self {
            journal,
            batch: Batch { base, ..Batch::default() },
            decided: HashMap::new(),
            failed: None,
            erasing: None,
            before_erasing: None,
        }
    }

    pub fn head(&self) -> u64 {
        self.batch.events.last().map_or(self.batch.base, |e| e.seq)
    }

    pub fn answer(&mut self, writer: &evendesk_replica::Writer<'_>, ask: &Ask, at: Timestamp) -> Answer {
        match &ask.work {
            Work::Agent { user, command } => self.command(writer, *user, command, decide, at),
            Work::Reoffered { user, command } => self.command(writer, *user, command, decide_reoffered, at),
            Work::System { commands, by } => self.step(writer, at, *by, None, |world, cx, draft_at| {
                // Each sees what the one before made.
                let command = commands.get(draft_at)?;
                Some(decide_system(world, command, cx))
            }),
            Work::Operator(body) => self.step(writer, at, Actor::System, None, |world, cx, index| {
                (index == 0).then(|| understood(writer, decide(world, &operator(), body, cx)?))
            }),
            Work::Given(events) => self.step(writer, at, Actor::System, None, |_, _, index| {
                (index == 0).then(|| Ok(events.clone()))
            }),
        }
    }

    fn command(
        &mut self,
        writer: &evendesk_replica::Writer<'_>,
        user: UserId,
        command: &Command,
        decide: Decide,
        at: Timestamp,
    ) -> Answer {
        if let Some(outcome) = self.known(command.id)? {
            return Ok(outcome);
        }
        if let Some(before) = command.depends_on
            && !matches!(self.known(before)?, Some(Outcome::Accepted { .. }))
        {
            return Ok(Outcome::Held);
        }
        let outcome = match writer.agent(user).map_err(|e| store(&e))? {
            Some(agent) => self.agent(writer, &agent, command, decide, at)?,
            None => gone(),
        };
        let text = serde_json::to_string(&outcome).map_err(|e| store(&e))?;
        self.batch.decisions.push(Decision { command: command.id, outcome: text, at });
        self.decided.insert(command.id, outcome.clone());
        Ok(outcome)
    }

    fn agent(
        &mut self,
        writer: &evendesk_replica::Writer<'_>,
        agent: &Agent,
        command: &Command,
        decide: Decide,
        at: Timestamp,
    ) -> Answer {
        self.step(writer, at, Actor::User(agent.user), Some(command.id), |world, cx, index| {
            (index == 0).then(|| understood(writer, decide(world, agent, &command.body, cx)?))
        })
    }

    /// What was answered to a command before, in this batch or any other.
    fn known(&mut self, id: CommandId) -> Result<Option<Outcome>, Undecided> {
        if let Some(outcome) = self.decided.get(&id) {
            return Ok(Some(outcome.clone()));
        }
        let decision = self.journal.decision(id).map_err(|e| {
            let undecided = store(&e);
            self.failed.get_or_insert(e);
            undecided
        })?;
        let Some(decision) = decision else { return Ok(None) };
        serde_json::from_str(&decision.outcome).map(Some).map_err(|e| store(&e))
    }

    /// Decides one thing after another, as long as `next` has one, on a savepoint: all or none stays.
    fn step(
        &mut self,
        writer: &evendesk_replica::Writer<'_>,
        at: Timestamp,
        by: Actor,
        command: Option<CommandId>,
        next: impl Fn(&dyn World, &Context<'_>, usize) -> Option<Result<Decided, No>>,
    ) -> Answer {
        let kept = self.batch.events.len();
        self.before_erasing = None;
        let done = writer.savepoint(|| {
            for index in 0.. {
                let decided = {
                    let terms = writer.terms();
                    let source =
                        Source { journal: self.journal, base: self.batch.base, drafted: &self.batch.events };
                    let world = writer.world(&source);
                    match next(&world, &Context { now: at, terms: &terms }, index) {
                        None => break,
                        Some(decided) => decided.map_err(Undone::No)?,
                    }
                };
                let first = self.batch.events.len();
                self.record(decided, at, by, command);
                if self.batch.events[first..].iter().any(|e| matches!(e.event, Event::Redacted { .. })) {
                    self.erase(writer, first)?;
                } else {
                    writer.fold(&self.batch.events[first..]).map_err(Undone::Fold)?;
                }
            }
            Ok(())
        });
        let undone = match done.map_err(|e| store(&e))? {
            Ok(()) => return Ok(Outcome::Accepted { seq: self.head() }),
            Err(undone) => undone,
        };
        self.batch.events.truncate(kept);
        if let Some(events) = self.before_erasing.take() {
            self.batch.events = events;
            self.erasing = None;
        }
        match undone {
            Undone::No(No::Refused(Refusal { code, sentence })) => Ok(Outcome::Refused { code, sentence }),
            Undone::No(No::LookAgain { since }) => Ok(Outcome::LookAgain { since }),
            Undone::No(No::Failed(e)) => Err(store(&e)),
            Undone::Busy => Err(Undecided::Busy),
            Undone::Journal(e) => Err(store(&e)),
            Undone::Fold(e) if e.may_pass() => Err(store(&e)),
            Undone::Fold(e) => Err(Undecided::Unfit(e.to_string())),
        }
    }

    /// Carries out the `redacted` events from `first` on: names what each takes words from, and folds the
    /// streams again without them. What of this batch is about them never reaches the journal with its words.
    fn erase(&mut self, writer: &evendesk_replica::Writer<'_>, first: usize) -> Result<(), Undone> {
        if self.erasing.is_some() {
            return Err(Undone::Busy);
        }
        let redacted = self.batch.events.split_off(first);
        self.before_erasing = Some(self.batch.events.clone());
        let (at, by, command) = redacted
            .first()
            .map_or_else(|| (Timestamp::from_millis(0), Actor::System, None), |e| (e.at, e.by, e.command));
        let streams = redacted.into_iter().map(|e| e.stream);
        let plan = Plan::of(self.journal, streams, &self.batch.events).map_err(Undone::Journal)?;
        for (stream, blanked) in &plan.streams {
            for event in blanked.events.iter().filter(|e| e.seq > self.batch.base) {
                let index = usize::try_from(event.seq - self.batch.base - 1).unwrap_or(usize::MAX);
                if let Some(drafted) = self.batch.events.get_mut(index) {
                    drafted.event = event.event.clone();
                }
            }
            let decided = vec![(*stream, Event::Redacted { seqs: blanked.seqs.clone() })];
            self.record(decided, at, by, command);
            let mut whole = blanked.events.clone();
            whole.extend(self.batch.events.last().cloned());
            writer.refold(*stream, &whole).map_err(Undone::Fold)?;
        }
        self.erasing = Some(plan);
        Ok(())
    }

    fn record(&mut self, decided: Decided, at: Timestamp, by: Actor, command: Option<CommandId>) {
        for (stream, event) in decided {
            let seq = self.head() + 1;
            self.batch.events.push(Recorded { seq, stream, at, by, command, event });
        }
    }
}

fn store(e: &dyn std::error::Error) -> Undecided {
    Undecided::Store(e.to_string())
}

/// What people decide about something that a later version has been at work on waits for the upgrade: what is
/// known of it here may be less than there is. What adapters found has happened, and is recorded.
fn understood(writer: &evendesk_replica::Writer<'_>, decided: Decided) -> Result<Decided, No> {
    for (stream, _) in &decided {
        if writer.is_newer(*stream).map_err(|e| LookupFailed(e.to_string()))? {
            let what = stream.kind.name();
            let sentence = format!(
                "A newer Evendesk has been at work on this {what}; upgrade this one, and the server, to change it."
            );
            return Err(Refusal::new(RefusalCode::NeedsUpgrade, sentence).into());
        }
    }
    Ok(decided)
}

fn gone() -> Outcome {
    Outcome::Refused {
        code: RefusalCode::NotAllowed,
        sentence: "Your account here is gone; ask an admin.".into(),
    }
}

/// Whoever holds the data folder.
fn operator() -> Agent {
    Agent { user: UserId(Uuid::nil()), name: "operator".into(), role: Role::Admin, teams: Vec::new() }
}

/// Events wherever they are already: in the journal, or in the batch that is being made.
struct Source<'a> {
    journal: &'a dyn Journal,
    base: u64,
    drafted: &'a [Recorded],
}

impl EventSource for Source<'_> {
    fn event(&self, seq: u64) -> Result<Option<Recorded>, LookupFailed> {
        if seq > self.base {
            let index = usize::try_from(seq - self.base - 1).unwrap_or(usize::MAX);
            return Ok(self.drafted.get(index).cloned());
        }
        self.journal.event(seq).map_err(|e| LookupFailed(e.to_string()))
    }
}
