//! A part of a snapshot, for whoever signed in: only what they may see is in it.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use evendesk_replica::snapshot::Begin;
use futures_util::stream;

use super::HttpError;
use crate::snapshot::{part, piece};
use crate::state::{App, SignedInAs};

pub async fn get(
    State(app): State<App>,
    who: SignedInAs,
    Path((begin, since, read_model)): Path<(String, u64, String)>,
) -> Result<Response, HttpError> {
    let begin: Begin = begin.parse().map_err(|()| HttpError::NotFound)?;
    if read_model != evendesk_replica::fingerprint() {
        return Err(HttpError::OtherRows);
    }
    let packed = part(&app, who.agent, begin, since).await?;
    let file = packed.open()?;
    let length = file.metadata()?.len();
    // Held until the last piece has gone: then the file may go, too.
    let pieces = stream::try_unfold((packed, file), |(packed, mut file)| async move {
        let read = tokio::task::spawn_blocking(move || piece(&mut file).map(|bytes| (bytes, file)));
        let (bytes, file) = read.await.map_err(std::io::Error::other)??;
        Ok::<_, std::io::Error>((!bytes.is_empty()).then_some((bytes, (packed, file))))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zstd"));
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
