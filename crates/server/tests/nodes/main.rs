//! Real server processes on one real PostgreSQL, while they are killed, cut off and restarted.

mod database;
mod files;
mod handover;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::Priority;
use evendesk_domain::command::{CommandBody, ReplyDraft, Then};
use evendesk_domain::event::Event;
use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::{AccountId, CommandId, ConversationId, CustomerId, FeedbackId, MessageId};
use evendesk_domain::stream::{Recorded, StreamKind};
use evendesk_journal::Journal as _;
use evendesk_protocol::Outcome;
use evendesk_replica::{EntryKind, Place, Replica};
use evendesk_testkit::eventually::eventually_now;
use evendesk_testkit::mail::{MailWorld, free_port};
use evendesk_testkit::nodes::Site;
use evendesk_testkit::process::Process;
use evendesk_testkit::seat::{Desk, drop_what_came_back, in_sync};

const SHOP: &str = "help@shop.example";
const CUSTOMERS: usize = 5;
const PATIENCE: Duration = Duration::from_secs(60);
/// From Postfix's yes until a mail is seen to lie in its mailbox.
const INTO_A_MAILBOX: Duration = Duration::from_secs(1);

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_evendesk-server"))
}

fn customer(n: usize) -> String {
    format!("customer{}@customer.example", n % CUSTOMERS)
}

fn mails() -> MailWorld {
    let mails = MailWorld::start();
    mails.add_user(SHOP, "shop-password");
    (0..CUSTOMERS).for_each(|n| mails.add_user(&customer(n), "any-password"));
    mails
}

/// The `n`th mail to the shop.
fn write(mails: &MailWorld, n: usize) {
    let from = customer(n);
    let raw = format!(
        "From: {from}\r\nTo: {SHOP}\r\nSubject: Matter {n}\r\nMessage-ID: <{n}@customer.example>\r\n\
         Date: Mon, 1 Jun 2026 08:00:00 +0000\r\n\r\nWhere is parcel {n}?\r\n"
    );
    mails.submit(raw.as_bytes(), &from, SHOP).expect("Postfix takes a mail");
}

fn open_mailbox(site: &Site, mails: &MailWorld) {
    open_mailbox_that_sends_by(site, mails, mails.smtp_port);
}

fn open_mailbox_that_sends_by(site: &Site, mails: &MailWorld, smtp_port: u16) {
    let (imap, smtp) =
        (format!("imap://127.0.0.1:{}", mails.imap_port), format!("smtp://127.0.0.1:{smtp_port}"));
    let add =
        ["mailbox", "add", "help", "--imap", &imap, "--smtp", &smtp, "--user", SHOP, "--password-stdin"];
    site.nodes[0].server.run(&add, "shop-password");
}

/// Which node holds the lease whose name begins so.
fn holder_of(site: &Site, name: &str) -> usize {
    let is_held = || {
        let lease = site.journal().leases().unwrap().into_iter().find(|l| l.name.starts_with(name))?;
        let is_its = |nth: &usize| {
            let node = std::fs::read_to_string(site.nodes[*nth].server.folder().join("node")).unwrap();
            node.trim() == lease.holder.to_string()
        };
        (0..site.nodes.len()).find(is_its)
    };
    eventually_now(&format!("a node holds the lease of {name}"), PATIENCE, is_held)
}

fn received(events: &[Recorded]) -> Vec<String> {
    let id = |e: &Recorded| match &e.event {
        Event::MessageReceived { inbound, .. } => Some(inbound.subject.clone()),
        _ => None,
    };
    events.iter().filter_map(id).collect()
}

#[test]
fn a_mailbox_whose_node_is_killed_is_read_by_another_and_each_mail_comes_in_once() {
    let mails = mails();
    let mut site = Site::start(binary(), 2);
    open_mailbox(&site, &mails);
    write(&mails, 0);
    eventually_now("the first mail is in", PATIENCE, || (received(&site.events()).len() == 1).then_some(()));
    let nth = holder_of(&site, "mailbox");
    site.nodes[nth].server.kill();
    write(&mails, 1);
    eventually_now("the other node reads on", PATIENCE, || {
        (received(&site.events()).len() == 2).then_some(())
    });
    // Back again, it leaves the mailbox to the other one.
    site.nodes[nth].server.start();
    write(&mails, 2);
    eventually_now("the third mail is in", PATIENCE, || (received(&site.events()).len() == 3).then_some(()));
    assert_eq!(received(&site.events()), ["Matter 0", "Matter 1", "Matter 2"]);

    // One that is told to stop hands over at once.
    site.nodes[1 - nth].server.stop();
    let leases = site.journal().leases().unwrap();
    let other = std::fs::read_to_string(site.nodes[1 - nth].server.folder().join("node")).unwrap();
    assert!(leases.iter().all(|l| l.holder.to_string() != other.trim()), "{leases:?}");
}

