//! What the window asks of the desk's cache, warm, with other arguments each time.

use std::path::Path;
use std::time::{Duration, Instant};

use evendesk_desk::{Desk, Options};
use evendesk_domain::id::CustomerId;
use evendesk_replica::Place;

use crate::figures::Table;
use crate::scale::Scale;
use crate::vocabulary::Vocabulary;

/// What `docs/performance.md` promises of a page or a search.
const TARGET_MS: f64 = 10.0;
const PAGE: usize = 50;
/// Runs before those that count.
const WARM_UP: usize = 10;

pub fn measure(home: &Path, scale: &Scale, table: &mut Table) {
    let desk = Desk::open(&home.join("desk"), Options::default()).expect("the desk opens");
    let runs = scale.queries;
    queues(&desk, runs, table);
    let customers = customers(&desk);
    let times = timed(runs, |i| {
        desk.customer(customers[i * 7 % customers.len()], None, PAGE).expect("a customer's page");
    });
    table.times("customer page", &times, Some(TARGET_MS));
    searches(&desk, &Vocabulary::of(&desk, &customers[..customers.len().min(500)]), runs, table);
    people(&desk, &customers, runs, table);
    let times = timed(runs, |_| drop(desk.counts().expect("the counts")));
    table.times("counts of all places", &times, None);
    let times = timed(runs, |_| drop(desk.board(28).expect("the board")));
    table.times("board, 28 days", &times, None);
}

fn queues(desk: &Desk, runs: usize, table: &mut Table) {
    let team = desk.directory().expect("the directory").teams[0].id;
    let places = [
        ("Due next", Place::DueNext),
        ("Mine", Place::Mine),
        ("Unassigned", Place::Unassigned),
        ("Waiting", Place::Waiting),
        ("Snoozed", Place::Snoozed),
        ("Resolved", Place::Resolved),
        ("a team", Place::Team { team }),
        ("Mentions", Place::Mentions),
    ];
    for (name, place) in places {
        let total = desk.queue(&place, 0, PAGE).expect("a queue").total;
        let times = timed(runs, |_| drop(desk.queue(&place, 0, PAGE).expect("a queue")));
        table.times(&format!("queue page, {name} ({total} customers), first"), &times, Some(TARGET_MS));
        if total > 2 * PAGE {
            let deep = |i: usize| total / 2 + i * 13 % (total / 2 - PAGE / 2);
            let times = timed(runs, |i| drop(desk.queue(&place, deep(i), PAGE).expect("a queue")));
            table.times(&format!("queue page, {name}, deep"), &times, Some(TARGET_MS));
        }
    }
}

/// Some who wait, and some whose matters are long done.
fn customers(desk: &Desk) -> Vec<CustomerId> {
    let of = |place, offset| desk.queue(&place, offset, 500).expect("a queue").rows;
    let mut rows = of(Place::DueNext, 0);
    rows.extend([0, 2_000, 8_000].into_iter().flat_map(|offset| of(Place::Resolved, offset)));
    rows.into_iter().map(|row| row.customer).collect()
}

fn searches(desk: &Desk, words: &Vocabulary, runs: usize, table: &mut Table) {
    let common = |i: usize| words.common[i % words.common.len()].as_str();
    let rare = |i: usize| words.rare[i % words.rare.len()].as_str();
    let pair = |i: usize| &words.pairs[i % words.pairs.len()];
    let mut search = |what: &str, text: &dyn Fn(usize) -> String| {
        let times = timed(runs, |i| drop(desk.search(&text(i), 0, PAGE).expect("a search")));
        table.times(&format!("search, {what}"), &times, Some(TARGET_MS));
    };
    search("a rare word", &|i| format!("{} ", rare(i)));
    search("a common word", &|i| format!("{} ", common(i)));
    search("a common and a rare word", &|i| format!("{} {} ", common(i), rare(i)));
    search("two common words", &|i| format!("{} {} ", common(i), common(i * 3 + 1)));
    search("a phrase", &|i| format!("\"{} {}\"", pair(i).0, pair(i).1));
    search("a common word still being typed", &|i| common(i).to_owned());
    search("the first four letters of a rare one", &|i| rare(i).chars().take(4).collect());
}

fn people(desk: &Desk, customers: &[CustomerId], runs: usize, table: &mut Table) {
    let names: Vec<String> = customers
        .iter()
        .take(100)
        .map(|c| desk.customer(*c, None, 1).expect("a customer's page").customer.name)
        .collect();
    let times = timed(runs, |i| {
        let name = &names[i % names.len()];
        let typed: String = name.chars().take(3 + i % 5).collect();
        desk.find_person(&typed).expect("people");
    });
    table.times("find a person by the first letters", &times, None);
    let times = timed(runs, |i| drop(desk.find_person(&format!("customer{}@", i * 31)).expect("people")));
    table.times("find a person by address", &times, None);
}

/// How long each run took.
fn timed(runs: usize, mut run: impl FnMut(usize)) -> Vec<Duration> {
    (0..WARM_UP).for_each(&mut run);
    let one = |i| {
        let began = Instant::now();
        run(i);
        began.elapsed()
    };
    (0..runs).map(one).collect()
}
