//! What `decide` may ask about streams. The server answers from its replica, a desk from its cache.

use crate::blank::gone;
use crate::channel::Identity;
use crate::conversation::Conversation;
use crate::customer::Customer;
use crate::feedback::Feedback;
use crate::id::{AccountId, ConversationId, CustomerId, FeedbackId, MessageId, TeamId, UserId};
use crate::settings::{Account, Mailbox, Team, User};
use crate::stream::Recorded;

/// Whether an account has had something before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    Never,
    Before,
    /// Since erased: it does not come in a second time.
    Erased,
}

/// A mail with a Message-ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownMail {
    pub conversation: ConversationId,
    pub message: MessageId,
    /// An answer of ours.
    pub ours: bool,
}

/// The store could not be asked. Nothing was decided; the command may be tried again.
#[derive(Debug, thiserror::Error)]
#[error("the local database cannot be read: {0}")]
pub struct LookupFailed(pub String);

type Found<T> = Result<Option<T>, LookupFailed>;

/// The state that decisions rest on. A desk knows only what it holds; `None` from it may mean
/// "not here", which is why the server decides again.
pub trait World {
    fn conversation(&self, id: ConversationId) -> Found<Conversation>;
    fn customer(&self, id: CustomerId) -> Found<Customer>;
    fn feedback(&self, id: FeedbackId) -> Found<Feedback>;
    fn team(&self, id: TeamId) -> Found<Team>;
    fn user(&self, id: UserId) -> Found<User>;
    fn account(&self, id: AccountId) -> Found<Account>;
    fn mailbox(&self, id: AccountId) -> Found<Mailbox>;
    fn user_by_login(&self, login: &str) -> Found<User>;
    /// Letters count as the same in upper and lower case.
    fn team_by_name(&self, name: &str) -> Found<Team>;
    fn account_by_name(&self, name: &str) -> Found<Account>;

    /// The customer that has this identity; not yet followed to whom they were merged into.
    fn identity_owner(&self, identity: &Identity) -> Found<CustomerId>;
    /// Where something that an account saw already is.
    fn seen_before(&self, account: AccountId, remote_id: &str) -> Found<MessageId>;
    /// The mails that are known under that Message-ID, theirs and ours, the oldest first. There may be several:
    /// an id is whatever its writer says.
    fn mails(&self, message_id: &str) -> Result<Vec<KnownMail>, LookupFailed>;
    /// The conversation that holds a message.
    fn home(&self, message: MessageId) -> Found<ConversationId>;
    /// The mail that any of our mailboxes took in under that id of its content.
    fn copied(&self, remote_id: &str) -> Found<(ConversationId, MessageId)>;
    /// The account that mail from that address comes from; letters count as the same in upper and lower case.
    fn account_by_address(&self, address: &str) -> Found<Account>;
    /// The conversation in which an account saw that thread of its network.
    fn network_thread(&self, account: AccountId, thread: &str) -> Found<ConversationId>;
    /// A message as it was recorded (received, replied, noted, called), for moving it elsewhere.
    fn message(&self, conversation: ConversationId, message: MessageId) -> Found<Recorded>;
    /// Conversations of this customer that are not resolved, the latest word first.
    fn unresolved(&self, customer: CustomerId) -> Result<Vec<ConversationId>, LookupFailed>;
    /// People who may change settings, and may sign in.
    fn active_admins(&self) -> Result<Vec<UserId>, LookupFailed>;
    /// What is assigned to that person and not resolved.
    fn unresolved_of(&self, assignee: UserId) -> Result<Vec<ConversationId>, LookupFailed>;
    /// What that team has and is not resolved.
    fn unresolved_in(&self, team: TeamId) -> Result<Vec<ConversationId>, LookupFailed>;
    /// The team that takes what nobody routed: the oldest one.
    fn default_team(&self) -> Found<Team>;

    /// Everyone who was merged into this customer, directly or not, and the customer.
    fn family(&self, root: CustomerId) -> Result<Vec<CustomerId>, LookupFailed>;
    /// All conversations of this customer's own, resolved or not; those of who was merged into them are theirs.
    fn conversations_of(&self, customer: CustomerId) -> Result<Vec<ConversationId>, LookupFailed>;
    /// Feedback that names an identity of this customer's, or is an excerpt of a message of theirs.
    fn feedback_quoting(&self, customer: CustomerId) -> Result<Vec<FeedbackId>, LookupFailed>;

    /// Whether something that an account sees has come in before.
    fn seen(&self, account: AccountId, remote_id: &str) -> Result<Seen, LookupFailed> {
        if self.seen_before(account, remote_id)?.is_some() {
            return Ok(Seen::Before);
        }
        let erased = self.seen_before(account, &gone(remote_id))?.is_some();
        Ok(if erased { Seen::Erased } else { Seen::Never })
    }

    /// The customer that stands for this one after all merges.
    fn root_customer(&self, id: CustomerId) -> Result<CustomerId, LookupFailed> {
        let mut at = id;
        // Merges refuse cycles; the bound keeps damage from becoming an endless loop.
        for _ in 0..64 {
            match self.customer(at)?.and_then(|c| c.merged_into) {
                Some(next) => at = next,
                None => break,
            }
        }
        Ok(at)
    }
}
