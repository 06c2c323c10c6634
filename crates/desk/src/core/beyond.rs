//! What a desk may not hold and can still reckon with: the account that an answer goes through. Agents
//! do not see accounts, whose ledgers quote mail of all teams; that the account which brought a message
//! can carry the answer is as good as known, and the server decides again anyway.

use evendesk_domain::channel::Identity;
use evendesk_domain::command::CommandBody;
use evendesk_domain::conversation::Conversation;
use evendesk_domain::customer::Customer;
use evendesk_domain::decide::{LookupFailed, World};
use evendesk_domain::feedback::Feedback;
use evendesk_domain::id::{AccountId, ConversationId, CustomerId, FeedbackId, MessageId, TeamId, UserId};
use evendesk_domain::settings::{Account, AccountSettings, Team, User};
use evendesk_domain::stream::Recorded;

type Found<T> = Result<Option<T>, LookupFailed>;

/// The cache's world, with an account taken for granted where the command answers through it.
pub(super) struct Beyond<'a, W> {
    pub known: W,
    pub body: &'a CommandBody,
}

impl<W: World> World for Beyond<'_, W> {
    fn account(&self, id: AccountId) -> Found<Account> {
        let known = self.known.account(id)?;
        let CommandBody::Reply(draft) = self.body else { return Ok(known) };
        if known.is_some() || draft.account != id {
            return Ok(known);
        }
        let Some(conversation) = self.known.conversation(draft.conversation)? else { return Ok(None) };
        Ok(conversation.route(draft.channel, id).filter(|r| r.account == id).map(|route| Account {
            id,
            settings: AccountSettings {
                channel: route.channel,
                name: String::new(),
                address: String::new(),
                team: conversation.team,
                imap: None,
                smtp: None,
                user: None,
                webhook: None,
            },
            uid_validity: 0,
            last_uid: 0,
        }))
    }

    fn conversation(&self, id: ConversationId) -> Found<Conversation> {
        self.known.conversation(id)
    }

    fn customer(&self, id: CustomerId) -> Found<Customer> {
        self.known.customer(id)
    }

    fn feedback(&self, id: FeedbackId) -> Found<Feedback> {
        self.known.feedback(id)
    }

    fn team(&self, id: TeamId) -> Found<Team> {
        self.known.team(id)
    }

    fn user(&self, id: UserId) -> Found<User> {
        self.known.user(id)
    }

    fn user_by_login(&self, login: &str) -> Found<User> {
        self.known.user_by_login(login)
    }

    fn account_by_name(&self, name: &str) -> Found<Account> {
        self.known.account_by_name(name)
    }

    fn identity_owner(&self, identity: &Identity) -> Found<CustomerId> {
        self.known.identity_owner(identity)
    }

    fn seen_before(&self, account: AccountId, remote_id: &str) -> Found<MessageId> {
        self.known.seen_before(account, remote_id)
    }

    fn mail(&self, message_id: &str) -> Found<(ConversationId, MessageId)> {
        self.known.mail(message_id)
    }

    fn network_thread(&self, account: AccountId, thread: &str) -> Found<ConversationId> {
        self.known.network_thread(account, thread)
    }

    fn message(&self, conversation: ConversationId, message: MessageId) -> Found<Recorded> {
        self.known.message(conversation, message)
    }

    fn unresolved(&self, customer: CustomerId) -> Result<Vec<ConversationId>, LookupFailed> {
        self.known.unresolved(customer)
    }

    fn default_team(&self) -> Found<Team> {
        self.known.default_team()
    }
}
