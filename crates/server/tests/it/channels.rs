//! Forms and webhooks, in and out.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use evendesk_channels::intake::{Arrival, Cursor, Intake, Outcome as Read, Reached, SetAside};
use evendesk_channels::social::signature::{Secret, Signed, sign, verify};
use evendesk_domain::channel::Channel;
use evendesk_domain::command::{CommandBody, ReplyDraft, Then};
use evendesk_domain::decide::World;
use evendesk_domain::event::Event;
use evendesk_domain::id::{AccountId, MessageId};
use evendesk_domain::inbound::Inbound;
use evendesk_domain::settings::{AccountSettings, Fate, INBOX, MailSettings};
use evendesk_domain::stream::{Recorded, StreamKind};
use evendesk_protocol::Outcome;
use evendesk_server::secrets;
use evendesk_server::writer::Work;
use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::office::{Office, operate, settle};

async fn account(office: &Office, channel: Channel, webhook: Option<String>) -> AccountId {
    let id = AccountId(Uuid::now_v7());
    let settings = AccountSettings {
        channel,
        name: format!("{} account", channel.name()),
        address: String::new(),
        team: office.support,
        imap: None,
        smtp: None,
        user: None,
        webhook,
        mail: MailSettings::default(),
    };
    operate(office.app(), CommandBody::SaveAccount { id, settings }).await;
    id
}

fn journal(office: &Office) -> Vec<Recorded> {
    office.app().journal.read(0, 10_000).unwrap()
}

fn received(office: &Office) -> Vec<Inbound> {
    let inbound = |e: Recorded| match e.event {
        Event::MessageReceived { inbound, .. } => Some(*inbound),
        _ => None,
    };
    journal(office).into_iter().filter_map(inbound).collect()
}

