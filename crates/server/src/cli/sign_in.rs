//! Signing in to a mailbox without a password: its owner opens a page of their provider's, allows us in, and is
//! sent back here with a code, which is worth a grant.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use evendesk_channels::email::oauth::{self, Grant};
use rand::TryRng as _;
use rand::rngs::SysRng;
use reqwest::Url;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::mailbox::named;
use super::{Desk, Failure, secret_from_stdin};
use crate::access::keep_grant;
use crate::location::Location;

/// How long the owner may take.
const PATIENCE: Duration = Duration::from_secs(600);
const LINE_BYTES: u64 = 8 * 1024;

#[derive(Args)]
pub struct SignIn {
    /// As it was called when it was added
    name: String,
    /// Read the client's secret from standard input, where the provider gave one
    #[arg(long)]
    client_secret_stdin: bool,
    /// Read a refresh token from standard input instead of printing a page to open
    #[arg(long, conflicts_with = "client_secret_stdin")]
    refresh_token_stdin: bool,
    /// The port of this machine to be sent back to, where the provider must know it; any free one otherwise
    #[arg(long, default_value_t = 0)]
    port: u16,
}

impl SignIn {
    pub async fn run(self, data: &Location) -> Result<(), Failure> {
        let desk = Desk::open(data)?;
        let account = named(&desk, &self.name)?;
        let Some(oauth) = account.settings.mail.oauth else {
            return Err(format!(
                "{} is signed in to with a password; give it a --client-id first",
                self.name
            )
            .into());
        };
        let grant = if self.refresh_token_stdin {
            let token = secret_from_stdin("the refresh token")?;
            Grant { refresh_token: token.to_string(), client_secret: None }
        } else {
            let client_secret =
                self.client_secret_stdin.then(|| secret_from_stdin("the client's secret")).transpose()?;
            let listener = TcpListener::bind(("127.0.0.1", self.port)).await?;
            let redirect = format!("http://127.0.0.1:{}/", listener.local_addr()?.port());
            let (state, verifier) = (chance()?, chance()?);
            let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
            let page = oauth::ask_at(&oauth, &redirect, &state, &challenge)?;
            println!("Open this page on this machine, and allow it:\n{page}");
            let code = tokio::time::timeout(PATIENCE, code(&listener, &state)).await;
            let code = code.map_err(|_| "nobody came back within ten minutes; begin again")??;
            let client_secret = client_secret.map(|secret| secret.to_string());
            oauth::exchange(&oauth, client_secret, &code, &redirect, &verifier).await?
        };
        keep_grant(&*desk.journal, &desk.seal, account.id, &grant)?;
        println!("Signed in. `mailbox test {}` tries it.", self.name);
        Ok(())
    }
}

fn chance() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| "the machine gives no random numbers")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Waits for the browser that comes back with the code. What else calls here is answered and not listened to.
async fn code(listener: &TcpListener, state: &str) -> Result<String, Failure> {
    loop {
        let (mut socket, _) = listener.accept().await?;
        let mut line = String::new();
        let mut reader = BufReader::new((&mut socket).take(LINE_BYTES));
        let asked = reader.read_line(&mut line);
        if !matches!(tokio::time::timeout(Duration::from_secs(5), asked).await, Ok(Ok(_))) {
            continue;
        }
        let path = line.split(' ').nth(1).unwrap_or_default();
        let Ok(url) = Url::parse("http://127.0.0.1/").and_then(|here| here.join(path)) else { continue };
        let field = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
        let ours = field("state").as_deref() == Some(state);
        let said = if ours { "You can close this page now." } else { "This is not what is waited for here." };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{said}",
            said.len()
        );
        let _ = socket.write_all(answer.as_bytes()).await;
        match (ours, field("code")) {
            (true, Some(code)) => return Ok(code),
            (true, None) => {
                let why = field("error_description").or_else(|| field("error")).unwrap_or_default();
                return Err(format!("access was not allowed: {why}").into());
            }
            (false, _) => {}
        }
    }
}
