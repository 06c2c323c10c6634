//! The commands around mailboxes, forms and webhooks: how they are, and what they set aside.

use std::path::PathBuf;

use evendesk_desk::Aside;
use evendesk_domain::id::AccountId;
use evendesk_protocol::http::{AccountState, AsideView, Retried};
use tauri::State;

use crate::commands::Answer;
use crate::downloads;
use crate::home::Home;

#[tauri::command]
pub async fn account_states(home: State<'_, Home>) -> Answer<Vec<AccountState>> {
    home.ask(move |desk| desk.accounts()).await
}

#[tauri::command]
pub async fn set_aside(home: State<'_, Home>) -> Answer<Vec<AsideView>> {
    home.ask(move |desk| desk.set_aside()).await
}

#[tauri::command]
pub async fn aside_retry(home: State<'_, Home>, account: AccountId, seq: u64, place: u32) -> Answer<Retried> {
    home.ask(move |desk| desk.retry_aside(Aside { account, seq, place })).await
}

/// Keeps it as it came among the person's downloads and says where.
#[tauri::command]
pub async fn aside_save(home: State<'_, Home>, account: AccountId, seq: u64, place: u32) -> Answer<PathBuf> {
    let bytes = home.ask(move |desk| desk.aside_bytes(Aside { account, seq, place })).await?;
    downloads::keep(&format!("mail-{seq}-{place}.eml"), &mut bytes.as_slice())
}
