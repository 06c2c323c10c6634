//! Where channels hand over what came in. Blobs first; then everything that arrived, and how far its
//! mailbox has been read, in one commit. Sample data comes in here too.

use std::collections::HashSet;

use evendesk_channels::intake::{Arrival, Cursor, Intake, IntakeError, Outcome as Read, Reached, SetAside};
use evendesk_domain::blank::gone;
use evendesk_domain::command::SystemCommand;
use evendesk_domain::decide::{Seen, World, known};
use evendesk_domain::id::{AccountId, ConversationId, CustomerId, MessageId};
use evendesk_domain::inbound::Inbound;
use evendesk_domain::limits;
use evendesk_domain::settings::{Account, Fate, INBOX, LedgerEntry};
use evendesk_domain::stream::Actor;
use evendesk_protocol::Outcome;
use evendesk_replica::Readers;
use uuid::Uuid;

use crate::access::Vault;
use crate::blobs::Blobs;
use crate::state::App;
use crate::writer::{Undecided, Work, Writer};

/// What takes in for one workspace.
#[derive(Clone)]
pub struct Reception {
    pub writer: Writer,
    pub readers: Readers,
    pub blobs: Blobs,
}

impl App {
    pub fn vault(&self) -> Vault<'_> {
        Vault { journal: &self.journal, seal: &self.seal, tokens: &self.tokens }
    }

    pub fn reception(&self) -> Reception {
        Reception { writer: self.writer.clone(), readers: self.readers.clone(), blobs: self.blobs.clone() }
    }
}

impl Intake for Reception {
    async fn put_blob(&self, bytes: Vec<u8>) -> Result<String, IntakeError> {
        self.blobs.put(bytes).await.map_err(store)
    }

    async fn cursor(&self, account: AccountId, folder: &str) -> Result<Cursor, IntakeError> {
        self.account(account)?;
        self.here(account, folder)
    }

    async fn arrived(
        &self,
        account: AccountId,
        arrivals: Vec<Arrival>,
        reached: Option<Reached>,
    ) -> Result<(), IntakeError> {
        let Some(end) = reached else { return Ok(self.keep(account, arrivals, None).await?) };
        match self.keep(account, arrivals.clone(), Some(end.clone())).await {
            Err(NotKept::Unfit(_)) => self.keep_one_by_one(account, arrivals, end).await,
            kept => Ok(kept?),
        }
    }
}

/// Why arrivals were not kept.
enum NotKept {
    /// The store failed, or is going down: the same may well be kept later.
    Yet(IntakeError),
    /// One of them was refused or met a bug, and will again.
    Unfit(String),
}

impl From<IntakeError> for NotKept {
    fn from(e: IntakeError) -> Self {
        Self::Yet(e)
    }
}

impl From<NotKept> for IntakeError {
    fn from(not_kept: NotKept) -> Self {
        match not_kept {
            NotKept::Yet(e) => e,
            NotKept::Unfit(why) => Self::Store(why),
        }
    }
}

impl Reception {
    async fn keep(
        &self,
        account: AccountId,
        arrivals: Vec<Arrival>,
        reached: Option<Reached>,
    ) -> Result<(), NotKept> {
        self.account(account)?;
        let entries = self.entries(&arrivals)?;
        let mut commands: Vec<SystemCommand> = arrivals.into_iter().filter_map(receive).collect();
        let set_aside = entries.iter().any(|e| !matches!(e.fate, Fate::Taken | Fate::Duplicate));
        // What has no mailbox has no cursor to move, but what was set aside is noted all the same.
        if reached.is_some() || set_aside {
            let Reached { folder, cursor: Cursor { uid_validity, last_uid } } = match reached {
                Some(reached) => reached,
                None => Reached::in_inbox(self.here(account, INBOX)?),
            };
            commands.push(SystemCommand::AdvanceMailbox { account, folder, uid_validity, last_uid, entries });
        }
        self.take(commands).await
    }

    /// One bad mail stops nothing: what is unfit by itself is set aside. Where it is the store that
    /// fails, nothing is set aside, and all the rest comes again.
    async fn keep_one_by_one(
        &self,
        account: AccountId,
        arrivals: Vec<Arrival>,
        end: Reached,
    ) -> Result<(), IntakeError> {
        for arrival in arrivals {
            let here = arrival.uid.map(|last_uid| Reached {
                folder: end.folder.clone(),
                cursor: Cursor { last_uid, ..end.cursor },
            });
            let kept = self.keep(account, vec![arrival.clone()], here.clone()).await;
            let (Err(NotKept::Unfit(reason)), Read::Read(inbound)) = (&kept, &arrival.outcome) else {
                kept?;
                continue;
            };
            let raw = inbound.raw.clone();
            let aside = SetAside { raw, reason: reason.clone() };
            let arrival = Arrival { outcome: Read::SetAside(aside), ..arrival };
            self.keep(account, vec![arrival], here).await?;
        }
        Ok(self.keep(account, Vec::new(), Some(end)).await?)
    }

