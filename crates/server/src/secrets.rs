//! What accounts sign in and sign with: sealed in the journal, each under the account's own name.

use evendesk_domain::id::AccountId;
use evendesk_journal::Journal;
use zeroize::Zeroizing;

use crate::seal::{Seal, SealError};

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Journal(#[from] evendesk_journal::Error),
    #[error("no password or secret is kept for this account; enter it again")]
    Missing,
}

fn name(account: AccountId) -> String {
    format!("account {account}")
}

pub fn keep(journal: &dyn Journal, seal: &Seal, account: AccountId, secret: &str) -> Result<(), SecretError> {
    let name = name(account);
    Ok(journal.put_secret(&name, &seal.seal(&name, secret.as_bytes())?)?)
}

/// Leaves nothing of it. The name stays.
pub fn forget(journal: &dyn Journal, seal: &Seal, account: AccountId) -> Result<(), SecretError> {
    keep(journal, seal, account, "")
}

pub fn of(journal: &dyn Journal, seal: &Seal, account: AccountId) -> Result<Zeroizing<String>, SecretError> {
    let name = name(account);
    let sealed = journal.secret(&name)?.ok_or(SecretError::Missing)?;
    Some(seal.unseal(&name, &sealed)?).filter(|secret| !secret.is_empty()).ok_or(SecretError::Missing)
}
