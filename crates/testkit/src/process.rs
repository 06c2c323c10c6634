//! A process that a test started: in a group of its own, which ends with it, and which ends with
//! the test even where that is killed.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::eventually::eventually_now;

/// Leads the group: runs the program, and ends the group when the pipe from the test closes.
const LEADER: &str = r#""$@" </dev/null & read -r _; kill -KILL 0"#;

/// Ended, with everything it started, when dropped.
pub struct Process {
    leader: Child,
    id: u32,
}

impl Process {
    /// Starts `command`; what it says goes to the end of the file `log`.
    pub fn start(command: &Command, log: &Path) -> Process {
        Process::spawn(command, appended(log).into(), log)
    }

    /// Starts `command` and waits for the first line it prints, which says that it is ready.
    pub fn start_and_hear(command: &Command, log: &Path) -> (Process, String) {
        let mut process = Process::spawn(command, Stdio::piped(), log);
        let said = process.leader.stdout.take().expect("its output was asked for");
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
            .unwrap_or_else(|_| panic!("{command:?} never said it was ready; see {}", log.display()));
        (process, line.trim().to_owned())
    }

    /// The program's own process.
    pub fn id(&self) -> u32 {
        self.id
    }

    fn spawn(command: &Command, output: Stdio, log: &Path) -> Process {
        let mut leader = Command::new("sh");
        leader.args(["-c", LEADER, "leader"]).arg(command.get_program()).args(command.get_args());
        for (variable, value) in command.get_envs() {
            match value {
                Some(value) => leader.env(variable, value),
                None => leader.env_remove(variable),
            };
        }
        let leader = leader
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(output)
            .stderr(appended(log))
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
        let what = format!("{command:?} is started");
        let id = eventually_now(&what, Duration::from_secs(5), || children(leader.id()).first().copied());
        Process { leader, id }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = kill_process_group(pid(self.leader.id()), Signal::KILL);
        let _ = self.leader.wait();
    }
}

/// Ends one process as a crash would, and waits until it is gone or only waits for its parent.
pub fn kill_now(id: u32) {
    let _ = kill_process(pid(id), Signal::KILL);
    eventually_now("a killed process is gone", Duration::from_secs(5), || (!is_running(id)).then_some(()));
}

/// Has one process stand still.
pub fn pause(id: u32) {
    kill_process(pid(id), Signal::STOP).expect("the process is there");
}

/// Has it go on.
pub fn wake(id: u32) {
    kill_process(pid(id), Signal::CONT).expect("the process is there");
}

/// Asks one process to end, and waits until it has.
pub fn end_in_order(id: u32) {
    let _ = kill_process(pid(id), Signal::TERM);
    eventually_now("a process that was told to has ended", Duration::from_secs(30), || {
        (!is_running(id)).then_some(())
    });
}

/// Whether the process is there and does not only wait for its parent. One whose first thread has ended
/// runs, and holds its files, as long as any other thread does.
pub fn is_running(id: u32) -> bool {
    let threads = || fs::read_dir(format!("/proc/{id}/task")).map_or(0, Iterator::count);
    stat(id).is_some_and(|stat| stat.state != 'Z' || threads() > 1)
}

/// The running processes that `parent` started itself.
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
