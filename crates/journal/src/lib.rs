//! The journal: everything that happened, in order, and the few things kept beside it (passwords,
//! sessions, invitations, secrets, leases). One trait; a folder an engine; one contract suite run on each.
//!
//! It stores and fences; it holds no rules, reads no clock and makes no ids. What an event means is
//! the domain's, how rows are made of events is the replica's.

mod error;
#[cfg(feature = "faults")]
#[doc(hidden)]
pub mod faults;
pub mod postgres;
mod records;
mod row;
pub mod sqlite;
pub mod whole;

use evendesk_domain::id::{CommandId, DeviceId, FeedbackId, UserId};
use evendesk_domain::stream::{Recorded, StreamId};
use evendesk_domain::time::Timestamp;
use tokio::sync::watch;
use uuid::Uuid;

pub use error::{Damage, Error};
pub use postgres::PostgresJournal;
pub use records::{Batch, Decision, Ended, Founding, Invitation, Lease, Session, Workspace};
pub use sqlite::SqliteJournal;

/// One workspace's journal. Methods block; callers in async code run them where blocking is allowed.
///
/// Whoever writes has claimed or joined an epoch first; an append under an older one is refused, so a
/// writer that was replaced while it slept can do no harm.
pub trait Journal: Send + Sync {
    /// Makes the workspace. Refused where there is one already.
    fn found(&self, founding: &Founding) -> Result<(), Error>;
    /// None until it has been founded.
    fn workspace(&self) -> Result<Option<Workspace>, Error>;
    /// Whether several processes may write it side by side, as nodes of one server.
    fn is_shared(&self) -> bool;
    /// Takes writing over: raises the epoch and returns it. Everyone who wrote before is fenced.
    fn claim(&self) -> Result<u64, Error>;
    /// Begins to write beside others: the epoch as it is.
    fn join(&self) -> Result<u64, Error>;
    /// Makes it another incarnation, `new`, where it is still `was`: whoever went by that one must not go on as if
    /// nothing had happened, and whoever writes is fenced. False where somebody else has come before.
    fn begin_anew(&self, was: Uuid, new: Uuid) -> Result<bool, Error>;
    /// The head as it was last heard of; it changes after an append by anyone, and after the ear was
    /// deaf for a while. A hint only: one that is late, lost or wrong must harm nobody, so followers
    /// poll as well. None where nobody else can append unheard.
    fn hints(&self) -> Option<watch::Receiver<u64>>;
    /// Seq of the last event, 0 when there is none.
    fn head(&self) -> Result<u64, Error>;

    /// Keeps a batch whole or not at all; durable when it returns. `Behind` and `Decided` say that others
    /// were quicker: catch up and decide again.
    fn append(&self, epoch: u64, batch: &Batch) -> Result<(), Error>;
    /// Events after `after` in order, `limit` at most.
    fn read(&self, after: u64, limit: usize) -> Result<Vec<Recorded>, Error>;
    fn read_stream(&self, stream: StreamId) -> Result<Vec<Recorded>, Error>;
    fn event(&self, seq: u64) -> Result<Option<Recorded>, Error>;
    /// What became of a command, if it has been decided.
    fn decision(&self, command: CommandId) -> Result<Option<Decision>, Error>;
    /// Takes out of the engine's files what appends have blanked: rows that are replaced leave their bytes
    /// behind. False while somebody reads, so that it is to be asked again.
    fn clear_blanked(&self) -> Result<bool, Error>;

    /// The time by which leases run, where nodes share one: not each by its own clock. None where only one
    /// holds them.
    fn time(&self) -> Result<Option<Timestamp>, Error>;
    /// Takes a lease that is free, expired, or the holder's own; false while another holds it.
    fn take_lease(&self, name: &str, holder: Uuid, now: Timestamp, ttl_s: i64) -> Result<bool, Error>;
    /// Prolongs a lease still held; false once it has been lost.
    fn renew_lease(&self, name: &str, holder: Uuid, now: Timestamp, ttl_s: i64) -> Result<bool, Error>;
    fn release_lease(&self, name: &str, holder: Uuid) -> Result<(), Error>;
    /// Those that are held or ran out without having been given back, by name.
    fn leases(&self) -> Result<Vec<Lease>, Error>;

    /// Keeps a password's hash (a PHC string), in place of any before.
    fn set_password(&self, user: UserId, hash: &str) -> Result<(), Error>;
    fn password(&self, user: UserId) -> Result<Option<String>, Error>;

    fn open_session(&self, session: &Session) -> Result<(), Error>;
    /// The session of that token digest, unless it is over.
    fn session(&self, digest: &[u8; 32], now: Timestamp) -> Result<Option<Session>, Error>;
    /// The sessions that are not over, of one person or of all, the last seen first.
    fn sessions(&self, of: Option<UserId>, now: Timestamp) -> Result<Vec<Session>, Error>;
    /// Notes that a session was used, and until when it is good from now on. One that is over stays so.
    fn renew_session(
        &self,
        digest: &[u8; 32],
        seen_at: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), Error>;
    /// Why a session is over that would not have expired yet; none where it is not, or nothing is known.
    fn session_ended(&self, digest: &[u8; 32]) -> Result<Option<Ended>, Error>;
    fn end_session(&self, digest: &[u8; 32], why: Ended) -> Result<(), Error>;
    /// Ends every session of one person on one installation. Not others' there: an installation says
    /// itself which it is, and must not be able to sign somebody else out.
    fn end_device(&self, user: UserId, device: DeviceId, why: Ended) -> Result<(), Error>;
    /// Ends every session of one person, but for the one to `keep`.
    fn end_user_sessions(&self, user: UserId, keep: Option<&[u8; 32]>, why: Ended) -> Result<(), Error>;

    /// Keeps an invitation until it is taken, withdrawn or swept away.
    fn put_invitation(&self, invitation: &Invitation) -> Result<(), Error>;
    /// Those that are open, the newest first.
    fn invitations(&self, now: Timestamp) -> Result<Vec<Invitation>, Error>;
    /// Takes the invitation of that code digest out: of two who come with the same code, one gets it.
    fn take_invitation(&self, digest: &[u8; 32], now: Timestamp) -> Result<Option<Invitation>, Error>;
    /// Withdraws an invitation; false where there is none of that id.
    fn withdraw_invitation(&self, id: Uuid) -> Result<bool, Error>;

    /// Clears away the sessions and invitations that have expired.
    fn sweep(&self, now: Timestamp) -> Result<(), Error>;

    /// Keeps sealed bytes under a name, in place of any before.
    fn put_secret(&self, name: &str, sealed: &[u8]) -> Result<(), Error>;
    fn secret(&self, name: &str) -> Result<Option<Vec<u8>>, Error>;

    /// Keeps what proves a later undo. Beside the events: those never say who could undo.
    fn put_undo(&self, feedback: FeedbackId, digest: &[u8; 32]) -> Result<(), Error>;
    fn undo(&self, feedback: FeedbackId) -> Result<Option<[u8; 32]>, Error>;
}
