//! How mailboxes, forms and webhooks are, and what they set aside. For whoever sees to all of them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use evendesk_domain::decide::World as _;
use evendesk_domain::id::AccountId;
use evendesk_domain::permission::{Scope, visible};
use evendesk_domain::settings::Fate;
use evendesk_protocol::http::{AccountState, AsideView, Retried};
use uuid::Uuid;

use super::HttpError;
use crate::retry::{self, NoRetry, Which};
use crate::state::{App, SignedInAs};

fn may_see(who: &SignedInAs) -> Result<(), HttpError> {
    if visible(&who.agent, Scope::Oversight) { Ok(()) } else { Err(HttpError::NotFound) }
}

pub async fn states(State(app): State<App>, who: SignedInAs) -> Result<Json<Vec<AccountState>>, HttpError> {
    may_see(&who)?;
    let reader = app.readers.get()?;
    let aside = reader.set_aside()?;
    let mut ailments = app.health.all();
    let mut states = Vec::new();
    for account in reader.accounts()? {
        let settings = reader.world_kept().account(account.id)?.map(|a| a.settings);
        let set_aside = aside.iter().filter(|a| a.account == account.id).count();
        states.push(AccountState {
            id: account.id,
            name: account.name,
            channel: account.channel,
            address: account.address,
            folders: settings.map(|s| s.mail.folders).unwrap_or_default(),
            contact: app.health.contact(account.id),
            set_aside: u32::try_from(set_aside).unwrap_or(u32::MAX),
            problem: ailments.remove(&account.id),
        });
    }
    Ok(Json(states))
}

pub async fn aside(State(app): State<App>, who: SignedInAs) -> Result<Json<Vec<AsideView>>, HttpError> {
    may_see(&who)?;
    let aside = app.readers.get()?.set_aside()?;
    let views = app.ask_journal(move |journal| {
        let mut views = Vec::with_capacity(aside.len());
        for a in aside {
            let at = journal.event(a.seq)?.map(|e| e.at).unwrap_or_default();
            views.push(AsideView {
                account: a.account,
                seq: a.seq,
                place: a.place,
                at,
                uid: a.uid,
                fate: a.fate,
            });
        }
        Ok(views)
    });
    Ok(Json(views.await?))
}

/// The bytes of what could not be read, to be saved and never shown by a browser.
pub async fn raw(
    State(app): State<App>,
    who: SignedInAs,
    Path((account, seq, place)): Path<(Uuid, u64, u32)>,
) -> Result<impl IntoResponse, HttpError> {
    may_see(&who)?;
    let aside = app.readers.get()?.set_aside()?.into_iter();
    let found = aside
        .filter(|a| a.account == AccountId(account) && a.seq == seq && a.place == place)
        .find_map(|a| if let Fate::Quarantined { blob, .. } = a.fate { Some(blob) } else { None });
    let bytes = app.blobs.get(&found.ok_or(HttpError::NotFound)?).await?.ok_or(HttpError::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"mail.eml\""),
    ];
    Ok((headers, bytes))
}

pub async fn retry(
    State(app): State<App>,
    who: SignedInAs,
    Path((account, seq, place)): Path<(Uuid, u64, u32)>,
) -> Result<Json<Retried>, HttpError> {
    may_see(&who)?;
    let which = Which { account: AccountId(account), seq, place };
    match retry::retry(&app.reception(), &app.vault(), which, app.clock.now()).await {
        Ok(fate) => Ok(Json(Retried { fate })),
        Err(NoRetry::NotAside) => Err(HttpError::NotFound),
        Err(e) => Err(HttpError::Invalid(e.to_string())),
    }
}
