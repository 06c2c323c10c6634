//! A calendar compiled to spans of business time: `elapsed` and `due`.
//!
//! Spans are worked out a UTC year at a time, when first asked for, and kept; a question is then a
//! binary search in one or two years. No work walks days one by one, and none goes beyond the years
//! a calendar covers.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;

use super::calendar::{Calendar, CalendarError, Opening, Weekly, YEARS};
use crate::time::Timestamp;

const DAY_S: i64 = 86_400;
/// Offsets are compared this often to find where they change. Far closer together than any zone has
/// ever changed its mind.
const OFFSET_STEP_S: i64 = DAY_S / 4;
/// A `due` further away than this is none.
const HORIZON_S: i64 = 3_653 * DAY_S;

/// A stretch of business time `[from, to)` in seconds since the epoch, and how much of its year's
/// business time lies before it.
#[derive(Clone, Copy, Debug)]
struct Span {
    from: i64,
    to: i64,
    before: i64,
}

/// The business time of one UTC year, ascending and apart from each other.
#[derive(Debug)]
struct Year {
    spans: Vec<Span>,
    total: i64,
}

impl Year {
    /// Business time of this year before `t`.
    fn before(&self, t: i64) -> i64 {
        let next = self.spans.partition_point(|s| s.from < t);
        match next.checked_sub(1).and_then(|i| self.spans.get(i)) {
            Some(span) => span.before + t.min(span.to) - span.from,
            None => 0,
        }
    }

    /// The earliest instant with `seconds` of this year's business time before it.
    fn reaching(&self, seconds: i64) -> Option<i64> {
        let after = self.spans.partition_point(|s| s.before + (s.to - s.from) < seconds);
        self.spans.get(after).map(|s| s.from + (seconds - s.before))
    }
}

/// A calendar ready to answer. Shared freely; compile it once.
#[derive(Debug)]
pub struct CompiledCalendar {
    zone: Tz,
    weekly: Weekly,
    overrides: BTreeMap<NaiveDate, Vec<Opening>>,
    years: Box<[OnceLock<Year>]>,
}

impl CompiledCalendar {
    pub fn new(calendar: &Calendar) -> Result<Self, CalendarError> {
        calendar.check()?;
        Ok(Self {
            zone: calendar.zone()?,
            weekly: calendar.weekly.clone(),
            overrides: calendar.overrides.iter().map(|o| (o.date, o.hours.clone())).collect(),
            years: YEARS.map(|_| OnceLock::new()).collect(),
        })
    }

    /// Seconds of business time in `[a, b)`, both cut to whole seconds; nothing if `b` is earlier.
    pub fn elapsed(&self, a: Timestamp, b: Timestamp) -> u64 {
        self.elapsed_s(a.seconds(), b.seconds())
    }

    /// The earliest instant by which `target_s` of business time has elapsed since `start`; `None`
    /// when that is not within ten years.
    pub fn due(&self, start: Timestamp, target_s: u64) -> Option<Timestamp> {
        self.due_s(start.seconds(), target_s).map(Timestamp::from_seconds)
    }

    pub fn is_open(&self, t: Timestamp) -> bool {
        self.elapsed_s(t.seconds(), t.seconds().saturating_add(1)) == 1
    }

    /// `t` itself when open, else the next opening within ten years.
    pub fn open_from(&self, t: Timestamp) -> Option<Timestamp> {
        let first_second = self.due_s(t.seconds(), 1)?;
        Some(Timestamp::from_seconds(first_second - 1))
    }

    /// The first instant of a local date: when a letter postmarked that day was spoken.
    pub fn start_of_day(&self, date: NaiveDate) -> Timestamp {
        let midnight = date.and_time(NaiveTime::MIN);
        // Where the clocks jump over midnight, the day starts at the first time that exists.
        let quarters =
            (0..96).filter_map(|q| midnight.checked_add_signed(chrono::TimeDelta::minutes(15 * q)));
        let first = quarters.filter_map(|local| self.zone.from_local_datetime(&local).earliest()).next();
        Timestamp::from_seconds(first.map_or_else(|| midnight.and_utc().timestamp(), |t| t.timestamp()))
    }

    pub(super) fn elapsed_s(&self, a: i64, b: i64) -> u64 {
        if b <= a {
            return 0;
        }
        let (first, last) = (year_of(a), year_of(b));
        let total: i64 = (first..=last)
            .map(|y| self.year(y).map_or(0, |year| span_of(year, y == first, y == last, a, b)))
            .sum();
        total.unsigned_abs()
    }

