//! The wire is a promise to programs that are out there. `tests/data/wire.jsonl` holds one of every
//! message of every version; its lines are added to and never changed.
//!
//! A new message, or a new command in a push: add it to the samples here and run with `WRITE_WIRE=1`, which
//! adds what is missing. A message that is to look different: raise `NEWEST` in `version.rs`, say there what
//! it brought, and run with `WRITE_WIRE=1`, which adds every sample under the new version; the lines of the old
//! one stay and are still read. Under the same version a changed shape is refused, with or without it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use evendesk_domain::command::{Command, CommandBody};
use evendesk_domain::decide::RefusalCode;
use evendesk_domain::event::Event;
use evendesk_domain::id::{CommandId, ConversationId, DeviceId, MessageId, TeamId, UserId, WorkspaceId};
use evendesk_domain::permission::{Agent, visible_set};
use evendesk_domain::settings::Role;
use evendesk_domain::stream::{Actor, Recorded};
use evendesk_domain::time::Timestamp;
use evendesk_protocol::frame::{from_desk, from_server};
use evendesk_protocol::{Class, FromDesk, FromServer, Mode, NEWEST, Outcome, Pushed, Side, Upgrade};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
const AT: Timestamp = Timestamp::from_seconds(1_780_300_800);
const CONVERSATION: ConversationId = ConversationId(ID);
const DESK: &str = "desk";
const SERVER: &str = "server";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Line {
    version: u32,
    from: String,
    /// What the message is a sample of; one of a name in each version.
    name: String,
    message: Value,
}

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/wire.jsonl")
}

