//! The real `evendesk-server` as a process of its own, on a folder that goes when it does: started,
//! killed, started again where it was, and its subcommands.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use evendesk_domain::stream::Recorded;
use evendesk_server::store::Store;
use tempfile::TempDir;

use crate::process::{Process, end_in_order, is_running, kill_now, pause, wake};

/// Where a server is told how much to say.
const LOG: &str = "RUST_LOG";

pub struct ServerProcess {
    binary: PathBuf,
    /// The same over a restart, so that desks find it again.
    port: u16,
    running: Option<Process>,
    /// What it is told by the environment.
    environment: Vec<(&'static str, String)>,
    /// What it is told as it begins to serve.
    arguments: Vec<&'static str>,
    home: TempDir,
}

impl ServerProcess {
    /// A server not started yet, on an empty folder.
    ///
    /// # Panics
    ///
    /// When there is no such program: tests of other packages do not build it.
    pub fn new(binary: &Path) -> ServerProcess {
        assert!(
            binary.exists(),
            "{} is not there; `cargo build --workspace --bins` makes it",
            binary.display()
        );
        // A port that was free a moment ago will do.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("it has an address").port();
        let home = tempfile::tempdir().expect("a folder for the test");
        ServerProcess {
            binary: binary.to_owned(),
            port,
            running: None,
            environment: Vec::new(),
            arguments: Vec::new(),
            home,
        }
    }

    /// A node that shares a journal, and files, with others.
    pub fn node(binary: &Path, journal: &str, files: &[(&'static str, String)]) -> ServerProcess {
        let mut node = ServerProcess::new(binary);
        node.environment.push(("EVENDESK_JOURNAL", journal.to_owned()));
        node.environment.extend_from_slice(files);
        node
    }

    /// Has it say more, or less, than at `debug`.
    pub fn says(&mut self, level: &str) {
        self.environment.push((LOG, level.to_owned()));
    }

    /// Has it serve in its own way.
    pub fn serves_with(&mut self, argument: &'static str) {
        self.arguments.push(argument);
    }

    /// Gives this node the key of another.
    pub fn take_key_of(&self, other: &ServerProcess) {
        std::fs::create_dir_all(self.folder()).expect("a folder");
        std::fs::copy(other.folder().join("key"), self.folder().join("key")).expect("the other one's key");
    }

    /// Gives this one, which is down, the data folder of another.
    pub fn take_folder(&self, other: &Path) {
        assert!(self.running.is_none(), "a server that is up keeps its folder for itself");
        let _ = std::fs::remove_dir_all(self.folder());
        let copied = Command::new("cp").arg("-a").arg(other).arg(self.folder()).status();
        assert!(copied.is_ok_and(|status| status.success()), "{} could not be copied", other.display());
    }

    /// What it is told by the environment.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        self.environment.clone()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn is_up(&self) -> bool {
        self.running.is_some()
    }

    /// Whether it was started and has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.running.as_ref().is_some_and(|process| !is_running(process.id()))
    }

    /// Its data folder.
    pub fn folder(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// What it said while it served.
    pub fn log(&self) -> PathBuf {
        self.home.path().join("server.log")
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Serves, and waits until it listens.
    pub fn start(&mut self) {
        let mut serve = self.command(&["serve", "--bind", &format!("127.0.0.1:{}", self.port)]);
        serve.args(&self.arguments);
        if !self.environment.iter().any(|(name, _)| *name == LOG) {
            serve.env(LOG, "debug");
        }
        let (process, said) = Process::start_and_hear(&serve, &self.log());
        assert!(said.contains(&self.url()), "the server said {said:?}; see {}", self.log().display());
        self.running = Some(process);
    }

    /// Ends it as a crash would (`kill -9`).
    pub fn kill(&mut self) {
        let process = self.running.take().expect("the server is up");
        kill_now(process.id());
    }

    /// Has it stand still, as a machine that is out of breath.
    pub fn pause(&self) {
        pause(self.running.as_ref().expect("the server is up").id());
    }

    /// Has it go on after a pause.
    pub fn wake(&self) {
        wake(self.running.as_ref().expect("the server is up").id());
    }

    /// Tells it to stop, as a service manager does, and waits until it has.
    pub fn stop(&mut self) {
        let process = self.running.take().expect("the server is up");
        end_in_order(process.id());
    }

    /// Runs a subcommand on the folder, with `input` for it to read, and returns what it printed.
    ///
    /// # Panics
    ///
    /// When it fails, with what it said.
    pub fn run(&self, arguments: &[&str], input: &str) -> String {
        let done = self.attempt(arguments, input);
        let (said, wrong) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(done.status.success(), "{arguments:?} failed, {}:\n{said}{wrong}", done.status);
        said.into_owned()
    }

    /// Everything that has happened, read while the server is down.
    pub fn journal(&self) -> Vec<Recorded> {
        assert!(self.running.is_none(), "a server that is up keeps its folder for itself");
        let store = Store::open(&self.folder().into()).expect("the folder can be opened");
        store.journal.read(0, 1_000_000).expect("the journal can be read")
    }

    fn attempt(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().expect("the server's program can be started");
        // A command that reads nothing may have ended already.
        let _ = running.stdin.take().expect("its input was asked for").write_all(input.as_bytes());
        running.wait_with_output().expect("its output was asked for")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.arg("--data").arg(self.folder()).args(arguments).env("TZ", "UTC");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}
