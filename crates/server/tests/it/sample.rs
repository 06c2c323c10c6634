//! The sample workspace: all five channels in it, clocks running, and nothing of it leaves.

use std::time::Duration;

use evendesk_domain::channel::Channel;
use evendesk_domain::command::{CommandBody, ReplyDraft, Then};
use evendesk_domain::decide::World;
use evendesk_domain::event::Event;
use evendesk_domain::id::{DeviceId, MessageId};
use evendesk_protocol::Outcome;
use evendesk_replica::{Place, Viewer};
use evendesk_server::writer::Work;
use evendesk_server::{Options, Running, Server, doctor};
use uuid::Uuid;

async fn demo(path: &std::path::Path) -> Running {
    let mut options = Options::new(path);
    options.demo = true;
    Server::start(options).await.unwrap()
}

#[tokio::test]
async fn it_is_filled_with_open_and_overdue_matters_of_every_channel_and_folds_again_to_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let running = demo(dir.path()).await;
    let me = running.sign_in_here("", DeviceId(Uuid::nil()), "here").await.unwrap().agent;
    let now = running.app().clock.now();
    let reader = running.app().readers.get().unwrap();
    let viewer = Viewer { user: me.user, now };
    let page = reader.queue(&viewer, &Place::DueNext, 0, 100).unwrap();
    for channel in Channel::ALL {
        assert!(page.rows.iter().any(|row| row.channels.contains(&channel)), "{}", channel.name());
    }
    let counts = reader.counts(&viewer).unwrap();
    assert!(counts.overdue >= 3 && counts.mine >= 2 && counts.waiting >= 3, "{counts:?}");
    let customers = reader.board(&viewer, 28).unwrap();
    assert!(customers.rows.iter().all(|row| row.answered > 0 || row.channel == Channel::Letter));
    drop(reader);
    running.stop().await;
    assert_eq!(doctor::examine(&dir.path().into()).await.unwrap().differences, Vec::<String>::new());

    // A second start finds it as it was.
    let running = demo(dir.path()).await;
    assert_eq!(running.app().workspace.name, "Hearth & Oak");
    running.stop().await;
}

#[tokio::test]
async fn an_answer_to_a_sample_customer_is_delivered_without_leaving() {
    let dir = tempfile::tempdir().unwrap();
    let running = demo(dir.path()).await;
    let app = running.app();
    let me = running.sign_in_here("", DeviceId(Uuid::nil()), "here").await.unwrap().agent;
    let (conversation, route, seen) = {
        let reader = app.readers.get().unwrap();
        let viewer = Viewer { user: me.user, now: app.clock.now() };
        let rows = reader.queue(&viewer, &Place::DueNext, 0, 100).unwrap().rows;
        let row = rows.iter().find(|row| row.channels == [Channel::Email]).unwrap();
        let conversation = reader.world_kept().conversation(row.conversation).unwrap().unwrap();
        (row.conversation, conversation.routes[0].clone(), conversation.last_public())
    };
    let message = MessageId(Uuid::now_v7());
    let body = CommandBody::Reply(ReplyDraft {
        conversation,
        message,
        channel: route.channel,
        account: route.account,
        to: String::new(),
        text: "On its way.".into(),
        follow_up: false,
        seen,
        then: Then::Nothing,
        confirmed: false,
    });
    let command = evendesk_domain::command::Command {
        id: evendesk_domain::id::CommandId(Uuid::now_v7()),
        depends_on: None,
        body,
    };
    let outcome = app.writer.settle(Work::Agent { user: me.user, command: Box::new(command) }).await.unwrap();
    assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
    for _ in 0..100 {
        let events = app.journal.read_stream(conversation.into()).unwrap();
        if events.iter().any(|e| matches!(e.event, Event::Delivered { message: m } if m == message)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it was not delivered");
}
