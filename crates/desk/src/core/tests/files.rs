//! What lies in the desk's folder: whose it is, what is gone from it, and what is built again when it breaks.

use evendesk_domain::id::ConversationId;
use evendesk_protocol::FromServer;

use super::note;
use super::paper::{ALICE, Paper};
use super::wires::{Desk, at, world};

#[test]
fn nothing_of_a_forgotten_conversation_is_left_in_the_desks_files() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "the zanzibarish parcel");
    server.mail("bo@x.example", "another parcel");
    desk.sync(&mut server);
    let holds = |folder: &std::path::Path| {
        std::fs::read_dir(folder).unwrap().any(|entry| {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            // The index keeps a word without what it shares with the one before it.
            bytes.windows(9).any(|w| w.eq_ignore_ascii_case(b"nzibarish"))
        })
    };
    let cache = desk.path().join("cache");
    assert!(holds(&cache));
    let files = desk.path().join("files").join(conversation.to_string());
    std::fs::create_dir_all(files.join("aa")).unwrap();
    std::fs::write(files.join("aa").join("parcel.txt"), "the parcel").unwrap();
    desk.hears(FromServer::Forget { directive: 1, stream: conversation.into() });
    assert!(!holds(&cache));
    assert!(!files.exists());
}

/// Whether any file under a folder has these bytes.
pub fn anywhere(folder: &std::path::Path, word: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().map(Result::unwrap).any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return anywhere(&path, word);
        }
        std::fs::read(path).unwrap().windows(word.len()).any(|w| w == word)
    })
}

#[test]
fn what_its_author_said_in_a_withdrawn_conversation_is_in_no_file_once_it_has_been_decided() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    let before = desk.submit(note(conversation, 501, "settled: quetzalcoatl"));
    desk.sync(&mut server);
    let after = desk.submit(note(conversation, 502, "not settled: quetzalcoatl"));
    let stream = conversation.into();
    assert!(desk.kept().iter().all(|k| k.command.id != before));
    // Accepted, and withdrawn before its events have come.
    let outcome = evendesk_protocol::Outcome::Accepted { seq: server.head() + 1 };
    desk.hears(FromServer::Outcome { id: after, outcome });
    assert!(anywhere(desk.path(), b"quetzalcoatl"));
    let said = desk.hears(FromServer::Forget { directive: 1, stream });
    assert_eq!(said, [evendesk_protocol::FromDesk::Confirm { directive: 1 }]);
    assert!(!anywhere(desk.path(), b"quetzalcoatl"));
}

#[test]
fn what_was_only_pending_and_is_not_its_authors_to_see_leaves_no_trace_either() {
    let (mut server, mut desk) = world();
    desk.sync(&mut server);
    let body = evendesk_domain::command::CommandBody::LogFeedback {
        feedback: evendesk_domain::id::FeedbackId(super::paper::id(700)),
        text: "heard: quetzalcoatl".into(),
        kind: evendesk_domain::feedback::FeedbackKind::Complaint,
        source: evendesk_domain::feedback::FeedbackSource::default(),
    };
    let id = desk.submit(body);
    assert!(anywhere(desk.path(), b"quetzalcoatl"));
    let seq = desk.core.cursor();
    desk.hears(FromServer::Outcome { id, outcome: evendesk_protocol::Outcome::Accepted { seq } });
    desk.core.tick(at(1)).unwrap();
    assert!(!anywhere(desk.path(), b"quetzalcoatl"));
}

#[test]
fn a_cache_that_cannot_be_read_is_built_again_with_what_is_pending() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.cut();
    desk.submit(note(conversation, 501, "mine"));
    desk = desk.reopened_after(|folder| {
        for entry in std::fs::read_dir(folder.join("cache")).unwrap() {
            std::fs::write(entry.unwrap().path(), "not a database at all").unwrap();
        }
    });
    assert_eq!(desk.core.cursor(), 0);
    desk.sync(&mut server);
    assert_eq!(desk.texts(conversation), ["Hello", "mine"]);
    desk.same_as(&server);
}

