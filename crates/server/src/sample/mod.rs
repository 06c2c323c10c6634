//! A sample workspace to look around in: a small furniture maker, its people, and customers who keep
//! writing. They come in by the doors that real ones use; answers to them never leave this process.

use evendesk_domain::event::Reply;
use evendesk_domain::id::ConversationId;
use evendesk_domain::settings::AccountSettings;
use evendesk_domain::stream::Recorded;

use crate::state::App;

/// Begins the addresses of sample accounts: what is sent there stays in this process.
pub const SCHEME: &str = "sample:";

/// One of us answered a sample customer.
#[derive(Clone, Debug)]
pub struct Answered {
    pub conversation: ConversationId,
    pub reply: Reply,
}

pub fn is_sample(settings: &AccountSettings) -> bool {
    [&settings.smtp, &settings.webhook].into_iter().flatten().any(|address| address.starts_with(SCHEME))
}

/// Takes an answer to a sample customer, in place of the network.
pub fn answered(app: &App, recorded: &Recorded, reply: &Reply) {
    let conversation = ConversationId(recorded.stream.id);
    // Outside a demo nobody listens, and it is delivered all the same.
    let _ = app.sample_answers.send(Answered { conversation, reply: reply.clone() });
}
