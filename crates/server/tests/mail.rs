//! A server between a real IMAP server and a real SMTP server: mail comes in once, answers go out
//! threaded, and what the customer answers lands where it belongs.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evendesk_domain::channel::Channel;
use evendesk_domain::command::{Command as Asked, CommandBody, ReplyDraft, Then};
use evendesk_domain::decide::World as _;
use evendesk_domain::event::Event;
use evendesk_domain::id::{AccountId, CommandId, ConversationId, DeviceId, MessageId, UserId};
use evendesk_domain::settings::{AccountSettings, MailSettings, Role};
use evendesk_domain::stream::Recorded;
use evendesk_protocol::Outcome;
use evendesk_protocol::http::Invite;
use evendesk_server::writer::Work;
use evendesk_server::{Options, Running, Server, secrets};
use evendesk_testkit::mail::MailWorld;
use evendesk_testkit::server_process::ServerProcess;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use uuid::Uuid;

const SHOP: &str = "help@shop.example";
const ADA: &str = "ada@customer.example";

fn mails() -> MailWorld {
    let mails = MailWorld::start();
    mails.add_user(SHOP, "shop-password");
    mails.add_user(ADA, "ada-password");
    mails
}

async fn shop(data: &Path, mails: &MailWorld) -> (Running, AccountId, UserId) {
    let running = Server::start(Options::new(data)).await.unwrap();
    let user = running.sign_in_here("Jo", DeviceId(Uuid::nil()), "here").await.unwrap().agent.user;
    let app = running.app();
    let team = app.readers.get().unwrap().world_kept().default_team().unwrap().unwrap();
    let id = AccountId(Uuid::now_v7());
    let settings = AccountSettings {
        channel: Channel::Email,
        name: "help".into(),
        address: SHOP.into(),
        team: team.id,
        imap: Some(format!("imap://127.0.0.1:{}", mails.imap_port)),
        smtp: Some(format!("smtp://127.0.0.1:{}", mails.smtp_port)),
        user: Some(SHOP.into()),
        webhook: None,
        mail: MailSettings::default(),
    };
    secrets::keep(&*app.journal, &app.seal, id, "shop-password").unwrap();
    let save = CommandBody::SaveAccount { id, settings };
    let outcome = app.writer.settle(Work::Operator(Box::new(save))).await.unwrap();
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    (running, id, user)
}

fn letter(id: &str, subject: &str, more: &str, text: &str) -> Vec<u8> {
    format!(
        "From: Ada <{ADA}>\r\nTo: {SHOP}\r\nSubject: {subject}\r\nMessage-ID: <{id}@customer.example>\r\n\
         Date: Mon, 1 Jun 2026 08:00:00 +0000\r\n{more}\r\n{text}\r\n"
    )
    .into_bytes()
}

fn events(running: &Running) -> Vec<Recorded> {
    running.app().journal.read(0, 10_000).unwrap()
}

