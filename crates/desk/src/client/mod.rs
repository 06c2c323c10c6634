//! The network: the socket, sign-in, files, unsigned feedback. Carries messages; decides nothing.

pub mod accounts;
pub mod address;
pub mod backoff;
pub mod courier;
pub mod files;
pub mod letters;
pub mod parts;
pub mod people;
pub mod session;
pub mod socket;
pub mod trust;

use evendesk_protocol::Class;
use evendesk_protocol::http::Problem;

use crate::error::Error;

/// Every TLS connection of this process uses one implementation; installing it twice is harmless.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A failed request in words.
fn unreachable(error: &reqwest::Error) -> Error {
    if let Some(distrust) = trust::distrust(error) {
        return distrust;
    }
    let what = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    tracing::debug!(%error, "a request failed");
    Error::Offline(what.to_owned())
}

/// The server's own words for a request it did not grant.
async fn problem(response: reqwest::Response) -> Error {
    let status = response.status();
    let body = body_up_to(response, PROBLEM_BYTES).await.unwrap_or_default();
    match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) if problem.class == Class::SignInAgain => Error::SignIn(problem.sentence),
        Ok(problem) => Error::Answered { code: problem.code, sentence: problem.sentence },
        Err(_) if status == reqwest::StatusCode::UNAUTHORIZED => Error::SignIn("Sign in again.".to_owned()),
        Err(_) if status.is_server_error() => Error::Offline(format!("it answered {status}")),
        Err(_) => Error::Answered { code: status.as_str().to_owned(), sentence: status.to_string() },
    }
}

/// Bytes of an answer that says what went wrong.
const PROBLEM_BYTES: usize = 64 * 1024;

/// Reads an answer's body, which may not be longer than `most`.
async fn body_up_to(mut response: reqwest::Response, most: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| unreachable(&e))? {
        if body.len() + chunk.len() > most {
            return Err(Error::Protocol(format!("an answer is longer than {most} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
