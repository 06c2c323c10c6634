//! Mailboxes, each looked into by a task of its own whenever its server says that something came, and now and
//! then anyway. A slow one holds up no other.

use std::collections::HashMap;
use std::time::Duration;

use evendesk_channels::email::fetch::{Fetcher, Heard};
use evendesk_domain::decide::World;
use evendesk_domain::id::AccountId;
use evendesk_domain::settings::Account;
use tokio::task::JoinSet;

use super::{Lease, backoff, rest};
use crate::health::Way;
use crate::state::App;

/// After trouble, and how soon changed settings are noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A server that tells by itself is asked anyway: it forgets, and it tells of one folder only.
const LISTEN_FOR: Duration = Duration::from_secs(60);
/// One that does not is asked this often.
const POLL_EVERY: Duration = Duration::from_secs(10);
/// Another node reads it: whether it still does.
const LEASE_EVERY: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A wrong password tried each second locks accounts.
const PAUSE_FOR_A_PERSON: Duration = Duration::from_secs(60);
/// How soon a mailbox that was added is found.
const NEW_ONES_EVERY: Duration = Duration::from_secs(2);

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
            let turn = turn(app, account, &mut open, &mut failures);
            tokio::select! {
                pause = turn => pause,
                // A long one is left in the middle: what was taken in stays, whoever goes on knows it.
                () = lease.lost() => LOOK_EVERY,
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        } else {
            open = None;
            LEASE_EVERY
        };
        if !rest(&mut stopping, pause).await {
            return;
        }
    }
}

fn account(app: &App, id: AccountId) -> Option<Account> {
    app.readers.get().ok()?.world_kept().account(id).ok()?
}

/// Looks, and then listens until there is reason to look again; says how long to rest before.
async fn turn(
    app: &App,
    account: Account,
    open: &mut Option<(Account, Fetcher)>,
    failures: &mut u32,
) -> Duration {
    let (id, name) = (account.id, account.settings.name.clone());
    if let Err((sentence, needs_a_person)) = look(app, account, open).await {
        *failures += 1;
        if app.health.ails(id, Way::In, sentence.clone(), needs_a_person, app.clock.now()) {
            tracing::warn!("mailbox {name}: {sentence}");
        }
        let pause = backoff(*failures, LOOK_EVERY, LONGEST_PAUSE);
        return about(if needs_a_person { pause.max(PAUSE_FOR_A_PERSON) } else { pause });
    }
    *failures = 0;
    let Some((kept, fetcher)) = open else { return LOOK_EVERY };
    tokio::select! {
        heard = fetcher.listen(LISTEN_FOR) => match heard {
            Ok(Heard::News | Heard::Silence) => Duration::ZERO,
            Ok(Heard::Deaf) => POLL_EVERY,
            // The next look says what is wrong, if it still is.
            Err(_) => LOOK_EVERY,
        },
        () = changed(app, kept) => Duration::ZERO,
    }
}

/// Returns once the account's settings are other ones.
async fn changed(app: &App, kept: &Account) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if account(app, kept.id).as_ref() != Some(kept) {
            return;
        }
    }
}

/// Looks once; a session is kept for the next time unless the settings changed.
async fn look(
    app: &App,
    account: Account,
    open: &mut Option<(Account, Fetcher)>,
) -> Result<(), (String, bool)> {
    let id = account.id;
    let same = open.as_ref().is_some_and(|(kept, _)| kept.settings == account.settings);
    if !same {
        let (own, of) = (app.clone(), account.clone());
        let access = tokio::task::spawn_blocking(move || own.vault().to_read(&of)).await;
        let access =
            access.map_err(|e| (e.to_string(), false))?.map_err(|e| (e.to_string(), e.needs_a_person()))?;
        *open = Some((account, Fetcher::new(access)));
    }
    let Some((_, fetcher)) = open else { return Ok(()) };
    match fetcher.pull(&app.reception(), app.clock.now()).await {
        Ok(pulled) => {
            app.health.is_in(id, pulled.last_received_at, app.clock.now());
            Ok(())
        }
        Err(e) => {
            let told = (e.to_string(), e.needs_a_person());
            // A password may have been entered anew meanwhile.
            *open = None;
            Err(told)
        }
    }
}

/// Roughly that long: many mailboxes whose server was away must not all come back in the same moment.
fn about(pause: Duration) -> Duration {
    pause.mul_f64(rand::random_range(0.8..1.2))
}
