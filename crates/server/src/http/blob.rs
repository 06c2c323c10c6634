//! Files, served only through a message that names them and that its reader may see.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use evendesk_domain::id::{ConversationId, MessageId};
use evendesk_domain::permission::visible;
use uuid::Uuid;

use super::HttpError;
use crate::state::{App, SignedInAs};

pub async fn get(
    State(app): State<App>,
    who: SignedInAs,
    Path((conversation, message, hash)): Path<(Uuid, Uuid, String)>,
) -> Result<Response, HttpError> {
    let (conversation, message) = (ConversationId(conversation), MessageId(message));
    named(&app, &who, conversation, message, &hash)?;
    let bytes = app.blobs.get(&hash).await?.ok_or(HttpError::NotFound)?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    // Never shown in a page of ours: it came from outside.
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, immutable"));
    Ok(response)
}

fn named(
    app: &App,
    who: &SignedInAs,
    conversation: ConversationId,
    message: MessageId,
    hash: &str,
) -> Result<(), HttpError> {
    let reader = app.readers.get()?;
    let scope = reader.scope(conversation.into())?.ok_or(HttpError::NotFound)?;
    if !visible(&who.agent, scope) {
        return Err(HttpError::NotFound);
    }
    reader.has_blob(conversation, message, hash)?.then_some(()).ok_or(HttpError::NotFound)
}
