//! The sample company's accounts, found again in its workspace, and how customers come in by them.

use evendesk_channels::email::receive::{Mailbox, RawMail, receive};
use evendesk_channels::intake::{Arrival, Intake, Outcome};
use evendesk_channels::social::signature::{Secret, sign};
use evendesk_channels::web_form;
use evendesk_domain::channel::Channel;
use evendesk_domain::command::{CallDraft, Command, CommandBody};
use evendesk_domain::decide::World;
use evendesk_domain::event::{Call, CallDirection, CallOutcome, Reply};
use evendesk_domain::id::{AccountId, CommandId, ConversationId, CustomerId, MessageId, TeamId, UserId};
use evendesk_domain::settings::AccountSettings;
use uuid::Uuid;

use super::is_sample;
use super::said::{self, Thread};
use super::story::Person;
use crate::http::{HttpError, hook};
use crate::secrets;
use crate::state::App;
use crate::writer::Work;

pub struct Doors {
    accounts: Vec<(AccountId, AccountSettings)>,
    teams: Vec<(TeamId, String)>,
    /// Colleagues of whoever looks around, with the teams they work in.
    pub colleagues: Vec<(UserId, Vec<TeamId>)>,
}

impl Doors {
    /// None where this is not a sample workspace.
    pub fn find(app: &App) -> Option<Self> {
        let reader = app.readers.get().ok()?;
        let directory = reader.directory().ok()?;
        let world = reader.world_kept();
        let settings = |id| Some((id, world.account(id).ok()??.settings));
        let accounts: Vec<_> = directory.accounts.iter().filter_map(|a| settings(a.id)).collect();
        let local = world.user_by_login(crate::founding::LOCAL_LOGIN).ok()?.map(|u| u.id);
        let others = directory.users.iter().filter(|u| Some(u.id) != local);
        let sample = accounts.iter().any(|(_, settings)| is_sample(settings));
        sample.then(|| Self {
            accounts,
            teams: directory.teams.iter().map(|t| (t.id, t.name.clone())).collect(),
            colleagues: others.map(|u| (u.id, u.teams.clone())).collect(),
        })
    }

    fn account(&self, channel: Channel, team: TeamId) -> Option<&(AccountId, AccountSettings)> {
        let on_channel = || self.accounts.iter().filter(move |(_, s)| s.channel == channel);
        on_channel().find(|(_, s)| s.team == team).or_else(|| on_channel().next())
    }

    /// By which an answer on a channel goes out for a team.
    pub fn way_out(&self, channel: Channel, team: TeamId) -> Option<AccountId> {
        self.account(channel, team).map(|(id, _)| *id)
    }

    fn team(&self, name: &str) -> Option<TeamId> {
        self.teams.iter().find(|(_, n)| n == name).map(|(id, _)| *id)
    }

