//! A calendar as people write it down: weekly openings and dates that differ, in a time zone.
//!
//! What it means for instants is in `openings`.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use ts_rs::TS;

/// Openings of one day, weekly or overridden.
const OPENINGS_A_DAY: usize = 48;
/// Dates that differ, in one calendar: ten years of every day.
const OVERRIDES: usize = 3_660;
/// First and last year a calendar knows; outside them nothing is business time.
pub(super) const YEARS: std::ops::RangeInclusive<i32> = 1970..=2199;

/// A wall-clock time to the minute, from `00:00` to `24:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, TS)]
#[ts(as = "String")]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    pub const MIDNIGHT: Self = Self(0);
    pub const END_OF_DAY: Self = Self(24 * 60);

    /// `None` beyond 24:00.
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= 24 * 60 { Some(Self(minutes)) } else { None }
    }

    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = CalendarError;

    /// Reads `HH:MM`; `24:00` is the end of the day.
    fn from_str(text: &str) -> Result<Self, CalendarError> {
        let refused = || CalendarError::Time(text.chars().take(20).collect());
        let &[h1, h2, b':', m1, m2] = text.as_bytes() else { return Err(refused()) };
        let digit = |b: u8| b.is_ascii_digit().then(|| u16::from(b - b'0')).ok_or_else(refused);
        let (hours, minutes) = (digit(h1)? * 10 + digit(h2)?, digit(m1)? * 10 + digit(m2)?);
        if minutes > 59 {
            return Err(refused());
        }
        Self::from_minutes(hours * 60 + minutes).ok_or_else(refused)
    }
}

impl Serialize for TimeOfDay {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// Open from the first time (included) to the second (not included).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Opening(pub TimeOfDay, pub TimeOfDay);

/// The openings of an ordinary week; a day left out is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default, deny_unknown_fields)]
pub struct Weekly {
    pub mon: Vec<Opening>,
    pub tue: Vec<Opening>,
    pub wed: Vec<Opening>,
    pub thu: Vec<Opening>,
    pub fri: Vec<Opening>,
    pub sat: Vec<Opening>,
    pub sun: Vec<Opening>,
}

impl Weekly {
    pub fn on(&self, day: Weekday) -> &[Opening] {
        match day {
            Weekday::Mon => &self.mon,
            Weekday::Tue => &self.tue,
            Weekday::Wed => &self.wed,
            Weekday::Thu => &self.thu,
            Weekday::Fri => &self.fri,
            Weekday::Sat => &self.sat,
            Weekday::Sun => &self.sun,
        }
    }
}

/// A date that differs from its weekday: closed when `hours` is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Override {
    /// Local date.
    #[ts(as = "String")]
    pub date: NaiveDate,
    pub hours: Vec<Opening>,
}

/// When a department works.
///
/// An instant is business time if and only if its local wall-clock time falls inside an opening of
/// its local date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Calendar {
    /// IANA name, as in `Europe/Berlin`.
    pub timezone: String,
    pub weekly: Weekly,
    pub overrides: Vec<Override>,
}

/// Why a calendar cannot be saved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    #[error("“{0}” is not a time of day; write HH:MM, from 00:00 to 24:00")]
    Time(String),
    #[error("“{0}” is not a time zone; write an IANA name such as Europe/Berlin")]
    Zone(String),
    #[error("the calendar has no opening at all, so nothing would ever fall due")]
    NeverOpen,
    #[error(
        "{day}: an opening must end after it starts, on the same day ({from} to {to}); split one that crosses midnight"
    )]
    Backwards { day: String, from: TimeOfDay, to: TimeOfDay },
    #[error("{day}: two openings overlap at {at}")]
    Overlap { day: String, at: TimeOfDay },
    #[error("{0} is listed twice among the dates that differ")]
    DateTwice(NaiveDate),
    #[error("{0} is outside the years a calendar covers, {first} to {last}", first = YEARS.start(), last = YEARS.end())]
    DateFarOff(NaiveDate),
    #[error("{day}: more than {OPENINGS_A_DAY} openings in one day")]
    TooManyOpenings { day: String },
    #[error("more than {OVERRIDES} dates that differ")]
    TooManyOverrides,
}

