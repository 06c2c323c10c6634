//! Nothing lost, nothing twice, one bad mail stops nothing.

use evendesk_channels::email::fetch::{Access, FetchError, Fetcher, Pulled};
use evendesk_channels::email::receive::Mailbox;
use evendesk_domain::id::AccountId;
use evendesk_domain::time::Timestamp;
use evendesk_testkit::mail::MailWorld;

use crate::paper::Paper;

const SUPPORT: &str = "support@support.example";
const ADA: &str = "ada@customer.example";

fn now() -> Timestamp {
    Timestamp::from_seconds(1_800_000_000)
}

fn world() -> MailWorld {
    let world = MailWorld::start();
    world.add_user(SUPPORT, "sec\"ret\\");
    world
}

fn fetcher(world: &MailWorld, password: &str) -> Fetcher {
    Fetcher::new(access(world, password))
}

fn access(world: &MailWorld, password: &str) -> Access {
    Access {
        mailbox: Mailbox {
            account: AccountId(uuid::Uuid::from_u128(7)),
            addresses: vec![SUPPORT.to_owned()],
        },
        server: format!("imap://127.0.0.1:{}", world.imap_port).parse().expect("an address"),
        user: SUPPORT.to_owned(),
        password: password.to_owned(),
    }
}

fn mail(n: usize) -> Vec<u8> {
    format!("From: Ada <{ADA}>\r\nTo: {SUPPORT}, bob@customer.example\r\nSubject: mail {n}\r\nMessage-ID: <{n}@customer.example>\r\n\r\nHello {n}\r\n").into_bytes()
}

fn subjects(mails: std::ops::Range<usize>) -> Vec<String> {
    mails.map(|n| format!("mail {n}")).collect()
}

#[tokio::test]
async fn a_mail_sent_by_smtp_is_taken_in_once_with_its_bytes_and_its_instant() {
    let (world, paper) = (world(), Paper::default());
    let sent_at = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    world.deliver(&mail(0), ADA, SUPPORT);
    let mut fetcher = fetcher(&world, "sec\"ret\\");
    assert_eq!(fetcher.pull(&paper, now()).await.expect("fetched"), Pulled { read: 1, set_aside: 0 });
    assert_eq!(fetcher.pull(&paper, now()).await.expect("fetched"), Pulled::default(), "nothing twice");
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
    let mut first = fetcher(&world, "sec\"ret\\");
    paper.refuse_after(Some(1));
    assert!(matches!(first.pull(&paper, now()).await, Err(FetchError::Intake(_))));
    assert_eq!(paper.subjects().len(), 100, "a batch is durable with the cursor that covers it");
    paper.refuse_after(None);
    world.stop_imap();
    let gone = fetcher(&world, "sec\"ret\\").pull(&paper, now()).await;
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
    fetcher(&world, "sec\"ret\\").pull(&paper, now()).await.expect("fetched");
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
    let pulled = fetcher(&world, "sec\"ret\\").pull(&paper, now()).await.expect("fetched");
    assert_eq!(paper.subjects(), subjects(0..2));
    assert_eq!(pulled, Pulled { read: 2, set_aside: 3 }, "{:?}", paper.set_aside());
    let uids: Vec<Option<u32>> = paper.set_aside().into_iter().map(|(uid, _)| uid).collect();
    assert_eq!(uids, [Some(2), Some(3), Some(4)], "the ledger can say which");
}

#[tokio::test]
async fn a_renumbered_mailbox_is_read_again_without_duplicates() {
    let (world, paper) = (world(), Paper::default());
    for n in 0..5 {
        world.deliver(&mail(n), ADA, SUPPORT);
    }
    let mut fetcher = fetcher(&world, "sec\"ret\\");
    fetcher.pull(&paper, now()).await.expect("fetched");
    drop(fetcher);
    world.renumber(SUPPORT);
    world.deliver(&mail(5), ADA, SUPPORT);
    let mut fetcher = self::fetcher(&world, "sec\"ret\\");
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
    let mut encrypted = access(&world, "sec\"ret\\");
    encrypted.server.tls = true;
    let plain = Fetcher::new(encrypted).pull(&paper, now()).await.expect_err("no TLS there");
    assert!(matches!(plain, FetchError::Unreachable { .. }), "{plain}");
    world.stop_imap();
    let gone = fetcher(&world, "sec\"ret\\").pull(&paper, now()).await.expect_err("gone");
    assert!(matches!(gone, FetchError::Unreachable { .. }) && !gone.needs_a_person(), "{gone}");
    world.imap_port = world.smtp_port;
    let odd = fetcher(&world, "x").pull(&paper, now()).await.expect_err("not IMAP");
    assert!(matches!(odd, FetchError::Protocol { .. } | FetchError::Unreachable { .. }), "{odd}");
}

fn imap_client(world: &MailWorld) -> imap::Session<std::net::TcpStream> {
    let stream = std::net::TcpStream::connect(("127.0.0.1", world.imap_port)).expect("connected");
    let mut client = imap::Client::new(stream);
    client.read_greeting().expect("greeted");
    client.login(SUPPORT, "sec\"ret\\").map_err(|(e, _)| e).expect("signed in")
}
