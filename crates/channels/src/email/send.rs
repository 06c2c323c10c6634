//! Answers sent by SMTP: one attempt, and a plain verdict on it. Retries, backoff and what the agent is
//! told are for whoever holds the intent; the journal had it before anything came here.

use std::time::Duration;

use evendesk_domain::inbound::Outbound;
use evendesk_domain::time::Timestamp;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::address::ServerAddress;
use super::compose::{Letter, domain, write};

/// For each step that waits on the server.
const PATIENCE: Duration = Duration::from_secs(30);
/// For the whole attempt.
const LONGEST: Duration = Duration::from_secs(300);

/// A mailbox's way out.
#[derive(Clone)]
pub struct Outgoing {
    pub server: ServerAddress,
    /// User and password, where the server wants them.
    pub sign_in: Option<(String, String)>,
    /// The address that answers come from.
    pub from: String,
}

/// What became of an attempt. Reasons are sentences for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The server has taken it on.
    Sent,
    /// Not now; trying again may help.
    Later(String),
    /// Not before a person mends the account; trying again does not help and may lock it.
    AccountNeedsAttention(String),
    /// Never: this answer will not reach them this way.
    Failed(String),
    /// Let go of before anything was handed over: it is somebody else's to send now.
    Left,
}

/// Writes and sends one answer. `at` is when the agent gave it, and stands in its Date field. `go_on` is asked
/// once the server listens, right before the answer is handed over; after a no it never is.
pub async fn send(
    outgoing: &Outgoing,
    answer: &Outbound,
    at: Timestamp,
    go_on: impl FnOnce() -> bool + Send,
) -> Verdict {
    let letter = match write(answer, &outgoing.from, at) {
        Ok(letter) => letter,
        Err(unsendable) => return Verdict::Failed(unsendable.to_string()),
    };
    let attempt = tokio::time::timeout(LONGEST, attempt(outgoing, &letter, go_on));
    match attempt.await {
        Ok(Ok(())) => Verdict::Sent,
        Ok(Err(verdict)) => verdict,
        Err(_) => Verdict::Later(format!("{} takes too long to answer", outgoing.server)),
    }
}

async fn attempt(
    outgoing: &Outgoing,
    letter: &Letter,
    go_on: impl FnOnce() -> bool + Send,
) -> Result<(), Verdict> {
    let server = &outgoing.server;
    let mut line = connect(outgoing).await?;
    if let Some((user, password)) = &outgoing.sign_in {
        sign_in(&mut line, server, user, password).await?;
    }
    if !go_on() {
        line.abort().await;
        return Err(Verdict::Left);
    }
    let sent = line.send(&letter.envelope, &letter.raw).await;
    // What was taken on is taken on, however the goodbye goes.
    let _ = tokio::time::timeout(Duration::from_secs(2), line.quit()).await;
    sent.map(drop).map_err(|e| match e.is_permanent() || e.is_client() {
        true => Verdict::Failed(format!("{server} refuses it: {}", words(&e))),
        false => Verdict::Later(format!("{server} does not take it now: {}", words(&e))),
    })
}

/// Connects, encrypted: from the first byte, by STARTTLS, or not at all within this machine.
async fn connect(outgoing: &Outgoing) -> Result<AsyncSmtpConnection, Verdict> {
    let server = &outgoing.server;
    let unreachable = |e: Error| Verdict::Later(format!("{server} cannot be reached: {}", words(&e)));
    let hello = ClientId::Domain(domain(&outgoing.from).to_owned());
    let tls = || TlsParameters::new_rustls(server.host.clone()).map_err(unreachable);
    let at_once = if server.tls { Some(tls()?) } else { None };
    let place = (server.host.clone(), server.port);
    let line = AsyncSmtpConnection::connect_tokio1(place, Some(PATIENCE), &hello, at_once, None);
    let mut line = line.await.map_err(unreachable)?;
    if server.tls {
        return Ok(line);
    }
    let address = server.clone();
    let loopback = tokio::task::spawn_blocking(move || address.is_loopback()).await.unwrap_or(false);
    if loopback {
        return Ok(line);
    }
    if !line.can_starttls() {
        line.abort().await;
        return Err(Verdict::AccountNeedsAttention(format!(
            "{server} offers no encryption, and mail is sent in the clear within this machine only; use smtps://"
        )));
    }
    line.starttls(tls()?, &hello).await.map_err(unreachable)?;
    Ok(line)
}

async fn sign_in(
    line: &mut AsyncSmtpConnection,
    server: &ServerAddress,
    user: &str,
    password: &str,
) -> Result<(), Verdict> {
    let ways = [Mechanism::Plain, Mechanism::Login];
    // A server that asks for no sign-in, as within a machine, gets none.
    if line.server_info().get_auth_mechanism(&ways).is_none() {
        return Ok(());
    }
    let signed_in = line.auth(&ways, &Credentials::new(user.to_owned(), password.to_owned())).await;
    signed_in.map(drop).map_err(|e| match e.is_permanent() {
        true => Verdict::AccountNeedsAttention(format!(
            "{server} refuses to sign in {user}: {}. Check the user name and the password",
            words(&e)
        )),
        false => Verdict::Later(format!("{server} cannot sign in {user} now: {}", words(&e))),
    })
}

/// What the server said, on one line.
fn words(e: &Error) -> String {
    super::headers::line(&e.to_string())
}
