//! One server process that cannot outlive its test: a small shell holds it, and ends it by its id when
//! the pipe from the test closes.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START: Duration = Duration::from_secs(15);

pub struct Server {
    name: &'static str,
    shell: Child,
    output: std::path::PathBuf,
}

impl Server {
    /// Runs a shell script that leaves the server's id in `$pid`, and in `$end` the signal that ends it.
    pub fn start(name: &'static str, script: &str, folder: &Path, as_root: bool) -> Self {
        let script = format!("trap : INT TERM HUP\n{script}\nread -r _ || true\nkill -$end $pid\nwait $pid");
        let output = folder.join(format!("{name}.out"));
        let log = std::fs::File::create(&output).expect("a log");
        let mut command = if as_root { Command::new("sudo") } else { Command::new("sh") };
        if as_root {
            command.args(["-n", "sh"]);
        }
        let shell = command
            .args(["-c", &script])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .unwrap_or_else(|e| panic!("{name} needs root, and sudo cannot be started either: {e}"));
        Self { name, shell, output }
    }

    /// Waits for the greeting that begins like this.
    pub fn wait_for(&self, port: u16, greeting: &str) {
        let started = Instant::now();
        while !greets(port, greeting) {
            assert!(
                started.elapsed() < START,
                "{} did not start. Are the Debian packages postfix and dovecot-imapd installed, and may these \
                 tests be root or use `sudo -n`? It said:\n{}",
                self.name,
                std::fs::read_to_string(&self.output).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

fn greets(port: u16, greeting: &str) -> bool {
    let Ok(stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return false };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).is_ok() && line.starts_with(greeting)
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its number").port()
}

/// Lets the servers' own users into a temporary folder.
pub fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).expect("our own folder");
}
