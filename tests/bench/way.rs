//! How long an agent's command takes into another desk's read model: two real desks, one real server.

use std::path::Path;
use std::process::Command as Program;
use std::time::{Duration, Instant};

use evendesk_desk::view::ConnectionState;
use evendesk_desk::{Desk, Options};
use evendesk_domain::command::CommandBody;
use evendesk_domain::id::{ConversationId, MessageId};
use evendesk_domain::permission::Agent;
use evendesk_protocol::http::SignedIn;
use evendesk_testkit::process::Process;
use uuid::Uuid;

use crate::crowd::{self, Member};
use crate::data::{remove, server_binary};
use crate::figures::Table;

const ADDRESS: &str = "127.0.0.1:7487";
const PATIENCE: Duration = Duration::from_secs(30);

pub fn measure(folder: &Path, runs: usize, table: &mut Table) {
    remove(folder);
    let server = folder.join("server");
    let teams = crowd::found(&server, 1, 2);
    let mut serve = Program::new(server_binary());
    serve.args(["serve", "--bind", ADDRESS, "--data"]).arg(&server).env("RUST_LOG", "warn");
    let _up = Process::start_and_hear(&serve, &folder.join("server.log")).0;
    let team = &teams[0];
    let one = desk(&folder.join("one"), &team.members[0]);
    let other = desk(&folder.join("other"), &team.members[1]);
    let times: Vec<Duration> =
        (0..runs).map(|run| send(&one, &other, team.conversations[run % team.conversations.len()])).collect();
    table.times("a command into another desk's read model", &times, None);
}

fn desk(folder: &Path, member: &Member) -> Desk {
    let desk = Desk::open(folder, Options::default()).expect("a desk opens");
    desk.adopt(&format!("http://{ADDRESS}"), signed_in(member)).expect("it signs in");
    let began = Instant::now();
    while desk.connection().state != ConnectionState::InSync {
        assert!(began.elapsed() < PATIENCE, "the desk is still {:?}", desk.connection());
        std::thread::sleep(Duration::from_millis(10));
    }
    desk
}

fn signed_in(member: &Member) -> SignedIn {
    let Member { agent, token, .. } = member;
    SignedIn { token: token.clone(), agent: Agent::clone(agent), workspace_name: "Crowd".into() }
}

/// Looks into the other desk's rows without a pause: what it finds is there to be read.
fn send(one: &Desk, other: &Desk, conversation: ConversationId) -> Duration {
    let before = other.last_seq().expect("it reads");
    let body = CommandBody::Note { conversation, message: MessageId(Uuid::now_v7()), text: "A word.".into() };
    let began = Instant::now();
    one.submit(body).expect("it is kept");
    while other.last_seq().expect("it reads") == before {
        assert!(began.elapsed() < PATIENCE, "it never came");
        std::thread::sleep(Duration::from_micros(200));
    }
    let took = began.elapsed();
    // The next one begins when both are at rest.
    std::thread::sleep(Duration::from_millis(5));
    took
}