fn lines() -> Vec<Line> {
    let text = std::fs::read_to_string(golden()).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn desk_says() -> Vec<(String, FromDesk)> {
    let hello = |met: bool| FromDesk::Hello {
        protocol: NEWEST,
        oldest: Some(NEWEST),
        read_model: "0123456789abcdef".into(),
        device: DeviceId(ID),
        workspace: met.then_some(WorkspaceId(ID)),
        incarnation: met.then_some(ID),
        cursor: if met { 7 } else { 0 },
        visible_set: met.then(|| visible_set(&agent())),
    };
    let mut all: Vec<(String, FromDesk)> = [
        ("hello", hello(true)),
        ("hello, first visit", hello(false)),
        ("ack", FromDesk::Ack { cursor: 7 }),
        ("confirm", FromDesk::Confirm { directive: 7 }),
        ("presence", FromDesk::Presence { conversation: Some(CONVERSATION), writing: true }),
        ("presence, nowhere", FromDesk::Presence { conversation: None, writing: false }),
        ("ping", FromDesk::Ping),
    ]
    .map(|(name, message)| (name.to_owned(), message))
    .into();
    all.extend(commands().into_iter().map(|body| {
        let name = format!("push {}", kind(&serde_json::to_value(&body).unwrap(), "do"));
        let command = Command { id: CommandId(ID), depends_on: Some(CommandId(ID)), body };
        (name, FromDesk::Push(Box::new(Pushed { command, reoffered: false })))
    }));
    let body = CommandBody::Resolve { conversation: CONVERSATION };
    let command = Command { id: CommandId(ID), depends_on: None, body };
    let again = FromDesk::Push(Box::new(Pushed { command, reoffered: true }));
    all.push(("push, offered again".to_owned(), again));
    all
}

/// As JSON, for its own sake: what an outbox keeps is what is pushed.
fn commands() -> Vec<CommandBody> {
    let text = include_str!("commands.jsonl").replace("ID", &ID.to_string());
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn server_says() -> Vec<(String, FromServer)> {
    let stream = CONVERSATION.into();
    let mut all = vec![
        ("events", FromServer::Events { from: 6, to: 7, events: vec![event()], visible_set: None }),
        (
            "events, another view",
            FromServer::Events { from: 6, to: 7, events: vec![], visible_set: Some(visible_set(&agent())) },
        ),
        ("advance", FromServer::Advance { to: 7 }),
        ("grant", grant(false, false)),
        ("grant, first part", grant(false, true)),
        ("grant, last part", grant(true, false)),
        ("forget", FromServer::Forget { directive: 7, stream }),
        ("erase", FromServer::Erase { directive: 7, stream, events: vec![event()] }),
        ("erase, out of sight", FromServer::Erase { directive: 7, stream, events: vec![] }),
        ("presence", presence(true, false)),
        ("presence, left", presence(false, true)),
        ("pong", FromServer::Pong { server_time: AT }),
    ];
    all.extend(outcomes().map(|(name, outcome)| (name, FromServer::Outcome { id: CommandId(ID), outcome })));
    let mut all: Vec<_> = all.into_iter().map(|(name, message)| (name.to_owned(), message)).collect();
    all.extend(Class::ALL.map(|class| {
        let bye = FromServer::Bye { class, retry_after_s: 3, sentence: "Come again.".into() };
        (format!("bye, {}", class.name()), bye)
    }));
    let modes = [Mode::Tail, Mode::Afresh, Mode::Snapshot, Mode::NewIncarnation, Mode::Upgrade];
    all.extend(modes.map(|mode| {
        let name = serde_json::to_value(mode).unwrap();
        (format!("welcome, {}", name.as_str().unwrap()), welcome(mode))
    }));
    all
}

fn presence(writing: bool, left: bool) -> FromServer {
    FromServer::Presence { conversation: CONVERSATION, user: UserId(ID), writing, left }
}

fn outcomes() -> [(&'static str, Outcome); 6] {
    let sentence = "It is resolved already.".to_owned();
    [
        ("outcome, accepted", Outcome::Accepted { seq: 7 }),
        ("outcome, refused", Outcome::Refused { code: RefusalCode::NotNow, sentence: sentence.clone() }),
        ("outcome, look again", Outcome::LookAgain { since: Some(MessageId(ID)) }),
        ("outcome, look again at nothing", Outcome::LookAgain { since: None }),
        ("outcome, held", Outcome::Held),
        ("outcome, set aside", Outcome::SetAside { sentence }),
    ]
}

fn welcome(mode: Mode) -> FromServer {
    FromServer::Welcome {
        protocol: NEWEST,
        server_time: AT,
        workspace: WorkspaceId(ID),
        incarnation: ID,
        head: 7,
        mode,
        upgrade: (mode == Mode::Upgrade).then(|| Upgrade { side: Side::Server, sentence: "Do.".into() }),
        agent: agent(),
        visible_set: visible_set(&agent()),
        submit_key: "key".into(),
    }
}

fn grant(continued: bool, more: bool) -> FromServer {
    FromServer::Grant { directive: 7, stream: CONVERSATION.into(), events: vec![event()], continued, more }
}

fn agent() -> Agent {
    Agent { user: UserId(ID), name: "Maya K".into(), role: Role::Agent, teams: vec![TeamId(ID)] }
}

fn event() -> Recorded {
    Recorded {
        seq: 7,
        stream: CONVERSATION.into(),
        at: AT,
        by: Actor::User(UserId(ID)),
        command: Some(CommandId(ID)),
        event: Event::Resolved,
    }
}

/// Every sample as a line of this version.
fn samples() -> Vec<Line> {
    let line = |from: &str, name, message| Line { version: NEWEST, from: from.into(), name, message };
    let desk = desk_says().into_iter().map(|(n, m)| line(DESK, n, serde_json::to_value(m).unwrap()));
    let server = server_says().into_iter().map(|(n, m)| line(SERVER, n, serde_json::to_value(m).unwrap()));
    desk.chain(server).collect()
}

fn kind(message: &Value, tag: &str) -> String {
    message[tag].as_str().unwrap().to_owned()
}

#[test]
fn what_is_said_is_in_the_golden_file_as_it_is_and_a_changed_shape_needs_a_new_version() {
    let kept = lines();
    let mut missing = Vec::new();
    for sample in samples() {
        let named = |line: &&Line| {
            (line.version, &line.from, &line.name) == (sample.version, &sample.from, &sample.name)
        };
        match kept.iter().find(named) {
            Some(line) => {
                assert_eq!(line.message, sample.message, "changed without a new version: {}", sample.name)
            }
            None => missing.push(sample),
        }
    }
    if std::env::var_os("WRITE_WIRE").is_some() {
        let text: String =
            kept.iter().chain(&missing).map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
        std::fs::write(golden(), text).unwrap();
    } else {
        assert!(missing.is_empty(), "not in the golden file; run with WRITE_WIRE=1: {missing:?}");
    }
}

#[test]
fn every_message_of_every_version_is_read_and_written_back_the_same() {
    for line in lines() {
        let text = line.message.to_string();
        let again = match line.from.as_str() {
            DESK => serde_json::to_value(from_desk(&text).unwrap()),
            _ => serde_json::to_value(from_server(&text).unwrap()),
        };
        assert_eq!(again.unwrap(), line.message, "version {}, {}", line.version, line.name);
        assert_ne!(kind(&line.message, "say"), "unknown");
    }
}

#[test]
fn fields_that_only_a_later_version_knows_are_ignored() {
    for line in samples() {
        let mut message = line.message.clone();
        message.as_object_mut().unwrap().insert("later".into(), true.into());
        let text = message.to_string();
        if line.from == DESK {
            from_desk(&text).unwrap();
        } else {
            from_server(&text).unwrap();
        }
    }
}

/// Serde names all kinds it knows when it meets one that it does not.
#[test]
fn the_golden_file_has_every_command_there_is() {
    let refusal = serde_json::from_str::<CommandBody>(r#"{"do":"?"}"#).unwrap_err().to_string();
    let known: BTreeSet<String> =
        refusal.split('`').skip(3).step_by(2).map(str::to_owned).filter(|k| k != "?").collect();
    assert!(known.len() > 20, "{known:?}");
    let kept: BTreeSet<String> = lines()
        .iter()
        .filter(|line| line.version == NEWEST && kind(&line.message, "say") == "push")
        .map(|line| kind(&line.message["command"]["body"], "do"))
        .collect();
    assert_eq!(kept, known, "add the new command to crates/protocol/tests/commands.jsonl");
}

/// Fails to compile when a kind of message is added: give it a sample above.
#[test]
fn the_golden_file_has_every_kind_of_message() {
    let said = |from: &str| -> BTreeSet<String> {
        samples().iter().filter(|l| l.from == from).map(|l| kind(&l.message, "say")).collect()
    };
    let of_desk = |message: &FromDesk| match message {
        FromDesk::Hello { .. } => "hello",
        FromDesk::Push(_) => "push",
        FromDesk::Ack { .. } => "ack",
        FromDesk::Confirm { .. } => "confirm",
        FromDesk::Presence { .. } => "presence",
        FromDesk::Ping => "ping",
        FromDesk::Unknown => "unknown",
    };
    let of_server = |message: &FromServer| match message {
        FromServer::Welcome { .. } => "welcome",
        FromServer::Outcome { .. } => "outcome",
        FromServer::Events { .. } => "events",
        FromServer::Advance { .. } => "advance",
        FromServer::Grant { .. } => "grant",
        FromServer::Forget { .. } => "forget",
        FromServer::Erase { .. } => "erase",
        FromServer::Presence { .. } => "presence",
        FromServer::Pong { .. } => "pong",
        FromServer::Bye { .. } => "bye",
        FromServer::Unknown => "unknown",
    };
    assert_eq!(said(DESK), desk_says().iter().map(|(_, m)| of_desk(m).to_owned()).collect());
    assert_eq!(said(SERVER), server_says().iter().map(|(_, m)| of_server(m).to_owned()).collect());
    assert_eq!((said(DESK).len(), said(SERVER).len()), (6, 10));
}

#[test]
fn a_class_that_only_a_later_version_knows_is_taken_for_come_again() {
    let bye = from_server(r#"{"say":"bye","class":"moonlit","retry_after_s":3,"sentence":"x"}"#).unwrap();
    assert!(matches!(bye, FromServer::Bye { class: Class::Retry, .. }));
}
