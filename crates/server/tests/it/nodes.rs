//! Several nodes on one journal, on a real PostgreSQL.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use evendesk_domain::clock::Terms;
use evendesk_domain::command::{Command, CommandBody};
use evendesk_domain::decide::World;
use evendesk_domain::event::Event;
use evendesk_domain::id::{CommandId, CustomerId, TeamId, TermsId, UserId};
use evendesk_domain::settings::Role;
use evendesk_domain::time::Timestamp;
use evendesk_journal::Journal;
use evendesk_protocol::{FromServer, Mode, Outcome};
use evendesk_server::founding;
use evendesk_server::location::Location;
use evendesk_server::store::Store;
use evendesk_server::writer::{Answer, Ask, Committed, Scribe, Work};
use evendesk_server::{Options, Running, Server};
use evendesk_testkit::eventually::eventually;
use evendesk_testkit::postgres::Postgres;
use uuid::Uuid;

use crate::office::{Desk, Left, PASSWORD, operate, user};

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);
pub const SOON: Duration = Duration::from_secs(20);

/// A database, and a folder in which nodes have theirs.
pub struct Site {
    pub postgres: Postgres,
    url: String,
    dir: tempfile::TempDir,
}

impl Site {
    pub fn new() -> Self {
        let postgres = Postgres::start();
        let url = postgres.database("desk");
        Self { postgres, url, dir: tempfile::tempdir().unwrap() }
    }

    pub fn node(&self, name: &str) -> Location {
        let data = self.dir.path().join(name);
        let key = self.dir.path().join("a/key");
        std::fs::create_dir_all(&data).unwrap();
        if key.exists() && !data.join("key").exists() {
            std::fs::copy(key, data.join("key")).unwrap();
        }
        let blobs = self.dir.path().join("blobs").display().to_string();
        Location { data, journal: Some(self.url.clone()), blobs: Some(blobs) }
    }

    pub async fn serve(&self, name: &str) -> Running {
        Server::start(Options::new(self.node(name))).await.unwrap()
    }
}

fn scribe(at: &Location) -> (Arc<dyn Journal>, Scribe) {
    let store = Store::open(at).unwrap();
    founding::found(&*store.journal, "Test", NOW).unwrap();
    let (_, journal, _, mut scribe) = store.into_scribe().unwrap();
    founding::first_team(&mut scribe, NOW).unwrap();
    (journal, scribe)
}

/// Everything a scribe tells from here on.
fn told(scribe: &mut Scribe) -> Arc<Mutex<Vec<Committed>>> {
    let told: Arc<Mutex<Vec<Committed>>> = Arc::default();
    let kept = Arc::clone(&told);
    scribe.on_commit(move |commit| kept.lock().unwrap().push(commit));
    told
}

/// What the teams of these tests are held to; saved once, on whichever node comes first.
const TERMS: TermsId = TermsId(Uuid::nil());

pub fn save_terms() -> CommandBody {
    let terms = Terms { calendar: founding::always("UTC"), policy: founding::policy() };
    CommandBody::SaveTerms { id: TERMS, name: "Always".into(), terms }
}

pub fn save_team(id: u128, name: &str) -> CommandBody {
    CommandBody::SaveTeam { id: TeamId(Uuid::from_u128(id)), name: name.into(), terms: TERMS }
}

fn ask(id: u128) -> Ask {
    Ask { work: Work::Operator(Box::new(save_team(id, &format!("Team {id}")))), at: None }
}

fn is_accepted(answer: &Answer) -> bool {
    matches!(answer, Ok(Outcome::Accepted { .. }))
}

fn dump(path: &Path, scribe: &Scribe) -> Vec<String> {
    let reader = scribe.replica().reader().unwrap();
    let streams = reader.streams().unwrap();
    assert!(!streams.is_empty(), "{}", path.display());
    streams.into_iter().map(|stream| reader.dump_stream(stream).unwrap()).collect()
}