    /// All of it or none; waits its turn when the writer is busy.
    async fn take(&self, commands: Vec<SystemCommand>) -> Result<(), NotKept> {
        if commands.is_empty() {
            return Ok(());
        }
        let work = Work::System { commands, by: Actor::System };
        let answer = self.writer.ask(work).await.map_err(undecided)?;
        match answer.await.map_err(|_| IntakeError::Stopping)?.map_err(undecided)? {
            Outcome::Refused { sentence, .. } => Err(NotKept::Unfit(sentence)),
            _ => Ok(()),
        }
    }

    /// Takes in what was tried again, and has the ledger say what came of it, in one commit. What is no better
    /// than it was is left as it is.
    pub async fn retried(
        &self,
        account: AccountId,
        (of, place): (u64, u32),
        arrival: Arrival,
        was: &Fate,
    ) -> Result<LedgerEntry, IntakeError> {
        let entry = self.entries(std::slice::from_ref(&arrival))?.swap_remove(0);
        if entry.fate == *was {
            return Ok(entry);
        }
        let mut commands: Vec<SystemCommand> = receive(arrival).into_iter().collect();
        commands.push(SystemCommand::NoteRetry { account, of, place, entry: entry.clone() });
        self.take(commands).await?;
        Ok(entry)
    }

    fn account(&self, account: AccountId) -> Result<Account, IntakeError> {
        let reader = self.readers.get().map_err(store)?;
        reader.world_kept().account(account).map_err(store)?.ok_or(IntakeError::NoSuchAccount)
    }

    /// How far the folder has been read.
    fn here(&self, account: AccountId, folder: &str) -> Result<Cursor, IntakeError> {
        let reader = self.readers.get().map_err(store)?;
        let mailbox = reader.world_kept().mailbox(account).map_err(store)?;
        let folder = if folder.eq_ignore_ascii_case(INBOX) { INBOX } else { folder };
        let read = mailbox.and_then(|m| m.folders.get(folder).copied());
        let (uid_validity, last_uid) = read.unwrap_or_default();
        Ok(Cursor { uid_validity, last_uid })
    }

    /// What the ledger is to say of each.
    fn entries(&self, arrivals: &[Arrival]) -> Result<Vec<LedgerEntry>, IntakeError> {
        let reader = self.readers.get().map_err(store)?;
        let world = reader.world_kept();
        let mut here = HashSet::new();
        let mut entries = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            let uid = arrival.uid.unwrap_or_default();
            let (remote_id, fate) = match &arrival.outcome {
                Read::Read(inbound) => {
                    let seen = known(&world, inbound).map_err(store)?;
                    let fresh = here.insert(inbound.remote_id.clone()) && seen == Seen::Never;
                    // Of what was erased the ledger keeps no id either.
                    let id = if seen == Seen::Erased { gone } else { str::to_owned };
                    (id(&inbound.remote_id), if fresh { Fate::Taken } else { Fate::Duplicate })
                }
                Read::SetAside(aside) => match &aside.raw {
                    Some(blob) => {
                        let why = aside.reason.clone();
                        (String::new(), Fate::Quarantined { blob: blob.clone(), why })
                    }
                    None if arrival.bytes > limits::MAIL_BYTES as u64 => {
                        (String::new(), Fate::TooLarge { bytes: arrival.bytes })
                    }
                    None => (String::new(), Fate::Withheld { why: aside.reason.clone() }),
                },
            };
            entries.push(LedgerEntry { uid, remote_id, fate });
        }
        Ok(entries)
    }
}

fn receive(arrival: Arrival) -> Option<SystemCommand> {
    match arrival.outcome {
        Read::Read(inbound) => Some(candidate(inbound)),
        Read::SetAside(_) => None,
    }
}

/// With fresh ids for all that it may have to open.
pub fn candidate(inbound: Box<Inbound>) -> SystemCommand {
    SystemCommand::Receive {
        message: MessageId(Uuid::now_v7()),
        customer: CustomerId(Uuid::now_v7()),
        conversation: ConversationId(Uuid::now_v7()),
        inbound,
    }
}

fn store(e: impl std::error::Error) -> IntakeError {
    IntakeError::Store(e.to_string())
}

fn undecided(undecided: Undecided) -> NotKept {
    match undecided {
        Undecided::Unfit(why) => NotKept::Unfit(why),
        Undecided::Stopping => NotKept::Yet(IntakeError::Stopping),
        other => NotKept::Yet(IntakeError::Store(other.to_string())),
    }
}
