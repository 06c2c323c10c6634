//! One try to carry an answer out on its channel.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
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
    let client = match client(&url, app.private_webhooks).await {
        Ok(client) => client,
        Err(Unreachable::Private) => {
            return ask("posts to a private network, which this server does not call");
        }
        Err(Unreachable::Insecure) => return ask("must post to https"),
        Err(Unreachable::Now(why)) => return Verdict::Later(why),
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

/// Why an address that people configured is not called.
enum Unreachable {
    Private,
    Insecure,
    Now(String),
}

/// A client for one call: bound to addresses that were looked at, so that a name cannot turn inward in
/// between, and without redirects, which could.
async fn client(url: &Url, private: bool) -> Result<reqwest::Client, Unreachable> {
    let host =
        url.host_str().ok_or(Unreachable::Insecure)?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().ok_or(Unreachable::Insecure)?;
    let found = tokio::net::lookup_host((host.as_str(), port)).await;
    let addrs: Vec<SocketAddr> =
        found.map_err(|e| Unreachable::Now(format!("{host} is not found: {e}")))?.collect();
    if !private && addrs.iter().any(|a| !is_public(a.ip())) {
        return Err(Unreachable::Private);
    }
    let local = addrs.iter().all(|a| a.ip().is_loopback());
    if url.scheme() != "https" && !(private && local) {
        return Err(Unreachable::Insecure);
    }
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(POST_WITHIN)
        .resolve_to_addrs(&host, &addrs)
        .build()
        .map_err(|e| Unreachable::Now(e.to_string()))
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    // Only 2000::/3 is handed out; of it, documentation and the tunnels that carry IPv4 inside are not.
    let [first, second, ..] = ip.segments();
    let special = first == 0x2002 || (first == 0x2001 && (second == 0 || second == 0x0db8));
    first & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_called() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
