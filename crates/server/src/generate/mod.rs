//! A folder of any size to measure on: conversations as they come in a company, over two years up to
//! now, the same for the same seed. Events are made directly and not decided; what `decide` would make
//! of the same story is what they are.

mod plan;
mod words;

use std::path::Path;
use std::sync::Arc;

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::Terms;
use evendesk_domain::event::Event;
use evendesk_domain::id::{AccountId, TeamId, TermsId, UserId};
use evendesk_domain::settings::{AccountSettings, MailSettings, Role};
use evendesk_domain::stream::{Actor, Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use evendesk_journal::{Batch, Journal};

use crate::clock::Clock;
use crate::founding;
use crate::store::{Store, StoreError};
use plan::Plan;

/// How much, and which.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub conversations: u32,
    /// Received, answered and noted, all together.
    pub messages: u32,
    pub seed: u64,
}

#[derive(Clone, Copy, Debug)]
pub struct Made {
    pub conversations: u32,
    pub messages: u32,
    pub events: u64,
}

const BATCH: usize = 10_000;

/// Fills an empty folder.
pub fn generate(data: &Path, size: &Size) -> Result<Made, StoreError> {
    if size.messages < size.conversations {
        return Err(StoreError::Refused("every conversation needs a message: give at least as many".into()));
    }
    let store = Store::open(&data.into())?;
    let now = Clock::system().now();
    if !founding::found(&*store.journal, "Generated", now)? {
        return Err(StoreError::Refused(format!("{} holds a workspace already", data.display())));
    }
    let epoch = store.journal.claim()?;
    let mut pen = Pen { journal: Arc::clone(&store.journal), epoch, head: 0, batch: Batch::default() };
    let plan = Plan::new(size, now);
    settings(&mut pen, &plan)?;
    let made = plan.tell(&mut pen)?;
    pen.flush()?;
    let events = pen.head;
    tracing::info!("{events} events are in the journal; the replica is being folded");
    // Opening for work folds everything.
    store.into_scribe()?;
    Ok(Made { conversations: size.conversations, messages: made, events })
}

/// Appends in large batches.
struct Pen {
    journal: Arc<dyn Journal>,
    epoch: u64,
    head: u64,
    batch: Batch,
}

impl Pen {
    fn write(
        &mut self,
        at: Timestamp,
        by: Actor,
        stream: impl Into<StreamId>,
        event: Event,
    ) -> Result<(), StoreError> {
        self.head += 1;
        let stream = stream.into();
        self.batch.events.push(Recorded { seq: self.head, stream, at, by, command: None, event });
        if self.batch.events.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let next = Batch { base: self.head, ..Batch::default() };
        let batch = std::mem::replace(&mut self.batch, next);
        Ok(self.journal.append(self.epoch, &batch)?)
    }
}

/// Who works there, and through which accounts customers come.
struct Company {
    terms: TermsId,
    teams: Vec<TeamId>,
    agents: Vec<(UserId, String)>,
    accounts: Vec<(AccountId, Channel)>,
}

fn settings(pen: &mut Pen, plan: &Plan) -> Result<(), StoreError> {
    let (company, at, by) = (&plan.company, plan.since, Actor::System);
    let terms = Terms { calendar: founding::always("UTC"), policy: founding::policy() };
    let saved = Event::TermsSaved { name: "Always".into(), terms: Box::new(terms) };
    pen.write(at, by, company.terms, saved)?;
    for (team, name) in company.teams.iter().zip(["Support", "Orders", "Returns", "Key accounts"]) {
        pen.write(at, by, *team, Event::TeamSaved { name: name.into(), terms: company.terms })?;
    }
    for (index, (user, name)) in company.agents.iter().enumerate() {
        let first = index == 0;
        let role = if first { Role::Admin } else { Role::Agent };
        let login = if first { founding::LOCAL_LOGIN.into() } else { name.to_lowercase() };
        let teams = vec![company.teams[index % company.teams.len()]];
        pen.write(at, by, *user, Event::UserSaved { name: name.clone(), login, role, teams })?;
    }
    for (account, channel) in &company.accounts {
        let settings = AccountSettings {
            channel: *channel,
            name: format!("{} account", channel.name()),
            address: "support@company.example".into(),
            team: company.teams[0],
            imap: None,
            smtp: None,
            user: None,
            webhook: None,
            mail: MailSettings::default(),
        };
        pen.write(at, by, *account, Event::AccountSaved { settings: Box::new(settings) })?;
    }
    Ok(())
}