#[test]
fn a_node_that_is_told_to_stop_sends_its_desks_on_and_ends_well() {
    let mut site = Site::start(binary(), 2);
    let desk = site.seat("ada", 0);
    eventually_now("the desk is in sync", PATIENCE, || in_sync(&desk).then_some(()));
    let went_there = site.nodes[1].from_desks.carried()[0];
    site.nodes[0].server.stop();
    eventually_now("the desk has gone to the other node", PATIENCE, || {
        (in_sync(&desk) && site.nodes[1].from_desks.carried()[0] > went_there).then_some(())
    });

    // As a service manager sees it.
    let mut serve = Command::new(binary())
        .arg("--data")
        .arg(site.nodes[0].server.folder())
        .args(["serve", "--bind", "127.0.0.1:0"])
        .envs(site.nodes[0].server.environment())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = std::io::BufReader::new(serve.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    assert!(line.contains("listens"), "{line}");
    evendesk_testkit::process::end_in_order(serve.id());
    assert_eq!(serve.wait().unwrap().code(), Some(0));
    drop(desk);
}

/// HAProxy as `docs/operations.md` sets it up, on a port of its own.
fn balancer(site: &Site, folder: &Path) -> (Process, u16) {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/operations.md")).unwrap();
    let sample = page.split("```haproxy\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let port = free_port();
    let mut settings = sample
        .replace("bind :443 ssl crt /etc/haproxy/desk.example.com.pem", &format!("bind 127.0.0.1:{port}"));
    for (node, address) in site.nodes.iter().zip(["10.0.0.11:7480", "10.0.0.12:7480"]) {
        assert!(settings.contains(address), "{address} is not in the sample");
        settings = settings.replace(address, &format!("127.0.0.1:{}", node.server.port()));
    }
    let file = folder.join("haproxy.cfg");
    std::fs::write(&file, settings).unwrap();
    let mut haproxy = Command::new("/usr/sbin/haproxy");
    haproxy.arg("-db").arg("-f").arg(&file);
    (Process::start(&haproxy, &folder.join("haproxy.log")), port)
}

#[test]
fn behind_the_balancer_that_is_documented_desks_move_on_when_their_node_is_killed_or_stopped() {
    let mut site = Site::start(binary(), 2);
    let folder = tempfile::tempdir().unwrap();
    let (_balancer, port) = balancer(&site, folder.path());
    let desk = site.seat_at("ada", &format!("http://127.0.0.1:{port}"));
    eventually_now("the desk is in sync", PATIENCE, || in_sync(&desk).then_some(()));
    let feedback = |text: &str| CommandBody::LogFeedback {
        feedback: FeedbackId(uuid::Uuid::now_v7()),
        text: text.into(),
        kind: FeedbackKind::Praise,
        source: FeedbackSource { title: String::new(), address: String::new() },
    };
    let lost_one = |site: &mut Site, nth: usize, kill: bool| {
        let server = &mut site.nodes[nth].server;
        if kill {
            server.kill()
        } else {
            server.stop()
        }
        let command = desk.submit(feedback("Still here.")).unwrap().command;
        eventually_now("what is said meanwhile is decided", PATIENCE, || {
            (in_sync(&desk) && site.journal().decision(command).unwrap().is_some()).then_some(())
        });
        site.nodes[nth].server.start();
        // The balancer asks twice before it believes.
        std::thread::sleep(Duration::from_secs(3));
    };
    for (nth, kill) in [(0, true), (1, true), (0, false), (1, false)] {
        lost_one(&mut site, nth, kill);
    }
    drop(desk);
}

/// The same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    fn pause(&mut self, most_ms: usize) {
        std::thread::sleep(Duration::from_millis(self.roll(most_ms) as u64));
    }
}

/// What one agent does, as their desk shows it.
fn work(desk: &Desk, name: &str, dice: &mut Dice, n: usize) -> Option<CommandId> {
    let place = [Place::DueNext, Place::Waiting, Place::Resolved][dice.roll(3)];
    let rows = desk.queue(&place, 0, 50).ok()?.rows;
    let row = rows.get(dice.roll(rows.len().max(1)))?;
    let conversation = row.conversation;
    let words = format!("{name} says {n}");
    let body = match dice.roll(10) {
        0..3 => CommandBody::Note { conversation, message: MessageId(uuid::Uuid::now_v7()), text: words },
        3..6 => reply(desk, row.customer, conversation, words)?,
        6 => CommandBody::Assign { conversation, assignee: desk.session().ok()?.user.map(|u| u.id) },
        7 => CommandBody::SetPriority {
            conversation,
            priority: [Priority::Low, Priority::Normal, Priority::High][dice.roll(3)],
        },
        8 => CommandBody::Resolve { conversation },
        _ => CommandBody::Reopen { conversation },
    };
    // What makes no sense any more is refused here and now.
    desk.submit(body).ok().map(|submitted| submitted.command)
}

