//! The rules that the recorded histories do not reach: words heard late, calls entered by hand,
//! changes that ease, merging and splitting.

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::{Entry, History, Line, Status, Target, What, explain, read, read_as_of};

use crate::fixture::{at, check, history, rows, timer_line, turns};

#[test]
fn a_reply_answers_only_what_we_had_heard() {
    check(
        "10:00",
        "09:00 word
         09:10 word learnt 09:40
         09:30 reply r1",
        &[
            "first_response met 09:00 closed 09:30 used 30m",
            "next_response at_risk 09:10 due 10:10 used 50m",
            "resolution running 09:00 due 13:00 used 60m",
        ],
    );
}

#[test]
fn an_older_word_heard_later_moves_the_start_back() {
    check(
        "10:05",
        "09:30 word
         09:00 word learnt 09:50",
        &[
            "first_response breached 09:00 due 10:00 breached 10:00 used 65m",
            "resolution running 09:00 due 13:00 used 65m",
        ],
    );
}

#[test]
fn a_word_heard_after_its_due_instant_was_due_then() {
    check(
        "11:31",
        "09:00 word learnt 11:30",
        &[
            "first_response breached 09:00 due 10:00 breached 10:00 used 151m",
            "resolution running 09:00 due 13:00 used 151m",
        ],
    );
}

#[test]
fn a_word_heard_late_is_held_to_what_was_said_in_between() {
    check(
        "11:00",
        "09:40 priority urgent
         09:00 word learnt 10:30",
        &[
            "first_response breached 09:00 due 09:40 breached 09:40 used 120m",
            "resolution at_risk 09:00 due 11:00 used 120m",
        ],
    );
}

#[test]
fn resolving_before_we_heard_was_not_the_end() {
    check(
        "11:00",
        "09:00 word
         09:10 reply r1
         09:20 word learnt 10:00
         09:30 resolve",
        &[
            "first_response met 09:00 closed 09:10 used 10m",
            "next_response breached 09:20 due 10:20 breached 10:20 used 100m",
            "resolution running 09:00 due 13:30 used 90m",
        ],
    );
}

#[test]
fn waiting_for_someone_who_had_already_spoken_never_was() {
    check(
        "10:30",
        "09:00 word
         09:10 reply r1
         09:20 word learnt 10:00
         09:30 waiting",
        &[
            "first_response met 09:00 closed 09:10 used 10m",
            "next_response breached 09:20 due 10:20 breached 10:20 used 70m",
            "resolution running 09:00 due 13:00 used 90m",
        ],
    );
}

#[test]
fn a_call_entered_by_hand_answers_but_takes_no_breach_back() {
    let call = "09:00 word
                09:30 outbound ended 09:40 learnt";
    check(
        "11:00",
        &format!("{call} 09:50"),
        &["first_response met 09:00 closed 09:30 used 30m", "resolution running 09:00 due 13:00 used 120m"],
    );
    check(
        "11:00",
        &format!("{call} 10:30"),
        &[
            "first_response missed 09:00 due 10:00 closed 09:30 breached 10:00 used 30m",
            "resolution running 09:00 due 13:00 used 120m",
        ],
    );
    check(
        "11:00",
        &format!("{call} 10:30\n 09:50 reply r1"),
        &["first_response met 09:00 closed 09:30 used 30m", "resolution running 09:00 due 13:00 used 120m"],
    );
}

#[test]
fn a_live_call_logged_hours_later_kept_nobody_waiting() {
    check(
        "11:50",
        "09:00 call picked 09:01 ended 09:05 learnt 11:30",
        &["first_response met 09:00 closed 09:01 used 1m", "resolution running 09:00 due 13:00 used 170m"],
    );
    let reading = read(
        &history("09:00 word\n 09:10 call picked 09:11 ended 09:15\n 09:20 call picked 09:21 ended 09:25"),
        &rows(),
    );
    let live: Vec<bool> = reading.timers.iter().map(|t| t.live_call).collect();
    assert_eq!(
        live,
        [false, true, false],
        "answered while a mail waited; answered with nobody waiting; resolution"
    );
}

#[test]
fn a_call_entered_by_hand_keeps_the_breach_of_a_turn_its_ring_would_have_opened() {
    check(
        "12:00",
        "10:00 word
         09:50 call picked 10:05 ended 10:10 learnt 11:30",
        &[
            "first_response missed 09:50 due 11:00 closed 10:05 breached 11:00 used 15m",
            "resolution running 09:50 due 13:50 used 130m",
        ],
    );
}

