//! A sample workspace to look around in: a small furniture maker, its people, and customers who keep
//! writing. They come in by the doors that real ones use; answers to them never leave this process.

mod alive;
mod colleagues;
mod company;
mod doors;
mod said;
mod seed;
mod small_talk;
mod story;

use evendesk_channels::social::signature::Secret;
use evendesk_domain::event::Reply;
use evendesk_domain::id::ConversationId;
use evendesk_domain::settings::AccountSettings;
use evendesk_domain::stream::Recorded;
use evendesk_domain::time::Timestamp;
use evendesk_journal::Journal;
use rand::TryRng;
use rand::rngs::SysRng;

use crate::blobs::Blobs;
use crate::seal::Seal;
use crate::state::App;
use crate::store::StoreError;
use crate::writer::Scribe;
use crate::{auth, secrets};

pub use alive::live;
pub use company::{NAME, PASSWORD};

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

/// Fills a workspace that nobody works in yet; leaves any other as it is.
pub async fn fill(
    scribe: &mut Scribe,
    journal: &dyn Journal,
    seal: &Seal,
    blobs: &Blobs,
    now: Timestamp,
) -> Result<(), StoreError> {
    if scribe.head() > 0 {
        return Ok(());
    }
    let company = company::Company::new();
    seed::seed(scribe, &company, blobs, now).await?;
    let refused = |e: &dyn std::error::Error| StoreError::Refused(e.to_string());
    let hash = auth::hash(PASSWORD).map_err(|e| refused(&e))?;
    for member in &company.members {
        journal.set_password(member.id, &hash)?;
    }
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| StoreError::NoRandomness)?;
    let secret = Secret::new(&bytes).map_err(|e| refused(&e))?;
    secrets::keep(journal, seal, company.social(), &secret.reveal()).map_err(|e| refused(&e))
}