fn reply(
    desk: &Desk,
    customer: CustomerId,
    conversation: ConversationId,
    text: String,
) -> Option<CommandBody> {
    let account: AccountId = desk.directory().ok()?.accounts.first()?.id;
    let entries = desk.customer(customer, None, 200).ok()?.entries;
    let seen = entries.iter().rev().filter(|e| e.conversation == conversation).find_map(|e| match &e.kind {
        EntryKind::Message { message, .. } | EntryKind::Reply { message, .. } => Some(*message),
        _ => None,
    });
    Some(CommandBody::Reply(ReplyDraft {
        conversation,
        message: MessageId(uuid::Uuid::now_v7()),
        channel: Channel::Email,
        account,
        to: String::new(),
        text,
        follow_up: true,
        seen,
        then: Then::Nothing,
        confirmed: false,
    }))
}

/// One thing goes wrong for a while, and is mended. Notes when a node was killed.
fn harm(site: &mut Site, dice: &mut Dice, kills: &mut Vec<SystemTime>) {
    let nth = dice.roll(site.nodes.len());
    match dice.roll(8) {
        0 | 1 => {
            kills.push(SystemTime::now());
            site.nodes[nth].server.kill();
            dice.pause(1_500);
            site.nodes[nth].server.start();
        }
        2 => {
            site.nodes[nth].server.stop();
            dice.pause(500);
            site.nodes[nth].server.start();
        }
        3 => {
            site.postgres.stop();
            dice.pause(1_000);
            site.postgres.go_on();
        }
        4 => {
            site.postgres.kill();
            dice.pause(1_000);
            site.postgres.go_on();
        }
        5 => {
            site.nodes[nth].from_desks.cut();
            site.nodes[nth].to_journal.hold_back();
            dice.pause(2_000);
        }
        6 => {
            site.nodes[nth].from_desks.hold_there();
            site.nodes[nth].to_journal.cut();
            dice.pause(2_000);
        }
        _ => {
            site.nodes[nth].from_desks.hold_back();
            site.nodes[1 - nth].to_journal.hold_there();
            dice.pause(2_000);
        }
    }
    for node in &site.nodes {
        node.from_desks.heal();
        node.to_journal.heal();
    }
    dice.pause(500);
}