async fn until<T>(what: &str, found: impl Fn() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(15), "waited for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The conversations in which the n-th and all earlier mails are.
async fn received(running: &Running, count: usize) -> Vec<ConversationId> {
    until(&format!("{count} mails"), || {
        let mut all = events(running);
        all.retain(|e| matches!(e.event, Event::MessageReceived { .. }));
        (all.len() >= count).then(|| all.iter().map(|e| ConversationId(e.stream.id)).collect())
    })
    .await
}

async fn answer(
    running: &Running,
    user: UserId,
    account: AccountId,
    conversation: ConversationId,
) -> MessageId {
    let app = running.app();
    let state = app.readers.get().unwrap().world_kept().conversation(conversation).unwrap().unwrap();
    let message = MessageId(Uuid::now_v7());
    let body = CommandBody::Reply(ReplyDraft {
        conversation,
        message,
        channel: Channel::Email,
        account,
        to: String::new(),
        text: "There is, in the kitchen.".into(),
        follow_up: false,
        seen: state.last_public(),
        then: Then::Nothing,
        confirmed: false,
    });
    let command = Box::new(Asked { id: CommandId(Uuid::now_v7()), depends_on: None, body });
    let outcome = app.writer.settle(Work::Agent { user, command }).await.unwrap();
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_comes_in_once_its_answer_goes_out_threaded_and_the_next_one_finds_its_way() {
    let mails = mails();
    let dir = tempfile::tempdir().unwrap();
    let (running, account, user) = shop(dir.path(), &mails).await;
    mails.deliver(&letter("1", "Tea", "", "Is there any?"), ADA, SHOP);
    let conversation = received(&running, 1).await[0];

    let message = answer(&running, user, account, conversation).await;
    let sent = String::from_utf8(mails.wait_for_mails(ADA, 1).remove(0)).unwrap();
    assert!(sent.contains("In-Reply-To: <1@customer.example>"), "{sent}");
    assert!(sent.contains(&format!("Message-ID: <{message}@shop.example>")), "{sent}");
    until("the delivery to be recorded", || {
        let delivered = |e: &Recorded| matches!(e.event, Event::Delivered { message: m } if m == message);
        events(&running).iter().any(delivered).then_some(())
    })
    .await;

    let thread = format!("In-Reply-To: <{message}@shop.example>\r\n");
    mails.deliver(&letter("2", "Something else", &thread, "Thank you!"), ADA, SHOP);
    assert_eq!(received(&running, 2).await, [conversation, conversation]);

    // Another server's numbers for the same mails bring nothing new, nor does a restart.
    mails.renumber(SHOP);
    running.stop().await;
    let running = Server::start(Options::new(dir.path())).await.unwrap();
    mails.deliver(&letter("3", "Coffee", "", "And coffee?"), ADA, SHOP);
    assert_eq!(received(&running, 3).await.len(), 3);
    assert_eq!(mails.mailbox(ADA).len(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_away_says_so_on_the_board_and_catches_up() {
    let mut mails = mails();
    mails.stop_imap();
    let dir = tempfile::tempdir().unwrap();
    let (running, account, _) = shop(dir.path(), &mails).await;
    mails.deliver(&letter("1", "Tea", "", "Hello?"), ADA, SHOP);
    let problem = until("the account to ail", || running.app().health.all().remove(&account)).await;
    assert!(problem.sentence.contains("cannot be reached"), "{}", problem.sentence);
    mails.start_imap();
    received(&running, 1).await;
    until("the account to be well", || running.app().health.all().is_empty().then_some(())).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_no_server_takes_fails_for_good_and_says_why() {
    let mails = mails();
    let dir = tempfile::tempdir().unwrap();
    let (running, account, user) = shop(dir.path(), &mails).await;
    // Delivered to us, but from an address that does not exist: the answer will be refused.
    let stranger =
        String::from_utf8(letter("1", "Tea", "", "Hi")).unwrap().replace(ADA, "nobody@customer.example");
    mails.deliver(stranger.as_bytes(), ADA, SHOP);
    let conversation = received(&running, 1).await[0];
    let message = answer(&running, user, account, conversation).await;
    let reason = until("the failure", || {
        events(&running).into_iter().find_map(|e| match e.event {
            Event::DeliveryFailed { message: m, reason } if m == message => Some(reason),
            _ => None,
        })
    })
    .await;
    assert!(reason.contains("refuse"), "{reason}");
    running.stop().await;
}

#[test]
fn a_mailbox_is_pulled_from_the_command_line_and_its_last_line_counts_what_is_there() {
    let mails = mails();
    let dir = tempfile::tempdir().unwrap();
    for n in 1..=5 {
        let thread =
            if n > 1 { format!("In-Reply-To: <{}@customer.example>\r\n", n - 1) } else { String::new() };
        mails.deliver(&letter(&n.to_string(), "Tea", &thread, "Is there any?"), ADA, SHOP);
    }
    let imap = format!("imap://127.0.0.1:{}", mails.imap_port);
    let added =
        server(dir.path(), &["mailbox", "add", "help", "--imap", &imap, "--user", SHOP, "--password-stdin"]);
    assert!(added.contains("help"), "{added}");
    for _ in 0..2 {
        let pulled = server(dir.path(), &["mailbox", "pull", "help"]);
        assert_eq!(pulled.lines().last(), Some("5 1"), "{pulled}");
    }
}

/// Everything that the server and what it is made of have to say, over a day with sign-ins, good and bad,
/// an invitation, and mail both ways: it tells neither how to get in, nor what was said.
#[test]
fn no_password_token_code_or_word_of_anybodys_is_in_the_log() {
    const OWN: &str = "jos-own-password";
    let mails = mails();
    let dir = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    mails.deliver(&letter("1", "Tea", "", "Is there any oolong?"), ADA, SHOP);
    runtime.block_on(async {
        let (running, account, user) = shop(dir.path(), &mails).await;
        let conversation = received(&running, 1).await[0];
        running.app().journal.set_password(user, &evendesk_server::auth::hash(OWN).unwrap()).unwrap();
        answer(&running, user, account, conversation).await;
        mails.wait_for_mails(ADA, 1);
        running.stop().await;
    });
    let mut server = ServerProcess::new(Path::new(env!("CARGO_BIN_EXE_evendesk-server")));
    server.take_folder(dir.path());
    server.says("trace");
    server.start();
    let kept = || files_in(&server.folder().join("blobs"));
    let before = kept();
    mails.deliver(&letter("2", "Tea", "", "And is there any lapsang?"), ADA, SHOP);
    let secrets = runtime.block_on(async {
        until("the second mail", || (kept() > before).then_some(())).await;
        come_and_go(&server.url(), OWN).await
    });
    server.stop();

    let log = std::fs::read_to_string(server.log()).unwrap();
    assert!(log.contains("TRACE"), "it was asked for all it has to say: {log}");
    let said = ["shop-password", OWN, "oolong", "lapsang", "in the kitchen"].map(str::to_owned);
    for secret in said.into_iter().chain(secrets) {
        let in_base64 = STANDARD.encode(&secret);
        for told in [secret.as_str(), in_base64.trim_end_matches('=')] {
            let lines: Vec<&str> = log.lines().filter(|line| line.contains(told)).collect();
            assert!(lines.is_empty(), "{told} is in the log: {lines:?}");
        }
    }
}

/// Signs in, with a slip first, lets somebody else in by a code, opens a socket; returns what nobody else may know.
async fn come_and_go(url: &str, password: &str) -> Vec<String> {
    let client = reqwest::Client::new();
    let post = async |path: &str, token: &str, body: serde_json::Value| {
        let request = client.post(format!("{url}/api/{path}")).bearer_auth(token).json(&body);
        request.send().await.unwrap().json::<serde_json::Value>().await.unwrap()
    };
    let sign_in = |password: &str| {
        serde_json::json!({
            "login": evendesk_server::founding::LOCAL_LOGIN, "password": password,
            "device": Uuid::now_v7(), "device_name": "a laptop",
        })
    };
    post("session", "", sign_in("mistyped-password")).await;
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let token = text(&post("session", "", sign_in(password)).await["token"]);
    let invite = Invite::NewPerson { name: "Cleo".into(), role: Role::Agent, teams: Vec::new() };
    let code = text(&post("invitations", &token, serde_json::to_value(invite).unwrap()).await["code"]);
    let join = serde_json::json!({
        "code": code, "login": "cleo", "password": "cleos-own-password",
        "device": Uuid::now_v7(), "device_name": "a phone",
    });
    let joined = text(&post("join", "", join).await["token"]);
    let address = format!("{}/api/socket", url.replacen("http", "ws", 1));
    let mut request = address.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    // What cannot be read is told of, and not repeated.
    socket.send(Message::text(r#"{"say":"hello","protocol":"pomegranate"}"#)).await.unwrap();
    while let Some(Ok(_)) = socket.next().await {}
    let known = ["mistyped-password", "cleos-own-password", "pomegranate"].map(str::to_owned);
    let plain = code.replace('-', "");
    known.into_iter().chain([token, code, plain, joined]).collect()
}

fn files_in(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let count = |path: &Path| if path.is_dir() { files_in(path) } else { 1 };
    entries.map(|entry| count(&entry.unwrap().path())).sum()
}

/// Runs the binary with the mailbox's password on its standard input.
fn server(data: &Path, args: &[&str]) -> String {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_evendesk-server"))
        .arg("--data")
        .arg(data)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the server's binary runs");
    child.stdin.take().expect("a pipe").write_all(b"shop-password\n").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}
