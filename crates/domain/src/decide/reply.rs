//! Answers: sent only by someone who saw the last word, carried by the way the customer came.

use super::{Decided, No, Refusal, RefusalCode, World};
use crate::channel::{Channel, Identity};
use crate::command::{ReplyDraft, Then};
use crate::conversation::{Conversation, Delivery};
use crate::event::{Event, Reply};
use crate::id::{ConversationId, MessageId};
use crate::inbound::MailThread;
use crate::limits;
use crate::permission::Agent;
use crate::settings::Account;

pub(super) fn reply(world: &dyn World, agent: &Agent, draft: &ReplyDraft) -> Result<Decided, No> {
    let conversation = super::conversation::open_to(world, agent, draft.conversation)?;
    if conversation.holds(draft.message) {
        return Ok(Vec::new());
    }
    super::erase::not_erased(world, conversation.customer)?;
    super::conversation::check_text("An answer", &draft.text)?;
    if conversation.last_public() != draft.seen {
        return Err(No::LookAgain { since: draft.seen });
    }
    let account = world.account(draft.account)?.ok_or_else(|| {
        Refusal::new(
            RefusalCode::NoRoute,
            "The account this answer was to go through is gone; choose another.",
        )
    })?;
    let reply = compose(&conversation, agent, draft, &account)?;
    let stream = draft.conversation.into();
    let mut events = vec![(stream, Event::Replied(Box::new(reply)))];
    match draft.then {
        Then::Nothing => {}
        Then::Wait if draft.follow_up => {
            return Err(Refusal::not_now(
                "You promised to come back, so it is us the customer waits for: send without \"waiting\".",
            )
            .into());
        }
        Then::Wait => events.push((stream, Event::WaitingSet)),
        Then::Resolve => events.push((stream, Event::Resolved)),
    }
    Ok(events)
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
    })
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