#[test]
fn a_cache_found_damaged_at_work_is_built_again_without_losing_what_is_pending() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.submit(note(conversation, 501, "mine"));
    let actions = desk.core.rebuild_cache(at(0)).unwrap();
    assert_eq!(actions[0], crate::core::Action::NewCache);
    assert_eq!((desk.core.cursor(), desk.dump().len()), (0, 0));
    desk.sync(&mut server);
    assert_eq!(desk.texts(conversation), ["Hello", "mine"]);
    desk.same_as(&server);
}

/// A desk whose outbox is damaged, with words about each of these conversations in the file that is kept.
fn damaged(server: &mut Paper, mut desk: Desk, about: &[ConversationId]) -> Desk {
    desk.cut();
    for (n, conversation) in (600..).zip(about) {
        desk.submit(note(*conversation, n, "quetzalcoatl"));
    }
    let mut desk = desk.reopened_after(|folder| {
        let file = folder.join("outbox.db");
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[..100].fill(0xA5);
        std::fs::write(&file, &bytes).unwrap();
    });
    assert!(anywhere(desk.path(), b"quetzalcoatl"));
    desk.sign_in(server, ALICE);
    desk.sync(server);
    desk
}

fn told_of_damage(desk: &Desk) -> bool {
    desk.core.connection().unwrap().message.is_some_and(|m| m.contains("outbox-damaged-1.db"))
}

#[test]
fn a_damaged_outbox_goes_with_what_it_tells_of_and_stays_for_what_it_does_not() {
    for is_erased in [false, true] {
        let (mut server, mut desk) = world();
        let (conversation, _) = server.mail("ada@x.example", "Hello");
        let (other, _) = server.mail("bo@x.example", "Hello");
        desk.sync(&mut server);
        let mut desk = damaged(&mut server, desk, &[conversation]);
        let gone = |stream: ConversationId| match is_erased {
            false => FromServer::Forget { directive: 1, stream: stream.into() },
            true => FromServer::Erase { directive: 1, stream: stream.into(), events: Vec::new() },
        };
        let confirmed = [evendesk_protocol::FromDesk::Confirm { directive: 1 }];
        assert_eq!(desk.hears(gone(other)), confirmed);
        assert!(anywhere(desk.path(), b"quetzalcoatl") && told_of_damage(&desk));
        assert_eq!(desk.hears(gone(conversation)), confirmed);
        assert!(!anywhere(desk.path(), b"quetzalcoatl") && !told_of_damage(&desk));
    }
}

#[test]
fn a_damaged_outbox_is_not_kept_for_ever() {
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    let desk = damaged(&mut server, desk, &[conversation]);
    let written_days_ago = |days: i64| {
        move |folder: &std::path::Path| {
            let seconds = u64::try_from(at(-days * 86_400).seconds()).unwrap();
            let file = std::fs::File::options().write(true).open(folder.join("outbox-damaged-1.db")).unwrap();
            file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds)).unwrap();
        }
    };
    let desk = desk.reopened_after(written_days_ago(29));
    assert!(anywhere(desk.path(), b"quetzalcoatl") && told_of_damage(&desk));
    let desk = desk.reopened_after(written_days_ago(32));
    assert!(!anywhere(desk.path(), b"quetzalcoatl") && !told_of_damage(&desk));
}

#[cfg(unix)]
#[test]
fn every_file_of_a_desk_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (mut server, mut desk) = world();
    let (conversation, _) = server.mail("ada@x.example", "Hello");
    desk.sync(&mut server);
    desk.submit(note(conversation, 501, "mine"));
    let mut folders = vec![desk.path().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            if entry.file_type().unwrap().is_dir() {
                assert_eq!(mode, 0o700, "{:?}", entry.path());
                folders.push(entry.path());
            } else {
                assert_eq!(mode, 0o600, "{:?}", entry.path());
                files += 1;
            }
        }
    }
    assert!(files >= 5, "{files}");
}