    /// Who of the sample customers a conversation is with.
    pub fn customer<'a>(&self, app: &App, id: ConversationId, people: &'a [Person]) -> Option<&'a Person> {
        let reader = app.readers.get().ok()?;
        let world = reader.world_kept();
        let customer = world.root_customer(world.conversation(id).ok()??.customer).ok()?;
        let known = world.customer(customer).ok()??;
        people.iter().find(|p| known.identities.iter().any(|k| k.identity.value == p.email))
    }

    /// Someone comes with something new.
    pub async fn comes(
        &self,
        app: &App,
        person: &Person,
        channel: Channel,
        team: &str,
        subject: &str,
        text: &str,
    ) -> Result<(), HttpError> {
        let team = self.team(team).ok_or(HttpError::NotFound)?;
        if channel == Channel::Phone {
            return self.rings(app, person, team).await;
        }
        let (account, settings) = self.account(channel, team).ok_or(HttpError::NotFound)?;
        let now = app.clock.now();
        match channel {
            Channel::Email => {
                let to = settings.address.split('@').next().unwrap_or_default();
                let bytes = said::mail(person, to, subject, text, now, &mut Thread::default());
                mailed(app, *account, settings, bytes).await
            }
            Channel::WebForm => {
                let form = said::form(person, subject, text, now);
                let wrong = |e: Vec<web_form::FieldError>| HttpError::Invalid(e[0].says.clone());
                let submitted = web_form::check(&form, *account, now, None).map_err(wrong)?;
                arrived(app, *account, Outcome::Read(Box::new(submitted.inbound))).await
            }
            Channel::Social => mentioned(app, *account, person, text, None).await,
            Channel::Letter | Channel::Phone => {
                let letter = said::letter(person, *account, subject, text, now);
                arrived(app, *account, Outcome::Read(Box::new(letter))).await
            }
        }
    }

    /// Someone answers an answer of ours, the way it came.
    pub async fn answers(
        &self,
        app: &App,
        person: &Person,
        reply: &Reply,
        words: &str,
    ) -> Result<(), HttpError> {
        let found = self.accounts.iter().find(|(id, _)| *id == reply.account);
        let (account, settings) = found.ok_or(HttpError::NotFound)?;
        if reply.channel == Channel::Social {
            return mentioned(app, *account, person, words, reply.thread.as_deref()).await;
        }
        let mut thread = Thread { ids: reply.mail.references.clone() };
        thread.ids.extend(reply.mail.message_id.clone());
        let quoted: Vec<String> = reply.text.lines().map(|line| format!("> {line}")).collect();
        let text =
            format!("{words}\n\n{}\n\n{} wrote:\n{}", person.name, reply.author_name, quoted.join("\n"));
        let to = settings.address.split('@').next().unwrap_or_default();
        let bytes = said::mail(person, to, &reply.subject, &text, app.clock.now(), &mut thread);
        mailed(app, *account, settings, bytes).await
    }

    /// Nobody picks up, and a colleague logs it.
    async fn rings(&self, app: &App, person: &Person, team: TeamId) -> Result<(), HttpError> {
        let number = evendesk_domain::channel::Identity::new(
            evendesk_domain::channel::IdentityKind::Phone,
            person.phone,
            None,
        );
        let number = number.map_err(|e| HttpError::Internal(e.to_string()))?;
        let owner = app.readers.get()?.world_kept().identity_owner(&number)?;
        let colleague =
            self.colleagues.iter().find(|(_, teams)| teams.contains(&team)).or(self.colleagues.first());
        let (user, _) = *colleague.as_ref().ok_or(HttpError::NotFound)?;
        let now = app.clock.now();
        let draft = CallDraft {
            message: MessageId(Uuid::now_v7()),
            call: Call {
                direction: CallDirection::Inbound,
                outcome: CallOutcome::Missed,
                number: Some(number),
                started_at: now.plus_seconds(-20),
                answered_at: now.plus_seconds(-20),
                ended_at: now,
                note: String::new(),
                follow_up: false,
                entered_by_hand: false,
            },
            conversation: ConversationId(Uuid::now_v7()),
            opens: true,
            customer: owner.unwrap_or_else(|| CustomerId(Uuid::now_v7())),
            opens_customer: owner.is_none(),
            name: person.name.into(),
            team: Some(team),
        };
        act(app, *user, CommandBody::LogCall(draft)).await
    }
}

/// What an agent does; refused is no failure here, since customers and the person at the desk act too.
pub async fn act(app: &App, user: UserId, body: CommandBody) -> Result<(), HttpError> {
    let command = Box::new(Command { id: CommandId(Uuid::now_v7()), depends_on: None, body });
    app.writer.settle(Work::Agent { user, command }).await?;
    Ok(())
}

async fn mailed(
    app: &App,
    account: AccountId,
    settings: &AccountSettings,
    bytes: Vec<u8>,
) -> Result<(), HttpError> {
    let now = app.clock.now();
    let addresses = vec![settings.address.clone()];
    let mailbox = Mailbox { account, addresses, reply_key: Some(app.seal.reply_key()) };
    let size = bytes.len() as u64;
    let mail = RawMail { uid: None, received_at: Some(now), size, bytes: Some(bytes) };
    let reception = app.reception();
    let arrival = receive(&reception, &mailbox, mail, now).await?;
    Ok(reception.arrived(account, vec![arrival], None).await?)
}

async fn arrived(app: &App, account: AccountId, outcome: Outcome) -> Result<(), HttpError> {
    Ok(app.reception().arrived(account, vec![Arrival { uid: None, bytes: 0, outcome }], None).await?)
}

/// Signed as a bridge would, and taken in where bridges post.
async fn mentioned(
    app: &App,
    account: AccountId,
    person: &Person,
    text: &str,
    thread: Option<&str>,
) -> Result<(), HttpError> {
    let now = app.clock.now();
    let secret =
        secrets::of(&*app.journal, &app.seal, account).map_err(|e| HttpError::Internal(e.to_string()))?;
    let secret = Secret::parse(&secret).map_err(|e| HttpError::Internal(e.to_string()))?;
    let (_, body) = said::mention(person, text, now, thread);
    let signed = sign(&secret, &Uuid::now_v7().to_string(), &body, now);
    hook::receive(app, account, &signed, &body).await.map(drop)
}
