//! The ordinary days behind the stories: short matters, answered and over, spread over four weeks.

use evendesk_domain::channel::Channel;
use evendesk_domain::event::{CallDirection, CallOutcome};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::story::{Act, Call, Person, Step, Story, lines};

const MATTERS: usize = 190;
const DAY_S: i64 = 86_400;
const MINUTE_S: i64 = 60;
/// The same days for everyone.
const SEED: u64 = 1815;

pub struct Talk {
    pub channel: Channel,
    pub team: &'static str,
    pub subject: &'static str,
    pub says: &'static str,
    pub answer: &'static str,
}

pub fn all() -> Vec<Talk> {
    include_str!("small_talk.txt").lines().filter_map(talk).collect()
}

fn talk(line: &'static str) -> Option<Talk> {
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    let [channel, team, subject, says, answer] = fields.as_slice() else { return None };
    let channel = if *channel == "form" { Channel::WebForm } else { Channel::from_name(channel)? };
    Some(Talk { channel, team, subject, says, answer })
}

pub fn thing(random: &mut StdRng) -> &'static str {
    let things: Vec<&str> = include_str!("things.txt").lines().collect();
    things[random.random_range(0..things.len())]
}

/// Matters that do not meet the stories: nobody has two at a time.
pub fn history(people: &[Person], stories: &[Story]) -> Vec<Story> {
    let mut random = StdRng::seed_from_u64(SEED);
    let talks = all();
    let mut told: Vec<Story> = Vec::new();
    while told.len() < MATTERS {
        let talk = &talks[random.random_range(0..talks.len())];
        let person = &people[random.random_range(0..people.len())];
        let story = matter(&mut random, talk, person);
        let meets = |other: &&Story| other.customer == story.customer && overlap(other, &story);
        if !stories.iter().chain(&told).any(|other| meets(&other)) {
            told.push(story);
        }
    }
    told
}

fn overlap(a: &Story, b: &Story) -> bool {
    // Counted in time ago: a story that is not over lasts until now.
    let end = |s: &Story| if s.is_over() { s.age_s - s.lasts_s() } else { 0 };
    a.age_s >= end(b) && b.age_s >= end(a)
}

fn matter(random: &mut StdRng, talk: &Talk, person: &Person) -> Story {
    let age_s = random.random_range(DAY_S..28 * DAY_S);
    let agent = match talk.team {
        "Support" => "mia",
        "Orders" => "jonas",
        _ => "priya",
    };
    let thing = thing(random);
    let say = |text: &str| lines(&text.replace("{thing}", thing));
    // Most within the two hours, some not: the board has something to tell.
    let minutes =
        if random.random_ratio(9, 10) { random.random_range(6..110) } else { random.random_range(120..260) };
    let done = |after_s| Step { after_s, act: Act::Do { agent, what: "resolve" } };
    let steps = match talk.channel {
        Channel::Phone => {
            let call = Call {
                direction: CallDirection::Inbound,
                outcome: CallOutcome::Answered,
                seconds: random.random_range(60..600),
                follow_up: false,
                note: say(talk.says),
            };
            vec![Step { after_s: 0, act: Act::Call { agent, call } }, done(700)]
        }
        _ => vec![
            Step { after_s: 0, act: Act::Write(say(talk.says)) },
            Step { after_s: minutes * MINUTE_S, act: Act::Reply { agent, text: say(talk.answer) } },
            done(random.random_range(1..300) * MINUTE_S),
        ],
    };
    let subject = say(talk.subject);
    Story { customer: person.key, team: talk.team, age_s, channel: talk.channel, subject, steps }
}
