//! A company of many people in a few teams, made straight into a server's folder, with a sign-in for each:
//! what the load program and the way to another desk are measured on.

use std::path::Path;

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::Terms;
use evendesk_domain::command::{CommandBody, SystemCommand};
use evendesk_domain::id::{
    AccountId, ConversationId, CustomerId, DeviceId, MessageId, TeamId, TermsId, UserId,
};
use evendesk_domain::permission::Agent;
use evendesk_domain::settings::{AccountSettings, MailSettings, Role};
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;
use evendesk_journal::Journal;
use evendesk_server::auth::Token;
use evendesk_server::clock::Clock;
use evendesk_server::founding;
use evendesk_server::store::Store;
use evendesk_server::writer::{Ask, Scribe, Work};
use evendesk_testkit::letter::letter;
use uuid::Uuid;

/// A team, who is in it, and a matter of its that can be worked on.
pub struct Team {
    pub members: Vec<Member>,
    pub conversations: Vec<ConversationId>,
}

/// Someone who is signed in.
pub struct Member {
    pub agent: Agent,
    pub device: DeviceId,
    pub token: String,
}

const CONVERSATIONS_A_TEAM: usize = 10;

/// Fills an empty folder with `teams` teams of `members` people each.
pub fn found(folder: &Path, teams: usize, members: usize) -> Vec<Team> {
    let store = Store::open(&folder.into()).expect("an empty folder");
    let now = Clock::system().now();
    founding::found(&*store.journal, "Crowd", now).expect("a workspace");
    let (_folder, journal, _seal, mut scribe) = store.into_scribe().expect("it is ours to write");
    let terms = TermsId(Uuid::now_v7());
    let always = Terms { calendar: founding::always("UTC"), policy: founding::policy() };
    operate(&mut scribe, now, [CommandBody::SaveTerms { id: terms, name: "Always".into(), terms: always }]);
    (0..teams).map(|index| team(&mut scribe, &*journal, terms, (index, members), now)).collect()
}

fn team(
    scribe: &mut Scribe,
    journal: &dyn Journal,
    terms: TermsId,
    (index, members): (usize, usize),
    now: Timestamp,
) -> Team {
    let (team, account) = (TeamId(Uuid::now_v7()), AccountId(Uuid::now_v7()));
    let users: Vec<UserId> = (0..members).map(|_| UserId(Uuid::now_v7())).collect();
    let people = users.iter().enumerate().map(|(member, id)| CommandBody::SaveUser {
        id: *id,
        name: format!("Person {index}.{member}"),
        login: format!("person-{index}-{member}"),
        role: Role::Agent,
        teams: vec![team],
    });
    let settings = vec![
        CommandBody::SaveTeam { id: team, name: format!("Team {index}"), terms },
        CommandBody::SaveAccount { id: account, settings: mailbox(team, index) },
    ];
    operate(scribe, now, settings.into_iter().chain(people));
    let members = users
        .into_iter()
        .map(|user| Agent { user, name: "Person".into(), role: Role::Agent, teams: vec![team] })
        .map(|agent| member(journal, agent, now))
        .collect();
    let conversations = (0..CONVERSATIONS_A_TEAM)
        .map(|matter| open(scribe, account, &format!("customer-{index}-{matter}@crowd.example"), now))
        .collect();
    Team { members, conversations }
}

fn mailbox(team: TeamId, index: usize) -> AccountSettings {
    AccountSettings {
        channel: Channel::Email,
        name: format!("mailbox {index}"),
        address: format!("team-{index}@crowd.example"),
        team,
        imap: None,
        smtp: None,
        user: None,
        webhook: None,
        mail: MailSettings::default(),
    }
}

/// Signs someone in without a password: deriving 2,000 of those would take minutes.
fn member(journal: &dyn Journal, agent: Agent, now: Timestamp) -> Member {
    let token = Token::draw().expect("random numbers");
    let device = DeviceId(Uuid::new_v4());
    journal
        .open_session(&evendesk_journal::Session {
            digest: token.digest,
            user: agent.user,
            device,
            device_name: "load".into(),
            opened_at: now,
            seen_at: now,
            expires_at: now.plus_seconds(86_400),
        })
        .expect("a session");
    Member { agent, device, token: token.text }
}

fn open(scribe: &mut Scribe, account: AccountId, from: &str, now: Timestamp) -> ConversationId {
    let (message, conversation) = (MessageId(Uuid::now_v7()), ConversationId(Uuid::now_v7()));
    let inbound = letter(account, message, from, "Where is my order?", now);
    let customer = CustomerId(Uuid::now_v7());
    let receive = SystemCommand::Receive { message, customer, conversation, inbound: Box::new(inbound) };
    let ask = Ask { work: Work::System { commands: vec![receive], by: Actor::System }, at: None };
    accepted(&scribe.write(&[ask], now).expect("it is written"));
    conversation
}

fn operate(scribe: &mut Scribe, now: Timestamp, bodies: impl IntoIterator<Item = CommandBody>) {
    let asks: Vec<Ask> =
        bodies.into_iter().map(|body| Ask { work: Work::Operator(Box::new(body)), at: None }).collect();
    accepted(&scribe.write(&asks, now).expect("it is written"));
}

fn accepted(answers: &[evendesk_server::writer::Answer]) {
    for answer in answers {
        assert!(matches!(answer, Ok(evendesk_protocol::Outcome::Accepted { .. })), "{answer:?}");
    }
}
