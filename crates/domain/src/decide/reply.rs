//! Answers: sent only by someone who saw the last word, carried by the way the customer came.

use super::{Decided, LookupFailed, No, Refusal, RefusalCode, World};
use crate::channel::{Channel, Identity};
use crate::command::{ReplyDraft, Then};
use crate::conversation::{Conversation, Delivery};
use crate::event::{Event, Reply};
use crate::id::{ConversationId, MessageId};
use crate::inbound::MailThread;
use crate::limits;
use crate::permission::Agent;
use crate::settings::{Account, Role};

pub(super) fn reply(world: &dyn World, agent: &Agent, draft: &ReplyDraft) -> Result<Decided, No> {
    let Some(conversation) = unanswered(world, agent, draft)? else { return Ok(Vec::new()) };
    if conversation.last_public() != draft.seen {
        return Err(No::LookAgain { since: draft.seen });
    }
    let mut reply = composed(world, &conversation, agent, draft)?;
    to_whom(world, &conversation, draft, &mut reply)?;
    let mut events = vec![Event::Replied(Box::new(reply))];
    events.extend(then(draft)?);
    Ok(on(draft.conversation, events))
}

/// An answer that was accepted once, offered to a journal that has forgotten it: recorded as the answer it
/// was, since its first copy has very likely gone out, and held. Where something was said that its author
/// had not seen, the matter stays open.
pub(super) fn reoffered(world: &dyn World, agent: &Agent, draft: &ReplyDraft) -> Result<Decided, No> {
    let Some(conversation) = unanswered(world, agent, draft)? else { return Ok(Vec::new()) };
    let mut reply = composed(world, &conversation, agent, draft)?;
    // Its author was asked when it was accepted first.
    to_whom(world, &conversation, &ReplyDraft { confirmed: true, ..draft.clone() }, &mut reply)?;
    let mut events = vec![Event::Replied(Box::new(reply)), Event::ReplyHeld { message: draft.message }];
    if conversation.last_public() == draft.seen {
        events.extend(then(draft)?);
    }
    Ok(on(draft.conversation, events))
}

/// A supervisor says what becomes of a held answer: it goes out, or had gone out.
pub(super) fn deal_with_held(
    world: &dyn World,
    agent: &Agent,
    id: ConversationId,
    message: MessageId,
    release: bool,
) -> Result<Decided, No> {
    let conversation = super::conversation::seen_by(world, agent, id)?;
    if agent.role < Role::Supervisor {
        return Err(Refusal::new(
            RefusalCode::NotAllowed,
            "Whether an answer from before the server was restored goes out again is decided by a supervisor.",
        )
        .into());
    }
    if !conversation.holds(message) {
        return Err(Refusal::not_found("message").into());
    }
    let event = match (conversation.delivery(message), release) {
        (Delivery::Held, true) => Event::ReplyReleased { message },
        (Delivery::Held, false) => Event::ReplyHadGone { message },
        // Somebody else has said so already.
        (Delivery::Pending, true) | (Delivery::Delivered, _) => return Ok(Vec::new()),
        _ => return Err(Refusal::not_now("This answer is not held; there is nothing to decide.").into()),
    };
    Ok(on(id, vec![event]))
}

fn on(conversation: ConversationId, events: Vec<Event>) -> Decided {
    events.into_iter().map(|event| (conversation.into(), event)).collect()
}

/// The conversation that is to be answered; none where it holds this answer already.
fn unanswered(world: &dyn World, agent: &Agent, draft: &ReplyDraft) -> Result<Option<Conversation>, No> {
    let conversation = super::conversation::open_to(world, agent, draft.conversation)?;
    if conversation.holds(draft.message) {
        return Ok(None);
    }
    super::erase::not_erased(world, conversation.customer)?;
    super::conversation::check_text("An answer", &draft.text)?;
    Ok(Some(conversation))
}

fn composed(
    world: &dyn World,
    conversation: &Conversation,
    agent: &Agent,
    draft: &ReplyDraft,
) -> Result<Reply, No> {
    let account = world.account(draft.account)?.ok_or_else(|| {
        Refusal::new(
            RefusalCode::NoRoute,
            "The account this answer was to go through is gone; choose another.",
        )
    })?;
    let mut reply = compose(conversation, agent, draft, &account)?;
    // A mail to two of our mailboxes names the other; we write to customers.
    let mut cc = Vec::with_capacity(reply.cc.len());
    for address in std::mem::take(&mut reply.cc) {
        if world.account_by_address(&address)?.is_none() && !address.eq_ignore_ascii_case(&reply.to) {
            cc.push(address);
        }
    }
    reply.cc = cc;
    Ok(reply)
}

