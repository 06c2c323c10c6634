//! The sample stories as they are written down, read into steps. The texts are beside this file, meant
//! to be read and added to.
//!
//! A story begins with `== customer | team | how long ago | channel | subject`. Each line after it is one
//! step: `+` and the time since the step before, who, and what:
//!
//! * `<` the customer writes, on the story's channel
//! * `mia>` Mia answers; `mia#` notes; `mia~ in answered 4m follow: …` logs a call
//! * `mia! resolve` does something: `assign`, `resolve`, `wait`, `hold`, `low`, `high`, `urgent`
//!
//! `¶` begins a new line.

use evendesk_domain::channel::Channel;
use evendesk_domain::event::{CallDirection, CallOutcome};

/// A sample customer.
#[derive(Clone, Debug)]
pub struct Person {
    pub key: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    pub phone: &'static str,
    pub handle: &'static str,
}

#[derive(Clone, Debug)]
pub struct Story {
    pub customer: &'static str,
    pub team: &'static str,
    pub age_s: i64,
    pub channel: Channel,
    pub subject: String,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub after_s: i64,
    pub act: Act,
}

#[derive(Clone, Debug)]
pub enum Act {
    Write(String),
    Reply { agent: &'static str, text: String },
    Note { agent: &'static str, text: String },
    Call { agent: &'static str, call: Call },
    Do { agent: &'static str, what: &'static str },
}

#[derive(Clone, Debug)]
pub struct Call {
    pub direction: CallDirection,
    pub outcome: CallOutcome,
    pub seconds: i64,
    pub follow_up: bool,
    pub note: String,
}

impl Story {
    /// Whether it ends with nothing left to do.
    pub fn is_over(&self) -> bool {
        matches!(self.steps.last(), Some(Step { act: Act::Do { what: "resolve", .. }, .. }))
    }

    pub fn lasts_s(&self) -> i64 {
        self.steps.iter().map(|s| s.after_s).sum()
    }
}

/// What is wrong with the texts; a test reads them all.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the sample texts: {what}")]
pub struct BadText {
    line: usize,
    what: &'static str,
}

pub fn people() -> Vec<Person> {
    let person = |line: &'static str| {
        let mut fields = line.split('|').map(str::trim);
        let mut field = || fields.next().unwrap_or_default();
        Person { key: field(), name: field(), email: field(), phone: field(), handle: field() }
    };
    include_str!("people.txt").lines().filter(|l| !l.trim().is_empty()).map(person).collect()
}

pub fn stories() -> Result<Vec<Story>, BadText> {
    let mut stories: Vec<Story> = Vec::new();
    for (index, line) in include_str!("stories.txt").lines().enumerate() {
        let bad = |what| BadText { line: index + 1, what };
        if line.trim().is_empty() {
            continue;
        }
        match line.strip_prefix("== ") {
            Some(head) => stories.push(begin(head).ok_or_else(|| bad("that is not how a story begins"))?),
            None => {
                let step = step(line).ok_or_else(|| bad("that is not a step"))?;
                stories.last_mut().ok_or_else(|| bad("a step before any story"))?.steps.push(step);
            }
        }
    }
    Ok(stories)
}

fn begin(head: &'static str) -> Option<Story> {
    let fields: Vec<&str> = head.split('|').map(str::trim).collect();
    let [customer, team, age, channel, subject] = fields.as_slice() else { return None };
    let channel = match *channel {
        "form" => Channel::WebForm,
        name => Channel::from_name(name)?,
    };
    let age_s = seconds(&age.replace(' ', ""))?;
    Some(Story { customer, team, age_s, channel, subject: (*subject).to_owned(), steps: Vec::new() })
}

fn step(line: &'static str) -> Option<Step> {
    let (after, rest) = line.strip_prefix('+')?.split_once(' ')?;
    let after_s = seconds(after)?;
    if let Some(text) = rest.strip_prefix("< ") {
        return Some(Step { after_s, act: Act::Write(lines(text)) });
    }
    let (who, what) = rest.split_once(' ')?;
    let agent = who.get(..who.len().checked_sub(1)?)?;
    let act = match who.chars().last()? {
        '>' => Act::Reply { agent, text: lines(what) },
        '#' => Act::Note { agent, text: lines(what) },
        '!' => Act::Do { agent, what },
        '~' => Act::Call { agent, call: call(what)? },
        _ => return None,
    };
    Some(Step { after_s, act })
}

fn call(text: &str) -> Option<Call> {
    let (head, note) = text.split_once(':').unwrap_or((text, ""));
    let mut words = head.split_whitespace();
    let direction = match words.next()? {
        "in" => CallDirection::Inbound,
        "out" => CallDirection::Outbound,
        _ => return None,
    };
    let outcome = match words.next()? {
        "answered" => CallOutcome::Answered,
        "missed" => CallOutcome::Missed,
        "voicemail" => CallOutcome::Voicemail,
        "reached" => CallOutcome::Reached,
        _ => return None,
    };
    let seconds = words.next().map_or(Some(20), seconds)?;
    let follow_up = words.next() == Some("follow");
    Some(Call { direction, outcome, seconds, follow_up, note: note.trim().to_owned() })
}

/// `1d2h3m` and parts of it.
fn seconds(text: &str) -> Option<i64> {
    let mut total = 0;
    let mut digits = String::new();
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                digits.push(c);
                continue;
            }
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        total += digits.parse::<i64>().ok()? * unit;
        digits.clear();
    }
    digits.is_empty().then_some(total)
}

pub fn lines(text: &str) -> String {
    text.replace(" ¶ ", "\n").replace('¶', "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_story_can_be_told_by_now_and_is_about_someone_known() {
        let people = people();
        assert_eq!(people.len(), 40);
        for story in stories().unwrap() {
            assert!(people.iter().any(|p| p.key == story.customer), "{}", story.customer);
            assert!(story.lasts_s() <= story.age_s, "{} is not over yet", story.subject);
            assert!(!story.steps.is_empty());
        }
    }

    #[test]
    fn all_five_channels_have_a_story_that_is_open() {
        let open: Vec<Channel> =
            stories().unwrap().iter().filter(|s| !s.is_over()).map(|s| s.channel).collect();
        for channel in Channel::ALL {
            assert!(open.contains(&channel), "{}", channel.name());
        }
    }
}
