//! How mailboxes, forms and webhooks are: asked of the server alone, by who sees to all of them.

use evendesk_protocol::http::{AccountState, AsideView, Retried};

use super::Desk;
use crate::client::accounts::Aside;
use crate::error::Error;

impl Desk {
    pub fn accounts(&self) -> Result<Vec<AccountState>, Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.accounts())
    }

    /// What was seen and not taken in, on any account.
    pub fn set_aside(&self) -> Result<Vec<AsideView>, Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.set_aside())
    }

    /// Has the server try it once more.
    pub fn retry_aside(&self, aside: Aside) -> Result<Retried, Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.retry(aside))
    }

    /// It as it came.
    pub fn aside_bytes(&self, aside: Aside) -> Result<Vec<u8>, Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.aside_bytes(aside))
    }
}
