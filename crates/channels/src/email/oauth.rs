//! Tokens instead of passwords (OAuth 2.0, RFC 6749): whoever owns a mailbox has once allowed us in, and with
//! what was given then a token is asked for whenever the last one is too old.

use std::time::{Duration, Instant};

use evendesk_domain::settings::OAuth;
use reqwest::{Client, StatusCode, Url};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::headers::line;

const WITHIN: Duration = Duration::from_secs(20);
/// A token is taken for too old this long before it is.
const MARGIN: Duration = Duration::from_secs(60);
/// Where it is not said how long a token is good.
const USUALLY_GOOD_S: u64 = 3_600;
const ANSWER_BYTES: usize = 64 * 1024;

/// Who gives tokens for the mailboxes of many: pages to ask, and the mailboxes' servers.
pub struct Provider {
    pub name: &'static str,
    pub authorize_url: &'static str,
    pub token_url: &'static str,
    pub scope: &'static str,
    pub imap: &'static str,
    pub smtp: &'static str,
}

pub const PROVIDERS: [Provider; 2] = [
    Provider {
        name: "google",
        authorize_url: "https://accounts.google.com/o/oauth2/v2/auth",
        token_url: "https://oauth2.googleapis.com/token",
        scope: "https://mail.google.com/",
        imap: "imaps://imap.gmail.com",
        smtp: "smtps://smtp.gmail.com",
    },
    Provider {
        name: "microsoft",
        authorize_url: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        token_url: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        scope: "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send \
                offline_access",
        imap: "imaps://outlook.office365.com",
        smtp: "smtp://smtp.office365.com:587",
    },
];

/// What whoever owns the mailbox gave us. Kept sealed, and never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub refresh_token: String,
    pub client_secret: Option<String>,
}

/// Where the grant is kept, sealed. Blocks.
pub trait Keeps: Send + Sync {
    fn load(&self) -> Result<Grant, String>;
    /// In the place of the one before: a provider may give another with each token.
    fn keep(&self, grant: &Grant) -> Result<(), String>;
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("{host} lets us in no longer: {reason}. Sign in to this mailbox again")]
    Revoked { host: String, reason: String },
    #[error("{host} cannot be asked for a token now: {reason}")]
    NotNow { host: String, reason: String },
    #[error("\"{0}\" is asked for tokens and must be an https:// address")]
    NotEncrypted(String),
    #[error("{0}")]
    Grant(String),
}

impl TokenError {
    pub const fn needs_a_person(&self) -> bool {
        !matches!(self, Self::NotNow { .. })
    }
}

/// The tokens of one mailbox. One at a time is asked for.
pub struct Tokens {
    oauth: OAuth,
    keeps: std::sync::Arc<dyn Keeps>,
    held: Mutex<Option<Held>>,
}

struct Held {
    token: String,
    until: Instant,
}

#[derive(Deserialize)]
struct Given {
    access_token: Option<String>,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

impl Tokens {
    pub fn new(oauth: OAuth, keeps: std::sync::Arc<dyn Keeps>) -> Self {
        Self { oauth, keeps, held: Mutex::new(None) }
    }

    /// Whether these are the tokens of those settings.
    pub fn are_of(&self, oauth: &OAuth) -> bool {
        self.oauth == *oauth
    }

    /// One that is good for a while.
    pub async fn token(&self) -> Result<String, TokenError> {
        let mut held = self.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| held.until > Instant::now()) {
            return Ok(held.token.clone());
        }
        let fresh = self.ask().await?;
        let token = fresh.token.clone();
        *held = Some(fresh);
        Ok(token)
    }

    /// A mail server would not have it.
    pub async fn forget(&self, token: &str) {
        let mut held = self.held.lock().await;
        if held.as_ref().is_some_and(|held| held.token == token) {
            *held = None;
        }
    }

    async fn ask(&self) -> Result<Held, TokenError> {
        let grant = self.load().await?;
        match refresh(&self.oauth, &grant).await {
            // Another node may have been given a newer one in its place.
            Err(TokenError::Revoked { host, reason }) => match self.load().await? {
                newer if newer != grant => {
                    self.take(newer.clone(), refresh(&self.oauth, &newer).await?).await
                }
                _ => Err(TokenError::Revoked { host, reason }),
            },
            given => self.take(grant, given?).await,
        }
    }

    async fn take(&self, grant: Grant, given: Given) -> Result<Held, TokenError> {
        if let Some(refresh_token) = given.refresh_token.filter(|new| *new != grant.refresh_token) {
            let (keeps, grant) = (self.keeps.clone(), Grant { refresh_token, ..grant });
            blocking(move || keeps.keep(&grant)).await?;
        }
        let good = Duration::from_secs(given.expires_in.unwrap_or(USUALLY_GOOD_S)).saturating_sub(MARGIN);
        let until = Instant::now() + good.min(Duration::from_secs(86_400));
        Ok(Held { token: given.access_token.unwrap_or_default(), until })
    }

