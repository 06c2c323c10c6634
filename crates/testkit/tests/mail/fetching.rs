//! Nothing lost, nothing twice, one bad mail stops nothing.

use std::time::Duration;

use evendesk_channels::email::fetch::{Access, FetchError, Fetcher, Heard, Pulled};
use evendesk_channels::email::receive::Mailbox;
use evendesk_channels::email::reply_token::ReplyKey;
use evendesk_channels::email::sign_in::SignIn;
use evendesk_domain::id::AccountId;
use evendesk_domain::time::Timestamp;
use evendesk_testkit::link::Link;
use evendesk_testkit::mail::MailWorld;

use crate::paper::Paper;

pub const SUPPORT: &str = "support@support.example";
pub const PASSWORD: &str = "sec\"ret\\";
pub const ADA: &str = "ada@customer.example";

pub fn now() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

fn world() -> MailWorld {
    let world = MailWorld::start();
    world.add_user(SUPPORT, PASSWORD);
    world
}

fn fetcher(world: &MailWorld, password: &str) -> Fetcher {
    Fetcher::new(access(world, password))
}

pub fn access(world: &MailWorld, password: &str) -> Access {
    Access {
        mailbox: Mailbox {
            account: AccountId(uuid::Uuid::from_u128(7)),
            addresses: vec![SUPPORT.to_owned()],
            reply_key: Some(ReplyKey::new([7; 32])),
        },
        server: format!("imap://127.0.0.1:{}", world.imap_port).parse().expect("an address"),
        user: SUPPORT.to_owned(),
        sign_in: SignIn::Password(password.to_owned()),
        folders: vec!["INBOX".to_owned()],
        ca: None,
    }
}

pub fn mail(n: usize) -> Vec<u8> {
    format!("From: Ada <{ADA}>\r\nTo: {SUPPORT}, bob@customer.example\r\nSubject: mail {n}\r\nMessage-ID: <{n}@customer.example>\r\n\r\nHello {n}\r\n").into_bytes()
}

/// Read, and set aside.
fn brought(pulled: Result<Pulled, FetchError>) -> (usize, usize) {
    let pulled = pulled.expect("fetched");
    (pulled.read, pulled.set_aside)
}

pub fn subjects(mails: std::ops::Range<usize>) -> Vec<String> {
    mails.map(|n| format!("mail {n}")).collect()
}

