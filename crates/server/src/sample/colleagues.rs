//! Sample colleagues, who answer what would pile up and leave alone what is yours.

use evendesk_domain::channel::Channel;
use evendesk_domain::command::{CallDraft, CommandBody, ReplyDraft, Then};
use evendesk_domain::conversation::Conversation;
use evendesk_domain::decide::World;
use evendesk_domain::event::{Call, CallDirection, CallOutcome};
use evendesk_domain::id::{ConversationId, MessageId, UserId};
use evendesk_replica::{Place, Viewer};
use rand::RngExt;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::doors::{Doors, act};
use crate::state::App;

const LOOKED_AT: usize = 60;

const ANSWERS: [&str; 5] = [
    "Thank you for writing. I have looked into it and it is on its way to being sorted out; you will hear from me by tomorrow.",
    "Sorry for the trouble. A replacement goes out today, free of charge.",
    "Good question. Yes, that is possible, and I have noted it on your order.",
    "Thanks for letting us know. I have passed it to the workshop and will write as soon as they answer.",
    "Vielen Dank für Ihre Nachricht. Ich habe alles veranlasst und melde mich, sobald es unterwegs ist.",
];

/// Conversations in which a customer waits, the most urgent first.
pub fn waiting(app: &App) -> Vec<ConversationId> {
    let Ok(reader) = app.readers.get() else { return Vec::new() };
    let local = reader.world_kept().user_by_login(crate::founding::LOCAL_LOGIN).ok().flatten();
    let Some(local) = local else { return Vec::new() };
    let viewer = Viewer { user: local.id, now: app.clock.now() };
    let Ok(page) = reader.queue(&viewer, &Place::DueNext, 0, LOOKED_AT) else { return Vec::new() };
    let not_yours = page.rows.into_iter().filter(|row| row.assignee != Some(local.id));
    not_yours.map(|row| row.conversation).collect()
}

/// Answers one of the more urgent ones.
pub async fn help(app: &App, doors: &Doors, waiting: &[ConversationId], random: &mut StdRng) {
    if waiting.is_empty() {
        return;
    }
    let which = random.random_range(0..waiting.len().min(8));
    let words = ANSWERS[random.random_range(0..ANSWERS.len())];
    let over = random.random_ratio(1, 2);
    let Some((user, body)) = answer(app, doors, waiting[which], words, over) else { return };
    if let Err(e) = act(app, user, body).await {
        tracing::warn!("a sample colleague could not help: {e}");
    }
}

fn answer(
    app: &App,
    doors: &Doors,
    id: ConversationId,
    words: &str,
    over: bool,
) -> Option<(UserId, CommandBody)> {
    let reader = app.readers.get().ok()?;
    let conversation = reader.world_kept().conversation(id).ok()??;
    let works_there = |teams: &Vec<_>| teams.contains(&conversation.team);
    let (user, _) = doors.colleagues.iter().find(|(_, teams)| works_there(teams))?;
    let body = match conversation.routes.last() {
        Some(route) => {
            let account = match route.channel {
                Channel::Social => route.account,
                channel => doors.way_out(channel, conversation.team)?,
            };
            CommandBody::Reply(ReplyDraft {
                conversation: id,
                message: MessageId(Uuid::now_v7()),
                channel: route.channel,
                account,
                to: String::new(),
                text: words.to_owned(),
                follow_up: false,
                seen: conversation.last_public(),
                then: if over { Then::Resolve } else { Then::Wait },
                confirmed: false,
            })
        }
        None => rings_back(app, &conversation),
    };
    Some((*user, body))
}

/// Who rang or wrote a letter is rung back.
fn rings_back(app: &App, conversation: &Conversation) -> CommandBody {
    let now = app.clock.now();
    let started_at = now.plus_seconds(-150);
    CommandBody::LogCall(CallDraft {
        message: MessageId(Uuid::now_v7()),
        call: Call {
            direction: CallDirection::Outbound,
            outcome: CallOutcome::Reached,
            number: None,
            started_at,
            answered_at: started_at,
            ended_at: now,
            note: "Rang back; all clear now.".into(),
            follow_up: false,
            entered_by_hand: false,
        },
        conversation: conversation.id,
        opens: false,
        customer: conversation.customer,
        opens_customer: false,
        name: String::new(),
        team: None,
    })
}
