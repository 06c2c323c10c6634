//! How mailboxes, forms and webhooks are, and what they set aside: asked of the server, never kept here.

use evendesk_domain::id::AccountId;
use evendesk_domain::limits::MAIL_BYTES;
use evendesk_protocol::http::{AccountState, AsideView, Retried};

use super::body_up_to;
use super::people::{answer, done};
use super::session::SignedInAt;
use crate::error::Error;

/// One thing that was set aside, as the ledger names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aside {
    pub account: AccountId,
    pub seq: u64,
    pub place: u32,
}

impl Aside {
    fn path(self) -> String {
        let Self { account, seq, place } = self;
        format!("api/accounts/aside/{account}/{seq}/{place}")
    }
}

impl SignedInAt {
    pub async fn accounts(self) -> Result<Vec<AccountState>, Error> {
        answer(self.get("api/accounts")).await
    }

    pub async fn set_aside(self) -> Result<Vec<AsideView>, Error> {
        answer(self.get("api/accounts/aside")).await
    }

    pub async fn retry(self, aside: Aside) -> Result<Retried, Error> {
        answer(self.post(&aside.path())).await
    }

    pub async fn aside_bytes(self, aside: Aside) -> Result<Vec<u8>, Error> {
        body_up_to(done(self.get(&aside.path())).await?, MAIL_BYTES).await
    }
}
