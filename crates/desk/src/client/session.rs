//! Signing in and out.

use std::time::Duration;

use evendesk_protocol::http::{Join, SignIn, SignedIn};
use reqwest::RequestBuilder;
use serde::Serialize;

use super::address::Server;
use super::{body_up_to, problem, unreachable};
use crate::error::Error;

const SIGNED_IN_BYTES: usize = 1024 * 1024;

/// What a signed-in request needs.
pub struct SignedInAt {
    pub http: reqwest::Client,
    pub server: Server,
    pub token: String,
}

impl SignedInAt {
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.server.http(path)).bearer_auth(&self.token)
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(self.server.http(path)).bearer_auth(&self.token)
    }

    pub(super) fn delete(&self, path: &str) -> RequestBuilder {
        self.http.delete(self.server.http(path)).bearer_auth(&self.token)
    }

    /// Voids the token on the server.
    pub async fn sign_out(self) -> Result<(), Error> {
        let request = self.delete("api/session").timeout(Duration::from_secs(5));
        let response = request.send().await.map_err(|e| unreachable(&e))?;
        if response.status().is_success() { Ok(()) } else { Err(problem(response).await) }
    }
}

pub async fn sign_in(http: &reqwest::Client, server: &Server, sign_in: &SignIn) -> Result<SignedIn, Error> {
    come_in(http, server, "api/session", sign_in).await
}

/// With an invitation's code.
pub async fn join(http: &reqwest::Client, server: &Server, join: &Join) -> Result<SignedIn, Error> {
    come_in(http, server, "api/join", join).await
}

async fn come_in(
    http: &reqwest::Client,
    server: &Server,
    path: &str,
    body: &impl Serialize,
) -> Result<SignedIn, Error> {
    let mut left = server.addresses();
    let response = loop {
        left -= 1;
        match http.post(server.http(path)).json(body).send().await {
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