impl Calendar {
    /// Whether it may be saved, and if not, why.
    pub fn check(&self) -> Result<(), CalendarError> {
        self.zone()?;
        if self.overrides.len() > OVERRIDES {
            return Err(CalendarError::TooManyOverrides);
        }
        let mut open = false;
        for day in WEEK {
            let openings = self.weekly.on(day);
            check_day(openings, &day)?;
            open |= !openings.is_empty();
        }
        let mut dates = std::collections::BTreeSet::new();
        for differing in &self.overrides {
            if !YEARS.contains(&differing.date.year()) {
                return Err(CalendarError::DateFarOff(differing.date));
            }
            if !dates.insert(differing.date) {
                return Err(CalendarError::DateTwice(differing.date));
            }
            check_day(&differing.hours, &differing.date)?;
            open |= !differing.hours.is_empty();
        }
        if open { Ok(()) } else { Err(CalendarError::NeverOpen) }
    }

    pub(super) fn zone(&self) -> Result<chrono_tz::Tz, CalendarError> {
        self.timezone.parse().map_err(|_| CalendarError::Zone(self.timezone.chars().take(60).collect()))
    }
}

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn check_day(openings: &[Opening], day: &dyn fmt::Display) -> Result<(), CalendarError> {
    if openings.len() > OPENINGS_A_DAY {
        return Err(CalendarError::TooManyOpenings { day: day.to_string() });
    }
    if let Some(&Opening(from, to)) = openings.iter().find(|o| o.0 >= o.1) {
        return Err(CalendarError::Backwards { day: day.to_string(), from, to });
    }
    let mut sorted = openings.to_vec();
    sorted.sort_by_key(|o| o.0);
    match sorted.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        Some(pair) => Err(CalendarError::Overlap { day: day.to_string(), at: pair[1].0 }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(json: &str) -> Calendar {
        serde_json::from_str(json).expect("a calendar")
    }

    fn check(weekly: &str, overrides: &str) -> Result<(), String> {
        calendar(&format!(r#"{{"timezone":"UTC","weekly":{weekly},"overrides":{overrides}}}"#))
            .check()
            .map_err(|e| e.to_string())
    }

    #[test]
    fn a_calendar_that_cannot_work_is_refused_in_words() {
        let ok = [
            (r#"{"mon":[["00:00","24:00"]]}"#, "[]"),
            (r#"{"mon":[["13:00","17:00"],["09:00","13:00"]]}"#, "[]"),
            ("{}", r#"[{"date":"2026-05-01","hours":[["10:00","12:00"]]}]"#),
        ];
        for (weekly, overrides) in ok {
            assert_eq!(check(weekly, overrides), Ok(()), "{weekly} {overrides}");
        }
        let refused = [
            ("{}", "[]", "no opening at all"),
            ("{}", r#"[{"date":"2026-05-01","hours":[]}]"#, "no opening at all"),
            (r#"{"mon":[["22:00","06:00"]]}"#, "[]", "split one that crosses midnight"),
            (r#"{"mon":[["09:00","09:00"]]}"#, "[]", "must end after it starts"),
            (r#"{"mon":[["09:00","12:00"],["11:00","13:00"]]}"#, "[]", "Mon: two openings overlap at 11:00"),
            (r#"{"mon":[["09:00","12:00"]]}"#, r#"[{"date":"9999-05-01","hours":[]}]"#, "outside the years"),
            (
                r#"{"mon":[["09:00","12:00"]]}"#,
                r#"[{"date":"2026-05-01","hours":[]},{"date":"2026-05-01","hours":[]}]"#,
                "listed twice",
            ),
        ];
        for (weekly, overrides, why) in refused {
            let said = check(weekly, overrides).expect_err(weekly);
            assert!(said.contains(why), "{said} / {why}");
        }
    }

    #[test]
    fn times_are_read_strictly() {
        for bad in ["9:00", "24:01", "12:60", "", "12-00", "１2:00", "12:000"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
        assert_eq!("24:00".parse(), Ok(TimeOfDay::END_OF_DAY));
    }

    #[test]
    fn an_unknown_zone_is_refused() {
        let calendar =
            calendar(r#"{"timezone":"Mars/Base","weekly":{"mon":[["09:00","10:00"]]},"overrides":[]}"#);
        assert_eq!(calendar.check(), Err(CalendarError::Zone("Mars/Base".into())));
    }
}