#[tokio::test]
async fn a_form_is_filled_in_without_a_script_and_sent_twice_is_one_message() {
    let office = Office::open().await;
    let form = account(&office, Channel::WebForm, None).await;
    let url = format!("{}/forms/{form}", office.running.url());
    let client = Client::new();
    let page = client.get(&url).send().await.unwrap().text().await.unwrap();
    let hidden = |name: &str| {
        let (_, after) = page.split_once(&format!(r#"name="{name}" value=""#)).unwrap();
        after.split_once('"').unwrap().0.to_owned()
    };
    let (id, opened_at): (String, i64) = (hidden("id"), hidden("opened_at").parse().unwrap());
    let opened_at = (opened_at - 20_000).to_string();
    let fields = |email: &str| {
        let fields = [("id", id.as_str()), ("opened_at", &opened_at), ("name", "Ada <b>"), ("email", email)];
        let encoded: Vec<_> = fields.into_iter().chain([("message", "Is there {value:name} tea?")]).collect();
        serde_urlencoded::to_string(encoded).unwrap()
    };
    let send = |email: &str| {
        client
            .post(&url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(fields(email))
            .send()
    };
    let refused = send("nowhere").await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let text = refused.text().await.unwrap();
    assert!(text.contains("not an email address") && text.contains("Ada &lt;b&gt;"), "{text}");
    assert!(text.contains("&#123;value:name} tea?"), "what was typed is not a place to fill in");
    for _ in 0..2 {
        assert_eq!(send("ada@customer.example").await.unwrap().status(), StatusCode::OK);
    }
    let received = received(&office);
    assert_eq!(received.len(), 1);
    assert_eq!((received[0].channel, received[0].verified), (Channel::WebForm, false));
}

#[tokio::test]
async fn forms_have_limits_and_what_looks_like_spam_is_set_aside_in_silence() {
    let office = Office::open().await;
    let form = account(&office, Channel::WebForm, None).await;
    let url = format!("{}/api/forms/{form}", office.running.url());
    let client = Client::new();
    let send = |body: serde_json::Value| client.post(&url).json(&body).send();
    let now = office.app().clock.now().millis();
    let fast = json!({"id": "1", "email": "bot@spam.example", "message": "Buy!", "opened_at": now});
    assert_eq!(send(fast).await.unwrap().status(), StatusCode::CREATED);
    assert!(received(&office).is_empty());
    let ledger = journal(&office).into_iter().any(|e| matches!(e.event, Event::MailboxAdvanced { .. }));
    assert!(ledger, "what was set aside is shown");
    let aside = office.app().readers.get().unwrap().set_aside().unwrap();
    assert!(matches!(&aside[..], [a] if a.account == form && matches!(a.fate, Fate::Quarantined { .. })));
    let by_a_program = json!({"id": "4", "email": "ada@customer.example", "message": "Tea?"});
    assert_eq!(send(by_a_program).await.unwrap().status(), StatusCode::CREATED);
    assert_eq!(received(&office).len(), 1);

    let large = json!({"id": "2", "message": "x".repeat(3_000_000)});
    assert_eq!(send(large).await.unwrap().status(), StatusCode::PAYLOAD_TOO_LARGE);
    let mut last = StatusCode::OK;
    for _ in 0..6 {
        last = send(json!({"id": "3", "message": ""})).await.unwrap().status();
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    let elsewhere = format!("{}/api/forms/{}", office.running.url(), Uuid::nil());
    let nowhere = client.post(elsewhere).json(&json!({})).send().await.unwrap();
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_signed_mention_comes_in_and_our_answer_goes_out_signed_and_is_marked_delivered() {
    let office = Office::open_to_private_webhooks().await;
    let (bridge, mut posted) = bridge().await;
    let hook = account(&office, Channel::Social, Some(bridge)).await;
    let secret = Secret::new(&[7; 32]).unwrap();
    secrets::keep(&*office.app().journal, &office.app().seal, hook, &secret.reveal()).unwrap();
    let body = json!({"type": "mention", "data": {
        "id": "post/1", "author": {"id": "did:plc:abc", "handle": "ada.example"},
        "text": "@us is there tea?", "created_at": "2026-01-02T03:04:05Z", "thread": "post/0",
    }});
    let body = body.to_string();
    let deliver = async |signed: Signed| {
        let url = format!("{}/hooks/social/{hook}", office.running.url());
        let request = Client::new().post(url).header("webhook-id", signed.id);
        let request = request.header("webhook-timestamp", signed.timestamp);
        let sent = request.header("webhook-signature", signed.signature).body(body.clone()).send().await;
        sent.unwrap().status()
    };
    let now = office.app().clock.now();
    let forged = sign(&Secret::new(&[8; 32]).unwrap(), "m1", body.as_bytes(), now);
    assert_eq!(deliver(forged).await, StatusCode::UNAUTHORIZED);
    let signed = sign(&secret, "m1", body.as_bytes(), now);
    for _ in 0..2 {
        assert_eq!(deliver(signed.clone()).await, StatusCode::ACCEPTED);
    }
    assert_eq!(received(&office).len(), 1);

    let message = MessageId(Uuid::now_v7());
    reply(&office, hook, message).await;
    let (headers, body) =
        tokio::time::timeout(Duration::from_secs(10), posted.recv()).await.unwrap().unwrap();
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let signed = Signed {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    assert_eq!(signed.id, message.to_string());
    assert_eq!(verify(&secret, &signed, &body, now), Ok(()));
    assert!(String::from_utf8_lossy(&body).contains("There is."));
    let delivered = |e: &Recorded| matches!(e.event, Event::Delivered { message: m } if m == message);
    until(|| journal(&office).iter().any(delivered)).await;
}

/// One conversation that came in by a webhook whose answers go to `post_to`.
async fn mentioned(office: &Office, post_to: String) -> AccountId {
    let hook = account(office, Channel::Social, Some(post_to)).await;
    let secret = Secret::new(&[7; 32]).unwrap();
    secrets::keep(&*office.app().journal, &office.app().seal, hook, &secret.reveal()).unwrap();
    let body = json!({"type": "mention", "data": {
        "id": "post/1", "author": {"id": "did:plc:abc", "handle": "ada.example"},
        "text": "@us is there tea?", "created_at": "2026-01-02T03:04:05Z", "thread": "post/0",
    }});
    let body = body.to_string();
    let signed = sign(&secret, "m1", body.as_bytes(), office.app().clock.now());
    let request = Client::new().post(format!("{}/hooks/social/{hook}", office.running.url()));
    let request = request.header("webhook-id", signed.id).header("webhook-timestamp", signed.timestamp);
    let taken = request.header("webhook-signature", signed.signature).body(body).send().await.unwrap();
    assert_eq!(taken.status(), StatusCode::ACCEPTED);
    hook
}

#[tokio::test]
async fn an_address_on_a_private_network_is_not_called_and_the_board_says_so() {
    let office = Office::open().await;
    let inward = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = inward.local_addr().unwrap().port();
    // By name: where it leads is looked at, not how it is written.
    let hook = mentioned(&office, format!("https://localhost:{port}/")).await;
    reply(&office, hook, MessageId(Uuid::now_v7())).await;
    until(|| office.app().health.all().get(&hook).is_some_and(|p| p.sentence.contains("private network")))
        .await;
    let called = tokio::time::timeout(Duration::from_millis(100), inward.accept()).await;
    assert!(called.is_err(), "it was called");
}

#[tokio::test]
async fn a_redirect_is_not_followed_to_wherever_it_points() {
    let office = Office::open_to_private_webhooks().await;
    let inward = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/", inward.local_addr().unwrap());
    let (tell, mut called) = mpsc::unbounded_channel();
    let redirect = async move || {
        let _ = tell.send(());
        (StatusCode::TEMPORARY_REDIRECT, [("location", target)])
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(redirect))).await });
    let hook = mentioned(&office, url).await;
    let message = MessageId(Uuid::now_v7());
    reply(&office, hook, message).await;
    // Tried again: the first time has ended by then, and led nowhere.
    for _ in 0..2 {
        tokio::time::timeout(Duration::from_secs(30), called.recv()).await.unwrap().unwrap();
    }
    assert!(
        tokio::time::timeout(Duration::from_millis(100), inward.accept()).await.is_err(),
        "it was followed"
    );
    let delivered = |e: &Recorded| matches!(e.event, Event::Delivered { message: m } if m == message);
    assert!(!journal(&office).iter().any(delivered));
}

/// Answers the one conversation there is.
async fn reply(office: &Office, account: AccountId, message: MessageId) {
    let body = answer(office, account, message);
    let outcome = office.command(office.ada, body).await;
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
}

fn answer(office: &Office, account: AccountId, message: MessageId) -> CommandBody {
    let is_conversation = |e: &&Recorded| e.stream.kind == StreamKind::Conversation;
    let stream = journal(office).iter().find(is_conversation).unwrap().stream;
    let conversation = evendesk_domain::id::ConversationId(stream.id);
    let seen = office.app().readers.get().unwrap().world_kept().conversation(conversation).unwrap().unwrap();
    let draft = ReplyDraft {
        conversation,
        message,
        channel: Channel::Social,
        account,
        to: String::new(),
        text: "There is.".into(),
        follow_up: false,
        seen: seen.last_public(),
        then: Then::Nothing,
        confirmed: false,
    };
    CommandBody::Reply(draft)
}

#[tokio::test]
async fn what_is_offered_again_is_recorded_once_and_an_answer_goes_out_when_a_supervisor_says_so() {
    let office = Office::open_to_private_webhooks().await;
    let (bridge, mut posted) = bridge().await;
    let hook = account(&office, Channel::Social, Some(bridge)).await;
    let secret = Secret::new(&[7; 32]).unwrap();
    secrets::keep(&*office.app().journal, &office.app().seal, hook, &secret.reveal()).unwrap();
    let mut inbound = crate::office::inbound("ada@customer.example", "is there tea?");
    (inbound.channel, inbound.account, inbound.thread) = (Channel::Social, hook, Some("post/1".into()));
    inbound.reply_to = Some("post/1".into());
    let arrival = Arrival { uid: None, bytes: 5, outcome: Read::Read(Box::new(inbound)) };
    office.app().reception().arrived(hook, vec![arrival], None).await.unwrap();
    let conversation = journal(&office).into_iter().find_map(|e| {
        (e.stream.kind == StreamKind::Conversation)
            .then_some(evendesk_domain::id::ConversationId(e.stream.id))
    });
    let conversation = conversation.unwrap();

    let again = async |body: CommandBody| {
        let id = evendesk_domain::id::CommandId(Uuid::now_v7());
        let command = Box::new(evendesk_domain::command::Command { id, depends_on: None, body });
        let work = Work::Reoffered { user: office.ada, command };
        let outcome = settle(office.app(), work.clone()).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        assert_eq!(settle(office.app(), work).await, outcome, "decided once");
        journal(&office).iter().filter(|e| e.command == Some(id)).count()
    };
    assert_eq!(again(crate::office::note(conversation, "kept")).await, 1);
    let (gone, held) = (MessageId(Uuid::now_v7()), MessageId(Uuid::now_v7()));
    assert_eq!(again(answer(&office, hook, gone)).await, 2);
    assert_eq!(again(answer(&office, hook, held)).await, 2);

    let sent = CommandBody::MarkSent { conversation, message: gone };
    let released = CommandBody::ReleaseReply { conversation, message: held };
    let refused = office.command(office.ada, released.clone()).await;
    assert!(matches!(refused, Outcome::Refused { .. }), "{refused:?}");
    for body in [sent, released] {
        let outcome = office.command(office.sue, body).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    }
    // The first to go out is the one that was released: the other, older one does not go.
    let (headers, _) = tokio::time::timeout(Duration::from_secs(10), posted.recv()).await.unwrap().unwrap();
    assert_eq!(headers["webhook-id"].to_str().unwrap(), held.to_string());
    let delivered = |e: &Recorded| matches!(e.event, Event::Delivered { message } if message == held);
    until(|| journal(&office).iter().any(delivered)).await;
    assert!(posted.try_recv().is_err());
    let by = |wanted: Event| journal(&office).iter().find(|e| e.event == wanted).map(|e| e.by);
    let sue = Some(evendesk_domain::stream::Actor::User(office.sue));
    assert_eq!(by(Event::ReplyReleased { message: held }), sue);
    assert_eq!(by(Event::ReplyHadGone { message: gone }), sue);
}

/// A network's bridge that takes what it is posted.
async fn bridge() -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
    let (tell, posted) = mpsc::unbounded_channel();
    let take = async move |headers: HeaderMap, body: Bytes| {
        let _ = tell.send((headers, body));
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(take))).await });
    (url, posted)
}

