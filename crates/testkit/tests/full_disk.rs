//! A disk that is full, under a desk and under a server: clear words, nothing lost, and all of it goes on by
//! itself once there is room again. The disk is a small one in memory, which takes the rights to mount it.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use evendesk_desk::view::ConnectionState;
use evendesk_desk::{ApiError, Code};
use evendesk_domain::command::CommandBody;
use evendesk_domain::id::{TeamId, TermsId};
use evendesk_domain::settings::Role;
use evendesk_domain::stream::StreamKind;
use evendesk_server::writer::{Undecided, Work};
use evendesk_testkit::world::{Seat, World, note, until};
use uuid::Uuid;

/// A disk of a few megabytes; unmounted when dropped.
struct SmallDisk(PathBuf, Option<tempfile::TempDir>);

impl SmallDisk {
    /// None where this machine does not let us mount one, with a line that says so.
    fn mount(megabytes: u32) -> Option<Self> {
        let at = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(at.path().to_owned(), Some(at))),
            refused => {
                eprintln!("SKIPPED: a small disk cannot be mounted here ({refused:?}); run this as root");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        &self.0
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// To the last byte.
    fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.ballast()).unwrap();
        for size in [64 * 1024, 4096, 256, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// But for so many megabytes.
    fn fill_but(&self, megabytes: usize) {
        self.fill();
        let size = self.ballast().metadata().unwrap().len();
        let file = File::options().write(true).open(self.ballast()).unwrap();
        file.set_len(size - ((megabytes as u64) << 20)).unwrap();
    }

    fn free(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
        drop(self.1.take());
    }
}

fn settled(seat: &Seat) -> bool {
    let connection = seat.desk.connection();
    connection.state == ConnectionState::InSync && connection.pending == 0 && connection.message.is_none()
}

#[test]
fn a_desk_whose_disk_is_full_says_so_keeps_what_it_has_and_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::mount(16) else { return };
    let mut world = World::new();
    let seat = world.seat_at(disk.path(), "Alice", Role::Agent);
    let (conversation, _) = world.writes("ada@customer.example", "Where is my parcel?");
    until("it is there", || settled(&seat) && seat.texts(conversation).len() == 1);
    seat.desk.draft_put(conversation, "kept before").unwrap();
    world.stop();
    until("the desk has noticed", || seat.desk.connection().state == ConnectionState::Offline);
    let before = seat.desk.submit(note(conversation, "typed before")).unwrap().command;
    disk.fill();

    // What is typed now stays where it is typed, for it is not kept; it is told so in words.
    let mut refused = 0;
    for size in [400_000, 200_000, 100_000] {
        if let Err(error) = seat.desk.submit(note(conversation, &"x".repeat(size))) {
            let told = ApiError::from(error);
            assert_eq!(told.code, Code::Storage);
            assert!(
                told.sentence.contains("disk is full") && told.sentence.contains("Free some space"),
                "{}",
                told.sentence
            );
            refused += 1;
        }
    }
    assert!(refused > 0, "the disk was not full");
    let draft = seat.desk.draft_put(conversation, &"y".repeat(400_000));
    assert!(ApiError::from(draft.unwrap_err()).sentence.contains("disk is full"));
    assert_eq!(seat.desk.draft_get(conversation).unwrap().as_deref(), Some("kept before"));
    assert!(seat.desk.outgoing().unwrap().iter().any(|o| o.command == before));

    // The server goes on; what it says has no room here.
    world.start();
    let (long, _) = world.writes("bo@customer.example", &"a long letter ".repeat(30_000));
    let (short, _) = world.writes("cy@customer.example", "a short one");
    std::thread::sleep(std::time::Duration::from_millis(500));
    disk.free();
    until("everything is here", || settled(&seat) && seat.texts(long).len() + seat.texts(short).len() == 2);
    assert_eq!(world.events_of(before).len(), 1);
    assert_eq!(seat.desk.draft_get(conversation).unwrap().as_deref(), Some("kept before"));
    for conversation in [conversation, long, short] {
        assert_eq!(seat.dump(conversation), world.dump(conversation));
    }
    assert!(seat.desk.doctor().unwrap().is_good());
}

