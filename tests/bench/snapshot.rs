//! A new desk at a company that has been at work for years: from signing in to a window that can be worked
//! with, to all of history, to the last word that can be searched; the bytes it takes and the memory at its
//! highest, on both sides.

use std::path::Path;
use std::time::{Duration, Instant};

use evendesk_desk::view::{ConnectionState, Stage};
use evendesk_desk::{Desk, Options};
use evendesk_replica::Place;
use evendesk_testkit::link::Link;
use evendesk_testkit::process::Process;

use crate::data::{remove, size};
use crate::figures::{Table, megabytes};
use crate::{memory, sync};

/// What is aimed at, from signing in to a window that can be worked with.
const USABLE_S: f64 = 5.0;

pub fn measure(folder: &Path, server: &Process, table: &mut Table) {
    remove(folder);
    let (own, theirs) = (std::process::id(), server.id());
    let before = [own, theirs].map(|process| {
        memory::forget_peak(process);
        memory::peak(process)
    });
    let link = Link::to(sync::PORT);
    let desk = Desk::open(folder, Options::default()).expect("a desk opens");
    let began = Instant::now();
    desk.sign_in(&format!("http://127.0.0.1:{}", link.port()), sync::LOGIN, sync::PASSWORD)
        .expect("signing in");
    let usable = reached(began, || is_past(&desk, Stage::Open) && has_work(&desk));
    let bytes = format!("{:.1} MB", megabytes(link.carried()[1]));
    table.judge("new desk, sign-in to usable", &format!("{usable:.1} s, {bytes}"), usable, USABLE_S, "s");
    let whole = reached(began, || is_past(&desk, Stage::History));
    let searched = reached(began, || is_past(&desk, Stage::SearchIndex));
    let peaks = [own, theirs].map(memory::peak);
    drop(desk);
    let bytes = format!("{:.1} MB on the wire", megabytes(link.carried()[1]));
    table.say("new desk, to all of history", &format!("{whole:.0} s, {bytes}"));
    table.say("new desk, to everything searched", &format!("{searched:.0} s"));
    table.say("size of the new desk's cache", &format!("{:.0} MB", megabytes(size(folder))));
    for (side, was, peak) in [("desk", before[0], peaks[0]), ("server", before[1], peaks[1])] {
        table.say(&format!("memory at its highest, {side}"), &format!("{peak:.0} MB, {was:.0} MB before"));
    }
    remove(folder);
}

/// Seconds until it is so.
fn reached(began: Instant, mut is_so: impl FnMut() -> bool) -> f64 {
    while !is_so() {
        assert!(began.elapsed() < sync::PATIENCE, "the desk has not come further in time");
        std::thread::sleep(Duration::from_millis(20));
    }
    began.elapsed().as_secs_f64()
}

fn is_past(desk: &Desk, stage: Stage) -> bool {
    const ORDER: [Stage; 3] = [Stage::Open, Stage::History, Stage::SearchIndex];
    let connection = desk.connection();
    match connection.progress {
        Some(progress) => ORDER
            .iter()
            .position(|s| *s == progress.stage)
            .is_some_and(|at| ORDER.iter().position(|s| *s == stage).is_some_and(|asked| at > asked)),
        None => connection.state == ConnectionState::InSync,
    }
}

fn has_work(desk: &Desk) -> bool {
    desk.queue(&Place::DueNext, 0, 1).is_ok_and(|page| page.total > 0)
}
