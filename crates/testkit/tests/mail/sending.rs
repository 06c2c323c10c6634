//! An answer arrives with the headers that thread it, and refusals are told apart.

use evendesk_channels::email::parse::parse;
use evendesk_channels::email::send::{Outgoing, Verdict, send};
use evendesk_channels::email::sign_in::SignIn;
use evendesk_domain::channel::Channel;
use evendesk_domain::id::{AccountId, MessageId};
use evendesk_domain::inbound::{MailThread, Outbound};
use evendesk_domain::time::Timestamp;
use evendesk_testkit::mail::MailWorld;

fn outgoing(world: &MailWorld) -> Outgoing {
    Outgoing {
        server: format!("smtp://127.0.0.1:{}", world.smtp_port).parse().expect("an address"),
        sign_in: Some((
            "support@support.example".to_owned(),
            SignIn::Password("unused where none is asked for".to_owned()),
        )),
        ca: None,
        from: "support@support.example".to_owned(),
    }
}

fn answer(to: &str) -> Outbound {
    Outbound {
        message: MessageId(uuid::Uuid::from_u128(17)),
        channel: Channel::Email,
        account: AccountId(uuid::Uuid::from_u128(1)),
        to: to.to_owned(),
        cc: vec!["bob@customer.example".to_owned()],
        subject: "Re: Größe".to_owned(),
        text: "Guten Tag,\n.\nja.".to_owned(),
        author_name: "Jörg Müller".to_owned(),
        mail: MailThread {
            message_id: None,
            in_reply_to: vec!["1@c.example".into()],
            references: vec!["1@c.example".into()],
        },
        thread: None,
    }
}

#[tokio::test]
async fn an_answer_arrives_threaded_at_everyone_it_is_for() {
    let world = MailWorld::start();
    world.add_user("ada@customer.example", "x");
    world.add_user("bob@customer.example", "x");
    let at = Timestamp::from_seconds(1_700_000_000);
    assert_eq!(send(&outgoing(&world), &answer("ada@customer.example"), at, || true).await, Verdict::Sent);
    for address in ["ada@customer.example", "bob@customer.example"] {
        let mails = world.wait_for_mails(address, 1);
        let mail = parse(&mails[0]).expect("readable");
        assert_eq!(mail.message_id.as_deref(), Some("00000000-0000-0000-0000-000000000011@support.example"));
        assert_eq!(
            (mail.in_reply_to, mail.references),
            (vec!["1@c.example".to_owned()], vec!["1@c.example".to_owned()])
        );
        assert_eq!((mail.from_name.as_str(), mail.subject.as_str()), ("Jörg Müller", "Re: Größe"));
        assert_eq!(mail.text, "Guten Tag,\n.\nja.");
        assert_eq!(mail.cc, ["bob@customer.example"]);
    }
}

#[tokio::test]
async fn what_can_never_arrive_is_told_from_what_may_yet() {
    let mut world = MailWorld::start();
    let at = Timestamp::from_seconds(1_700_000_000);
    let unknown = send(&outgoing(&world), &answer("nobody@customer.example"), at, || true).await;
    assert!(matches!(&unknown, Verdict::Failed(why) if why.contains("User unknown")), "{unknown:?}");
    let odd = send(&outgoing(&world), &answer("not an address"), at, || true).await;
    assert!(matches!(&odd, Verdict::Failed(why) if why.contains("not an address")), "{odd:?}");
    let mut encrypted = outgoing(&world);
    encrypted.server.tls = true;
    let plain = send(&encrypted, &answer("ada@customer.example"), at, || true).await;
    assert!(matches!(&plain, Verdict::Later(_)), "no TLS there: {plain:?}");
    world.smtp_port = 1;
    let gone = send(&outgoing(&world), &answer("ada@customer.example"), at, || true).await;
    assert!(matches!(&gone, Verdict::Later(why) if why.contains("cannot be reached")), "{gone:?}");
}
