//! Mailboxes as an admin has them: added, tried, listed, signed in to, removed, and what they set aside.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use evendesk_channels::intake::{Arrival, Cursor, Intake, Outcome as Read, Reached, SetAside};
use evendesk_domain::command::CommandBody;
use evendesk_domain::event::Event;
use evendesk_domain::id::AccountId;
use evendesk_domain::settings::{AccountSettings, Fate, MailSettings};
use evendesk_domain::stream::Recorded;
use evendesk_protocol::http::{AccountState, AsideView, Retried};
use evendesk_testkit::eventually::eventually_now;
use evendesk_testkit::mail::MailWorld;
use evendesk_testkit::mail::tokens::TokenServer;
use evendesk_testkit::server_process::ServerProcess;
use reqwest::{Client, StatusCode};
use uuid::Uuid;

use crate::office::{Office, operate};

const SHOP: &str = "help@shop.example";
const PASSWORD: &str = "shop-password";
const PATIENCE: Duration = Duration::from_secs(30);

fn server() -> ServerProcess {
    ServerProcess::new(Path::new(env!("CARGO_BIN_EXE_evendesk-server")))
}

fn mail(n: usize) -> Vec<u8> {
    format!(
        "From: Ada <ada@customer.example>\r\nTo: {SHOP}\r\nSubject: Matter {n}\r\n\
         Message-ID: <{n}@customer.example>\r\n\r\nWhere is parcel {n}?\r\n"
    )
    .into_bytes()
}

fn mails(waiting: usize) -> MailWorld {
    let mails = MailWorld::start();
    mails.add_user(SHOP, PASSWORD);
    for n in 0..waiting {
        mails.drop_in(&mail(n), SHOP);
    }
    mails
}

/// Somebody can sign in, so that a first start has nothing to say about it.
fn hire(server: &ServerProcess) {
    server.run(&["user", "add", "sue", "--role", "admin", "--password-stdin"], PASSWORD);
}

fn add(server: &ServerProcess, mails: &MailWorld, password: &str) {
    let (imap, smtp) =
        (format!("imap://127.0.0.1:{}", mails.imap_port), format!("smtp://127.0.0.1:{}", mails.smtp_port));
    let add =
        ["mailbox", "add", "help", "--imap", &imap, "--smtp", &smtp, "--user", SHOP, "--password-stdin"];
    server.run(&add, password);
}

fn subjects(events: &[Recorded]) -> Vec<String> {
    let subject = |e: &Recorded| match &e.event {
        Event::MessageReceived { inbound, .. } => Some(inbound.subject.clone()),
        _ => None,
    };
    events.iter().filter_map(subject).collect()
}

fn files_in(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.filter_map(Result::ok).map(|e| if e.path().is_dir() { files_in(&e.path()) } else { 1 }).sum()
}

/// What a command says where it fails.
fn refused(server: &ServerProcess, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evendesk-server"));
    let done = command.arg("--data").arg(server.folder()).args(arguments).output().unwrap();
    assert!(!done.status.success(), "{arguments:?} should fail");
    String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
}

#[test]
fn a_mailbox_is_added_tried_listed_and_removed_and_goes_on_where_it_was_when_added_again() {
    let (server, mails) = (server(), mails(2));
    add(&server, &mails, "mistyped");
    let failed = refused(&server, &["mailbox", "test", "help"]);
    assert!(failed.contains("Check the user name and the password"), "{failed}");
    add(&server, &mails, PASSWORD);
    let works = server.run(&["mailbox", "test", "help"], "");
    assert!(works.contains("Reading works") && works.contains("Sending works"), "{works}");
    server.run(&["mailbox", "pull", "help"], "");
    let listed = server.run(&["mailbox", "list"], "");
    assert!(listed.contains(SHOP) && listed.contains("INBOX") && listed.contains("0 set aside"), "{listed}");

    let asked = refused(&server, &["mailbox", "remove", "help"]);
    assert!(asked.contains("--yes"), "{asked}");
    server.run(&["mailbox", "remove", "help", "--yes"], "");
    assert_eq!(server.run(&["mailbox", "list"], ""), "");
    assert!(refused(&server, &["mailbox", "pull", "help"]).contains("there is no mailbox help"));
    assert_eq!(subjects(&server.journal()).len(), 2, "what came in stays");

    mails.drop_in(&mail(2), SHOP);
    add(&server, &mails, PASSWORD);
    let pulled = server.run(&["mailbox", "pull", "help"], "");
    assert!(pulled.starts_with("1 taken in"), "only what came since: {pulled}");
}

#[test]
fn a_server_that_is_killed_again_and_again_while_it_fetches_takes_each_mail_in_once() {
    const WAITING: usize = 500;
    let (mut server, mails) = (server(), mails(WAITING));
    add(&server, &mails, PASSWORD);
    hire(&server);
    // A batch is a hundred: each time some of it is fetched and kept, and the journal has not heard of it.
    for fetched in [50, 130, 270] {
        server.start();
        let blobs = server.folder().join("blobs");
        eventually_now("some are fetched", PATIENCE, || (files_in(&blobs) >= fetched).then_some(()));
        server.kill();
    }
    let killed_with = subjects(&server.journal()).len();
    assert!(killed_with < WAITING, "there was something left to lose");
    server.start();
    let listed = server.folder().join("contacts.json");
    let _ = std::fs::remove_file(&listed);
    eventually_now("all that waited is in", PATIENCE * 4, || listed.exists().then_some(()));
    server.stop();
    let found = subjects(&server.journal());
    let wanted: BTreeSet<String> = (0..WAITING).map(|n| format!("Matter {n}")).collect();
    assert_eq!(found.len(), WAITING, "none twice");
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted, "none missing");
    let listed = server.run(&["mailbox", "list"], "");
    assert!(listed.contains("all in at"), "{listed}");
}

