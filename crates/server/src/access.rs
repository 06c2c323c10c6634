//! What it takes to read a mailbox and to send by it: its settings, and what is sealed for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use evendesk_channels::email::address::AddressError;
use evendesk_channels::email::fetch::Access;
use evendesk_channels::email::oauth::{Grant, Keeps, Tokens};
use evendesk_channels::email::receive::Mailbox;
use evendesk_channels::email::send::Outgoing;
use evendesk_channels::email::sign_in::SignIn;
use evendesk_domain::id::AccountId;
use evendesk_domain::settings::{Account, INBOX, OAuth};
use evendesk_journal::Journal;

use crate::seal::Seal;
use crate::secrets::{self, SecretError};

/// Why a mailbox cannot even be tried.
#[derive(Debug, thiserror::Error)]
pub enum NoAccess {
    #[error("this account is not a mailbox")]
    NoMailbox,
    #[error("it has no server to send through; give it one")]
    NoWayOut,
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl NoAccess {
    /// Whether only a person can help.
    pub const fn needs_a_person(&self) -> bool {
        !matches!(self, Self::Secret(SecretError::Journal(_)))
    }
}

/// The tokens of every mailbox that has some, shared by its two ways: a provider counts how often it is asked.
#[derive(Default)]
pub struct TokensOfAll(Mutex<HashMap<AccountId, Arc<Tokens>>>);

impl TokensOfAll {
    fn of(&self, account: AccountId, oauth: &OAuth, keeps: impl FnOnce() -> Sealed) -> Arc<Tokens> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match all.get(&account) {
            Some(tokens) if tokens.are_of(oauth) => tokens.clone(),
            _ => {
                let tokens = Arc::new(Tokens::new(oauth.clone(), Arc::new(keeps())));
                all.insert(account, tokens.clone());
                tokens
            }
        }
    }
}

/// Where secrets are, and the tokens made of them.
pub struct Vault<'a> {
    pub journal: &'a Arc<dyn Journal>,
    pub seal: &'a Seal,
    pub tokens: &'a TokensOfAll,
}

impl Vault<'_> {
    /// What it takes to read it. Blocks.
    pub fn to_read(&self, account: &Account) -> Result<Access, NoAccess> {
        let settings = &account.settings;
        let imap = settings.imap.as_deref().ok_or(NoAccess::NoMailbox)?;
        let mut folders = settings.mail.folders.clone();
        if folders.is_empty() {
            folders.push(INBOX.to_owned());
        }
        Ok(Access {
            mailbox: Mailbox {
                account: account.id,
                addresses: vec![settings.address.clone()],
                reply_key: Some(self.seal.reply_key()),
            },
            server: imap.parse()?,
            user: settings.user.clone().unwrap_or_default(),
            sign_in: self.sign_in(account)?,
            folders,
            ca: settings.mail.ca.clone(),
        })
    }

    /// What it takes to send by it. Blocks.
    pub fn to_send(&self, account: &Account) -> Result<Outgoing, NoAccess> {
        let settings = &account.settings;
        let server = settings.smtp.as_deref().ok_or(NoAccess::NoWayOut)?.parse()?;
        let sign_in = self.sign_in(account)?;
        Ok(Outgoing {
            server,
            sign_in: settings.user.clone().map(|user| (user, sign_in)),
            from: settings.address.clone(),
            ca: settings.mail.ca.clone(),
        })
    }

    fn sign_in(&self, account: &Account) -> Result<SignIn, NoAccess> {
        let Some(oauth) = &account.settings.mail.oauth else {
            let password = secrets::of(&**self.journal, self.seal, account.id)?;
            return Ok(SignIn::Password(password.to_string()));
        };
        let sealed =
            || Sealed { journal: self.journal.clone(), seal: self.seal.clone(), account: account.id };
        Ok(SignIn::Tokens(self.tokens.of(account.id, oauth, sealed)))
    }
}

/// What the owner of one mailbox gave us, in the journal's keeping.
struct Sealed {
    journal: Arc<dyn Journal>,
    seal: Seal,
    account: AccountId,
}

impl Keeps for Sealed {
    fn load(&self) -> Result<Grant, String> {
        let kept = secrets::of(&*self.journal, &self.seal, self.account).map_err(|e| e.to_string())?;
        serde_json::from_str(&kept).map_err(|_| {
            "this mailbox is to be signed in to without a password: sign in to it again".to_owned()
        })
    }

    fn keep(&self, grant: &Grant) -> Result<(), String> {
        keep_grant(&*self.journal, &self.seal, self.account, grant)
    }
}

/// Seals what the owner of a mailbox gave us, in the place of a password or of what was given before.
pub fn keep_grant(
    journal: &dyn Journal,
    seal: &Seal,
    account: AccountId,
    grant: &Grant,
) -> Result<(), String> {
    let text = serde_json::to_string(grant).map_err(|e| e.to_string())?;
    secrets::keep(journal, seal, account, &text).map_err(|e| e.to_string())
}
