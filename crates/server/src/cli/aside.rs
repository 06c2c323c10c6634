//! What was set aside: listed, and tried again.

use evendesk_domain::settings::Fate;
use evendesk_replica::Aside;

use super::mailbox::named;
use super::{Desk, Failure};
use crate::access::{TokensOfAll, Vault};
use crate::clock::Clock;
use crate::intake::Reception;
use crate::location::Location;
use crate::retry::{self, Which};
use crate::store;
use crate::writer::Writer;

pub fn aside(data: &Location, name: Option<&str>) -> Result<(), Failure> {
    let desk = Desk::open(data)?;
    let reader = desk.scribe.replica().reader()?;
    let accounts = reader.accounts()?;
    if let Some(name) = name.filter(|name| !accounts.iter().any(|a| a.name == *name)) {
        return Err(format!("there is no mailbox, form or webhook {name}").into());
    }
    for Aside { account, seq, uid, fate, .. } in reader.set_aside()? {
        let called = accounts.iter().find(|a| a.id == account).map_or("?", |a| a.name.as_str());
        if name.is_some_and(|name| name != called) {
            continue;
        }
        let at = desk.journal.event(seq)?.map(|e| e.at.to_string()).unwrap_or_default();
        println!("{at} {called}{}: {}", numbered(uid), told(&fate));
    }
    Ok(())
}

fn numbered(uid: u32) -> String {
    if uid == 0 { String::new() } else { format!(" mail {uid}") }
}

/// What became of it, and where it is.
fn told(fate: &Fate) -> String {
    match fate {
        Fate::Taken => "taken in".to_owned(),
        Fate::Duplicate => "known already".to_owned(),
        Fate::Quarantined { blob, why } => format!("{why}; kept as {blob}"),
        Fate::TooLarge { bytes } => format!("too large to fetch ({bytes} bytes); it is in the mailbox"),
        Fate::Withheld { why } => format!("{why}; never had"),
    }
}

pub async fn retry(data: &Location, name: &str) -> Result<(), Failure> {
    let desk = Desk::open(data)?;
    let account = named(&desk, name)?;
    let aside = desk.scribe.replica().reader()?.set_aside()?;
    let Desk { journal, seal, scribe, folder: _folder } = desk;
    let tokens = TokensOfAll::default();
    let vault = Vault { journal: &journal, seal: &seal, tokens: &tokens };
    let readers = scribe.replica().readers();
    let clock = Clock::system();
    let (writer, thread) = Writer::start(scribe, clock.clone())?;
    let reception = Reception { writer, readers, blobs: store::blobs(data)? };
    for Aside { account, seq, place, uid, .. } in aside.into_iter().filter(|a| a.account == account.id) {
        let which = Which { account, seq, place };
        match retry::retry(&reception, &vault, which, clock.now()).await {
            Ok(fate) => println!("{name}{}: {}", numbered(uid), told(&fate)),
            Err(e) => println!("{name}{}: {e}", numbered(uid)),
        }
    }
    drop(reception);
    tokio::task::spawn_blocking(move || thread.join()).await?.map_err(|_| "the writer ended badly")?;
    Ok(())
}