#[test]
fn an_erasure_that_another_node_came_before_reaches_what_that_one_said_and_is_noted_once() {
    let site = Site::new();
    let (journal, mut a) = scribe(&site.node("a"));
    let (_, mut b) = scribe(&site.node("b"));
    let customer = CustomerId(Uuid::from_u128(9));
    let given = move |event| Ask { work: Work::Given(vec![(customer.into(), event)]), at: None };
    let opened = given(Event::CustomerOpened { name: "Xanthippe".into() });
    assert!(is_accepted(&a.write(&[opened], NOW).unwrap()[0]));
    let mut quicker = Some(move || {
        let named = given(Event::CustomerNamed { name: "Xanthippe of Athens".into() });
        assert!(is_accepted(&b.write(&[named], NOW).unwrap()[0]));
    });
    a.set_boundary(Box::new(move |name| {
        if name == "decided"
            && let Some(mut quicker) = quicker.take()
        {
            quicker();
        }
    }));
    let erase = Ask { work: Work::Operator(Box::new(CommandBody::EraseCustomer { customer })), at: None };
    assert!(is_accepted(&a.write(&[erase], NOW).unwrap()[0]));
    let said = format!("{:?}", journal.read_stream(customer.into()).unwrap());
    assert!(said.contains("CustomerNamed") && !said.contains("Xanthippe"), "{said}");
    let incarnation = journal.workspace().unwrap().unwrap().incarnation;
    assert_eq!(a.erasures().due(incarnation).len(), 1);
    // Any node's list will do for a restore: whoever folds an erasure notes it, one that begins later as well.
    let (_, late) = scribe(&site.node("late"));
    assert_eq!(late.erasures().due(Uuid::nil())[0].streams, [customer.into()]);
}

#[test]
fn two_nodes_that_write_at_once_leave_no_gap_and_each_tells_everything_once_in_order() {
    let site = Site::new();
    let (at_a, journal, mut a) = {
        let at = site.node("a");
        let (journal, scribe) = scribe(&at);
        (at, journal, scribe)
    };
    founding::operate(&mut a, save_terms(), NOW).unwrap();
    let at_b = site.node("b");
    let (_, mut b) = scribe(&at_b);
    let before = journal.head().unwrap();
    let (told_a, told_b) = (told(&mut a), told(&mut b));
    let work = |mut scribe: Scribe, first: u128| {
        std::thread::spawn(move || {
            for round in 0..40 {
                let asks: Vec<Ask> = (0..5).map(|n| ask(first + round * 5 + n)).collect();
                let answers = scribe.write(&asks, NOW).unwrap();
                assert!(answers.iter().all(is_accepted), "{answers:?}");
            }
            scribe
        })
    };
    let (a, b) = (work(a, 1_000), work(b, 2_000));
    let (mut a, mut b) = (a.join().unwrap(), b.join().unwrap());
    for scribe in [&mut a, &mut b] {
        scribe.look();
        scribe.write(&[], NOW).unwrap();
    }
    let head = journal.head().unwrap();
    assert_eq!(head - before, 400);
    let seqs: Vec<u64> = journal.read(0, 10_000).unwrap().iter().map(|e| e.seq).collect();
    assert_eq!(seqs, (1..=head).collect::<Vec<_>>());
    for told in [told_a, told_b] {
        let mut at = before;
        for commit in told.lock().unwrap().iter() {
            assert_eq!(commit.from, at);
            let seqs: Vec<u64> = commit.events.iter().map(|e| e.seq).collect();
            assert_eq!(seqs, (commit.from + 1..=commit.to).collect::<Vec<_>>());
            at = commit.to;
        }
        assert_eq!(at, head);
    }
    assert_eq!(dump(&at_a.data, &a), dump(&at_b.data, &b));
}

