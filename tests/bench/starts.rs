//! From the start of the program to a window that can be used, and what it then takes of memory: ours
//! beside a bare one, in turn, so that both meet the same machine.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use evendesk_testkit::process::Process;
use evendesk_testkit::screen::Screen;

use crate::data::APP;
use crate::figures::{Table, median};
use crate::framebuffer::Framebuffer;
use crate::scale::Scale;
use crate::{bare, memory};

/// What is aimed at, against the bare window.
const TIMES_BARE: f64 = 1.5;
const MB_OVER_BARE: f64 = 100.0;
/// After it can be used, until its memory is looked at.
const SETTLED: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Starts {
    seconds: Vec<f64>,
    mb: Vec<f64>,
}

pub fn measure(home: &Path, scale: &Scale, table: &mut Table) {
    let screen = Screen::start();
    let display = Framebuffer::of(&screen);
    let mut app = command(&screen, Path::new(APP));
    app.arg("--data").arg(home);
    let empty = command(&screen, &bare::build());
    let (mut ours, mut floor) = (Starts::default(), Starts::default());
    // The first start of each reads its files from the disk, and is not counted.
    for counted in (0..=scale.starts).map(|start| start > 0) {
        for (starts, command) in [(&mut floor, &empty), (&mut ours, &app)] {
            let (seconds, mb) = start(&screen, &display, command);
            if counted {
                starts.seconds.push(seconds);
                starts.mb.push(mb);
            }
        }
    }
    report(&ours, &floor, table);
}

/// Both draw alike, whatever this machine has.
fn command(screen: &Screen, program: &Path) -> Command {
    let mut command = screen.command(program);
    command.env("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
    command
}

fn start(screen: &Screen, display: &Framebuffer, command: &Command) -> (f64, f64) {
    display.empty();
    let began = Instant::now();
    let process = Process::start(command, &screen.log());
    let usable = display.usable(began);
    std::thread::sleep(SETTLED);
    (usable.as_secs_f64(), memory::of_tree(process.id()))
}

fn report(ours: &Starts, floor: &Starts, table: &mut Table) {
    let words = |of: &[f64], unit: &str| {
        let (least, most) = of.iter().fold((f64::MAX, 0.0_f64), |(a, b), v| (a.min(*v), b.max(*v)));
        format!("{:.2} {unit} ({least:.2} to {most:.2}), {} starts", median(of.to_vec()), of.len())
    };
    let (seconds, bare_seconds) = (median(ours.seconds.clone()), median(floor.seconds.clone()));
    let (mb, bare_mb) = (median(ours.mb.clone()), median(floor.mb.clone()));
    table.say("start to usable, bare WebKitGTK window", &words(&floor.seconds, "s"));
    table.judge(
        "start to usable, the app",
        &words(&ours.seconds, "s"),
        seconds,
        bare_seconds * TIMES_BARE,
        "s",
    );
    table.say("memory (PSS, whole tree), bare WebKitGTK window", &words(&floor.mb, "MB"));
    table.judge(
        "memory (PSS, whole tree), the app",
        &words(&ours.mb, "MB"),
        mb,
        bare_mb + MB_OVER_BARE,
        "MB",
    );
}
