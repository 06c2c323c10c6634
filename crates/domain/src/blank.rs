//! What is left of events and commands when the words are taken out of them: kind, instants and the
//! structure that clocks and figures are made of. Nobody's words, names, addresses, nor ids of the
//! outside world.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::channel::Identity;
use crate::command::CommandBody;
use crate::event::{Call, Event, FeedbackLogged, Opened, Reply};
use crate::feedback::FeedbackSource;
use crate::inbound::{Bounce, Inbound, MailThread};
use crate::settings::{Fate, LedgerEntry};
use crate::stream::StreamId;

/// Begins what stands in the place of a [`Inbound::remote_id`] that was erased.
const GONE: &str = "gone:";

/// What stands for the outside's id of something erased: enough to know it again when the same mail is
/// read once more, and nothing of what it says.
///
/// ```
/// use evendesk_domain::blank::gone;
///
/// let erased = gone("CAF.ada@mail.example 00aa");
/// assert!(erased.starts_with("gone:") && !erased.contains("ada"));
/// assert_eq!(gone(&erased), erased);
/// ```
pub fn gone(remote_id: &str) -> String {
    if remote_id.is_empty() || remote_id.starts_with(GONE) {
        return remote_id.to_owned();
    }
    let mut text = GONE.to_owned();
    for byte in Sha256::digest(remote_id.as_bytes()) {
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

impl Event {
    /// The same event without anybody's words. What carries none is as it was; so is what a later version
    /// wrote, of which this one cannot tell: nobody erases a stream that holds such an event.
    #[must_use]
    pub fn blanked(&self) -> Self {
        let blank = String::new;
        match self {
            Self::ConversationOpened(opened) => {
                Self::ConversationOpened(Opened { subject: blank(), ..opened.clone() })
            }
            Self::MessageReceived { message, inbound: said, guessed } => Self::MessageReceived {
                message: *message,
                inbound: Box::new(inbound(said)),
                guessed: *guessed,
            },
            Self::Replied(said) => Self::Replied(Box::new(reply(said))),
            Self::DeliveryFailed { message, .. } => {
                Self::DeliveryFailed { message: *message, reason: blank() }
            }
            Self::NoteAdded { message, .. } => Self::NoteAdded { message: *message, text: blank() },
            Self::CallLogged { message, call: logged } => {
                Self::CallLogged { message: *message, call: Box::new(call(logged)) }
            }
            Self::MessageMovedIn { message, from, learnt_at, by, original } => Self::MessageMovedIn {
                message: *message,
                from: *from,
                learnt_at: *learnt_at,
                by: *by,
                original: Box::new(original.blanked()),
            },
            Self::MessageCopied { message, account, remote_id } => {
                Self::MessageCopied { message: *message, account: *account, remote_id: gone(remote_id) }
            }
            Self::ConversationMergedIn { from, facts, .. } => Self::ConversationMergedIn {
                from: *from,
                facts: facts.clone(),
                routes: Vec::new(),
                participants: Vec::new(),
            },
            Self::CustomerOpened { .. } => Self::CustomerOpened { name: blank() },
            Self::CustomerNamed { .. } => Self::CustomerNamed { name: blank() },
            Self::IdentityAdded { identity: known, verified } => {
                Self::IdentityAdded { identity: identity(known), verified: *verified }
            }
            Self::FeedbackLogged(logged) => Self::FeedbackLogged(Box::new(FeedbackLogged {
                text: blank(),
                source: FeedbackSource::default(),
                ..(**logged).clone()
            })),
            Self::FeedbackNoted { .. } => Self::FeedbackNoted { text: blank() },
            Self::FeedbackClosed { outcome, .. } => {
                Self::FeedbackClosed { outcome: *outcome, because: blank() }
            }
            other => other.clone(),
        }
    }

    /// The ledger without the outside's ids of what was erased; `erased` are [`gone`] ids.
    #[must_use]
    pub fn without_ids(&self, erased: &BTreeSet<String>) -> Self {
        let mut event = self.clone();
        for entry in event.ledger_mut() {
            let remote_id = gone(&entry.remote_id);
            if !erased.contains(&remote_id) {
                continue;
            }
            entry.remote_id = remote_id;
            if let Fate::Withheld { why } = &mut entry.fate {
                why.clear();
            }
        }
        event
    }

    /// What it tells an account's ledger.
    pub fn ledger(&self) -> &[LedgerEntry] {
        match self {
            Self::MailboxAdvanced { entries, .. } | Self::FolderAdvanced { entries, .. } => entries,
            Self::SetAsideRetried { entry, .. } => std::slice::from_ref(entry),
            _ => &[],
        }
    }

    fn ledger_mut(&mut self) -> &mut [LedgerEntry] {
        match self {
            Self::MailboxAdvanced { entries, .. } | Self::FolderAdvanced { entries, .. } => entries,
            Self::SetAsideRetried { entry, .. } => std::slice::from_mut(entry),
            _ => &mut [],
        }
    }

    /// The files it names in the blob store.
    pub fn blobs(&self) -> Vec<&str> {
        match self {
            Self::MessageReceived { inbound, .. } => {
                let attached = inbound.attachments.iter().map(|a| a.blob.as_str());
                attached.chain(inbound.raw.as_deref()).collect()
            }
            Self::MessageMovedIn { original, .. } => original.blobs(),
            ledger => {
                let named = ledger.ledger().iter().filter_map(|e| match &e.fate {
                    Fate::Quarantined { blob, .. } => Some(blob.as_str()),
                    _ => None,
                });
                named.collect()
            }
        }
    }

    /// The thing of the outside that came in with it, as it was recorded.
    pub fn inbound(&self) -> Option<&Inbound> {
        match self {
            Self::MessageReceived { inbound, .. } => Some(inbound),
            Self::MessageMovedIn { original, .. } => original.inbound(),
            _ => None,
        }
    }
}

fn identity(known: &Identity) -> Identity {
    Identity { kind: known.kind, value: String::new() }
}

fn inbound(said: &Inbound) -> Inbound {
    let bounce = said.bounce.as_ref().map(|bounce| Bounce {
        recipient: None,
        original_message_id: None,
        status: bounce.status.clone(),
        permanent: bounce.permanent,
    });
    Inbound {
        channel: said.channel,
        account: said.account,
        remote_id: gone(&said.remote_id),
        from: identity(&said.from),
        from_name: String::new(),
        verified: said.verified,
        subject: String::new(),
        text: String::new(),
        folded: Vec::new(),
        spoke_at: said.spoke_at,
        attachments: Vec::new(),
        raw: None,
        author: said.author,
        bounce,
        doubts: Vec::new(),
        mail: MailThread::default(),
        thread: None,
        reply_to: None,
        cc: Vec::new(),
        answers: None,
    }
}

fn reply(said: &Reply) -> Reply {
    Reply {
        message: said.message,
        channel: said.channel,
        account: said.account,
        to: String::new(),
        cc: Vec::new(),
        subject: String::new(),
        text: String::new(),
        author_name: String::new(),
        follow_up: said.follow_up,
        mail: MailThread::default(),
        thread: None,
        seen: said.seen,
        to_stranger: said.to_stranger,
    }
}

fn call(logged: &Call) -> Call {
    Call { number: None, note: String::new(), ..logged.clone() }
}

impl CommandBody {
    /// The same command without anybody's words, for a desk whose agent had asked for it when what it is
    /// about was erased.
    #[must_use]
    pub fn blanked(&self) -> Self {
        let mut body = self.clone();
        match &mut body {
            Self::Reply(draft) => {
                draft.text.clear();
                draft.to.clear();
            }
            Self::Note { text, .. } | Self::NoteFeedback { text, .. } => text.clear(),
            Self::LogCall(draft) => {
                draft.call = call(&draft.call);
                draft.name.clear();
            }
            Self::NameCustomer { name, .. } => name.clear(),
            Self::LogFeedback { text, source, .. } => {
                text.clear();
                *source = FeedbackSource::default();
            }
            Self::CloseFeedback { because, .. } => because.clear(),
            _ => {}
        }
        body
    }

    /// Whether it is about that stream, or makes something that belongs to it.
    pub fn concerns(&self, stream: StreamId) -> bool {
        let customer = match self {
            Self::LogCall(draft) => Some(StreamId::from(draft.customer)),
            _ => None,
        };
        self.stream() == stream || customer == Some(stream)
    }
}
