//! The writer: each command decided once, nothing half done, nothing lost over a restart.

use std::path::Path;
use std::sync::Arc;

use evendesk_domain::channel::Identity;
use evendesk_domain::command::{Command, CommandBody, SystemCommand};
use evendesk_domain::decide::{RefusalCode, World};
use evendesk_domain::id::{CommandId, ConversationId, CustomerId, MessageId, TeamId, UserId};
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;
use evendesk_journal::Journal;
use evendesk_protocol::Outcome;
use evendesk_server::founding;
use evendesk_server::store::Store;
use evendesk_server::writer::{Answer, Ask, Scribe, Work};
use uuid::Uuid;

use crate::office::{Office, inbound, note, settle};

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn scribe(path: &Path) -> (Arc<dyn Journal>, Scribe) {
    let store = Store::open(&path.into()).unwrap();
    founding::found(&*store.journal, "Test", NOW).unwrap();
    let (_, journal, _, mut scribe) = store.into_scribe().unwrap();
    founding::first_team(&mut scribe, NOW).unwrap();
    (journal, scribe)
}

/// Held to the terms of the team that a first start makes.
fn save_team(scribe: &Scribe, id: u128, name: &str) -> Ask {
    let first = scribe.replica().reader().unwrap().world_kept().default_team().unwrap();
    let terms = first.unwrap().terms;
    let body = CommandBody::SaveTeam { id: TeamId(Uuid::from_u128(id)), name: name.into(), terms };
    Ask { work: Work::Operator(Box::new(body)), at: None }
}

fn seqs(answers: &[Answer]) -> Vec<u64> {
    let seq = |answer: &Answer| match answer {
        Ok(Outcome::Accepted { seq }) => *seq,
        other => panic!("{other:?}"),
    };
    answers.iter().map(seq).collect()
}

#[test]
fn a_batch_is_numbered_without_gaps_and_a_refusal_within_it_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, mut scribe) = scribe(dir.path());
    let head = scribe.head();
    let (told, commits) = std::sync::mpsc::channel();
    scribe.on_commit(move |commit| told.send(commit).unwrap());
    let asked = [(1, "A"), (2, ""), (3, "C")].map(|(id, name)| save_team(&scribe, id, name));
    let answers = scribe.write(&asked, NOW).unwrap();
    assert_eq!(seqs(&[answers[0].clone(), answers[2].clone()]), [head + 1, head + 2]);
    assert!(matches!(&answers[1], Ok(Outcome::Refused { code: RefusalCode::Invalid, .. })));
    assert_eq!(journal.head().unwrap(), head + 2);
    let committed = commits.recv().unwrap();
    assert_eq!((committed.from, committed.to, committed.events.len()), (head, head + 2, 2));
}

#[test]
fn erasures_that_come_at_once_are_carried_out_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut scribe) = scribe(dir.path());
    let names = ["xanthippe@athens.example", "socrates@athens.example", "plato@athens.example"];
    let mails = names.map(|from| {
        let receive = SystemCommand::Receive {
            message: MessageId(Uuid::now_v7()),
            customer: CustomerId(Uuid::now_v7()),
            conversation: ConversationId(Uuid::now_v7()),
            inbound: Box::new(inbound(from, "hello")),
        };
        Ask { work: Work::System { commands: vec![receive], by: Actor::System }, at: None }
    });
    scribe.write(&mails, NOW).unwrap();
    let customers = names.map(|name| {
        let identity = Identity::email(name).unwrap();
        scribe.replica().reader().unwrap().world_kept().identity_owner(&identity).unwrap().unwrap()
    });
    let [xanthippe, socrates, plato] = customers.map(|customer| Ask {
        work: Work::Operator(Box::new(CommandBody::EraseCustomer { customer })),
        at: None,
    });
    let between = save_team(&scribe, 1, "A");
    let answers = scribe.write(&[xanthippe, between, socrates, plato], NOW).unwrap();
    assert!(seqs(&answers).is_sorted());
    let reader = scribe.replica().reader().unwrap();
    for customer in customers {
        assert!(reader.world_kept().customer(customer).unwrap().unwrap().erased_at.is_some());
    }
}

#[test]
fn an_append_that_fails_leaves_the_replica_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let (journal, mut scribe) = scribe(dir.path());
    let before = scribe.replica().reader().unwrap().position().unwrap();
    journal.claim().unwrap();

    let asked = save_team(&scribe, 1, "A");
    let failed = scribe.write(&[asked], NOW);
    assert!(failed.err().is_some_and(|e| e.is_final()));
    let reader = scribe.replica().reader().unwrap();
    assert_eq!(reader.position().unwrap(), before);
    assert!(reader.world_kept().team(TeamId(Uuid::from_u128(1))).unwrap().is_none());
}