    async fn load(&self) -> Result<Grant, TokenError> {
        let keeps = self.keeps.clone();
        blocking(move || keeps.load()).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, TokenError> {
    let done = tokio::task::spawn_blocking(work).await.unwrap_or_else(|e| Err(e.to_string()));
    done.map_err(TokenError::Grant)
}

/// Where the owner of the mailbox is sent to let us in; they come back to `redirect` with a code. `challenge`
/// is the base64url of the SHA-256 of the verifier that the code is exchanged with (RFC 7636).
pub fn ask_at(oauth: &OAuth, redirect: &str, state: &str, challenge: &str) -> Result<Url, TokenError> {
    let mut url = checked(&oauth.authorize_url)?;
    url.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &oauth.client_id),
        ("redirect_uri", redirect),
        ("scope", &oauth.scope),
        ("state", state),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        // Google gives what outlasts the first token only if it is asked for like this.
        ("access_type", "offline"),
        ("prompt", "consent"),
    ]);
    Ok(url)
}

/// What the code is worth.
pub async fn exchange(
    oauth: &OAuth,
    client_secret: Option<String>,
    code: &str,
    redirect: &str,
    verifier: &str,
) -> Result<Grant, TokenError> {
    let mut fields = vec![
        ("grant_type", "authorization_code"),
        ("client_id", &oauth.client_id),
        ("code", code),
        ("redirect_uri", redirect),
        ("code_verifier", verifier),
    ];
    fields.extend(client_secret.as_deref().map(|secret| ("client_secret", secret)));
    let given = post(oauth, &fields).await?;
    let refresh_token = given.refresh_token.ok_or_else(|| {
        TokenError::Grant("a token was given and nothing to renew it with; allow offline access".to_owned())
    })?;
    Ok(Grant { refresh_token, client_secret })
}

async fn refresh(oauth: &OAuth, grant: &Grant) -> Result<Given, TokenError> {
    let mut fields = vec![
        ("grant_type", "refresh_token"),
        ("client_id", oauth.client_id.as_str()),
        ("refresh_token", &grant.refresh_token),
        ("scope", &oauth.scope),
    ];
    fields.extend(grant.client_secret.as_deref().map(|secret| ("client_secret", secret)));
    post(oauth, &fields).await
}

async fn post(oauth: &OAuth, fields: &[(&str, &str)]) -> Result<Given, TokenError> {
    let url = checked(&oauth.token_url)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    // Without the URL: nothing of what was sent is ever in a sentence.
    let not_now =
        |e: reqwest::Error| TokenError::NotNow { host: host.clone(), reason: chain(&e.without_url()) };
    // A command line has none yet.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().timeout(WITHIN).redirect(reqwest::redirect::Policy::none());
    let request = client.build().map_err(not_now)?.post(url).body(form(fields));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let mut answer = request.header("accept", "application/json").send().await.map_err(not_now)?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(more) = answer.chunk().await.map_err(not_now)? {
        body.extend_from_slice(&more);
        if body.len() > ANSWER_BYTES {
            return Err(TokenError::NotNow { host, reason: "it says more than was asked for".to_owned() });
        }
    }
    let given: Option<Given> = serde_json::from_slice(&body).ok();
    match given {
        Some(given) if status.is_success() && given.access_token.is_some() => Ok(given),
        Some(Given { error: Some(error), error_description, .. })
            if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS =>
        {
            let reason = error_description.filter(|d| !d.is_empty()).unwrap_or(error);
            Err(TokenError::Revoked { host, reason: line(&reason) })
        }
        _ => Err(TokenError::NotNow { host, reason: format!("it answers {status}") }),
    }
}

/// In the clear on this machine only.
fn checked(url: &str) -> Result<Url, TokenError> {
    let not_encrypted = || TokenError::NotEncrypted(line(url));
    let parsed = Url::parse(url).map_err(|_| not_encrypted())?;
    let local = matches!(parsed.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    match parsed.scheme() {
        "https" => Ok(parsed),
        "http" if local => Ok(parsed),
        _ => Err(not_encrypted()),
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    // A URL's query is written as a form is.
    let Ok(mut url) = Url::parse("https://form.invalid/") else { return String::new() };
    url.query_pairs_mut().extend_pairs(fields);
    url.query().unwrap_or_default().to_owned()
}

fn chain(e: &dyn std::error::Error) -> String {
    let mut said = e.to_string();
    let mut source = e.source();
    while let Some(e) = source {
        said = format!("{said}: {e}");
        source = e.source();
    }
    line(&said)
}