/// What becomes of the matter once it is answered.
fn then(draft: &ReplyDraft) -> Result<Option<Event>, Refusal> {
    Ok(match draft.then {
        Then::Nothing => None,
        Then::Wait if draft.follow_up => {
            return Err(Refusal::not_now(
                "You promised to come back, so it is us the customer waits for: send without \"waiting\".",
            ));
        }
        Then::Wait => Some(Event::WaitingSet),
        Then::Resolve => Some(Event::Resolved),
    })
}

fn compose(
    conversation: &Conversation,
    agent: &Agent,
    draft: &ReplyDraft,
    account: &Account,
) -> Result<Reply, No> {
    let route = conversation.route(draft.channel, draft.account);
    let to = match (draft.to.trim(), route) {
        ("", Some(route)) => route.to.clone(),
        ("", None) => {
            return Err(Refusal::new(
                RefusalCode::NoRoute,
                "There is no address to answer to on this channel; choose another channel.",
            )
            .into());
        }
        (to, _) => to.to_owned(),
    };
    check_target(draft.channel, account, &to)?;
    let mail = match draft.channel {
        Channel::Email => thread(conversation, draft, account),
        _ => MailThread::default(),
    };
    Ok(Reply {
        message: draft.message,
        channel: draft.channel,
        account: draft.account,
        to,
        cc: route.map(|r| r.cc.clone()).unwrap_or_default(),
        subject: answer_subject(route.map_or(&conversation.subject, |r| &r.subject)),
        text: draft.text.clone(),
        author_name: agent.name.clone(),
        follow_up: draft.follow_up,
        mail,
        thread: route.and_then(|r| r.thread.clone()),
        seen: draft.seen,
        to_stranger: false,
    })
}

/// Whether an answer by mail may go there without asking its author first: the customer wrote from there, or
/// mails of this conversation went there.
pub fn knows_recipient(
    world: &dyn World,
    conversation: &Conversation,
    to: &str,
) -> Result<bool, LookupFailed> {
    if conversation.takes_part(to) {
        return Ok(true);
    }
    let Ok(identity) = Identity::email(to) else { return Ok(false) };
    let Some(owner) = world.identity_owner(&identity)? else { return Ok(false) };
    Ok(world.root_customer(owner)? == world.root_customer(conversation.customer)?)
}

/// A Reply-To can name anybody, and mail to a stranger tells them all that is in it: the author confirms it.
fn to_whom(
    world: &dyn World,
    conversation: &Conversation,
    draft: &ReplyDraft,
    reply: &mut Reply,
) -> Result<(), No> {
    reply.to_stranger = reply.channel == Channel::Email && !knows_recipient(world, conversation, &reply.to)?;
    if reply.to_stranger && !draft.confirmed {
        return Err(Refusal::new(
            RefusalCode::ConfirmRecipient,
            "The customer has never written from the address that this answer would go to. Send it there only \
             if you know whose it is.",
        )
        .into());
    }
    Ok(())
}

fn check_target(channel: Channel, account: &Account, to: &str) -> Result<(), Refusal> {
    if account.settings.channel != channel {
        return Err(Refusal::new(
            RefusalCode::NoRoute,
            format!("{} cannot carry an answer on this channel; choose another.", account.settings.name),
        ));
    }
    if channel == Channel::Email && Identity::email(to).is_err() {
        // Refusals are kept as decisions, and nobody's address is.
        return Err(Refusal::invalid("That is not an email address; correct it."));
    }
    Ok(())
}

/// Our Message-ID is made from the message's own id, so that a mail sent twice after a crash is the
/// same mail to whoever receives it.
fn thread(conversation: &Conversation, draft: &ReplyDraft, account: &Account) -> MailThread {
    let host = account.settings.address.rsplit_once('@').map_or("localhost", |(_, host)| host);
    let mut references = conversation
        .route(Channel::Email, draft.account)
        .map(|r| r.mail.references.clone())
        .unwrap_or_default();
    if references.len() > limits::REFERENCES {
        references.drain(..references.len() - limits::REFERENCES);
    }
    MailThread {
        message_id: Some(format!("{}@{host}", draft.message)),
        in_reply_to: references.last().cloned().into_iter().collect(),
        references,
    }
}

fn answer_subject(subject: &str) -> String {
    let has_prefix = subject.get(..3).is_some_and(|p| p.eq_ignore_ascii_case("re:"));
    if has_prefix { subject.to_owned() } else { format!("Re: {subject}") }
}

/// Records what became of an answer; told twice, it is recorded once.
pub(super) fn delivered(
    world: &dyn World,
    id: ConversationId,
    message: MessageId,
    failure: Option<&String>,
) -> Result<Decided, No> {
    let conversation = world.conversation(id)?.ok_or_else(|| Refusal::not_found("conversation"))?;
    let event = match (conversation.delivery(message), failure) {
        (Delivery::Pending, None) => Event::Delivered { message },
        // A bounce may come days after the server took the mail.
        (Delivery::Pending | Delivery::Delivered, Some(reason)) => {
            Event::DeliveryFailed { message, reason: reason.clone() }
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![(id.into(), event)])
}
