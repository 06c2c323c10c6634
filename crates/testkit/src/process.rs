//! A process that a test started: the leader of a group of its own, which ends with it.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// Ended, with everything it started, when dropped.
pub struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts `command`; what it says goes to the end of the file `log`.
    pub fn start(command: &mut Command, log: &Path) -> Process {
        Process::spawn(command.stdout(appended(log)), log)
    }

    fn spawn(command: &mut Command, log: &Path) -> Process {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stderr(appended(log))
            .spawn()
            .unwrap_or_else(|error| panic!("{name} could not be started: {error}"));
        Process { child, name }
    }

    /// Starts `command` and waits for the first line it prints, which it then says when it is ready.
    pub fn start_and_hear(command: &mut Command, log: &Path) -> (Process, String) {
        let mut process = Process::spawn(command.stdout(Stdio::piped()), log);
        let said = process.child.stdout.take().expect("its output was asked for");
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            let mut said = BufReader::new(said);
            let mut line = String::new();
            // Whoever waited has given up if it cannot be told.
            let _ = said.read_line(&mut line).map(|_| tell.send(line));
            // The rest is read so that the process never waits for a reader.
            let _ = said.read_to_end(&mut Vec::new());
        });
        let line = told
            .recv_timeout(Duration::from_secs(20))
            .unwrap_or_else(|_| panic!("{} never said it was ready; see {log:?}", process.name));
        (process, line.trim().to_owned())
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it is still there.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it and its group as a crash would, at once.
    pub fn kill(&mut self) {
        let _ = kill_process_group(pid(self.child.id()), Signal::KILL);
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Ends one process as a crash would, and waits until it is gone or only waits for its parent.
pub fn kill_now(id: u32) {
    let _ = kill_process(pid(id), Signal::KILL);
    super::eventually::eventually_now("a killed process is gone", Duration::from_secs(5), || {
        let state = stat(id).map(|stat| stat.state);
        matches!(state, None | Some('Z')).then_some(())
    });
}

/// The processes that `parent` started itself, with the names of their programs' files.
pub fn children(parent: u32) -> Vec<u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&id| stat(id).is_some_and(|stat| stat.parent == parent && stat.state != 'Z'))
        .collect()
}

struct Stat {
    state: char,
    parent: u32,
}

/// From `/proc/ID/stat`: what follows the name in brackets, which may itself hold brackets and blanks.
fn stat(id: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some(Stat { state: fields.next()?.chars().next()?, parent: fields.next()?.parse().ok()? })
}

fn pid(id: u32) -> Pid {
    i32::try_from(id).ok().and_then(Pid::from_raw).expect("a process has a positive id")
}

fn appended(log: &Path) -> File {
    let opened = OpenOptions::new().create(true).append(true).open(log);
    opened.unwrap_or_else(|error| panic!("the log {log:?} cannot be written: {error}"))
}
