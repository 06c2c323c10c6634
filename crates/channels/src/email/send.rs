//! Answers sent by SMTP: one attempt, and a plain verdict on it. Retries, backoff and what the agent is
//! told are for whoever holds the intent; the journal had it before anything came here.

use std::time::Duration;

use evendesk_domain::inbound::Outbound;
use evendesk_domain::time::Timestamp;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use super::address::ServerAddress;
use super::compose::{Letter, domain, write};
use super::oauth::TokenError;
use super::sign_in::{Secret, SignIn};

/// For each step that waits on the server.
const PATIENCE: Duration = Duration::from_secs(30);
/// For the whole attempt.
const LONGEST: Duration = Duration::from_secs(300);

/// A mailbox's way out.
#[derive(Clone)]
pub struct Outgoing {
    pub server: ServerAddress,
    /// User and password or tokens, where the server wants them.
    pub sign_in: Option<(String, SignIn)>,
    /// PEM of who vouches for the server besides those that the system trusts.
    pub ca: Option<String>,
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
    if let Some((user, how)) = &outgoing.sign_in {
        line = sign_in(line, outgoing, user, how).await?;
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
    let unreachable = |e: Error| match is_distrust(&e) {
        true => Verdict::AccountNeedsAttention(format!(
            "{server} is not who it says it is: {}. Check its name; where it has a certificate of your own, name \
             who vouches for it",
            words(&e)
        )),
        false => Verdict::Later(format!("{server} cannot be reached: {}", words(&e))),
    };
    let hello = ClientId::Domain(domain(&outgoing.from).to_owned());
    let tls = || trusting(&server.host, outgoing.ca.as_deref()).map_err(unreachable);
    let at_once = if server.tls { Some(tls()?) } else { None };
    let place = (server.host.clone(), server.port);
    let line = AsyncSmtpConnection::connect_tokio1(place, Some(PATIENCE), &hello, at_once, None);
    let mut line = line.await.map_err(unreachable)?;
    if server.tls {
        return Ok(line);
    }
    let address = server.clone();
    let clear = tokio::task::spawn_blocking(move || address.allows_clear()).await.unwrap_or(false);
    if clear {
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

/// Whether somebody answers whom nobody we trust vouches for.
fn is_distrust(e: &Error) -> bool {
    let mut source = std::error::Error::source(e);
    while let Some(e) = source {
        if e.downcast_ref::<std::io::Error>().is_some_and(super::stream::is_distrust) {
            return true;
        }
        source = e.source();
    }
    false
}

fn trusting(host: &str, ca: Option<&str>) -> Result<TlsParameters, Error> {
    let mut tls = TlsParameters::builder(host.to_owned());
    if let Some(pem) = ca {
        tls = tls.add_root_certificate(Certificate::from_pem(pem.as_bytes())?);
    }
    tls.build_rustls()
}

/// A token that is refused may have been too old: it is asked for anew, once, on another line, since a server
/// may hang up after a no.
async fn sign_in(
    mut line: AsyncSmtpConnection,
    outgoing: &Outgoing,
    user: &str,
    how: &SignIn,
) -> Result<AsyncSmtpConnection, Verdict> {
    let no_token = |e: TokenError| match e.needs_a_person() {
        true => Verdict::AccountNeedsAttention(e.to_string()),
        false => Verdict::Later(e.to_string()),
    };
    let secret = how.secret().await.map_err(no_token)?;
    match show(&mut line, &outgoing.server, user, &secret).await {
        Err(Verdict::AccountNeedsAttention(_)) if how.may_renew(&secret).await => {
            line.abort().await;
            let secret = how.secret().await.map_err(no_token)?;
            let mut line = connect(outgoing).await?;
            show(&mut line, &outgoing.server, user, &secret).await?;
            Ok(line)
        }
        shown => shown.map(|()| line),
    }
}

async fn show(
    line: &mut AsyncSmtpConnection,
    server: &ServerAddress,
    user: &str,
    secret: &Secret,
) -> Result<(), Verdict> {
    let (ways, shown): (&[Mechanism], _) = match secret {
        Secret::Password(password) => (&[Mechanism::Plain, Mechanism::Login], password),
        Secret::Token(token) => (&[Mechanism::Xoauth2], token),
    };
    // A server that asks for no sign-in, as within a machine, gets none.
    if line.server_info().get_auth_mechanism(ways).is_none() {
        return Ok(());
    }
    let signed_in = line.auth(ways, &Credentials::new(user.to_owned(), shown.clone())).await;
    // What is wrong with a token is told in a challenge that only waits for the no; to lettre that is a slip.
    let refused = |e: &Error| e.is_permanent() || (e.is_client() && matches!(secret, Secret::Token(_)));
    signed_in.map(drop).map_err(|e| match refused(&e) {
        true => Verdict::AccountNeedsAttention(format!(
            "{server} refuses to sign in {user}: {}. Check the user name and the password",
            words(&e)
        )),
        false => Verdict::Later(format!("{server} cannot sign in {user} now: {}", words(&e))),
    })
}

/// Whether the server can be reached and lets us in; nothing is sent.
pub async fn test(outgoing: &Outgoing) -> Verdict {
    let attempt = async {
        let mut line = connect(outgoing).await?;
        if let Some((user, how)) = &outgoing.sign_in {
            line = sign_in(line, outgoing, user, how).await?;
        }
        let _ = tokio::time::timeout(Duration::from_secs(2), line.quit()).await;
        Ok(())
    };
    attempt.await.err().unwrap_or(Verdict::Sent)
}

/// What the server said, on one line.
fn words(e: &Error) -> String {
    super::headers::line(&e.to_string())
}
