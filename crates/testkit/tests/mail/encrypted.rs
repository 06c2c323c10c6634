//! Nobody listens in, and nobody answers in the server's place.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use evendesk_channels::email::fetch::{Access, FetchError, Fetcher};
use evendesk_channels::email::send::{Outgoing, Verdict, test};
use evendesk_testkit::mail::{Certificate, MailWorld};

use crate::fetching::{PASSWORD, SUPPORT, access, mail, now, subjects};
use crate::paper::Paper;

fn certificate(name: &str) -> Certificate {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    Certificate { pem: made.cert.pem(), key: made.signing_key.serialize_pem() }
}

fn encrypted(certificate: &Certificate) -> MailWorld {
    let world = MailWorld::start_encrypted(certificate.clone());
    world.add_user(SUPPORT, PASSWORD);
    world.drop_in(&mail(0), SUPPORT);
    world
}

fn by(address: String, world: &MailWorld, ca: Option<&Certificate>) -> Access {
    let mut access = access(world, PASSWORD);
    access.server = address.parse().expect("an address");
    access.ca = ca.map(|ca| ca.pem.clone());
    access
}

#[tokio::test]
async fn a_server_is_read_under_tls_and_starttls_where_somebody_we_trust_vouches_for_it() {
    let ours = certificate("localhost");
    let world = encrypted(&ours);
    let ways = [
        format!("imaps://localhost:{}", world.imaps_port()),
        format!("imap+starttls://localhost:{}", world.imap_port),
    ];
    for way in ways {
        let paper = Paper::default();
        Fetcher::new(by(way.clone(), &world, Some(&ours))).pull(&paper, now()).await.expect("fetched");
        assert_eq!(paper.subjects(), subjects(0..1), "{way}");
        // Nobody vouches for it; it is another's; it is for another name.
        let unknown = by(way.clone(), &world, None);
        let anothers = by(way.clone(), &world, Some(&certificate("localhost")));
        let other_name = by(way.replace("localhost", "127.0.0.1"), &world, Some(&ours));
        for access in [unknown, anothers, other_name] {
            let refused = Fetcher::new(access).pull(&paper, now()).await.expect_err("not trusted");
            assert!(
                matches!(refused, FetchError::NotTrusted { .. }) && refused.needs_a_person(),
                "{refused}"
            );
        }
    }
}

#[tokio::test]
async fn an_answer_is_not_handed_to_a_server_that_nobody_vouches_for_and_the_account_says_so() {
    let world = encrypted(&certificate("localhost"));
    // Whoever answers there: the certificate comes before the first word.
    let outgoing = Outgoing {
        server: format!("smtps://localhost:{}", world.imaps_port()).parse().expect("an address"),
        sign_in: None,
        from: SUPPORT.to_owned(),
        ca: None,
    };
    let refused = test(&outgoing).await;
    assert!(
        matches!(&refused, Verdict::AccountNeedsAttention(why) if why.contains("not who it says")),
        "{refused:?}"
    );
}

#[tokio::test]
async fn where_somebody_in_between_takes_starttls_away_no_password_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("its number").port();
    let heard = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().expect("a caller");
        socket.write_all(b"* OK [CAPABILITY IMAP4rev1] ready\r\n").expect("said");
        let mut lines = Vec::new();
        for line in BufReader::new(socket.try_clone().expect("a socket")).lines() {
            let Ok(line) = line else { break };
            let tag = line.split(' ').next().unwrap_or_default().to_owned();
            lines.push(line);
            let _ = socket.write_all(format!("{tag} BAD no such command\r\n").as_bytes());
        }
        lines
    });
    let world = MailWorld::start();
    let access = by(format!("imap+starttls://127.0.0.1:{port}"), &world, None);
    let refused = Fetcher::new(access).pull(&Paper::default(), now()).await.expect_err("in the clear");
    assert!(matches!(refused, FetchError::NotEncrypted { .. }) && refused.needs_a_person(), "{refused}");
    let heard = heard.join().expect("it listened");
    assert_eq!(heard, ["S1 STARTTLS"], "nothing but the question was said");
}