#[test]
fn a_promise_entered_after_resolving_reopens_when_entered() {
    check(
        "11:30",
        "09:00 word
         09:10 outbound ended 09:20 follow_up learnt 11:00
         09:30 resolve",
        &[
            "first_response met 09:00 closed 09:10 used 10m",
            "next_response breached 09:20 due 10:20 breached 10:20 used 130m",
            "resolution running 09:00 due 14:30 used 60m",
        ],
    );
}

#[test]
fn a_waived_turn_past_due_is_still_a_breach() {
    check(
        "11:00",
        "09:00 word
         10:30 no_reply_needed",
        &[
            "first_response waived 09:00 closed 10:30 breached 10:00 used 90m",
            "resolution running 09:00 due 13:00 used 120m",
        ],
    );
}

#[test]
fn changes_while_resolved_are_found_on_reopening() {
    check(
        "11:30",
        "09:00 word
         09:10 reply r1
         09:20 waiting
         09:30 resolve
         09:40 priority urgent
         11:00 reopen",
        &["first_response met 09:00 closed 09:10 used 10m", "resolution running 09:00 due 12:40 used 50m"],
    );
    check(
        "14:30",
        "09:00 word
         09:10 reply r1
         12:00 resolve
         12:10 priority urgent
         13:00 reopen
         14:00 waiting",
        &[
            "first_response met 09:00 closed 09:10 used 10m",
            "resolution breached 09:00 due 13:00 breached 13:00 used 240m",
        ],
    );
}

#[test]
fn a_target_used_up_by_a_change_breaches_at_the_change_though_it_stands_still() {
    check(
        "13:00",
        "09:00 word
         09:10 reply r1
         11:30 waiting
         12:00 priority urgent",
        &[
            "first_response met 09:00 closed 09:10 used 10m",
            "resolution breached 09:00 due 12:00 breached 12:00 used 150m",
        ],
    );
}

#[test]
fn standing_still_from_the_instant_it_falls_due_does_not_undo_that() {
    let text = "09:00 word
                09:10 reply r1
                13:00 waiting";
    let met = "first_response met 09:00 closed 09:10 used 10m";
    check("13:00", text, &[met, "resolution paused 09:00 used 240m"]);
    check("13:01", text, &[met, "resolution breached 09:00 due 13:00 breached 13:00 used 240m"]);
    check("13:01", &format!("{text}\n 13:00 resolve"), &[met, "resolution met 09:00 closed 13:00 used 240m"]);
}

#[test]
fn a_change_of_calendar_keeps_what_was_used() {
    check(
        "12:20",
        "09:00 word
         09:40 terms b",
        &["first_response at_risk 09:00 due 12:20 used 60m", "resolution running 09:00 due 15:20 used 60m"],
    );
}

#[test]
fn a_kind_without_a_target_shows_no_timer_but_the_turn_is_there() {
    let text = "09:00 priority high
                09:10 word";
    check("10:00", text, &[]);
    let reading = read(&history(text), &rows());
    let open = reading.open_turn.expect("an open turn");
    assert_eq!((open.started_at, open.channel), (at("09:10"), Channel::Email));
    assert!(!reading.may_wait());
    // A target that comes later finds the time already used.
    check(
        "11:00",
        &format!("{text}\n 10:00 priority urgent"),
        &[
            "first_response breached 09:10 due 10:00 breached 10:00 used 110m",
            "resolution at_risk 09:10 due 11:10 used 110m",
        ],
    );
}

#[test]
fn every_due_instant_moved_later_is_counted() {
    let eased = |text: &str| {
        let reading = read(&history(text), &rows());
        let lines = reading.eased.iter().map(|e| (e.target, e.due_was, e.due_is));
        lines.collect::<Vec<_>>()
    };
    let both = [
        (Target::FirstResponse, at("10:00"), Some(at("11:00"))),
        (Target::Resolution, at("13:00"), Some(at("17:00"))),
    ];
    assert_eq!(eased("09:00 word\n 09:30 priority low"), both);
    assert_eq!(eased("09:00 word\n 09:30 priority urgent"), [], "earlier is not eased");
    assert_eq!(eased("09:00 word\n 10:30 priority low"), both[1..], "a breach does not move");
    let paused = "09:00 word\n 09:30 reply r1\n 10:00 waiting\n 11:00 priority low";
    assert_eq!(eased(paused), [(Target::Resolution, at("14:00"), Some(at("tue@10:00")))]);
    let no_longer = "09:00 word\n 09:30 priority high";
    assert_eq!(eased(no_longer)[0], (Target::FirstResponse, at("10:00"), None));
}