#[test]
fn a_desk_that_has_no_room_for_a_part_of_its_snapshot_says_so_and_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::mount(48) else { return };
    let world = World::in_parts_of(2);
    let boss = world.seat("Boss", Role::Supervisor);
    let (open, _) = world.writes("ada@customer.example", "Where is my parcel?");
    let mut done = Vec::new();
    for n in 0..8 {
        let letter = format!("a long letter {n} ").repeat(25_000);
        let (conversation, _) = world.writes(&format!("c{n}@customer.example"), &letter);
        until("it is there", || boss.desk.conversation(conversation).unwrap().is_some());
        boss.desk.submit(CommandBody::Resolve { conversation }).unwrap();
        done.push(conversation);
    }
    until("all is settled", || settled(&boss));

    disk.fill_but(4);
    let seat = world.seat_at(disk.path(), "Alice", Role::Agent);
    until("what is open is there", || seat.texts(open).len() == 1);
    let told = || {
        let message = seat.desk.connection().message.unwrap_or_default();
        message.contains("disk is full") && message.contains("Free some space")
    };
    until("it says what is wrong and what to do", told);
    // And goes on saying so, while it tries again.
    for _ in 0..30 {
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(told() && seat.desk.connection().progress.is_some(), "{:?}", seat.desk.connection());
    }
    disk.free();
    until("the rest has come", || settled(&seat) && seat.desk.connection().progress.is_none());
    for conversation in done {
        assert_eq!(seat.dump(conversation), world.dump(conversation));
    }
    assert!(seat.desk.doctor().unwrap().is_good());
}

#[test]
fn a_server_whose_disk_is_full_takes_nothing_in_halves_and_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::mount(24) else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let world = World::at(disk.path());
    let seat = world.seat_at(elsewhere.path(), "Alice", Role::Agent);
    let (conversation, _) = world.writes("ada@customer.example", "Where is my parcel?");
    until("it is there", || settled(&seat) && seat.texts(conversation).len() == 1);
    disk.fill();
    let saved = world.journal().into_iter().find(|e| e.stream.kind == StreamKind::Terms).unwrap();
    let terms = TermsId(saved.stream.id);
    let team = |n: u128| {
        let name = "a team with a long name ".repeat(40);
        let body = CommandBody::SaveTeam { id: TeamId(Uuid::from_u128(n)), name, terms };
        Work::Operator(Box::new(body))
    };
    let mut failed = None;
    for n in 0..400 {
        if let Err(undecided) = world.ask(team(n)) {
            failed = Some((n, undecided));
            break;
        }
    }
    let (n, undecided) = failed.expect("the disk was not full");
    assert!(matches!(&undecided, Undecided::Store(why) if why.contains("full")), "{undecided:?}");
    let head = world.journal().len();
    let typed = seat.desk.submit(note(conversation, &"typed meanwhile ".repeat(5_000))).unwrap().command;
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(seat.desk.connection().pending, 1, "it waits");
    assert_eq!(world.journal().len(), head, "nothing was kept in halves");

    disk.free();
    until("it has gone out by itself", || settled(&seat));
    assert_eq!(world.events_of(typed).len(), 1);
    world.ask(team(n)).unwrap();
    until("the desk has it all", || settled(&seat) && seat.dump(conversation) == world.dump(conversation));
}

#[test]
fn a_damaged_outbox_is_set_aside_and_told_of_and_what_can_be_read_of_it_goes_on() {
    let mut world = World::new();
    let seat = world.seat("Alice", Role::Agent);
    let (conversation, _) = world.writes("ada@customer.example", "Where is my parcel?");
    until("it is there", || settled(&seat) && seat.texts(conversation).len() == 1);
    world.stop();
    until("the desk has noticed", || seat.desk.connection().state == ConnectionState::Offline);
    let typed = seat.desk.submit(note(conversation, "typed before")).unwrap().command;
    let before = seat.desk.draft_put(conversation, &"a long draft ".repeat(2_000));
    before.unwrap();
    let closed = seat.close();
    // In the middle of the long draft's pages.
    let outbox = closed.folder().join("outbox.db");
    until("its log has gone into it", || std::fs::metadata(&outbox).unwrap().len() > 3 * 4096);
    let mut bytes = std::fs::read(&outbox).unwrap();
    let end = bytes.len();
    bytes[end - 3 * 4096..end - 4096].fill(0xA5);
    std::fs::write(&outbox, &bytes).unwrap();
    world.start();
    let seat = closed.open();
    let message = seat.desk.connection().message.unwrap_or_default();
    assert!(message.contains("outbox-damaged-1.db"), "{message}");
    until("what could be read has gone out", || seat.desk.connection().pending == 0);
    assert!(world.events_of(typed).len() <= 1);
    let seat = {
        let closed = seat.close();
        std::fs::write(closed.folder().join("outbox.db"), "no database at all, but four thousand words")
            .unwrap();
        // Who is signed in was in it too.
        closed.open_deaf()
    };
    assert!(seat.desk.connection().message.unwrap().contains("outbox-damaged-"));
    assert!(seat.folder().join("outbox-damaged-1.db").exists());
}
