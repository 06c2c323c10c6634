//! Storage that speaks S3, for one test: `s3s-fs`, which keeps objects in a folder and refuses what is not
//! signed with its key. Small and honest about signatures; of Amazon's own it knows no limits and no faults.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::eventually::eventually_now;
use crate::mail::server::free_port;
use crate::process::Process;

pub const KEY_ID: &str = "desk";
pub const SECRET: &str = "not a secret";

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Bucket {
    running: Option<Process>,
    port: u16,
    folder: TempDir,
}

impl Bucket {
    /// Starts it with one empty bucket, and waits until it listens.
    ///
    /// # Panics
    ///
    /// When the program is missing.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        std::fs::create_dir_all(folder.path().join("data/evendesk")).expect("a folder for the bucket");
        let mut bucket = Self { running: None, port: free_port(), folder };
        bucket.go_on();
        bucket
    }

    /// Starts it where it was stopped.
    pub fn go_on(&mut self) {
        let mut command = Command::new(program());
        command.args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        command.args(["--access-key", KEY_ID, "--secret-key", SECRET]).arg(self.folder.path().join("data"));
        self.running = Some(Process::start(&command, &self.folder.path().join("s3s-fs.log")));
        eventually_now("the storage listens", PATIENCE, || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
    }

    /// Takes it away; what is in it stays.
    pub fn stop(&mut self) {
        self.running = None;
    }

    /// Its address, as an operator would write it; the keys come from the environment.
    pub fn url(&self, prefix: &str) -> String {
        format!("s3://evendesk/{prefix}?endpoint=http://127.0.0.1:{}", self.port)
    }

    /// Where an object lies.
    pub fn object(&self, key: &str) -> PathBuf {
        self.folder.path().join("data/evendesk").join(key)
    }
}

fn program() -> PathBuf {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let installed = cargo.map(|cargo| cargo.join("bin/s3s-fs")).filter(|program| program.exists());
    // Not where cargo puts it, it may be wherever programs are.
    installed.unwrap_or_else(|| PathBuf::from("s3s-fs"))
}
