//! The commands around mailboxes, forms and webhooks: how they are, and what they set aside.

use std::path::PathBuf;

use evendesk_desk::Aside;
use evendesk_domain::id::AccountId;
use evendesk_protocol::http::{AccountState, AsideView, Retried};
use tauri::State;

use crate::commands::Answer;
use crate::downloads;
use crate::home::Home;

#[tauri::command(async)]
pub fn account_states(home: State<'_, Home>) -> Answer<Vec<AccountState>> {
    Ok(home.desk().accounts()?)
}

#[tauri::command(async)]
pub fn set_aside(home: State<'_, Home>) -> Answer<Vec<AsideView>> {
    Ok(home.desk().set_aside()?)
}

#[tauri::command(async)]
pub fn aside_retry(home: State<'_, Home>, account: AccountId, seq: u64, place: u32) -> Answer<Retried> {
    Ok(home.desk().retry_aside(Aside { account, seq, place })?)
}

/// Keeps it as it came among the person's downloads and says where.
#[tauri::command(async)]
pub fn aside_save(home: State<'_, Home>, account: AccountId, seq: u64, place: u32) -> Answer<PathBuf> {
    let bytes = home.desk().aside_bytes(Aside { account, seq, place })?;
    downloads::keep(&format!("mail-{seq}-{place}.eml"), &mut bytes.as_slice())
}
