//! What every request, socket and watcher of one running server shares.

use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use evendesk_domain::id::{AccountId, ConversationId, DeviceId, UserId};
use evendesk_domain::permission::{Agent, Scope};
use evendesk_journal::{Journal, Workspace};
use evendesk_replica::Readers;
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use crate::access::TokensOfAll;
use crate::auth::{Hashing, Throttle};
use crate::blobs::Blobs;
use crate::clock::Clock;
use crate::erasure::Ledger;
use crate::health::Health;
use crate::http::network::Network;
use crate::sample::Answered;
use crate::seal::Seal;
use crate::snapshot::Snapshots;
use crate::writer::{Standing, Writer};

/// A node that lags is waited for this long.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(3);

/// Cheap to clone; every clone is the same server.
#[derive(Clone)]
pub struct App(Arc<Shared>);

pub struct Shared {
    pub journal: Arc<dyn Journal>,
    pub readers: Readers,
    pub writer: Writer,
    pub blobs: Blobs,
    /// What was erased, kept outside backups.
    pub erasures: Arc<Ledger>,
    pub seal: Seal,
    pub snapshots: Snapshots,
    pub clock: Clock,
    pub workspace: Workspace,
    pub hosts: Hosts,
    pub limits: Limits,
    pub hashing: Hashing,
    pub presence: broadcast::Sender<Present>,
    /// Whose sign-ins changed: their open sockets look at once whether theirs is still good.
    pub sign_ins: broadcast::Sender<UserId>,
    /// True once the server goes down.
    pub stopping: watch::Receiver<bool>,
    /// Whether this node has what the journal has.
    pub standing: Arc<watch::Sender<Standing>>,
    /// This process, as the holder of leases.
    pub node: Uuid,
    /// Whether webhooks on this machine and its networks may be called.
    pub private_webhooks: bool,
    /// Whether a proxy, on this machine or one of `proxies`, says whom it answers.
    pub behind_proxy: bool,
    pub proxies: Vec<Network>,
    /// Whether what is said between us and callers is encrypted: here, or by the proxy.
    pub private: bool,
    pub health: Health,
    /// Tokens of the mailboxes that are signed in to without a password.
    pub tokens: TokensOfAll,
    /// Answers to sample customers: they end here.
    pub sample_answers: broadcast::Sender<Answered>,
}

impl App {
    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// Waits until this node has folded what other nodes have appended so far: what it does not know yet is
    /// not therefore unknown. At once where there are no others.
    pub async fn catch_up(&self) -> Result<(), evendesk_journal::Error> {
        if self.journal.is_shared() {
            let head = self.ask_journal(|journal| journal.head()).await?;
            self.writer.reach(head, CATCH_UP_WITHIN).await;
        }
        Ok(())
    }

    /// Asks the journal where waiting for it holds nobody else up.
    pub async fn ask_journal<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Journal) -> Result<T, evendesk_journal::Error> + Send + 'static,
    ) -> Result<T, evendesk_journal::Error> {
        let journal = Arc::clone(&self.journal);
        let answer = tokio::task::spawn_blocking(move || ask(&*journal)).await;
        answer.unwrap_or_else(|e| {
            Err(evendesk_journal::Error::Store { doing: "ask the journal", cause: Box::new(e) })
        })
    }

    /// Has the sockets of that person look whether their sign-in is still good.
    pub fn sign_ins_ended(&self, user: UserId) {
        // Nobody connected is no failure.
        let _ = self.sign_ins.send(user);
    }
}

impl Deref for App {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// Someone looks at a conversation, writes in it, or has left it.
#[derive(Clone, Copy, Debug)]
pub struct Present {
    pub conversation: ConversationId,
    pub user: UserId,
    pub writing: bool,
    pub left: bool,
    /// Who may know, looked up once for all who listen.
    pub scope: Option<Scope>,
}

/// Whoever a token belongs to.
#[derive(Clone, Debug)]
pub struct SignedInAs {
    pub agent: Agent,
    pub device: DeviceId,
    pub digest: [u8; 32],
}

/// How often what may be tried.
pub struct Limits {
    pub sign_in_by_login: Throttle<String>,
    pub sign_in_by_address: Throttle<IpAddr>,
    /// Codes of invitations.
    pub join: Throttle<IpAddr>,
    /// Changing one's own password.
    pub password: Throttle<UserId>,
    pub forms: Throttle<IpAddr>,
    /// One for all: who sends feedback is not looked at, not even to count.
    pub feedback: Throttle<()>,
    pub hooks: Throttle<AccountId>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sign_in_by_login: Throttle::new(8, 30),
            sign_in_by_address: Throttle::new(20, 10),
            join: Throttle::new(8, 30),
            password: Throttle::new(8, 30),
            forms: Throttle::new(5, 20),
            feedback: Throttle::new(120, 1),
            hooks: Throttle::new(600, 1),
        }
    }
}

/// By which names this server may be called, so that a web page elsewhere cannot make a browser talk
/// to it under a name of its own.
pub struct Hosts {
    names: Vec<String>,
    beyond_loopback: bool,
}

impl Hosts {
    pub fn new(names: &[String], bind: SocketAddr) -> Self {
        let names = names.iter().map(|n| n.to_lowercase()).chain(["localhost".to_owned()]).collect();
        Self { names, beyond_loopback: !bind.ip().is_loopback() }
    }

    /// `host` as in the Host header: with or without a port.
    pub fn allow(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
            _ => host,
        };
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(ip) => ip.is_loopback() || self.beyond_loopback,
            Err(_) => self.names.iter().any(|n| n.eq_ignore_ascii_case(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_ours_is_not_answered_to() {
        let local = Hosts::new(&[], "127.0.0.1:7480".parse().unwrap());
        for good in ["127.0.0.1:7480", "localhost", "LOCALHOST:1", "[::1]:7480"] {
            assert!(local.allow(good), "{good}");
        }
        for bad in ["evil.example", "192.168.1.5:7480", "localhost.evil.example", ""] {
            assert!(!local.allow(bad), "{bad}");
        }
        let public = Hosts::new(&["desk.example".into()], "0.0.0.0:7480".parse().unwrap());
        assert!(
            public.allow("Desk.Example:443") && public.allow("192.168.1.5") && !public.allow("evil.example")
        );
    }
}