    pub(super) fn due_s(&self, start: i64, target_s: u64) -> Option<i64> {
        if target_s == 0 {
            return Some(start);
        }
        let end = start.checked_add(HORIZON_S)?;
        let mut left = i64::try_from(target_s).ok()?;
        for number in year_of(start)..=year_of(end) {
            let Some(year) = self.year(number) else { continue };
            let skipped = year.before(start);
            if year.total - skipped >= left {
                return year.reaching(skipped + left).filter(|due| *due <= end);
            }
            left -= year.total - skipped;
        }
        None
    }

    fn year(&self, number: i32) -> Option<&Year> {
        let index = usize::try_from(number - YEARS.start()).ok()?;
        Some(self.years.get(index)?.get_or_init(|| self.work_out(number)))
    }

    fn work_out(&self, number: i32) -> Year {
        let (start, end) = (year_start(number), year_start(number + 1));
        let offsets = offset_spans(self.zone, start, end);
        let mut pieces = Vec::new();
        // Local dates run up to a day ahead of and behind UTC (more where a zone crossed the date line).
        let first_day = NaiveDate::from_ymd_opt(number, 1, 1).unwrap_or_default() - Days::new(2);
        for date in first_day.iter_days().take(370) {
            let day_start = date.and_time(NaiveTime::MIN).and_utc().timestamp();
            for Opening(from, to) in self.openings_on(date) {
                let from = day_start + i64::from(from.minutes()) * 60;
                let to = day_start + i64::from(to.minutes()) * 60;
                for &(span_from, span_to, offset) in &offsets {
                    let piece = (span_from.max(from - offset), span_to.min(to - offset));
                    if piece.0 < piece.1 {
                        pieces.push(piece);
                    }
                }
            }
        }
        join(pieces)
    }

    fn openings_on(&self, date: NaiveDate) -> &[Opening] {
        match self.overrides.get(&date) {
            Some(hours) => hours,
            None => self.weekly.on(date.weekday()),
        }
    }
}

fn span_of(year: &Year, is_first: bool, is_last: bool, a: i64, b: i64) -> i64 {
    let until = if is_last { year.before(b) } else { year.total };
    let from = if is_first { year.before(a) } else { 0 };
    until - from
}

/// The UTC year of an instant, just outside the covered years for everything beyond them.
fn year_of(t: i64) -> i32 {
    let (first, last) = (*YEARS.start(), *YEARS.end());
    if t < year_start(first) {
        first - 1
    } else if t >= year_start(last + 1) {
        last + 1
    } else {
        DateTime::from_timestamp(t, 0).map_or(last + 1, |t| t.year())
    }
}

fn year_start(number: i32) -> i64 {
    NaiveDate::from_ymd_opt(number, 1, 1).unwrap_or_default().and_time(NaiveTime::MIN).and_utc().timestamp()
}

