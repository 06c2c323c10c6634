//! One try to carry an answer out on its channel.

use std::time::Duration;

use evendesk_channels::email::send::{Verdict, send};
use evendesk_channels::social::{self, signature::Secret};
use evendesk_domain::channel::Channel;
use evendesk_domain::decide::World;
use evendesk_domain::event::{Event, Reply};
use evendesk_domain::inbound::Outbound;
use evendesk_domain::settings::Account;
use evendesk_domain::time::Timestamp;
use reqwest::Url;
use zeroize::Zeroizing;

use crate::calls::{self, NotCalled};
use crate::health::Way;
use crate::sample;
use crate::secrets;
use crate::state::App;
use crate::watch::handover::Handover;

const POST_WITHIN: Duration = Duration::from_secs(20);

/// Tries what event `seq` intends, where it may still be handed over then.
pub async fn try_once(app: &App, seq: u64, handover: &Handover) -> Verdict {
    let now = app.clock.now();
    let recorded = match app.ask_journal(move |journal| journal.event(seq)).await {
        Ok(Some(recorded)) => recorded,
        Ok(None) => return Verdict::Failed("The answer is not in the journal any more.".into()),
        Err(e) => return Verdict::Later(e.to_string()),
    };
    let Some(reply) = reply(&recorded.event) else {
        return Verdict::Failed("There is no answer to send.".into());
    };
    let account = app.readers.get().map_err(|e| e.to_string());
    let account = account.and_then(|r| r.world_kept().account(reply.account).map_err(|e| e.to_string()));
    let verdict = match account {
        Err(e) => Verdict::Later(e),
        Ok(None) => Verdict::Failed("The account it was to go through is gone.".into()),
        Ok(Some(account)) if sample::is_sample(&account.settings) => {
            sample::answered(app, &recorded, reply);
            Verdict::Sent
        }
        Ok(Some(account)) => by_channel(app, &account, reply, recorded.at, handover).await,
    };
    match &verdict {
        Verdict::Sent => app.health.is_well(reply.account, Way::Out),
        Verdict::AccountNeedsAttention(sentence) => {
            if app.health.ails(reply.account, Way::Out, sentence.clone(), true, now) {
                tracing::warn!("account {}: {sentence}", reply.account);
            }
        }
        Verdict::Later(_) | Verdict::Failed(_) | Verdict::Left => {}
    }
    verdict
}

fn reply(event: &Event) -> Option<&Reply> {
    match event {
        Event::Replied(reply) => Some(reply),
        Event::MessageMovedIn { original, .. } => reply(original),
        _ => None,
    }
}

async fn by_channel(
    app: &App,
    account: &Account,
    reply: &Reply,
    at: Timestamp,
    handover: &Handover,
) -> Verdict {
    let answer = outbound(reply);
    match account.settings.channel {
        Channel::Email => email(app, account, &answer, at, handover).await,
        Channel::Social => post(app, account, &answer, at, handover).await,
        _ => Verdict::Failed(format!("{} cannot carry answers.", account.settings.name)),
    }
}

fn outbound(reply: &Reply) -> Outbound {
    let Reply { message, channel, account, to, cc, subject, text, author_name, mail, thread, .. } =
        reply.clone();
    Outbound { message, channel, account, to, cc, subject, text, author_name, mail, thread }
}

async fn email(
    app: &App,
    account: &Account,
    answer: &Outbound,
    at: Timestamp,
    handover: &Handover,
) -> Verdict {
    let (own, of) = (app.clone(), account.clone());
    let outgoing = tokio::task::spawn_blocking(move || own.vault().to_send(&of)).await;
    let outgoing = match outgoing {
        Ok(Ok(outgoing)) => outgoing,
        Ok(Err(e)) if e.needs_a_person() => {
            return Verdict::AccountNeedsAttention(format!("{}: {e}", account.settings.name));
        }
        Ok(Err(e)) => return Verdict::Later(e.to_string()),
        Err(e) => return Verdict::Later(e.to_string()),
    };
    send(&outgoing, answer, at, || handover.begins(app.clock.now())).await
}

/// What the account signs in or signs with.
async fn secret(app: &App, account: &Account) -> Result<Zeroizing<String>, secrets::SecretError> {
    let (own, id) = (app.clone(), account.id);
    let asked = tokio::task::spawn_blocking(move || secrets::of(&*own.journal, &own.seal, id)).await;
    asked.unwrap_or_else(|e| {
        let cause = Box::new(e);
        Err(evendesk_journal::Error::Store { doing: "look a secret up", cause }.into())
    })
}

async fn post(
    app: &App,
    account: &Account,
    answer: &Outbound,
    at: Timestamp,
    handover: &Handover,
) -> Verdict {
    let name = &account.settings.name;
    let ask = |what: &str| Verdict::AccountNeedsAttention(format!("{name} {what}"));
    let Some(Ok(url)) = account.settings.webhook.as_deref().map(Url::parse) else {
        return ask("has no address to post answers to; give it one");
    };
    let secret = match secret(app, account).await {
        Err(secrets::SecretError::Journal(e)) => return Verdict::Later(e.to_string()),
        kept => kept.ok().and_then(|s| Secret::parse(&s).ok()),
    };
    let Some(secret) = secret else { return ask("has no secret to sign with; make it anew") };
    let client = match calls::client(&url, app.private_webhooks, POST_WITHIN).await {
        Ok((_, way)) if !way.is_private => return ask("must post to https"),
        Ok((client, _)) => client,
        Err(NotCalled::Inward) => {
            return ask("posts to a private network, which this server does not call");
        }
        Err(NotCalled::NoAddress) => return ask("must post to https"),
        Err(NotCalled::Now(why)) => return Verdict::Later(why),
    };
    let (signed, body) = social::write(answer, &secret, at, app.clock.now());
    let request = client
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", signed.id)
        .header("webhook-timestamp", signed.timestamp)
        .header("webhook-signature", signed.signature)
        .body(body);
    if !handover.begins(app.clock.now()) {
        return Verdict::Left;
    }
    match request.send().await {
        Ok(response) if response.status().is_success() => Verdict::Sent,
        Ok(response) => match response.status().as_u16() {
            400 | 404 | 410 | 413 | 422 => {
                Verdict::Failed(format!("{name} refused it ({}).", response.status()))
            }
            401 | 403 => ask("refuses our signature; check its secret"),
            _ => Verdict::Later(format!("{name} does not take it now ({})", response.status())),
        },
        Err(e) => Verdict::Later(format!("{name} cannot be reached: {}", e.without_url())),
    }
}