#[test]
fn what_the_journal_has_and_the_replica_lacks_is_folded_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let (_, mut first) = scribe(dir.path());
    let asked = save_team(&first, 1, "A");
    first.write(&[asked], NOW).unwrap();
    let head = first.head();
    drop(first);
    std::fs::remove_dir_all(dir.path().join("replica")).unwrap();

    let (_, again) = scribe(dir.path());
    assert_eq!(again.head(), head);
    let reader = again.replica().reader().unwrap();
    assert!(reader.world_kept().team(TeamId(Uuid::from_u128(1))).unwrap().is_some());
}

#[test]
fn a_replica_of_another_journal_is_not_trusted() {
    let dir = tempfile::tempdir().unwrap();
    drop(scribe(dir.path()));
    for file in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        let _ = std::fs::remove_file(dir.path().join(file));
    }
    let (journal, again) = scribe(dir.path());
    assert_eq!(again.head(), journal.head().unwrap());
    let position = again.replica().reader().unwrap().position().unwrap();
    assert_eq!(position.incarnation, journal.workspace().unwrap().map(|w| w.incarnation));
}

#[tokio::test]
async fn a_command_is_decided_once_however_often_it_comes_refusals_included() {
    let mut office = Office::open().await;
    let (conversation, _) = office.mail("ada@customer.example", "hello").await;
    let work = |user: UserId, id: u128, body| Work::Agent {
        user,
        command: Box::new(Command { id: CommandId(Uuid::from_u128(id)), depends_on: None, body }),
    };
    let good = work(office.ada, 1, note(conversation, "once"));
    let bad = work(office.ada, 2, CommandBody::SetWaiting { conversation });
    let first = (settle(office.app(), good.clone()).await, settle(office.app(), bad.clone()).await);
    assert!(matches!(first, (Outcome::Accepted { .. }, Outcome::Refused { .. })), "{first:?}");

    // Now it would be allowed; the answer stays what it was.
    office.command(office.ada, CommandBody::NoReplyNeeded { conversation }).await;
    let head = office.app().journal.head().unwrap();
    assert_eq!((settle(office.app(), good.clone()).await, settle(office.app(), bad.clone()).await), first);
    office = office.restart().await;
    assert_eq!((settle(office.app(), good).await, settle(office.app(), bad).await), first);
    assert_eq!(office.app().journal.head().unwrap(), head);
    office.running.stop().await;
}

#[tokio::test]
async fn what_depends_on_a_refused_command_is_held_and_can_come_again() {
    let office = Office::open().await;
    let (conversation, _) = office.mail("ada@customer.example", "hello").await;
    let ask = |id: u128, depends_on: Option<u128>, body| Work::Agent {
        user: office.ada,
        command: Box::new(Command {
            id: CommandId(Uuid::from_u128(id)),
            depends_on: depends_on.map(|d| CommandId(Uuid::from_u128(d))),
            body,
        }),
    };
    let refused = settle(office.app(), ask(1, None, CommandBody::SetWaiting { conversation })).await;
    assert!(matches!(refused, Outcome::Refused { .. }));
    assert_eq!(settle(office.app(), ask(2, Some(1), note(conversation, "after"))).await, Outcome::Held);
    // Under the same id, freed of what it hung on, it is decided after all.
    let freed = settle(office.app(), ask(2, None, note(conversation, "after"))).await;
    assert!(matches!(freed, Outcome::Accepted { .. }));
}

#[tokio::test]
async fn who_lost_their_place_is_refused_in_words() {
    let office = Office::open().await;
    let (conversation, _) = office.mail("ada@customer.example", "hello").await;
    let stranger = UserId(Uuid::from_u128(404));
    let outcome = office.command(stranger, note(conversation, "let me in")).await;
    assert!(matches!(outcome, Outcome::Refused { code: RefusalCode::NotAllowed, .. }));
    let other_team = office.command(office.bob, note(conversation, "psst")).await;
    assert!(matches!(other_team, Outcome::Refused { code: RefusalCode::NotFound, .. }));
    let nowhere = ConversationId(Uuid::from_u128(404));
    assert_eq!(office.command(office.ada, note(nowhere, "hm")).await, other_team);
}
