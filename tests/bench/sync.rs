//! The server on its feet in a process of its own, and a supervisor's desk that begins with nothing.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use evendesk_desk::view::ConnectionState;
use evendesk_desk::{Desk, Options};
use evendesk_testkit::process::Process;

use crate::data::{remove, server_binary, size};
use crate::figures::{Table, megabytes, per_second};

/// The same each time: a desk kept from an earlier run remembers it.
const ADDRESS: &str = "127.0.0.1:7489";
pub const PORT: u16 = 7489;
pub const LOGIN: &str = "benchmark";
pub const PASSWORD: &str = "correct horse battery";
/// A sync that takes longer has failed.
pub const PATIENCE: Duration = Duration::from_secs(1800);

/// Serves the folder until dropped, with someone in it who sees everything.
pub fn serve(server: &Path, log: &Path) -> Process {
    add_supervisor(server);
    let mut command = Command::new(server_binary());
    command.args(["serve", "--bind", ADDRESS, "--data"]).arg(server).env("RUST_LOG", "warn");
    Process::start_and_hear(&command, log).0
}

fn add_supervisor(server: &Path) {
    let mut added = Command::new(server_binary())
        .args([
            "user",
            "add",
            LOGIN,
            "--name",
            "Benchmark",
            "--role",
            "supervisor",
            "--password-stdin",
            "--data",
        ])
        .arg(server)
        .stdin(Stdio::piped())
        .spawn()
        .expect("the server's binary runs");
    added.stdin.take().expect("asked for").write_all(PASSWORD.as_bytes()).expect("it reads the password");
    assert!(added.wait().expect("it ends").success(), "no supervisor could be added");
}

/// Fills `home` as the app would: its desk's cache, and the sign-in where the app looks for it.
pub fn from_nothing(home: &Path, table: &mut Table) {
    remove(home);
    let folder = home.join("desk");
    let desk = Desk::open(&folder, Options::default()).expect("a desk opens");
    let began = Instant::now();
    let token = desk.sign_in(&format!("http://{ADDRESS}"), LOGIN, PASSWORD).expect("signing in");
    while desk.connection().state != ConnectionState::InSync || desk.connection().progress.is_some() {
        assert!(began.elapsed() < PATIENCE, "the desk is still {:?}", desk.connection());
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = began.elapsed();
    let events = desk.last_seq().expect("the cache reads");
    drop(desk);
    keep(&token, &home.join("secrets.json"));
    let rate = per_second(events, took);
    let said = format!("{events} events in {:.0} s, {rate:.0} a second", took.as_secs_f64());
    table.say("sync, empty desk of a supervisor", &said);
    table.say("size of the desk's cache", &format!("{:.0} MB", megabytes(size(&folder))));
}

fn keep(token: &str, file: &Path) {
    let text = serde_json::json!({ "token": token }).to_string();
    let opened = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    opened.and_then(|mut file| file.write_all(text.as_bytes())).expect("the token is kept");
}