#[test]
fn a_command_that_reaches_two_nodes_is_decided_once_and_answered_the_same() {
    let site = Site::new();
    let (journal, mut a) = scribe(&site.node("a"));
    founding::operate(&mut a, save_terms(), NOW).unwrap();
    let (_, mut b) = scribe(&site.node("b"));
    let ada = UserId(Uuid::from_u128(7));
    let team = a.replica().reader().unwrap().world_kept().default_team().unwrap().unwrap().id;
    let hire = user(ada, "ada", Role::Admin, vec![team]);
    let hired = a.write(&[Ask { work: Work::Operator(Box::new(hire)), at: None }], NOW).unwrap();
    assert!(is_accepted(&hired[0]), "{hired:?}");

    for n in 0..20 {
        let id = CommandId(Uuid::from_u128(100 + n));
        let command = Command { id, depends_on: None, body: save_team(500 + n, "Same") };
        let same = Ask { work: Work::Agent { user: ada, command: Box::new(command) }, at: None };
        let (one, two) = std::thread::scope(|scope| {
            let one = scope.spawn(|| a.write(std::slice::from_ref(&same), NOW).unwrap());
            let two = scope.spawn(|| b.write(std::slice::from_ref(&same), NOW).unwrap());
            (one.join().unwrap(), two.join().unwrap())
        });
        assert_eq!(one, two);
        let made = journal.read(0, 10_000).unwrap();
        assert_eq!(made.iter().filter(|e| e.command == Some(id)).count(), usize::from(is_accepted(&one[0])));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_node_decides_the_desks_of_another_are_told_and_a_sign_in_holds_on_both() {
    let site = Site::new();
    let a = site.serve("a").await;
    let b = site.serve("b").await;
    operate(a.app(), save_terms()).await;
    let token = hire(&a, "ada").await;
    let mut desk = Desk::connect(a.addr(), &token, None).await;
    let head = a.app().journal.head().unwrap();
    desk.hear_to(head).await;
    let left = desk.leave();

    // Whatever A has told it, B knows or waits for: it is never begun afresh.
    operate(a.app(), save_team(50, "Returns")).await;
    let mut desk = Desk::connect(b.addr(), &token, Some(&Left { cursor: left.cursor + 1, ..left })).await;
    assert!(matches!(desk.welcome, FromServer::Welcome { mode: Mode::Tail, .. }), "{:?}", desk.welcome);

    operate(a.app(), save_team(51, "Sales")).await;
    let head = a.app().journal.head().unwrap();
    let heard = desk.hear_to(head).await;
    assert!(!heard.is_empty());
    let id = CommandId(Uuid::now_v7());
    desk.push(Command { id, depends_on: None, body: save_team(52, "Post") }).await;
    assert!(is_accepted(&Ok(desk.outcome(id).await)));
    eventually("A has folded what B decided", SOON, async || {
        let reader = a.app().readers.get().unwrap();
        reader.world_kept().team(TeamId(Uuid::from_u128(52))).unwrap()
    })
    .await;
    a.stop().await;
    b.stop().await;
}

/// Makes a person and signs them in.
pub async fn hire(at: &Running, login: &str) -> String {
    let id = UserId(Uuid::now_v7());
    let team = at.app().readers.get().unwrap().world_kept().default_team().unwrap().unwrap().id;
    operate(at.app(), user(id, login, Role::Admin, vec![team])).await;
    at.app().journal.set_password(id, &evendesk_server::auth::hash(PASSWORD).unwrap()).unwrap();
    let device = evendesk_domain::id::DeviceId(Uuid::now_v7());
    let request = evendesk_protocol::http::SignIn {
        login: login.into(),
        password: PASSWORD.into(),
        device,
        device_name: String::new(),
    };
    let answer =
        reqwest::Client::new().post(format!("{}/api/session", at.url())).json(&request).send().await.unwrap();
    let signed_in: evendesk_protocol::http::SignedIn = answer.json().await.unwrap();
    signed_in.token
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_restarts_ends_no_node_and_what_was_asked_meanwhile_is_decided() {
    let mut site = Site::new();
    let a = site.serve("a").await;
    let b = site.serve("b").await;
    operate(a.app(), save_terms()).await;
    site.postgres.kill();
    let app = a.app().clone();
    let asked = tokio::spawn(async move {
        let work = Work::Operator(Box::new(save_team(60, "While it was away")));
        loop {
            // Told to come again, whoever asked does.
            if let Ok(outcome) = app.writer.settle(work.clone()).await {
                return outcome;
            }
        }
    });
    let health = async |node: &Running| {
        let answer = reqwest::get(format!("{}/health", node.url())).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    eventually("both say that they are not ready", SOON, async || {
        (health(&a).await.0 == 503 && health(&b).await.0 == 503).then_some(())
    })
    .await;
    tokio::task::block_in_place(|| site.postgres.go_on());
    assert!(matches!(asked.await.unwrap(), Outcome::Accepted { .. }));
    eventually("both are ready again", SOON, async || {
        (health(&a).await.0 == 200 && health(&b).await.0 == 200).then_some(())
    })
    .await;
    eventually("B has what A decided", SOON, async || {
        let reader = b.app().readers.get().unwrap();
        reader.world_kept().team(TeamId(Uuid::from_u128(60))).unwrap()
    })
    .await;
    a.stop().await;
    b.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_whose_journal_was_taken_over_end_and_say_why() {
    let site = Site::new();
    let a = site.serve("a").await;
    operate(a.app(), save_terms()).await;
    a.app().journal.claim().unwrap();
    let asked = a.app().writer.settle(Work::Operator(Box::new(save_team(1, "Late")))).await;
    assert!(asked.is_err(), "{asked:?}");
    let why = tokio::time::timeout(SOON, a.ended()).await.unwrap();
    assert!(why.contains("taken this journal over"), "{why}");
    a.stop().await;
}

/// The database comes back without what came after `head`, as an asynchronous standby does.
fn lose_what_came_after(site: &Site, head: u64) {
    site.postgres.sql("desk", &format!("DELETE FROM event WHERE seq > {head}"));
    site.postgres.sql("desk", &format!("UPDATE workspace SET head = {head}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_journal_says_something_else_where_it_was_ends_and_then_begins_a_new_incarnation() {
    let site = Site::new();
    let a = site.serve("a").await;
    operate(a.app(), save_terms()).await;
    let (journal, mut b) = tokio::task::block_in_place(|| scribe(&site.node("b")));
    let kept = journal.head().unwrap();
    let was = journal.workspace().unwrap().unwrap().incarnation;
    operate(a.app(), save_team(1, "Lost")).await;
    tokio::task::block_in_place(|| {
        lose_what_came_after(&site, kept);
        // The other one had not seen it, and goes on: soon the journal is longer than what was lost.
        assert!(b.write(&[ask(2), ask(3), ask(4)], NOW).unwrap().iter().all(is_accepted));
    });
    let why = tokio::time::timeout(SOON, a.ended()).await.unwrap();
    assert!(why.contains("event") && why.contains("another one"), "{why}");
    a.stop().await;

    let a = site.serve("a").await;
    let is = a.app().workspace.incarnation;
    assert_ne!(is, was);
    let team = |id| {
        let reader = a.app().readers.get().unwrap();
        reader.world_kept().team(TeamId(Uuid::from_u128(id))).unwrap().is_some()
    };
    assert!(!team(1) && team(2) && team(4));
    let fenced = tokio::task::block_in_place(|| b.write(&[ask(5)], NOW)).unwrap_err();
    assert!(fenced.is_final() && !fenced.has_lost_its_tail(), "{fenced}");
    // It is the same workspace, and whoever comes next joins it as it is.
    let again = site.serve("b").await;
    assert_eq!(again.app().workspace.incarnation, is);
    a.stop().await;
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_idles_notices_that_its_journal_got_shorter() {
    let site = Site::new();
    let a = site.serve("a").await;
    operate(a.app(), save_terms()).await;
    let kept = a.app().journal.head().unwrap();
    operate(a.app(), save_team(1, "Lost")).await;
    tokio::task::block_in_place(|| lose_what_came_after(&site, kept));
    let why = tokio::time::timeout(SOON, a.ended()).await.unwrap();
    assert!(why.contains(&format!("ends at {kept}")) && why.contains("failover"), "{why}");
    a.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_the_workspaces_key_refuses_to_start_and_says_where_it_is() {
    let site = Site::new();
    let a = site.serve("a").await;
    let mut other = site.node("b");
    std::fs::write(other.data.join("key"), [7; 32]).unwrap();
    let refused = Server::start(Options::new(other.clone())).await.err().unwrap().to_string();
    assert!(refused.contains("copy the file `key`"), "{refused}");
    std::fs::remove_file(other.data.join("key")).unwrap();
    let refused = Server::start(Options::new(other.clone())).await.err().unwrap().to_string();
    assert!(refused.contains("copy the file `key`"), "{refused}");
    assert!(!other.data.join("key").exists(), "none is drawn that would only be in the way");
    other.blobs = None;
    let refused = Server::start(Options::new(other)).await.err().unwrap().to_string();
    assert!(refused.contains("--blobs"), "{refused}");
    a.stop().await;
}
