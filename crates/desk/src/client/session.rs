//! Signing in and out.

use std::time::Duration;

use evendesk_domain::id::DeviceId;
use evendesk_protocol::http::{SignIn, SignedIn};

use super::address::Server;
use super::{body_up_to, problem, unreachable};
use crate::error::Error;

const SIGNED_IN_BYTES: usize = 1024 * 1024;

/// For requests of the one signed in. Redirects are not followed: they could lead out of the address
/// that was checked.
pub fn http() -> Result<reqwest::Client, Error> {
    super::install_tls();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .connect_timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|e| Error::Offline(e.to_string()))
}

pub async fn sign_in(
    http: &reqwest::Client,
    server: &Server,
    login: &str,
    password: &str,
    device: DeviceId,
) -> Result<SignedIn, Error> {
    let body = SignIn { login: login.to_owned(), password: password.to_owned(), device };
    let mut left = server.addresses();
    let response = loop {
        left -= 1;
        match http.post(server.http("api/session")).json(&body).send().await {
            Ok(response) => break response,
            Err(e) if left == 0 => return Err(unreachable(&e)),
            Err(_) => server.move_on(),
        }
    };
    if !response.status().is_success() {
        return Err(problem(response).await);
    }
    let body = body_up_to(response, SIGNED_IN_BYTES).await?;
    serde_json::from_slice(&body).map_err(|_| {
        Error::BadAddress(format!("{server} (something answers there, but it is not an Evendesk server)"))
    })
}

/// Voids the token on the server.
pub async fn sign_out(http: &reqwest::Client, server: &Server, token: &str) -> Result<(), Error> {
    let response = http
        .delete(server.http("api/session"))
        .bearer_auth(token)
        .timeout(Duration::from_secs(5))
        .send()
        .await
        .map_err(|e| unreachable(&e))?;
    if response.status().is_success() { Ok(()) } else { Err(problem(response).await) }
}
