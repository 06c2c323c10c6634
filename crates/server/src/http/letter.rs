//! What is shown of a mail's HTML, cleaned anew from the mail as it came, and the pictures that it has elsewhere.
//!
//! Pictures are fetched from here, and only when somebody asked for them: their sender learns neither who that was
//! nor where. Both only through a message that its reader may see.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use evendesk_channels::email::letter::{self, Letter};
use evendesk_domain::channel::Channel;
use evendesk_domain::id::{ConversationId, MessageId};
use evendesk_domain::limits::PICTURE_BYTES;
use evendesk_domain::permission::visible;
use evendesk_protocol::http::{self as wire, InlinePicture};
use reqwest::Url;
use uuid::Uuid;

use super::HttpError;
use crate::calls;
use crate::state::{App, SignedInAs};

const FETCH_WITHIN: Duration = Duration::from_secs(15);
/// Senders have their pictures counted on the way, by one server after the other.
const REDIRECTS: usize = 4;

pub async fn get(
    State(app): State<App>,
    who: SignedInAs,
    Path((conversation, message)): Path<(Uuid, Uuid)>,
) -> Result<Json<wire::Letter>, HttpError> {
    let read = read(&app, &who, ConversationId(conversation), MessageId(message)).await?;
    Ok(Json(read.map(|(letter, inline)| shown(letter, inline)).unwrap_or_default()))
}

/// The picture in that place among those that the mail has elsewhere.
pub async fn picture(
    State(app): State<App>,
    who: SignedInAs,
    Path((conversation, message, place)): Path<(Uuid, Uuid, usize)>,
) -> Result<Response, HttpError> {
    let read = read(&app, &who, ConversationId(conversation), MessageId(message)).await?;
    let address = read.and_then(|(letter, _)| letter.pictures.into_iter().nth(place));
    let address = address.and_then(|address| Url::parse(&address).ok()).ok_or(HttpError::NotFound)?;
    let bytes = fetch(address, app.private_webhooks).await?;
    let mut response = Response::new(Body::from(bytes));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

type Read = (Letter, Vec<letter::Inline>);

/// None where the message is no mail, or has no HTML that can be shown.
async fn read(
    app: &App,
    who: &SignedInAs,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<Read>, HttpError> {
    let seq = {
        let reader = app.readers.get()?;
        let scope = reader.scope(conversation.into())?.ok_or(HttpError::NotFound)?;
        if !visible(&who.agent, scope) {
            return Err(HttpError::NotFound);
        }
        reader.received(conversation, message)?.ok_or(HttpError::NotFound)?
    };
    let recorded = app.ask_journal(move |journal| journal.event(seq)).await?.ok_or(HttpError::NotFound)?;
    let inbound = recorded.event.inbound().filter(|inbound| inbound.channel == Channel::Email);
    let Some(raw) = inbound.and_then(|inbound| inbound.raw.clone()) else { return Ok(None) };
    let bytes = app.blobs.get(&raw).await?.ok_or(HttpError::NotFound)?;
    Ok(tokio::task::spawn_blocking(move || letter::of_mail(&bytes)).await?)
}

fn shown(letter: Letter, inline: Vec<letter::Inline>) -> wire::Letter {
    let mut picture_hosts: Vec<String> = Vec::new();
    for host in letter.pictures.iter().filter_map(|address| letter::host(address)) {
        if !picture_hosts.contains(&host) {
            picture_hosts.push(host);
        }
    }
    wire::Letter {
        html: Some(letter.html),
        formatted: letter.formatted,
        coloured: letter.coloured,
        has_history: letter.has_history,
        pictures: letter.pictures.len().try_into().unwrap_or(u32::MAX),
        picture_hosts,
        trackers: letter.trackers,
        inline: inline
            .into_iter()
            .map(|i| InlinePicture { content_id: i.content_id, blob: i.blob })
            .collect(),
    }
}

async fn fetch(mut address: Url, inward: bool) -> Result<Bytes, HttpError> {
    for _ in 0..=REDIRECTS {
        let away = |_| HttpError::PictureAway;
        let (client, _) = calls::client(&address, inward, FETCH_WITHIN).await.map_err(away)?;
        // No cookie, no address that it was asked from, no word of who asks.
        let request = client.get(address.clone()).header(header::ACCEPT, "image/*");
        let response = request.send().await.map_err(|_| HttpError::PictureAway)?;
        if response.status().is_redirection() {
            let next = response.headers().get(header::LOCATION).and_then(|next| next.to_str().ok());
            address = next.and_then(|next| address.join(next).ok()).ok_or(HttpError::PictureAway)?;
            continue;
        }
        if response.status() != StatusCode::OK {
            return Err(HttpError::PictureAway);
        }
        return body(response).await;
    }
    Err(HttpError::PictureAway)
}

async fn body(mut response: reqwest::Response) -> Result<Bytes, HttpError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| HttpError::PictureAway)? {
        if bytes.len() + chunk.len() > PICTURE_BYTES {
            return Err(HttpError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.into())
}