#[test]
fn merging_keeps_the_oldest_turn_the_earliest_word_and_the_breaches() {
    let rows = rows();
    let absorbed = history("09:00 word");
    let facts = read_as_of(&absorbed, &rows, at("10:30")).facts(at("10:30"), &rows);
    let merged = |text: &str| {
        let mut history = history(text);
        history.entries.push(Entry::now(at("10:30"), What::MergedIn { facts: Box::new(facts) }));
        history
    };
    let lines = |history: &History| {
        let reading = read(history, &rows);
        reading.shown().map(|t| timer_line(t, at("11:00"), &rows)).collect::<Vec<_>>()
    };
    let carried_on = [
        "first_response breached 09:00 due 10:00 breached 10:00 used 120m",
        "resolution running 09:00 due 13:00 used 120m",
    ];
    assert_eq!(lines(&merged("10:00 word")), carried_on);
    assert_eq!(lines(&merged("")), carried_on);
    assert_eq!(
        lines(&merged("10:00 word\n 10:10 reply r1\n 10:20 resolve")),
        ["first_response met 10:00 closed 10:10 used 10m", carried_on[0], carried_on[1]],
        "someone waits, so it reopens"
    );
    let older = "09:00 word\n 09:00 priority low";
    assert_eq!(
        lines(&merged(older))[0],
        "first_response breached 09:00 due 10:00 breached 10:00 used 120m",
        "the own turn is as old, and takes the breach over"
    );
    check("11:00", "09:00 word\n 10:30 merged_away\n 10:40 word", &[]);
}

#[test]
fn a_part_never_gains_a_new_first_response() {
    let rows = rows();
    let rest = "09:00 word as first
                09:30 reply r1
                10:00 word
                10:10 moved first";
    check(
        "10:30",
        rest,
        &["next_response running 10:00 due 11:00 used 30m", "resolution running 10:00 due 14:00 used 30m"],
    );
    let mut part = history("09:00 word learnt 09:00");
    part.part = true;
    assert_eq!(
        turns(&read(&part, &rows), at("10:30"), &rows),
        ["next_response breached 09:00 due 10:00 breached 10:00 used 90m"]
    );
    check(
        "10:30",
        "09:00 word as first
         09:40 word
         09:45 moved first",
        &["first_response at_risk 09:40 due 10:40 used 50m", "resolution running 09:40 due 13:40 used 50m"],
    );
    check(
        "10:30",
        "09:00 word as first
         10:00 moved first
         09:00 word as first learnt 09:00",
        &[
            "first_response breached 09:00 due 10:00 breached 10:00 used 90m",
            "resolution running 09:00 due 13:00 used 90m",
        ],
    );
}

#[test]
fn a_second_report_about_the_same_reply_reopens_nothing() {
    let text = "09:00 word
                09:10 reply r1
                09:15 resolve
                09:20 failed r1
                09:30 reply r2
                09:40 resolve
                09:50 failed r1
                09:55 failed unknown";
    assert_eq!(read(&history(text), &rows()).status, Status::Resolved);
}

#[test]
fn terms_not_to_be_found_give_no_timer_and_say_so() {
    let nothing = crate::fixture::Rows::new();
    let reading = read(&history("09:00 word\n 09:10 waiting"), &nothing);
    assert!(reading.missing_terms && reading.shown().next().is_none() && reading.open_turn.is_some());
}

#[test]
fn a_due_instant_is_explained_step_by_step() {
    let rows = rows();
    let explained = |text: &str, now: &str, timer: usize| {
        let reading = read(&history(text), &rows);
        explain(&reading.timers[timer], at(now), &rows)
    };
    let normal = |target, target_s, used_s| Line::Target {
        target,
        priority: evendesk_domain::clock::Priority::Normal,
        target_s,
        used_s,
        left_s: target_s - used_s,
    };
    assert_eq!(
        explained("08:26 word", "09:34", 0),
        [
            Line::Spoke { channel: Channel::Email, at: at("08:26") },
            Line::OpenFrom { at: at("09:00") },
            normal(Target::FirstResponse, 3600, 34 * 60),
            Line::Due { at: at("10:00") },
        ]
    );
    assert_eq!(
        explained("09:00 word\n 09:10 reply r1\n 10:00 waiting\n 11:00 resume", "11:30", 1),
        [
            Line::Spoke { channel: Channel::Email, at: at("09:00") },
            Line::StoodStill { business_s: 3600 },
            normal(Target::Resolution, 14_400, 5400),
            Line::Due { at: at("14:00") },
        ]
    );
}