async fn until(done: impl Fn() -> bool) {
    for _ in 0..200 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen within ten seconds");
}

#[tokio::test]
async fn one_mail_that_cannot_be_stored_is_set_aside_and_holds_nothing_up() {
    let office = Office::open().await;
    let mailbox = account(&office, Channel::Email, None).await;
    let reception = office.app().reception();
    let mail = |uid: u32| {
        let mut inbound = crate::office::inbound("cid@customer.example", "hello");
        inbound.account = mailbox;
        inbound.remote_id = if uid == 2 { POISON.into() } else { uid.to_string() };
        Arrival { uid: Some(uid), bytes: 5, outcome: Read::Read(Box::new(inbound)) }
    };
    choke_on(&office, POISON);
    let cursor = Cursor { uid_validity: 1, last_uid: 3 };
    reception.arrived(mailbox, (1..=3).map(mail).collect(), Some(Reached::in_inbox(cursor))).await.unwrap();
    assert_eq!(received(&office).len(), 2);
    assert_eq!(reception.cursor(mailbox, INBOX).await.unwrap(), cursor);
}

#[tokio::test]
async fn a_mail_that_was_gone_is_not_noted_as_too_large() {
    let office = Office::open().await;
    let mailbox = account(&office, Channel::Email, None).await;
    let gone = SetAside { raw: None, reason: "it was gone".into() };
    let arrival = Arrival { uid: Some(1), bytes: 5, outcome: Read::SetAside(gone) };
    let cursor = Cursor { uid_validity: 1, last_uid: 1 };
    office.app().reception().arrived(mailbox, vec![arrival], Some(Reached::in_inbox(cursor))).await.unwrap();
    let aside = office.app().readers.get().unwrap().set_aside().unwrap();
    assert!(matches!(&aside[..], [a] if a.fate == Fate::Withheld { why: "it was gone".into() }), "{aside:?}");
}

