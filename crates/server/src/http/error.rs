//! What a request can fail with. What is wrong inside stays inside: it is logged, not told.

use axum::Json;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use evendesk_journal::Ended;
use evendesk_protocol::Class;
use evendesk_protocol::http::{OTHER_ROWS, Problem};
use serde::de::DeserializeOwned;

use crate::auth::{HashingError, PasswordError};
use crate::invitation::InvitationError;
use crate::sign_in::NotSignedIn;
use crate::writer::Undecided;

#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("Sign in first.")]
    SignIn,
    #[error("The login or the password is wrong.")]
    WrongPassword,
    /// It was good, and was ended: why.
    #[error("{}", over(*.0))]
    Over(Ended),
    #[error(
        "This invitation is not good: it was used, withdrawn, is too old, or there is a slip in the code. Ask for another."
    )]
    NoInvitation,
    #[error("That is not allowed.")]
    Forbidden,
    #[error("This is not here, or not for you to see.")]
    NotFound,
    #[error("Too many tries; try again in {0} seconds.")]
    TooMany(u64),
    #[error("That is too large.")]
    TooLarge,
    #[error("This server keeps its rows in another way than this Evendesk; connect again.")]
    OtherRows,
    #[error("This picture is not where the mail says, or cannot be fetched from there.")]
    PictureAway,
    #[error("{0}")]
    Invalid(String),
    #[error("The server has more to do than it can take on; try again in a few seconds.")]
    Busy,
    #[error("The server cannot reach its files now; try again in a minute.")]
    FilesAway,
    #[error("The server failed at this; it has been noted in its log.")]
    Internal(String),
}

impl HttpError {
    const fn code(&self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::WrongPassword => "wrong_password",
            Self::Over(why) => why.name(),
            Self::NoInvitation => "no_invitation",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::TooMany(_) => "too_many",
            Self::TooLarge => "too_large",
            Self::OtherRows => OTHER_ROWS,
            Self::PictureAway => "not_found",
            Self::Invalid(_) => "invalid",
            Self::Busy => "busy",
            Self::FilesAway => "files_away",
            Self::Internal(_) => "internal",
        }
    }

    const fn class(&self) -> Class {
        match self {
            Self::SignIn | Self::WrongPassword | Self::Over(_) => Class::SignInAgain,
            Self::TooMany(_) | Self::Busy | Self::FilesAway => Class::Retry,
            Self::OtherRows => Class::Resync,
            Self::Internal(_) => Class::Bug,
            _ => Class::Refused,
        }
    }

    pub const fn status(&self) -> StatusCode {
        match self {
            Self::SignIn | Self::WrongPassword | Self::Over(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound | Self::NoInvitation | Self::PictureAway => StatusCode::NOT_FOUND,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::OtherRows => StatusCode::CONFLICT,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Busy | Self::FilesAway => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    const fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::TooMany(s) => Some(*s),
            Self::Busy => Some(3),
            Self::FilesAway => Some(60),
            _ => None,
        }
    }
}

const fn over(why: Ended) -> &'static str {
    match why {
        Ended::SignedOut => "You signed out here; sign in again.",
        Ended::Revoked => "This device was signed out, from another one or by an admin; sign in again.",
        Ended::NewPassword => "Your password was changed; sign in with the new one.",
        Ended::Deactivated => "You may not sign in here any more; ask an admin if that is a mistake.",
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        if let Self::Internal(why) = &self {
            tracing::error!("a request failed: {why}");
        }
        let problem = Problem { class: self.class(), code: self.code().into(), sentence: self.to_string() };
        let mut response = (self.status(), Json(problem)).into_response();
        if let Some(seconds) = self.retry_after_s() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<InvitationError> for HttpError {
    fn from(e: InvitationError) -> Self {
        match e {
            InvitationError::Refused(sentence) => Self::Invalid(sentence),
            e => Self::Internal(e.to_string()),
        }
    }
}

impl From<NotSignedIn> for HttpError {
    fn from(e: NotSignedIn) -> Self {
        match e {
            NotSignedIn::Unknown => Self::SignIn,
            NotSignedIn::Over(why) => Self::Over(why),
            NotSignedIn::NotYet => Self::Busy,
            e => Self::Internal(e.to_string()),
        }
    }
}

impl From<PasswordError> for HttpError {
    fn from(e: PasswordError) -> Self {
        match e {
            PasswordError::Hash(_) => Self::Internal(e.to_string()),
            e => Self::Invalid(format!("That will not do: {e}.")),
        }
    }
}

impl From<HashingError> for HttpError {
    fn from(e: HashingError) -> Self {
        match e {
            HashingError::Crowded => Self::Busy,
            HashingError::Broken(_) => Self::Internal(e.to_string()),
        }
    }
}

impl From<Undecided> for HttpError {
    fn from(undecided: Undecided) -> Self {
        match undecided {
            Undecided::Busy | Undecided::Stopping => Self::Busy,
            Undecided::Store(why) | Undecided::Unfit(why) => Self::Internal(why),
        }
    }
}

/// A body as JSON; what is wrong with it is said as every problem is.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Asked<T> {
    type Rejection = HttpError;
    async fn from_request(request: Request, state: &S) -> Result<Self, HttpError> {
        let body = Json::from_request(request, state).await;
        body.map(|Json(asked)| Self(asked)).map_err(|e| match e.status() {
            StatusCode::PAYLOAD_TOO_LARGE => HttpError::TooLarge,
            _ => HttpError::Invalid(format!("The request cannot be read: {}", e.body_text())),
        })
    }
}

impl From<crate::blobs::BlobError> for HttpError {
    fn from(e: crate::blobs::BlobError) -> Self {
        match e {
            crate::blobs::BlobError::Store(e) => {
                tracing::warn!("the files cannot be reached: {e}");
                Self::FilesAway
            }
            e => Self::Internal(e.to_string()),
        }
    }
}

macro_rules! inside {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for HttpError {
            fn from(e: $error) -> Self {
                Self::Internal(e.to_string())
            }
        }
    )*};
}

inside!(
    evendesk_journal::Error,
    evendesk_replica::Error,
    evendesk_domain::decide::LookupFailed,
    crate::seal::SealError,
    std::io::Error,
    tokio::task::JoinError,
);
