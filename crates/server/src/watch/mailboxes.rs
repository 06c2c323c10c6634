//! Mailboxes, each looked into every second by a task of its own, so that a slow one holds up no other.

use std::collections::HashMap;
use std::time::Duration;

use evendesk_channels::email::fetch::{Access, Fetcher};
use evendesk_channels::email::receive::Mailbox;
use evendesk_domain::decide::World;
use evendesk_domain::id::AccountId;
use evendesk_domain::settings::Account;
use evendesk_journal::Journal;
use tokio::task::JoinSet;

use super::{Lease, backoff, rest};
use crate::seal::Seal;
use crate::secrets;
use crate::state::{App, Way};

const LOOK_EVERY: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A wrong password tried each second locks accounts.
const PAUSE_FOR_A_PERSON: Duration = Duration::from_secs(60);
/// How soon a mailbox that was added is found.
const NEW_ONES_EVERY: Duration = Duration::from_secs(2);

/// Why a mailbox cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub enum NoAccess {
    #[error("this account is not a mailbox")]
    NoMailbox,
    #[error(transparent)]
    Address(#[from] evendesk_channels::email::address::AddressError),
    #[error(transparent)]
    Secret(#[from] secrets::SecretError),
}

impl NoAccess {
    /// Whether only a person can help.
    const fn needs_a_person(&self) -> bool {
        !matches!(self, Self::Secret(secrets::SecretError::Journal(_)))
    }
}

/// Keeps a task on every mailbox there is.
pub async fn watch(app: App) {
    let mut stopping = app.stopping.clone();
    let mut tasks = JoinSet::new();
    let mut watched: HashMap<AccountId, tokio::task::AbortHandle> = HashMap::new();
    loop {
        watched.retain(|_, task| !task.is_finished());
        while tasks.try_join_next().is_some() {}
        for id in mailboxes(&app) {
            watched.entry(id).or_insert_with(|| tasks.spawn(look_after(app.clone(), id)));
        }
        if !rest(&mut stopping, NEW_ONES_EVERY).await {
            while tasks.join_next().await.is_some() {}
            return;
        }
    }
}

fn mailboxes(app: &App) -> Vec<AccountId> {
    let found = app.readers.get().and_then(|reader| {
        let accounts = reader.accounts()?;
        let is_mailbox = |id| reader.world_kept().account(id).is_ok_and(|a| a.is_some_and(|a| is_read(&a)));
        Ok(accounts.into_iter().map(|a| a.id).filter(|id| is_mailbox(*id)).collect())
    });
    found.unwrap_or_else(|e| {
        tracing::error!("mailboxes cannot be listed: {e}");
        Vec::new()
    })
}

fn is_read(account: &Account) -> bool {
    account.settings.imap.as_deref().is_some_and(|imap| !imap.starts_with(crate::sample::SCHEME))
}

/// One mailbox, until the server stops or it is a mailbox no more.
async fn look_after(app: App, id: AccountId) {
    let mut lease = Lease::new(app.clone(), format!("mailbox {id}"));
    keep_looking(&app, id, &mut lease).await;
    lease.release().await;
}

async fn keep_looking(app: &App, id: AccountId, lease: &mut Lease) {
    let mut stopping = app.stopping.clone();
    let mut open: Option<(Account, Fetcher)> = None;
    let mut failures = 0;
    loop {
        let Some(account) = account(app, id).filter(is_read) else { return };
        let pause = if lease.hold().await {
            let look = look(app, account, &mut open);
            let looked = tokio::select! {
                looked = look => Some(looked),
                // A long one is left in the middle: what was taken in stays, whoever goes on knows it.
                () = lease.lost() => None,
                _ = stopping.wait_for(|stop| *stop) => return,
            };
            match looked {
                Some(looked) => pause_after(app, id, looked, &mut failures),
                None => LOOK_EVERY,
            }
        } else {
            open = None;
            LOOK_EVERY * 5
        };
        if !rest(&mut stopping, pause).await {
            return;
        }
    }
}

fn account(app: &App, id: AccountId) -> Option<Account> {
    app.readers.get().ok()?.world_kept().account(id).ok()?
}

/// Looks once; a session is kept for the next time unless the settings changed.
async fn look(
    app: &App,
    account: Account,
    open: &mut Option<(Account, Fetcher)>,
) -> Result<(), (String, bool)> {
    let same = open.as_ref().is_some_and(|(kept, _)| kept.settings == account.settings);
    if !same {
        let (own, of) = (app.clone(), account.clone());
        let access = tokio::task::spawn_blocking(move || access(&*own.journal, &own.seal, &of)).await;
        let access =
            access.map_err(|e| (e.to_string(), false))?.map_err(|e| (e.to_string(), e.needs_a_person()))?;
        *open = Some((account, Fetcher::new(access)));
    }
    let Some((_, fetcher)) = open else { return Ok(()) };
    match fetcher.pull(&app.reception(), app.clock.now()).await {
        Ok(_) => Ok(()),
        Err(e) => {
            let told = (e.to_string(), e.needs_a_person());
            // A password may have been entered anew meanwhile.
            *open = None;
            Err(told)
        }
    }
}

fn pause_after(app: &App, id: AccountId, looked: Result<(), (String, bool)>, failures: &mut u32) -> Duration {
    let Err((sentence, needs_a_person)) = looked else {
        *failures = 0;
        app.health.is_well(id, Way::In);
        return LOOK_EVERY;
    };
    *failures += 1;
    if app.health.ails(id, Way::In, sentence.clone(), app.clock.now()) {
        tracing::warn!("mailbox {id}: {sentence}");
    }
    let pause = backoff(*failures, LOOK_EVERY, LONGEST_PAUSE);
    if needs_a_person { pause.max(PAUSE_FOR_A_PERSON) } else { pause }
}

/// What it takes to read a mailbox.
pub fn access(journal: &dyn Journal, seal: &Seal, account: &Account) -> Result<Access, NoAccess> {
    let settings = &account.settings;
    let imap = settings.imap.as_deref().ok_or(NoAccess::NoMailbox)?;
    let password = secrets::of(journal, seal, account.id)?;
    Ok(Access {
        mailbox: Mailbox { account: account.id, addresses: vec![settings.address.clone()] },
        server: imap.parse()?,
        user: settings.user.clone().unwrap_or_default(),
        password: password.to_string(),
    })
}