#[test]
fn whatever_is_killed_cut_or_restarted_nothing_is_lost_and_nothing_done_twice() {
    let seconds = std::env::var("EVENDESK_NODES_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(15);
    let seed = std::env::var("EVENDESK_NODES_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(20_261_125);
    let mails = mails();
    let mut site = Site::start(binary(), 2);
    open_mailbox(&site, &mails);
    let names = ["ada", "bob", "cleo", "dan"];
    let desks: Vec<Desk> = names.iter().enumerate().map(|(n, name)| site.seat(name, n)).collect();
    let mut written = CUSTOMERS;
    (0..CUSTOMERS).for_each(|n| write(&mails, n));
    eventually_now("the first matters are on every desk", PATIENCE, || {
        let held = |desk: &Desk| desk.queue(&Place::DueNext, 0, 50).is_ok_and(|q| q.rows.len() == CUSTOMERS);
        desks.iter().all(held).then_some(())
    });

    let (over, submitted) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let mut dice = Dice(seed);
    let mut kills = Vec::new();
    std::thread::scope(|scope| {
        for (nth, (desk, name)) in desks.iter().zip(names).enumerate() {
            let mut dice = Dice(seed + 1 + nth as u64);
            let (over, submitted) = (&over, &submitted);
            scope.spawn(move || {
                for n in 0.. {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let done = work(desk, name, &mut dice, n);
                    submitted.lock().unwrap().extend(done);
                    dice.pause(150);
                }
            });
        }
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(seconds) {
            harm(&mut site, &mut dice, &mut kills);
            write(&mails, written);
            written += 1;
        }
        over.store(true, Ordering::SeqCst);
    });
    let submitted = submitted.into_inner().unwrap();

    let mut dropped = BTreeSet::new();
    eventually_now("every queue has drained", PATIENCE, || {
        dropped.extend(desks.iter().flat_map(drop_what_came_back));
        desks.iter().all(in_sync).then_some(())
    });
    eventually_now("every mail is in and every answer out", PATIENCE, || {
        let events = site.events();
        (received(&events).len() == written && undelivered(&events) == 0).then_some(())
    });
    eventually_now("every desk shows what the journal says", PATIENCE, || {
        let anew = site.folded_anew();
        desks.iter().all(|desk| shows(desk, &anew)).then_some(())
    });
    site.nodes.iter_mut().for_each(|node| node.server.stop());
    let anew = rows(&site.folded_anew());
    for nth in 0..site.nodes.len() {
        eventually_now("a node's rows are those of the journal", PATIENCE, || {
            let replica = site.replica_of(nth);
            (rows(&replica) == anew).then_some(())
        });
    }

    let events = site.events();
    decided_once(&site, &submitted, &dropped, &events);
    let subjects = received(&events);
    assert_eq!(subjects.iter().collect::<BTreeSet<_>>().len(), subjects.len(), "a mail came in twice");
    let repeats = sent_once(&mails, &events, &kills);
    println!(
        "seed {seed}, {seconds} s: {} commands, {} events, {} mails in, {} nodes killed, {repeats} mails repeated",
        submitted.len(),
        events.len(),
        written,
        kills.len()
    );
}

fn undelivered(events: &[Recorded]) -> usize {
    let mut open = BTreeSet::new();
    for event in events {
        match &event.event {
            Event::Replied(reply) => drop(open.insert(reply.message)),
            Event::Delivered { message } | Event::DeliveryFailed { message, .. } => {
                open.remove(message);
            }
            _ => {}
        }
    }
    open.len()
}

fn rows(replica: &Replica) -> HashMap<String, String> {
    let reader = replica.reader().unwrap();
    let streams = reader.streams().unwrap();
    streams.into_iter().map(|s| (s.to_string(), reader.dump_stream(s).unwrap())).collect()
}

/// Whether a desk holds the same rows of every conversation and customer.
fn shows(desk: &Desk, anew: &Replica) -> bool {
    let reader = anew.reader().unwrap();
    let streams = reader.streams().unwrap().into_iter();
    let mut held = streams.filter(|s| matches!(s.kind, StreamKind::Conversation | StreamKind::Customer));
    held.all(|s| desk.dump(s).unwrap() == reader.dump_stream(s).unwrap())
}

/// Every command that a desk took ended decided, or came back to its agent; and what it did, it did once.
fn decided_once(site: &Site, submitted: &[CommandId], dropped: &BTreeSet<CommandId>, events: &[Recorded]) {
    let journal = site.journal();
    let mut by_command: HashMap<CommandId, Vec<&Recorded>> = HashMap::new();
    for event in events {
        if let Some(command) = event.command {
            by_command.entry(command).or_default().push(event);
        }
    }
    for command in submitted {
        let done = by_command.get(command).map_or(&[][..], Vec::as_slice);
        let Some(decision) = journal.decision(*command).unwrap() else {
            assert!(done.is_empty() && dropped.contains(command), "{command} is lost");
            continue;
        };
        let accepted = matches!(serde_json::from_str(&decision.outcome), Ok(Outcome::Accepted { .. }));
        assert!(accepted || done.is_empty(), "{command} was not accepted and did something");
        let in_one_go = done.windows(2).all(|two| two[0].seq + 1 == two[1].seq);
        assert!(in_one_go, "{command} was done in several goes: {done:?}");
        let said = |e: &&&Recorded| matches!(e.event, Event::NoteAdded { .. } | Event::Replied(_));
        assert!(done.iter().filter(said).count() <= 1, "{command} said something twice");
    }
}

/// Every answer is at its customer's under one Message-ID, and nothing else is. One that was handed over more
/// than once is explained by a kill; returns how often that was.
fn sent_once(mails: &MailWorld, events: &[Recorded], kills: &[SystemTime]) -> usize {
    let answers = events.iter().filter(|e| matches!(e.event, Event::Replied(_))).count();
    let id = |raw: Vec<u8>| {
        let text = String::from_utf8_lossy(&raw).into_owned();
        let line = text.lines().find(|l| l.to_lowercase().starts_with("message-id:")).map(str::to_owned);
        line.expect("an answer has a Message-ID")
    };
    let there: Vec<String> = (0..CUSTOMERS).flat_map(|n| mails.mailbox(&customer(n))).map(id).collect();
    let distinct: BTreeSet<&String> = there.iter().collect();
    assert_eq!(distinct.len(), answers, "distinct Message-IDs at the receivers, and answers in the journal");
    let mut copies: HashMap<String, Vec<SystemTime>> = HashMap::new();
    for n in 0..CUSTOMERS {
        for (at, raw) in mails.arrivals(&customer(n)) {
            copies.entry(id(raw)).or_default().push(at);
        }
    }
    for (id, two) in copies.iter().flat_map(|(id, at)| at.windows(2).map(move |two| (id, two))) {
        assert!(
            kills.iter().any(|kill| *kill + INTO_A_MAILBOX > two[0] && *kill < two[1]),
            "{id} was handed over again, and no node was killed in between: only one that dies between a mail \
             server's yes and our record of it may have it sent once more"
        );
    }
    there.len() - distinct.len()
}
