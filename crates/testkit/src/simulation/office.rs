//! Who works there, in which teams, and what customers and the world have to do with them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::{Calendar, Policy, Priority, Targets, Terms};
use evendesk_domain::event::Event;
use evendesk_domain::id::{AccountId, CommandId, DeviceId, MessageId, TeamId, TermsId, UserId, WorkspaceId};
use evendesk_domain::inbound::Inbound;
use evendesk_domain::settings::{AccountSettings, MailSettings, Role};
use evendesk_domain::stream::StreamId;
use evendesk_journal::{Founding, Journal, Session, SqliteJournal};
use evendesk_protocol::Outcome;
use evendesk_protocol::limits::TAILED_EVENTS;
use evendesk_server::writer::{Ask, Work};
use uuid::Uuid;

use super::chance::Chance;
use super::desk::Desk;
use super::ledger::Ledger;
use super::node::Node;
use super::trace::Trace;
use super::{BEGAN, Next, World};

const TERMS: TermsId = TermsId(Uuid::from_u128(2));
pub const ACCOUNT: AccountId = AccountId(Uuid::from_u128(3));
pub const TEAMS: [TeamId; 3] =
    [TeamId(Uuid::from_u128(11)), TeamId(Uuid::from_u128(12)), TeamId(Uuid::from_u128(13))];

#[derive(Default)]
pub struct Office {
    pub people: Vec<(UserId, Role, Vec<TeamId>)>,
    /// All that customers ever wrote.
    pub mails: Vec<Inbound>,
    pub accounts_team: usize,
    /// A journal up to this long is sent whole to a desk that begins; parts of a snapshot end after so many.
    pub tailed_events: u64,
    pub part_streams: Option<usize>,
    /// What watchers were not told the end of: they ask again.
    pub undone: Vec<Ask>,
    /// Answers handed over to the world, with in which era last.
    pub sent: BTreeMap<MessageId, u32>,
    /// Words that were ever in the journal, and how far it has been read for them.
    pub words: BTreeSet<String>,
    pub read_to: u64,
    /// The first final answer that any desk got to a command, in each era.
    pub told: BTreeMap<(u32, CommandId), Outcome>,
}

impl World {
    pub(super) fn new(seed: u64, folder: std::path::PathBuf, aloud: bool) -> Self {
        let journal = open_journal(&folder.join("journal.db"));
        Self {
            chance: Chance::new(seed),
            trace: Trace::new(aloud),
            now_ms: 0,
            next: BTreeMap::new(),
            scheduled: 0,
            folder,
            journal,
            nodes: Vec::new(),
            desks: Vec::new(),
            connections: BTreeMap::new(),
            connected: 0,
            ledger: Ledger::default(),
            office: Office { tailed_events: TAILED_EVENTS, ..Office::default() },
            past: super::restore::Past::default(),
            began: None,
            calm: false,
            said: 0,
            broken: Vec::new(),
            done: std::collections::BTreeSet::new(),
        }
    }

    pub(super) fn furnish(&mut self) {
        let founding = Founding {
            id: WorkspaceId(self.chance.id()),
            name: "Office".into(),
            incarnation: self.chance.id(),
            submit_key: "key".into(),
            at: BEGAN,
        };
        self.journal.found(&founding).expect("the journal is empty");
        self.hire();
        self.choose_how_desks_begin();
        let nodes = 1 + self.chance.index(3);
        self.nodes = (0..nodes).map(|n| Node::new(self.folder.join(format!("node{n}")))).collect();
        for node in 0..nodes {
            self.start_node(node);
        }
        let given = Work::Given(self.settings());
        if let Some(up) = self.nodes[0].up.as_mut() {
            up.scribe.write(&[Ask { work: given, at: None }], BEGAN).expect("the settings are written");
        }
        (1..nodes).for_each(|n| self.look(n));
        self.place_desks();
        for (ms, next) in
            [(500, Next::Mail), (9_000, Next::Manage), (2_000, Next::Deliver), (4_000, Next::Fault)]
        {
            self.after(ms, next);
        }
        self.plan_a_loss();
        self.plan_upgrades();
    }