#[tokio::test]
async fn while_the_journal_cannot_be_written_good_mail_is_not_set_aside() {
    let office = Office::open().await;
    let mailbox = account(&office, Channel::Email, None).await;
    let reception = office.app().reception();
    let mut inbound = crate::office::inbound("cid@customer.example", "hello");
    inbound.account = mailbox;
    let mail = vec![Arrival { uid: Some(1), bytes: 5, outcome: Read::Read(Box::new(inbound)) }];
    let cursor = Cursor { uid_validity: 1, last_uid: 1 };
    // As a full disk does it: appending fails, whatever is appended.
    let file = office.dir.path().join("journal.db");
    let journal = rusqlite::Connection::open(file).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON event WHEN NEW.stream_kind = 'mailbox' BEGIN SELECT RAISE(ABORT, 'full'); END";
    journal.execute_batch(full).unwrap();
    reception
        .arrived(mailbox, mail.clone(), Some(Reached::in_inbox(cursor)))
        .await
        .expect_err("the disk is full");
    assert_eq!(reception.cursor(mailbox, INBOX).await.unwrap(), Cursor::default());
    journal.execute_batch("DROP TRIGGER full").unwrap();
    reception.arrived(mailbox, mail, Some(Reached::in_inbox(cursor))).await.unwrap();
    assert_eq!(received(&office).len(), 1);
}

const POISON: &str = "poison";

/// Makes the read model refuse one message.
fn choke_on(office: &Office, remote_id: &str) {
    let folder = office.dir.path().join("replica");
    let mut files = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let file = files.find(|p| p.extension().is_some_and(|e| e == "db")).unwrap();
    let sql = format!(
        "CREATE TRIGGER choke BEFORE INSERT ON message WHEN NEW.remote_id = '{remote_id}'
         BEGIN SELECT RAISE(ABORT, 'choked'); END"
    );
    rusqlite::Connection::open(file).unwrap().execute_batch(&sql).unwrap();
}
