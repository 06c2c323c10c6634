//! What a first start makes, so that there is something to work with: a workspace, what it promises,
//! and a first team. People come by `user add`, or from the app that starts the server in itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use evendesk_domain::clock::{Calendar, Opening, Policy, Priority, Targets, Terms, TimeOfDay, Weekly};
use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::id::{TeamId, TermsId, UserId, WorkspaceId};
use evendesk_domain::settings::Role;
use evendesk_domain::time::Timestamp;
use evendesk_journal::{Founding, Journal};
use evendesk_protocol::Outcome;
use uuid::Uuid;

use crate::auth::secret;
use crate::clock::Clock;
use crate::http::HttpError;
use crate::state::App;
use crate::store::StoreError;
use crate::writer::{Ask, Scribe, Work};

/// The login of whoever uses Evendesk on the computer that it runs on.
pub const LOCAL_LOGIN: &str = "admin";

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 86_400;

/// Makes the workspace if there is none; returns whether it did.
pub fn found(journal: &dyn Journal, name: &str, now: Timestamp) -> Result<bool, StoreError> {
    if journal.workspace()?.is_some() {
        return Ok(false);
    }
    let made = journal.found(&Founding {
        id: WorkspaceId(Uuid::now_v7()),
        name: name.to_owned(),
        incarnation: Uuid::new_v4(),
        submit_key: secret().map_err(|_| StoreError::NoRandomness)?,
        at: now,
    });
    match made {
        // Another node was quicker.
        Err(evendesk_journal::Error::AlreadyFounded) => Ok(false),
        made => Ok(made.map(|()| true)?),
    }
}

/// One node at a time makes what a first start makes, so that nothing is made twice.
pub struct Turn {
    journal: Arc<dyn Journal>,
    holder: Uuid,
}

impl Turn {
    const NAME: &str = "first start";
    /// A node that died meanwhile keeps the others waiting no longer.
    const TTL_S: i64 = 15;

    /// Waits for it where nodes share the journal.
    pub fn wait(journal: &Arc<dyn Journal>, clock: &Clock) -> Result<Option<Self>, StoreError> {
        if !journal.is_shared() {
            return Ok(None);
        }
        let turn = Self { journal: Arc::clone(journal), holder: Uuid::new_v4() };
        while !journal.take_lease(
            Self::NAME,
            turn.holder,
            journal.time()?.unwrap_or_else(|| clock.now()),
            Self::TTL_S,
        )? {
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(Some(turn))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // It runs out by itself if this fails.
        let _ = self.journal.release_lease(Self::NAME, self.holder);
    }
}

/// Gives a workspace without a team its first one.
pub fn first_team(scribe: &mut Scribe, now: Timestamp) -> Result<TeamId, StoreError> {
    if let Some(team) = scribe.replica().reader()?.world_kept().default_team().map_err(lookup)? {
        return Ok(team.id);
    }
    let terms = TermsId(Uuid::now_v7());
    let team = TeamId(Uuid::now_v7());
    let office = Terms { calendar: office_hours(&local_zone()), policy: policy() };
    let save_terms = CommandBody::SaveTerms { id: terms, name: "Office hours".into(), terms: office };
    operate(scribe, save_terms, now)?;
    operate(scribe, CommandBody::SaveTeam { id: team, name: "Support".into(), terms }, now)?;
    Ok(team)
}

/// The person at this computer: made as an admin at the first time.
pub async fn local_user(app: &App, name: &str) -> Result<UserId, HttpError> {
    let (known, team) = {
        let reader = app.readers.get()?;
        let world = reader.world_kept();
        (world.user_by_login(LOCAL_LOGIN)?, world.default_team()?)
    };
    if let Some(user) = known {
        return Ok(user.id);
    }
    let id = UserId(Uuid::now_v7());
    let name = if name.trim().is_empty() { "Me" } else { name.trim() }.to_owned();
    let teams = team.map(|t| t.id).into_iter().collect();
    let body = CommandBody::SaveUser { id, name, login: LOCAL_LOGIN.into(), role: Role::Admin, teams };
    match app.writer.settle(Work::Operator(Box::new(body))).await? {
        Outcome::Refused { sentence, .. } => Err(HttpError::Invalid(sentence)),
        _ => Ok(id),
    }
}

/// Carries out what whoever holds the folder asks for.
pub fn operate(scribe: &mut Scribe, body: CommandBody, now: Timestamp) -> Result<(), StoreError> {
    let ask = Ask { work: Work::Operator(Box::new(body)), at: None };
    match scribe.write(&[ask], now)?.into_iter().next() {
        Some(Ok(Outcome::Refused { sentence, .. })) => Err(StoreError::Refused(sentence)),
        Some(Err(undecided)) => Err(StoreError::Refused(undecided.to_string())),
        _ => Ok(()),
    }
}

fn lookup(e: evendesk_domain::decide::LookupFailed) -> StoreError {
    StoreError::Refused(e.to_string())
}

/// Monday to Friday, nine to five.
pub fn office_hours(timezone: &str) -> Calendar {
    let opening = |from: u16, to: u16| {
        let time = |hour: u16| TimeOfDay::from_minutes(hour * 60).unwrap_or(TimeOfDay::MIDNIGHT);
        vec![Opening(time(from), time(to))]
    };
    let day = || opening(9, 17);
    let weekly = Weekly { mon: day(), tue: day(), wed: day(), thu: day(), fri: day(), ..Weekly::default() };
    Calendar { timezone: timezone.to_owned(), weekly, overrides: Vec::new() }
}

/// Two hours for a first answer, four for the next, three working days in all; sooner when it presses.
pub fn policy() -> Policy {
    let targets = |first: u64, next: u64, resolution: u64| Targets {
        first_response: Some(first),
        next_response: Some(next),
        resolution: Some(resolution),
    };
    let working_day = 8 * HOUR_S;
    Policy {
        targets: BTreeMap::from([
            (Priority::Low, targets(8 * HOUR_S, 16 * HOUR_S, 10 * working_day)),
            (Priority::Normal, targets(2 * HOUR_S, 4 * HOUR_S, 3 * working_day)),
            (Priority::High, targets(HOUR_S, 2 * HOUR_S, 2 * working_day)),
            (Priority::Urgent, targets(HOUR_S / 2, HOUR_S, working_day)),
        ]),
        at_risk: 0.75,
        pause_resolution_on_hold: true,
    }
}

/// Open at all hours, for what never sleeps and for sample data.
pub fn always(timezone: &str) -> Calendar {
    let day = || vec![Opening(TimeOfDay::MIDNIGHT, TimeOfDay::END_OF_DAY)];
    let weekly =
        Weekly { mon: day(), tue: day(), wed: day(), thu: day(), fri: day(), sat: day(), sun: day() };
    Calendar { timezone: timezone.to_owned(), weekly, overrides: Vec::new() }
}

/// Seconds of `days` on a calendar that is always open.
pub const fn days_s(days: u64) -> u64 {
    days * DAY_S
}

/// This machine's zone, or UTC where it does not say one that we know.
pub fn local_zone() -> String {
    let zone = iana_time_zone::get_timezone().unwrap_or_default();
    let known = Terms { calendar: office_hours(&zone), policy: policy() }.check().is_ok();
    if known { zone } else { "UTC".into() }
}
