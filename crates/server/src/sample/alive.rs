//! Sample customers who keep writing, by the doors that real ones use: raw mail through the function that
//! IMAP fetching calls, forms through their check, mentions signed and posted. Some answer when they are
//! answered; colleagues take care of what would pile up.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, sleep_until};

use super::Answered;
use super::colleagues;
use super::doors::Doors;
use super::small_talk::{self, Talk};
use super::story::{self, Person};
use crate::state::App;
use crate::watch::Lease;

/// How long nobody says anything, in seconds.
const QUIET_S: std::ops::Range<u64> = 20..40;
/// How long a customer takes to answer, in seconds.
const ANSWERS_IN_S: std::ops::Range<u64> = 12..50;
/// Customers waiting at once, beyond which colleagues answer before anybody else writes.
const CROWD: usize = 26;

const THANKS: [&str; 6] = [
    "Thank you, that is exactly what I needed.",
    "Perfect, thanks for the quick answer!",
    "That works for me. Thank you and have a good day.",
    "Vielen Dank, das hilft mir sehr!",
    "Thanks! One more thing: does the same hold for the smaller one?",
    "Hm, I am not sure I understand. Could you explain that once more, for a beginner?",
];

struct Life {
    app: App,
    doors: Doors,
    people: Vec<Person>,
    talks: Vec<Talk>,
    random: StdRng,
    /// Customers about to answer.
    answers: Vec<(Instant, Answered)>,
}

pub async fn live(app: App) {
    let Some(doors) = Doors::find(&app) else {
        return tracing::warn!("this is no sample workspace, so nobody writes by themselves");
    };
    let mut lease = Lease::new(app.clone(), "sample customers".into());
    let mut stopping = app.stopping.clone();
    let mut answered = app.sample_answers.subscribe();
    let random = StdRng::seed_from_u64(app.clock.now().millis().unsigned_abs());
    let (people, talks) = (story::people(), small_talk::all());
    let mut life = Life { app, doors, people, talks, random, answers: Vec::new() };
    let mut next = Instant::now() + Duration::from_secs(6);
    loop {
        let soonest = life.answers.iter().map(|(at, _)| *at).chain([next]).min().unwrap_or(next);
        tokio::select! {
            Ok(answer) = answered.recv() => life.hear(answer),
            () = sleep_until(soonest) => {
                if lease.hold().await {
                    life.speak(next).await;
                }
                if next <= Instant::now() {
                    next = Instant::now() + life.pause(QUIET_S);
                }
            }
            _ = stopping.changed() => return,
        }
    }
}

impl Life {
    fn pause(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_secs(self.random.random_range(range))
    }

    /// Not everybody answers.
    fn hear(&mut self, answer: Answered) {
        if self.random.random_ratio(3, 5) {
            let at = Instant::now() + self.pause(ANSWERS_IN_S);
            self.answers.push((at, answer));
        }
    }

    async fn speak(&mut self, next: Instant) {
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.answers).into_iter().partition(|(at, _)| *at <= now);
        self.answers = later;
        let due: Vec<(Instant, Answered)> = due;
        for (_, answer) in due {
            self.answer(&answer).await;
        }
        if next <= now {
            self.something_happens().await;
        }
    }

    async fn something_happens(&mut self) {
        let waiting = colleagues::waiting(&self.app);
        let dice = self.random.random_range(0..100);
        if waiting.len() > CROWD || (dice < 25 && waiting.len() > CROWD / 2) {
            return colleagues::help(&self.app, &self.doors, &waiting, &mut self.random).await;
        }
        let person = self.people[self.random.random_range(0..self.people.len())].clone();
        let talk = self.random.random_range(0..self.talks.len());
        let Talk { channel, team, subject, says, .. } = &self.talks[talk];
        let thing = small_talk::thing(&mut self.random);
        let say = |text: &str| story::lines(&text.replace("{thing}", thing));
        let came = self.doors.comes(&self.app, &person, *channel, team, &say(subject), &say(says)).await;
        if let Err(e) = came {
            tracing::warn!("a sample customer was not heard: {e}");
        }
    }

    async fn answer(&mut self, answer: &Answered) {
        let Some(person) = self.doors.customer(&self.app, answer.conversation, &self.people) else { return };
        let words = THANKS[self.random.random_range(0..THANKS.len())];
        if let Err(e) = self.doors.answers(&self.app, person, &answer.reply, words).await {
            tracing::warn!("a sample customer's answer was not heard: {e}");
        }
    }
}
