//! How the accounts of this node are: what ails them, when they were last heard of, how late mail was. In
//! memory, and beside the journal in a file of the data folder for whoever looks while no server runs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use evendesk_domain::id::AccountId;
use evendesk_domain::time::Timestamp;
use evendesk_protocol::http::{Ailment, Contact};

/// How often what was heard is written down: it says roughly when.
const WRITE_EVERY_S: i64 = 10;

/// Which way of an account: each can ail by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    In,
    Out,
}

/// What is wrong with an account, for the board; gone when it works again.
#[derive(Default)]
pub struct Health {
    problems: Mutex<HashMap<(AccountId, Way), Ailment>>,
    contacts: Mutex<Contacts>,
}

#[derive(Default)]
struct Contacts {
    of: HashMap<AccountId, Contact>,
    file: Option<PathBuf>,
    written_at: Option<Timestamp>,
}

impl Health {
    /// Goes on from what the file says, and keeps it up to date.
    pub fn kept_in(file: PathBuf) -> Self {
        let of = contacts_in(&file);
        let contacts = Mutex::new(Contacts { of, file: Some(file), written_at: None });
        Self { contacts, ..Self::default() }
    }

    fn problems(&self) -> MutexGuard<'_, HashMap<(AccountId, Way), Ailment>> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether this is news.
    pub fn ails(&self, account: AccountId, way: Way, sentence: String, person: bool, now: Timestamp) -> bool {
        let mut problems = self.problems();
        let known = problems.get(&(account, way));
        let since = known.map_or(now, |p| p.since);
        let news = known.is_none_or(|p| p.sentence != sentence);
        problems.insert((account, way), Ailment { sentence, since, needs_a_person: person });
        news
    }

    pub fn is_well(&self, account: AccountId, way: Way) {
        self.problems().remove(&(account, way));
    }

    /// Everything that waited in the account is in. `received_at` is when the last of it came there: what came
    /// since the time before says how late we are.
    pub fn is_in(&self, account: AccountId, received_at: Option<Timestamp>, now: Timestamp) {
        self.is_well(account, Way::In);
        let mut contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = contacts.of.get(&account).copied();
        let lag_s = received_at
            .filter(|at| before.is_some_and(|before| *at >= before.at))
            .map(|at| now.seconds_since(at).max(0))
            .or(before.and_then(|b| b.lag_s));
        contacts.of.insert(account, Contact { at: now, lag_s });
        contacts.write_now_and_then(now);
    }

    pub fn contact(&self, account: AccountId) -> Option<Contact> {
        self.contacts.lock().unwrap_or_else(PoisonError::into_inner).of.get(&account).copied()
    }

    /// By account; what keeps mail from coming in counts more.
    pub fn all(&self) -> HashMap<AccountId, Ailment> {
        let mut all = HashMap::new();
        for ((account, way), problem) in self.problems().iter() {
            if *way == Way::In || !all.contains_key(account) {
                all.insert(*account, problem.clone());
            }
        }
        all
    }
}

impl Contacts {
    fn write_now_and_then(&mut self, now: Timestamp) {
        let recent = self.written_at.is_some_and(|at| (0..WRITE_EVERY_S).contains(&now.seconds_since(at)));
        let Some(file) = self.file.as_ref().filter(|_| !recent) else { return };
        self.written_at = Some(now);
        let written = serde_json::to_vec(&self.of).map_err(std::io::Error::other);
        // It is told on the board as well: a full disk says so elsewhere, and loudly.
        if let Err(e) = written.and_then(|text| std::fs::write(file, text)) {
            tracing::debug!("when mailboxes were last heard of cannot be written down: {e}");
        }
    }
}

/// What a server wrote down in that file; nothing where it cannot be read.
pub fn contacts_in(file: &std::path::Path) -> HashMap<AccountId, Contact> {
    std::fs::read(file).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}