fn offset_at(zone: Tz, t: i64) -> i64 {
    let utc: NaiveDateTime = DateTime::from_timestamp(t, 0).unwrap_or_default().naive_utc();
    i64::from(zone.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

/// `[start, end)` cut where the zone's offset from UTC changes: `(from, to, offset)`.
fn offset_spans(zone: Tz, start: i64, end: i64) -> Vec<(i64, i64, i64)> {
    let mut spans = Vec::new();
    let (mut from, mut offset) = (start, offset_at(zone, start));
    let mut seen = start;
    while seen < end {
        let ahead = (seen + OFFSET_STEP_S).min(end);
        let then = offset_at(zone, ahead);
        if then != offset {
            let change = first_with_another_offset(zone, seen, ahead, offset);
            spans.push((from, change, offset));
            (from, offset) = (change, offset_at(zone, change));
            seen = change;
        } else {
            seen = ahead;
        }
    }
    if from < end {
        spans.push((from, end, offset));
    }
    spans
}

fn first_with_another_offset(zone: Tz, mut same: i64, mut other: i64, offset: i64) -> i64 {
    while other - same > 1 {
        let middle = same + (other - same) / 2;
        if offset_at(zone, middle) == offset { same = middle } else { other = middle }
    }
    other
}

/// Sorts (a repeated hour yields its second pass out of order) and joins what touches.
fn join(mut pieces: Vec<(i64, i64)>) -> Year {
    pieces.sort_unstable();
    let mut spans: Vec<Span> = Vec::with_capacity(pieces.len());
    let mut total = 0;
    for (from, to) in pieces {
        match spans.last_mut() {
            Some(last) if last.to == from => last.to = to,
            _ => spans.push(Span { from, to, before: total }),
        }
        total += to - from;
    }
    Year { spans, total }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(json: &str) -> CompiledCalendar {
        CompiledCalendar::new(&serde_json::from_str(json).expect("a calendar")).expect("a working calendar")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    fn berlin_sundays() -> CompiledCalendar {
        compiled(r#"{"timezone":"Europe/Berlin","weekly":{"sun":[["01:00","04:00"]]},"overrides":[]}"#)
    }

    #[test]
    fn both_passes_of_the_repeated_hour_count_and_the_skipped_one_does_not() {
        let calendar = berlin_sundays();
        let day = |from, to| calendar.elapsed(at(from), at(to));
        assert_eq!(day("2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"), 4 * 3600);
        assert_eq!(day("2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z"), 2 * 3600);
    }

    #[test]
    fn a_day_that_a_zone_skipped_has_no_business_time() {
        let samoa = compiled(
            r#"{"timezone":"Pacific/Apia","weekly":{"thu":[["09:00","10:00"]],"fri":[["00:00","24:00"]],"sat":[["09:00","10:00"]]},"overrides":[]}"#,
        );
        assert_eq!(samoa.elapsed(at("2011-12-29T00:00:00Z"), at("2012-01-01T00:00:00Z")), 2 * 3600);
    }

    #[test]
    fn a_target_used_up_at_closing_time_is_due_at_closing() {
        let calendar = compiled(
            r#"{"timezone":"UTC","weekly":{"mon":[["09:00","17:00"]],"tue":[["09:00","17:00"]]},"overrides":[]}"#,
        );
        assert_eq!(calendar.due(at("2026-06-01T16:00:00Z"), 3600), Some(at("2026-06-01T17:00:00Z")));
        assert_eq!(calendar.due(at("2026-06-01T16:00:00Z"), 3601), Some(at("2026-06-02T09:00:01Z")));
        assert_eq!(calendar.open_from(at("2026-06-01T17:00:00Z")), Some(at("2026-06-02T09:00:00Z")));
        assert_eq!(calendar.open_from(at("2026-06-01T16:59:00Z")), Some(at("2026-06-01T16:59:00Z")));
        assert!(
            calendar.is_open(at("2026-06-01T16:59:59Z")) && !calendar.is_open(at("2026-06-01T17:00:00Z"))
        );
    }

    #[test]
    fn what_never_comes_within_ten_years_is_not_due() {
        let once = compiled(
            r#"{"timezone":"UTC","weekly":{},"overrides":[{"date":"2026-05-01","hours":[["10:00","12:00"]]},{"date":"2040-05-01","hours":[["10:00","12:00"]]}]}"#,
        );
        assert_eq!(once.due(at("2026-01-01T00:00:00Z"), 7200), Some(at("2026-05-01T12:00:00Z")));
        assert_eq!(once.due(at("2026-01-01T00:00:00Z"), 7201), None);
    }

    #[test]
    fn extreme_instants_and_targets_are_answered_not_panicked_over() {
        let calendar = berlin_sundays();
        let far = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX].map(Timestamp::from_millis);
        for a in far {
            for b in far {
                calendar.elapsed(a, b);
            }
            for target in [0, 1, u64::MAX] {
                calendar.due(a, target);
            }
            calendar.is_open(a);
            calendar.open_from(a);
        }
        for date in [NaiveDate::MIN, NaiveDate::MAX] {
            calendar.start_of_day(date);
        }
    }

    #[test]
    fn a_letters_day_starts_at_its_first_local_instant() {
        let calendar = berlin_sundays();
        let date = |d: &str| d.parse::<NaiveDate>().expect(d);
        assert_eq!(calendar.start_of_day(date("2026-06-01")), at("2026-05-31T22:00:00Z"));
        let cairo =
            compiled(r#"{"timezone":"Africa/Cairo","weekly":{"mon":[["09:00","10:00"]]},"overrides":[]}"#);
        assert_eq!(cairo.start_of_day(date("2026-04-24")), at("2026-04-23T22:00:00Z"), "midnight is skipped");
    }
}