    fn hire(&mut self) {
        self.office.people.push((UserId(Uuid::from_u128(100)), Role::Supervisor, vec![TEAMS[0]]));
        for n in 0..3 {
            let mut teams = vec![TEAMS[self.chance.index(2)]];
            if self.chance.one_in(3) {
                teams.push(TEAMS[2]);
            }
            self.office.people.push((UserId(Uuid::from_u128(101 + n)), Role::Agent, teams));
        }
    }

    fn settings(&self) -> Vec<(StreamId, Event)> {
        let mut all =
            vec![(TERMS.into(), Event::TermsSaved { name: "standard".into(), terms: Box::new(terms()) })];
        for (n, team) in TEAMS.iter().enumerate() {
            all.push(((*team).into(), Event::TeamSaved { name: format!("Team {n}"), terms: TERMS }));
        }
        for (user, role, teams) in &self.office.people {
            let (name, login) = (format!("Agent {user}"), user.to_string());
            all.push(((*user).into(), Event::UserSaved { name, login, role: *role, teams: teams.clone() }));
        }
        all.push((ACCOUNT.into(), Event::AccountSaved { settings: Box::new(account(TEAMS[0])) }));
        all
    }

    fn place_desks(&mut self) {
        let desks = 2 + self.chance.index(3);
        for n in 0..desks {
            // One of the last two may be somebody's second desk.
            let person = if n == 3 { self.chance.index(3) } else { n };
            let user = self.office.people[person].0;
            let device = self.chance.id();
            let mut digest = [0; 32];
            digest[0] = u8::try_from(n + 1).unwrap_or(1);
            self.journal
                .open_session(&Session {
                    digest,
                    user,
                    device: DeviceId(device),
                    device_name: format!("desk {n}"),
                    opened_at: BEGAN,
                    seen_at: BEGAN,
                    expires_at: BEGAN.plus_seconds(90 * 86_400),
                })
                .expect("a session opens");
            let mut desk = Desk::new(self.folder.join(format!("desk{n}")), user, digest, device);
            desk.clock_off_ms = self.chance.between(-2_000, 2_000);
            self.desks.push(desk);
            if n > 0 && self.chance.one_in(3) {
                // It is there, and opened for the first time later.
                let ms = self.chance.between(20_000, 150_000);
                self.after(ms, Next::Reopen { desk: n });
            } else {
                self.open_desk(n);
                self.signs_in(n);
            }
            let ms = self.chance.between(1_000, 6_000);
            self.after(ms, Next::Work { desk: n });
        }
    }

    fn signs_in(&mut self, desk: usize) {
        let user = self.desks[desk].user;
        let up = self.nodes[0].up.as_ref().expect("a node is up");
        let agent =
            up.readers.get().and_then(|r| r.agent(user)).expect("a replica is read").expect("they are hired");
        let done = self.with_core(desk, |core, now| core.sign_in(agent, now).map(|a| ((), a)));
        assert!(matches!(done, Some(Ok(()))), "a desk signs in");
    }
}

pub fn open_journal(path: &Path) -> Arc<SqliteJournal> {
    Arc::new(SqliteJournal::open(path).expect("a journal opens").shared())
}

pub fn account(team: TeamId) -> AccountSettings {
    AccountSettings {
        channel: Channel::Email,
        name: "support".into(),
        address: "support@shop.example".into(),
        team,
        imap: None,
        smtp: None,
        user: None,
        webhook: None,
        mail: MailSettings::default(),
    }
}

/// An hour for everything, round the clock.
fn terms() -> Terms {
    let day = serde_json::json!([["00:00", "24:00"]]);
    let calendar: Calendar = serde_json::from_value(serde_json::json!({
        "timezone": "UTC",
        "weekly": { "mon": day, "tue": day, "wed": day, "thu": day, "fri": day, "sat": day, "sun": day },
        "overrides": []
    }))
    .expect("this is a calendar");
    let targets = Targets { first_response: Some(3600), next_response: Some(3600), resolution: Some(86_400) };
    let targets = Priority::ALL.into_iter().map(|p| (p, targets)).collect();
    Terms { calendar, policy: Policy { targets, at_risk: 0.75, pause_resolution_on_hold: false } }
}
