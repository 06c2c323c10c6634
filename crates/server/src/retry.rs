//! What was set aside, tried again: a mail that could not be read may be readable to a later version, and one
//! that the mail server did not give may be had now. Whatever comes of it, the ledger says so.

use evendesk_channels::email::fetch::{FetchError, Fetcher};
use evendesk_channels::email::receive::{Mailbox, RawMail, receive};
use evendesk_channels::email::reply_token::ReplyKey;
use evendesk_channels::intake::{Arrival, IntakeError};
use evendesk_domain::channel::Channel;
use evendesk_domain::decide::World as _;
use evendesk_domain::event::Event;
use evendesk_domain::id::AccountId;
use evendesk_domain::settings::{Account, Fate, INBOX, LedgerEntry};
use evendesk_domain::stream::Recorded;
use evendesk_domain::time::Timestamp;
use evendesk_replica::Aside;

use crate::access::{NoAccess, Vault};
use crate::blobs::BlobError;
use crate::intake::Reception;

/// Which: the event that noted it, and its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Which {
    pub account: AccountId,
    pub seq: u64,
    pub place: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum NoRetry {
    #[error("this is not set aside, or not any more")]
    NotAside,
    #[error("the bytes of it are not here any more")]
    Gone,
    #[error("only mail can be tried again; look at what was sent, and enter what counts by hand")]
    NoMail,
    #[error(transparent)]
    Access(#[from] NoAccess),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error(transparent)]
    Blob(#[from] BlobError),
    #[error(transparent)]
    Replica(#[from] evendesk_replica::Error),
    #[error(transparent)]
    Journal(#[from] evendesk_journal::Error),
}

/// Tries it again, and says what became of it.
pub async fn retry(
    reception: &Reception,
    vault: &Vault<'_>,
    which: Which,
    now: Timestamp,
) -> Result<Fate, NoRetry> {
    let Which { account, seq, place } = which;
    let (account, aside) = {
        let reader = reception.readers.get()?;
        let is_it = |a: &Aside| a.account == account && a.seq == seq && a.place == place;
        let aside = reader.set_aside()?.into_iter().find(is_it).ok_or(NoRetry::NotAside)?;
        let account = reader.world_kept().account(account).map_err(|_| NoRetry::NotAside)?;
        (account.ok_or(IntakeError::NoSuchAccount)?, aside)
    };
    if account.settings.channel != Channel::Email {
        return Err(NoRetry::NoMail);
    }
    let journal = vault.journal.clone();
    let noted = tokio::task::spawn_blocking(move || journal.event(seq)).await;
    let noted = noted.map_err(|_| IntakeError::Stopping)??.ok_or(NoRetry::NotAside)?;
    let arrival = match &aside.fate {
        Fate::Quarantined { blob, .. } => {
            Some(read_again(reception, &account, blob, &noted, vault.seal.reply_key()).await?)
        }
        _ => fetch_again(reception, vault, &account, &noted, aside.uid, now).await?,
    };
    let Some(arrival) = arrival else { return Ok(aside.fate) };
    let arrival = Arrival { uid: Some(aside.uid), ..arrival };
    let LedgerEntry { fate, .. } = reception.retried(account.id, (seq, place), arrival, &aside.fate).await?;
    Ok(fate)
}

/// From the bytes that are kept. It came when it was noted, or a little before.
async fn read_again(
    reception: &Reception,
    account: &Account,
    blob: &str,
    noted: &Recorded,
    reply_key: ReplyKey,
) -> Result<Arrival, NoRetry> {
    let bytes = reception.blobs.get(blob).await?.ok_or(NoRetry::Gone)?.to_vec();
    let addresses = vec![account.settings.address.clone()];
    let mailbox = Mailbox { account: account.id, addresses, reply_key: Some(reply_key) };
    let size = bytes.len() as u64;
    let mail = RawMail { uid: None, received_at: Some(noted.at), size, bytes: Some(bytes) };
    Ok(receive(reception, &mailbox, mail, noted.at).await?)
}

/// From the mailbox; none where it is not there any more.
async fn fetch_again(
    reception: &Reception,
    vault: &Vault<'_>,
    account: &Account,
    noted: &Recorded,
    uid: u32,
    now: Timestamp,
) -> Result<Option<Arrival>, NoRetry> {
    let (folder, uid_validity) = match &noted.event {
        Event::MailboxAdvanced { uid_validity, .. } => (INBOX, *uid_validity),
        Event::FolderAdvanced { folder, uid_validity, .. } => (folder.as_str(), *uid_validity),
        _ => return Ok(None),
    };
    let mut fetcher = Fetcher::new(vault.to_read(account)?);
    Ok(fetcher.fetch_again(reception, folder, uid_validity, uid, now).await?)
}
