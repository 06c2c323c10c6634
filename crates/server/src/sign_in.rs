//! Whether a token still lets its owner in, and as whom: looked at by every request, and by every open
//! socket at each heartbeat and whenever sign-ins end. Using it makes it good for longer.

use evendesk_domain::decide::World as _;
use evendesk_domain::time::Timestamp;
use evendesk_journal::{Ended, Journal};
use evendesk_replica::Readers;

use crate::auth::{RENEW_AFTER_S, SESSION_S};
use crate::state::SignedInAs;

#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    #[error("no such sign-in is known")]
    Unknown,
    /// It was good, and was ended.
    #[error("the sign-in is over")]
    Over(Ended),
    /// So new that this node has not heard of them.
    #[error("the person is not known here yet")]
    NotYet,
    #[error(transparent)]
    Journal(#[from] evendesk_journal::Error),
    #[error(transparent)]
    Replica(#[from] evendesk_replica::Error),
    #[error(transparent)]
    Lookup(#[from] evendesk_domain::decide::LookupFailed),
}

/// The token's owner, as they are now: roles and teams are read anew each time. Blocks.
pub fn look(
    journal: &dyn Journal,
    readers: &Readers,
    digest: [u8; 32],
    now: Timestamp,
) -> Result<SignedInAs, NotSignedIn> {
    let Some(session) = journal.session(&digest, now)? else {
        return Err(journal.session_ended(&digest)?.map_or(NotSignedIn::Unknown, NotSignedIn::Over));
    };
    let reader = readers.get()?;
    let Some(agent) = reader.agent(session.user)? else {
        let known = reader.world_kept().user(session.user)?.is_some();
        return Err(if known { NotSignedIn::Over(Ended::Deactivated) } else { NotSignedIn::NotYet });
    };
    if now.seconds_since(session.seen_at) >= RENEW_AFTER_S
        && let Err(e) = journal.renew_session(&digest, now, now.plus_seconds(SESSION_S))
    {
        tracing::warn!("a sign-in could not be renewed: {e}");
    }
    Ok(SignedInAs { agent, device: session.device, digest })
}
