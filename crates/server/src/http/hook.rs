//! Social mentions by signed webhook.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use evendesk_channels::intake::{Arrival, Intake, Outcome, SetAside};
use evendesk_channels::social::signature::{Secret, Signed, verify};
use evendesk_channels::social::{self, MENTION_BYTES};
use evendesk_domain::id::AccountId;
use uuid::Uuid;

use super::HttpError;
use crate::secrets;
use crate::state::App;

pub const BODY: usize = MENTION_BYTES;

pub async fn mention(
    State(app): State<App>,
    Path(account): Path<Uuid>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, HttpError> {
    receive(&app, AccountId(account), &signed(&headers), &body).await
}

/// The one way in for mentions, from bridges and from the sample data alike.
pub async fn receive(
    app: &App,
    account: AccountId,
    signed: &Signed,
    body: &[u8],
) -> Result<StatusCode, HttpError> {
    let now = app.clock.now();
    app.limits.hooks.try_take(account, now).map_err(HttpError::TooMany)?;
    // An account that is not there and a wrong signature look the same from outside.
    let own = app.clone();
    let kept = tokio::task::spawn_blocking(move || secrets::of(&*own.journal, &own.seal, account)).await?;
    let secret = kept.map_err(|e| match e {
        // Who is told that it may not will not come again.
        secrets::SecretError::Journal(e) => e.into(),
        _ => HttpError::SignIn,
    })?;
    let secret = Secret::parse(&secret).map_err(|_| HttpError::SignIn)?;
    verify(&secret, signed, body, now).map_err(|_| HttpError::SignIn)?;
    let reception = app.reception();
    let raw = reception.put_blob(body.to_vec()).await?;
    let bytes = body.len() as u64;
    match social::read(body, account, Some(raw.clone())) {
        Ok(inbound) => {
            let outcome = Outcome::Read(Box::new(inbound));
            reception.arrived(account, vec![Arrival { uid: None, bytes, outcome }], None).await?;
            Ok(StatusCode::ACCEPTED)
        }
        Err(e) => {
            let reason = e.to_string();
            let outcome = Outcome::SetAside(SetAside { raw: Some(raw), reason: reason.clone() });
            reception.arrived(account, vec![Arrival { uid: None, bytes, outcome }], None).await?;
            Err(HttpError::Invalid(reason))
        }
    }
}

fn signed(headers: &HeaderMap) -> Signed {
    let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    Signed {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    }
}
