//! A real PostgreSQL for one test: Debian's, in a folder of its own on a free loopback port, with `fsync`
//! on; stopped, killed and started again as the test says, and gone when it is dropped.
//!
//! Needs the Debian package `postgresql` (its own service need not run). PostgreSQL refuses to run as
//! root, so for root it runs as `nobody`, by `setpriv`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::eventually::eventually_now;
use crate::mail::owner::Owner;
use crate::mail::server::{free_port, open_to_all};
use crate::process::{Process, is_running, kill_now};

const PATIENCE: Duration = Duration::from_secs(30);

pub struct Postgres {
    running: Option<Process>,
    port: u16,
    owner: Owner,
    encrypts: bool,
    folder: TempDir,
}

impl Postgres {
    /// Makes an empty cluster, starts it, and waits until it takes connections.
    ///
    /// # Panics
    ///
    /// When the package is missing or the server does not come up; the message says what to do.
    pub fn start() -> Self {
        Self::start_with(false)
    }

    /// The same, taking encrypted connections alone, under a certificate of its own for 127.0.0.1.
    pub fn start_encrypted() -> Self {
        Self::start_with(true)
    }

    fn start_with(encrypts: bool) -> Self {
        let folder = tempfile::Builder::new().prefix("evendesk-postgres-").tempdir().expect("a folder");
        let owner = Owner::of(folder.path());
        open_to_all(folder.path());
        owner.give(folder.path());
        let mut postgres = Self { running: None, port: free_port(), owner, encrypts, folder };
        postgres.run(
            postgres
                .program("initdb")
                .args(["--username=postgres", "--auth=trust", "--no-sync", "--locale=C.UTF-8"])
                .arg("-D")
                .arg(postgres.data()),
        );
        if encrypts {
            postgres.certify();
        }
        postgres.go_on();
        postgres
    }

    /// A second one that follows this one by streaming replication, which it reaches at `port`.
    pub fn standby(&self, port: u16) -> Self {
        let folder = tempfile::Builder::new().prefix("evendesk-postgres-").tempdir().expect("a folder");
        open_to_all(folder.path());
        self.owner.give(folder.path());
        let mut standby =
            Self { running: None, port: free_port(), owner: self.owner, encrypts: self.encrypts, folder };
        let mut copy = standby.program("pg_basebackup");
        copy.args(["--host=127.0.0.1", "--username=postgres", "--write-recovery-conf", "--checkpoint=fast"]);
        standby.run(copy.args(["--port", &port.to_string()]).arg("-D").arg(standby.data()));
        standby.go_on();
        standby
    }

    /// Has a standby take over.
    pub fn promote(&self) {
        self.sql("postgres", "SELECT pg_promote()");
    }

    /// Has every commit wait for a standby from here on.
    pub fn commit_with_standby(&self) {
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.sql("postgres", "SELECT pg_reload_conf()");
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whom to trust to know it.
    pub fn certificate(&self) -> PathBuf {
        self.data().join("server.crt")
    }

    fn certify(&self) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let key = self.data().join("server.key");
        fs::write(self.certificate(), made.cert.pem()).expect("a certificate");
        fs::write(&key, made.signing_key.serialize_pem()).expect("its key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("a key of its own");
        self.owner.give(&key);
        let rules = "hostssl all all 127.0.0.1/32 trust\n";
        fs::write(self.data().join("pg_hba.conf"), rules).expect("who may connect, and how");
    }

    /// Makes an empty database and returns its address, as an operator would write it.
    pub fn database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(name)
    }

    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs SQL in a database; the rows come back as text, a line each.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = self.program("psql");
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1"]);
        self.run(psql.arg(self.url(database)).arg("-c").arg(sql))
    }

    /// Starts it where it was stopped or killed.
    pub fn go_on(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let mut command = self.program("postgres");
        command.arg("-D").arg(self.data()).args(["-c", "listen_addresses=127.0.0.1"]);
        command.args(["-c", "unix_socket_directories=", "-c", "fsync=on", "-p", &self.port.to_string()]);
        if self.encrypts {
            command.args(["-c", "ssl=on"]);
        }
        let process = Process::start(&command, &self.log());
        eventually_now("PostgreSQL takes connections", PATIENCE, || {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            assert!(is_running(process.id()), "PostgreSQL did not start. It said:\n{log}");
            // The first line of this file says whose it is, the last one how far that is.
            let status = fs::read_to_string(self.data().join("postmaster.pid")).ok()?;
            let mut lines = status.lines().map(str::trim);
            let is_ours = lines.next().is_some_and(|pid| pid == process.id().to_string());
            let takes_connections = matches!(lines.nth(6), Some("ready" | "standby"));
            (is_ours && takes_connections).then_some(())
        });
        self.running = Some(process);
    }

    /// Stops it at once, as `pg_ctl stop -m fast` does: whoever is connected is cut off.
    pub fn stop(&mut self) {
        self.end(Signal::INT);
    }

    /// Ends it as a crash of the machine would, the disk apart.
    pub fn kill(&mut self) {
        if let Some(process) = self.running.take() {
            kill_now(process.id());
            let itself = PathBuf::from(format!("/proc/{}", process.id()));
            // Whoever started it takes notice, or it would still seem to be there.
            drop(process);
            // Its other processes see that it is gone and end; until they have, it cannot be started again.
            let run_on = || (!itself.exists() && children_of_cluster(&self.data()).is_empty()).then_some(());
            eventually_now("a killed PostgreSQL is gone", PATIENCE, run_on);
        }
    }

    /// The files of its tables and logs.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("postgres.log")
    }

    fn end(&mut self, how: Signal) {
        let Some(process) = self.running.take() else { return };
        let id = process.id();
        let pid = i32::try_from(id).ok().and_then(Pid::from_raw).expect("a process has a positive id");
        let _ = kill_process(pid, how);
        eventually_now("PostgreSQL stops", PATIENCE, || (!is_running(id)).then_some(()));
    }

    /// One of its programs, to be run as whoever the data belongs to.
    fn program(&self, name: &str) -> Command {
        let program = programs().join(name);
        if !self.owner.is_root {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command
            .arg(format!("--reuid={}", self.owner.uid))
            .arg(format!("--regid={}", self.owner.gid))
            .arg("--clear-groups")
            .arg(program);
        command
    }

    fn run(&self, command: &mut Command) -> String {
        // Its settings of whoever runs the tests are neither readable nor wanted.
        let command = command.current_dir(self.folder.path()).env("HOME", self.folder.path());
        let done = command.output().expect("a program of PostgreSQL runs");
        let wrong = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{command:?} failed:\n{wrong}");
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Ended this way, it takes its shared memory along.
        self.end(Signal::QUIT);
    }
}

/// The processes that have their feet in this cluster.
fn children_of_cluster(data: &Path) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|id| fs::read_link(format!("/proc/{id}/cwd")).is_ok_and(|at| at == data))
        .collect()
}

/// Where Debian puts the newest version that is installed.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let found = versions.map(|entry| entry.path().join("bin")).filter(|bin| bin.join("postgres").exists());
    let newest = found.max_by_key(|bin| bin.parent().and_then(version));
    newest.expect("the Debian package postgresql is missing; scripts/setup.sh test installs it")
}

fn version(folder: &Path) -> Option<u32> {
    folder.file_name()?.to_str()?.parse().ok()
}
