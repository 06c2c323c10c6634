//! Who we are to a mail server: a password, or a token that is asked for when it is needed. What is in here
//! is never printed.

use std::sync::Arc;

use super::oauth::{TokenError, Tokens};

/// Where the secret comes from.
#[derive(Clone)]
pub enum SignIn {
    Password(String),
    Tokens(Arc<Tokens>),
}

/// What is shown to the server.
#[derive(Clone)]
pub enum Secret {
    Password(String),
    Token(String),
}

impl SignIn {
    pub async fn secret(&self) -> Result<Secret, TokenError> {
        match self {
            Self::Password(password) => Ok(Secret::Password(password.clone())),
            Self::Tokens(tokens) => Ok(Secret::Token(tokens.token().await?)),
        }
    }

    /// Whether another try may go better: `refused` was a token that may have been too old.
    pub async fn may_renew(&self, refused: &Secret) -> bool {
        match (self, refused) {
            (Self::Tokens(tokens), Secret::Token(token)) => {
                tokens.forget(token).await;
                true
            }
            _ => false,
        }
    }
}

impl Secret {
    /// The first thing said by XOAUTH2.
    pub(super) fn xoauth2(user: &str, token: &str) -> String {
        format!("user={user}\x01auth=Bearer {token}\x01\x01")
    }

    /// The first thing said by OAUTHBEARER (RFC 7628).
    pub(super) fn oauthbearer(user: &str, token: &str) -> String {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        format!("n,a={user},\x01auth=Bearer {token}\x01\x01")
    }
}
