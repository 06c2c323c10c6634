//! The window's TypeScript types are those of the code. `UPDATE_TYPES=1 cargo nextest run -p
//! evendesk-desk the_windows_types` writes them anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use evendesk_desk as desk;
use evendesk_domain as domain;
use evendesk_protocol as protocol;
use evendesk_replica as replica;
use ts_rs::{Config, TS};

fn generated() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/backend/generated")
}

/// What the window asks with and is answered with; everything these name is exported with them.
fn export_all(folder: &Path) {
    let config = Config::new().with_out_dir(folder);
    macro_rules! export {
        ($($t:ty),* $(,)?) => { $( <$t as TS>::export_all(&config).expect("types can be written"); )* };
    }
    export!(
        desk::ApiError,
        desk::view::Change,
        desk::view::Connection,
        desk::view::FeedbackTicket,
        desk::view::OutgoingItem,
        desk::view::Presence,
        desk::view::Session,
        desk::view::Submitted,
        desk::view::Unsent,
        protocol::http::AccountState,
        protocol::http::AsideView,
        protocol::http::DeviceView,
        protocol::http::InvitationView,
        protocol::http::Invite,
        protocol::http::Invited,
        protocol::http::Letter,
        protocol::http::Retried,
        domain::command::CommandBody,
        domain::event::Step,
        domain::clock::State,
        replica::Board,
        replica::BoardState,
        replica::Counts,
        replica::CustomerPage,
        replica::Directory,
        replica::Elsewhere,
        replica::Explanation,
        replica::FeedbackPage,
        replica::HeldAnswer,
        replica::PersonHit,
        replica::Place,
        replica::QueuePage,
        replica::SearchPage,
    );
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return BTreeMap::new() };
    entries
        .map(|e| e.expect("a folder can be listed").path())
        .filter(|p| p.extension().is_some_and(|e| e == "ts"))
        .map(|p| {
            let name = p.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(p).expect("a file can be read"))
        })
        .collect()
}

#[test]
fn the_windows_types_are_those_of_the_code() {
    if std::env::var_os("UPDATE_TYPES").is_some() {
        let _ = std::fs::remove_dir_all(generated());
        export_all(&generated());
    }
    let fresh = tempfile::tempdir().expect("a temporary folder can be made");
    export_all(fresh.path());
    let (fresh, kept) = (files(fresh.path()), files(&generated()));
    let stale: Vec<&String> =
        fresh.keys().chain(kept.keys()).filter(|name| fresh.get(*name) != kept.get(*name)).collect();
    assert!(stale.is_empty(), "types that differ from the code, run `make types`: {stale:?}");
}
