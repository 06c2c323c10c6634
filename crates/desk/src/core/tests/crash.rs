//! Killed at every point where the disk would hold something else: what is found there then must go on
//! to the same end.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use evendesk_domain::command::CommandBody;
use evendesk_domain::id::{ConversationId, MessageId};

use super::paper::{Paper, id};
use super::wires::{Desk, world};
use super::{note, reply};

/// The files as a kill would leave them, log files included.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else if !entry.file_name().to_string_lossy().ends_with("-shm") {
            // Shared memory is rebuilt from the log after a kill.
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The name of each boundary that was passed, and the folder as a kill would have left it there.
pub type Boundaries = Arc<Mutex<Vec<(&'static str, PathBuf)>>>;

/// Copies the desk's folder at every boundary from now on, into `copies`.
pub fn copied_at_every_boundary(desk: &mut Desk, copies: &Path) -> Boundaries {
    let found = Boundaries::default();
    let (from, to, list) = (desk.path().to_owned(), copies.to_owned(), Arc::clone(&found));
    desk.core.set_boundary(Box::new(move |name| {
        let mut list = list.lock().unwrap();
        let target = to.join(list.len().to_string());
        copy(&from, &target);
        list.push((name, target));
    }));
    found
}

/// Does an hour's work.
fn work(desk: &mut Desk, server: &mut Paper) {
    let (conversation, said) = server.mail("ada@x.example", "Where is it?");
    let (other, _) = server.mail("bo@x.example", "Hello");
    desk.sync(server);
    desk.submit(reply(conversation, MessageId(id(500)), "Tomorrow.", Some(said)));
    desk.submit(note(conversation, 501, "promised tomorrow"));
    desk.sync(server);
    desk.cut();
    let late = desk.submit(reply(other, MessageId(id(502)), "Hello to you.", None));
    desk.submit(note(other, 503, "greeted"));
    desk.submit(CommandBody::Resolve { conversation });
    desk.sync(server);
    desk.confirm(late);
    desk.sync(server);
}

/// What was kept is shown as soon as the desk is open again, whatever was shown before.
fn shows_what_it_keeps(desk: &Desk, name: &str) {
    for kept in desk.kept().iter().filter(|k| k.state.is_pending()) {
        let text = kept.command.body.text();
        let stream = kept.command.body.stream();
        let shown = desk.texts(ConversationId(stream.id)).iter().any(|t| t.starts_with(text));
        assert!(shown, "{name}: {text}");
    }
}

#[test]
fn killed_anywhere_a_desk_goes_on_to_the_same_end() {
    let copies = tempfile::tempdir().unwrap();
    let (mut server, mut desk) = world();
    let found = copied_at_every_boundary(&mut desk, copies.path());
    work(&mut desk, &mut server);
    assert!(desk.states().is_empty());
    let texts = ["Tomorrow.", "promised tomorrow", "Hello to you.", "greeted"];

    let found = found.lock().unwrap();
    let names: std::collections::BTreeSet<&str> = found.iter().map(|(name, _)| *name).collect();
    for expected in
        ["command kept", "command shown", "sending noted", "cache moved", "outcome noted", "confirmed"]
    {
        assert!(names.contains(expected), "{expected} is not among {names:?}");
    }
    for (step, (name, path)) in found.iter().enumerate() {
        let temp = tempfile::tempdir().unwrap();
        copy(path, temp.path());
        let mut again = Desk::open(Arc::new(temp), 5000 + 100 * step as u128);
        shows_what_it_keeps(&again, name);
        again.sync(&mut server);
        // What waits for a second look in this copy has been confirmed in another one since; what it
        // offers under its own new id must not be sent twice.
        for kept in again.kept().iter().filter(|k| k.state.needs_attention()) {
            again.confirm(kept.command.id);
        }
        again.sync(&mut server);
        assert!(again.states().is_empty(), "{step} {name}: {:?}", again.kept());
        again.same_as(&server);
    }
    for text in texts {
        let times =
            server.journal().iter().filter(|e| e.event.to_text().contains(&format!("\"{text}\""))).count();
        assert_eq!(times, 1, "{text}");
    }
}