#[test]
fn a_mailbox_is_read_by_tokens_and_none_of_them_is_in_the_log_or_in_the_clear_on_disk() {
    const GRANT: &str = "grant-of-the-first-day";
    let provider = TokenServer::start(SHOP, GRANT);
    let mails = MailWorld::start_trusting(&provider);
    mails.add_user(SHOP, PASSWORD);
    mails.drop_in(&mail(0), SHOP);
    let mut server = server();
    let imap = format!("imap://127.0.0.1:{}", mails.imap_port);
    let url = provider.token_url();
    let added = server.run(
        &[
            "mailbox",
            "add",
            "help",
            "--imap",
            &imap,
            "--user",
            SHOP,
            "--client-id",
            "evendesk",
            "--token-url",
            &url,
            "--authorize-url",
            &url,
            "--scope",
            "mail",
        ],
        "",
    );
    assert!(added.contains("mailbox sign-in help"), "{added}");
    assert!(refused(&server, &["mailbox", "pull", "help"]).contains("enter it again"));
    server.run(&["mailbox", "sign-in", "help", "--refresh-token-stdin"], GRANT);
    let mut secrets = vec![GRANT.to_owned()];
    hire(&server);
    server.says("trace");
    server.start();
    eventually_now("the mail is in", PATIENCE, || {
        server.folder().join("contacts.json").exists().then_some(())
    });
    secrets.extend(provider.secrets());
    server.stop();
    assert_eq!(subjects(&server.journal()), ["Matter 0"]);
    let log = std::fs::read(server.log()).unwrap();
    let journal = std::fs::read(server.folder().join("journal.db")).unwrap();
    for secret in &secrets {
        let holds = |bytes: &[u8]| bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(!holds(&log) && !holds(&journal), "{secret}");
    }
    provider.revoke();
    let refused = refused(&server, &["mailbox", "pull", "help"]);
    assert!(refused.contains("Sign in to this mailbox again"), "{refused}");
}

#[tokio::test]
async fn what_was_set_aside_is_seen_by_supervisors_and_taken_in_once_it_can_be_read() {
    let office = Office::open().await;
    let mailbox = AccountId(Uuid::now_v7());
    let settings = AccountSettings {
        channel: evendesk_domain::channel::Channel::Email,
        name: "help".into(),
        address: SHOP.into(),
        team: office.support,
        imap: None,
        smtp: None,
        user: None,
        webhook: None,
        mail: MailSettings::default(),
    };
    operate(office.app(), CommandBody::SaveAccount { id: mailbox, settings }).await;
    // As a version that could not read the first one would have left them.
    let reception = office.app().reception();
    let mut arrivals = Vec::new();
    for (uid, bytes) in [(1, mail(1)), (2, b"\0 no header at all".to_vec())] {
        let raw = Some(reception.put_blob(bytes).await.unwrap());
        let aside = SetAside { raw, reason: "it could not be read".into() };
        arrivals.push(Arrival { uid: Some(uid), bytes: 5, outcome: Read::SetAside(aside) });
    }
    let cursor = Cursor { uid_validity: 1, last_uid: 2 };
    reception.arrived(mailbox, arrivals, Some(Reached::in_inbox(cursor))).await.unwrap();

    let (client, url) = (Client::new(), format!("{}/api/accounts", office.running.url()));
    let bob = office.sign_in("bob").await.token;
    let sue = office.sign_in("sue").await.token;
    let no = client.get(format!("{url}/aside")).bearer_auth(&bob).send().await.unwrap();
    assert_eq!(no.status(), StatusCode::NOT_FOUND, "an agent does not see what came for other teams");
    let aside = async || -> Vec<AsideView> {
        client.get(format!("{url}/aside")).bearer_auth(&sue).send().await.unwrap().json().await.unwrap()
    };
    let of = |a: &AsideView| format!("{url}/aside/{}/{}/{}", a.account, a.seq, a.place);
    let before = aside().await;
    assert_eq!(before.iter().map(|a| a.uid).collect::<Vec<_>>(), [1, 2]);
    let raw = client.get(of(&before[0])).bearer_auth(&sue).send().await.unwrap();
    assert_eq!(raw.bytes().await.unwrap(), mail(1), "as it came");
    let retry = async |a: &AsideView| -> Retried {
        client.post(of(a)).bearer_auth(&sue).send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(retry(&before[0]).await.fate, Fate::Taken);
    let told = retry(&before[1]).await.fate;
    assert!(matches!(&told, Fate::Quarantined { why, .. } if why != "it could not be read"), "{told:?}");
    assert_eq!(subjects(&office.app().journal.read(0, 10_000).unwrap()), ["Matter 1"]);
    let after = aside().await;
    assert!(matches!(&after[..], [a] if a.uid == 2), "{after:?}");
    let again = client.post(of(&before[0])).bearer_auth(&sue).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_FOUND, "it is in");
    let states: Vec<AccountState> =
        client.get(&url).bearer_auth(&sue).send().await.unwrap().json().await.unwrap();
    assert!(states.iter().any(|s| s.id == mailbox && s.set_aside == 1), "{states:?}");
}