#[tokio::test]
async fn a_mail_sent_by_smtp_is_taken_in_once_with_its_bytes_and_its_instant() {
    let (world, paper) = (world(), Paper::default());
    let sent_at = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    world.deliver(&mail(0), ADA, SUPPORT);
    let mut fetcher = fetcher(&world, PASSWORD);
    assert_eq!(brought(fetcher.pull(&paper, now()).await), (1, 0));
    assert_eq!(brought(fetcher.pull(&paper, now()).await), (0, 0), "nothing twice");
    world.deliver(&mail(1), ADA, SUPPORT);
    fetcher.pull(&paper, now()).await.expect("the same session sees what came since");
    assert_eq!(paper.subjects(), subjects(0..2));
    let first = &paper.mails()[0];
    assert_eq!((first.from.value.as_str(), first.text.as_str()), (ADA, "Hello 0"));
    assert_eq!(first.cc, ["bob@customer.example"], "others it went to, and not ourselves");
    assert!(first.spoke_at.seconds().abs_diff(sent_at as i64) < 60, "{}", first.spoke_at);
    let raw = paper.blob(first.raw.as_deref().expect("kept"));
    assert!(raw.trim_ascii_end().ends_with(b"\r\n\r\nHello 0"), "{}", String::from_utf8_lossy(&raw));
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_when_store_and_server_fail_in_between() {
    let (mut world, paper) = (world(), Paper::default());
    for n in 0..250 {
        world.drop_in(&mail(n), SUPPORT);
    }
    let mut first = fetcher(&world, PASSWORD);
    paper.refuse_after(Some(1));
    assert!(matches!(first.pull(&paper, now()).await, Err(FetchError::Intake(_))));
    assert_eq!(paper.subjects().len(), 100, "a batch is durable with the cursor that covers it");
    paper.refuse_after(None);
    world.stop_imap();
    let gone = fetcher(&world, PASSWORD).pull(&paper, now()).await;
    assert!(matches!(gone, Err(FetchError::Unreachable { .. })), "{gone:?}");
    world.start_imap();
    first.pull(&paper, now()).await.expect("a line gone stale is drawn anew");
    assert_eq!(paper.subjects(), subjects(0..250), "all, once, in order");
    assert_eq!(paper.seen_again(), 0, "resumed, not started again");
}

#[tokio::test]
async fn read_flags_decide_nothing_and_are_left_alone() {
    let (world, paper) = (world(), Paper::default());
    for n in 0..3 {
        world.drop_in(&mail(n), SUPPORT);
    }
    let mut client = imap_client(&world);
    client.select("INBOX").expect("selected");
    client.store("2", "+FLAGS (\\Seen)").expect("someone read it elsewhere");
    fetcher(&world, PASSWORD).pull(&paper, now()).await.expect("fetched");
    assert_eq!(paper.subjects(), subjects(0..3));
    client.noop().expect("still there");
    let unseen = client.search("UNSEEN").expect("searched");
    assert_eq!(unseen, [1, 3].into(), "fetching marks nothing as read");
}

#[tokio::test]
async fn a_poison_mail_is_set_aside_and_stops_nothing() {
    let (world, paper) = (world(), Paper::default());
    world.drop_in(&mail(0), SUPPORT);
    world.drop_in(&b"Content-Type: message/rfc822\r\n\r\n".repeat(5000), SUPPORT);
    world.drop_in(b"\0\xff\xfe no header at all", SUPPORT);
    world.drop_in(b"Subject: from nobody\r\n\r\nHi\r\n", SUPPORT);
    world.drop_in(&mail(1), SUPPORT);
    let pulled = brought(fetcher(&world, PASSWORD).pull(&paper, now()).await);
    assert_eq!(paper.subjects(), subjects(0..2));
    assert_eq!(pulled, (2, 3), "{:?}", paper.set_aside());
    let uids: Vec<Option<u32>> = paper.set_aside().into_iter().map(|(uid, _)| uid).collect();
    assert_eq!(uids, [Some(2), Some(3), Some(4)], "the ledger can say which");
}

#[tokio::test]
async fn a_renumbered_mailbox_is_read_again_without_duplicates() {
    let (world, paper) = (world(), Paper::default());
    for n in 0..5 {
        world.deliver(&mail(n), ADA, SUPPORT);
    }
    let mut fetcher = fetcher(&world, PASSWORD);
    fetcher.pull(&paper, now()).await.expect("fetched");
    drop(fetcher);
    world.renumber(SUPPORT);
    world.deliver(&mail(5), ADA, SUPPORT);
    let mut fetcher = self::fetcher(&world, PASSWORD);
    assert_eq!(fetcher.pull(&paper, now()).await.expect("fetched").read, 6, "all were looked at again");
    assert_eq!(paper.seen_again(), 5);
    let mut found = paper.subjects();
    found.sort();
    assert_eq!(found, subjects(0..6));
}

#[tokio::test]
async fn what_is_wrong_is_said_in_words_a_person_can_act_on() {
    let (mut world, paper) = (world(), Paper::default());
    let refused = fetcher(&world, "wrong").pull(&paper, now()).await.expect_err("refused");
    assert!(matches!(refused, FetchError::SignInRefused { .. }) && refused.needs_a_person(), "{refused}");
    let mut encrypted = access(&world, PASSWORD);
    encrypted.server.tls = true;
    let plain = Fetcher::new(encrypted).pull(&paper, now()).await.expect_err("no TLS there");
    assert!(matches!(plain, FetchError::Unreachable { .. }), "{plain}");
    world.stop_imap();
    let gone = fetcher(&world, PASSWORD).pull(&paper, now()).await.expect_err("gone");
    assert!(matches!(gone, FetchError::Unreachable { .. }) && !gone.needs_a_person(), "{gone}");
    world.imap_port = world.smtp_port;
    let odd = fetcher(&world, "x").pull(&paper, now()).await.expect_err("not IMAP");
    assert!(matches!(odd, FetchError::Protocol { .. } | FetchError::Unreachable { .. }), "{odd}");
}

fn imap_client(world: &MailWorld) -> imap::Session<std::net::TcpStream> {
    let stream = std::net::TcpStream::connect(("127.0.0.1", world.imap_port)).expect("connected");
    let mut client = imap::Client::new(stream);
    client.read_greeting().expect("greeted");
    client.login(SUPPORT, PASSWORD).map_err(|(e, _)| e).expect("signed in")
}

#[tokio::test]
async fn a_mail_that_comes_while_we_listen_is_heard_of_and_one_in_another_folder_is_found() {
    let (world, paper) = (world(), Paper::default());
    world.drop_in(&mail(0), SUPPORT);
    let mut client = imap_client(&world);
    client.create("Returns &- more").expect("made");
    client.append("Returns &- more", &mail(9)).finish().expect("put there");
    let mut access = access(&world, PASSWORD);
    access.folders = vec!["INBOX".to_owned(), "Returns &- more".to_owned()];
    let mut fetcher = Fetcher::new(access);
    fetcher.pull(&paper, now()).await.expect("fetched");
    assert_eq!(paper.subjects(), ["mail 0", "mail 9"]);
    assert_eq!(fetcher.listen(Duration::from_millis(300)).await.expect("heard"), Heard::Silence);
    fetcher.pull(&paper, now()).await.expect("the same line goes on after listening");
    let (heard, ()) = tokio::join!(fetcher.listen(Duration::from_secs(60)), async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        world.drop_in(&mail(1), SUPPORT);
    });
    assert_eq!(heard.expect("heard"), Heard::News);
    world.drop_in(&mail(2), SUPPORT);
    fetcher.pull(&paper, now()).await.expect("fetched");
    assert_eq!(paper.subjects(), ["mail 0", "mail 9", "mail 1", "mail 2"]);
    assert_eq!(paper.seen_again(), 0, "each folder is read on where it was left");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_told_of_and_holds_no_other_up() {
    let (world, paper) = (world(), Paper::default());
    world.drop_in(&mail(0), SUPPORT);
    let mut access = access(&world, PASSWORD);
    access.folders = vec!["Nowhere".to_owned(), "INBOX".to_owned()];
    let missing = Fetcher::new(access).pull(&paper, now()).await.expect_err("it is not there");
    assert!(matches!(&missing, FetchError::NoFolder { folder, .. } if folder == "Nowhere"), "{missing}");
    assert!(missing.needs_a_person());
    assert_eq!(paper.subjects(), subjects(0..1));
}

#[tokio::test]
async fn whoever_stops_listening_hangs_up_at_once() {
    let (world, paper) = (world(), Paper::default());
    let link = Link::to(world.imap_port);
    let mut access = access(&world, PASSWORD);
    access.server.port = link.port();
    let mut fetcher = Fetcher::new(access);
    fetcher.pull(&paper, now()).await.expect("fetched");
    let listening = fetcher.listen(Duration::from_secs(600));
    tokio::time::timeout(Duration::from_millis(300), listening).await.expect_err("nothing comes");
    // The thread that listened is at its end too, or this runtime would not be.
    world.drop_in(&mail(0), SUPPORT);
    fetcher.pull(&paper, now()).await.expect("on another line");
    assert_eq!(paper.subjects(), subjects(0..1));
}

#[tokio::test]
async fn five_thousand_mails_that_wait_come_in_once_although_the_line_is_cut_in_the_middle() {
    const WAITING: usize = 5_000;
    let (world, paper) = (world(), Paper::default());
    for n in 0..WAITING {
        world.drop_in(&mail(n), SUPPORT);
    }
    let link = Link::to(world.imap_port);
    let mut access = access(&world, PASSWORD);
    access.server.port = link.port();
    let mut fetcher = Fetcher::new(access);
    // Twice, in the middle of a batch, whichever it is.
    for mails in [700, 2_300] {
        let cut = async {
            while paper.subjects().len() < mails {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            link.cut();
        };
        let (pulled, ()) = tokio::join!(fetcher.pull(&paper, now()), cut);
        assert!(matches!(pulled, Err(FetchError::Unreachable { .. })), "{pulled:?}");
        link.heal();
    }
    fetcher.pull(&paper, now()).await.expect("fetched");
    assert_eq!(paper.subjects(), subjects(0..WAITING), "all, once, in order");
    assert_eq!(paper.seen_again(), 0, "each time it went on where it was");
}
