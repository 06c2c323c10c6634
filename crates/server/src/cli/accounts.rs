//! Mailboxes, forms and webhooks.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand};
use evendesk_channels::email::address::ServerAddress;
use evendesk_channels::email::fetch::Fetcher;
use evendesk_domain::channel::Channel;
use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::event::Event;
use evendesk_domain::id::{AccountId, TeamId};
use evendesk_domain::settings::{AccountSettings, Fate};
use evendesk_journal::Journal;
use evendesk_replica::Aside;
use rand::TryRng;
use rand::rngs::SysRng;
use uuid::Uuid;

use super::{Desk, Failure, secret_from_stdin};
use crate::clock::Clock;
use crate::intake::Reception;
use crate::location::Location;
use crate::secrets;
use crate::store;
use crate::watch::mailboxes;
use crate::writer::Writer;

#[derive(Subcommand)]
pub enum Mailbox {
    /// Add a mailbox, or change the one of that name
    Add(AddMailbox),
    /// Take in what waits in a mailbox, and end when it is safely stored. The last line says how many
    /// messages and how many conversations of that mailbox are in the store then
    Pull {
        /// As it was called when it was added
        name: String,
    },
    /// List what was set aside instead of taken in: mail, and what forms and webhooks were sent. Each
    /// line says when, where, why, and under which blobs/ file it is kept, if it is
    Aside {
        /// Of one account only
        name: Option<String>,
    },
}

#[derive(Args)]
pub struct AddMailbox {
    /// As people call it
    name: String,
    /// Where it is read: imaps://HOST[:PORT], or imap:// on this machine
    #[arg(long, value_name = "ADDRESS")]
    imap: String,
    /// Where answers are handed over: smtps:// or smtp://
    #[arg(long, value_name = "ADDRESS")]
    smtp: Option<String>,
    /// The mail server's user name
    #[arg(long)]
    user: String,
    /// Read the password from standard input
    #[arg(long, required = true)]
    password_stdin: bool,
    /// The address that answers come from; the user name otherwise
    #[arg(long)]
    address: Option<String>,
    /// The team whose conversations its mail opens; the first one otherwise
    #[arg(long)]
    team: Option<String>,
}

#[derive(Subcommand)]
pub enum Form {
    /// Add a form; says where its page is
    Add {
        /// As people call it
        name: String,
        /// The team whose conversations it opens; the first one otherwise
        #[arg(long)]
        team: Option<String>,
    },
}

#[derive(Subcommand)]
pub enum Hook {
    /// Add a webhook for social mentions; says its address and, once, its secret
    Add {
        /// As people call it
        name: String,
        /// Where answers are posted, signed with the same secret
        #[arg(long, value_name = "URL")]
        post_to: Option<String>,
        /// The team whose conversations it opens; the first one otherwise
        #[arg(long)]
        team: Option<String>,
    },
}

impl Mailbox {
    pub async fn run(self, data: &Location) -> Result<(), Failure> {
        match self {
            Self::Add(task) => task.run(data),
            Self::Pull { name } => pull(data, &name).await,
            Self::Aside { name } => aside(data, name.as_deref()),
        }
    }
}

fn aside(data: &Location, name: Option<&str>) -> Result<(), Failure> {
    let desk = Desk::open(data)?;
    let reader = desk.scribe.replica().reader()?;
    let accounts = reader.accounts()?;
    if let Some(name) = name.filter(|name| !accounts.iter().any(|a| a.name == *name)) {
        return Err(format!("there is no mailbox, form or webhook {name}").into());
    }
    for Aside { account, seq, uid, fate } in reader.set_aside()? {
        let called = accounts.iter().find(|a| a.id == account).map_or("?", |a| a.name.as_str());
        if name.is_some_and(|name| name != called) {
            continue;
        }
        let at = desk.journal.event(seq)?.map(|e| e.at.to_string()).unwrap_or_default();
        let what = if uid == 0 { String::new() } else { format!(" mail {uid}") };
        println!("{at} {called}{what}: {}", told(&fate));
    }
    Ok(())
}

/// Why it was set aside, and where it is.
fn told(fate: &Fate) -> String {
    match fate {
        Fate::Taken | Fate::Duplicate => String::new(),
        Fate::Quarantined { blob, why } => format!("{why}; kept as {blob}"),
        Fate::TooLarge { bytes } => format!("too large to fetch ({bytes} bytes); it is in the mailbox"),
        Fate::Withheld { why } => format!("{why}; never had"),
    }
}

async fn pull(data: &Location, name: &str) -> Result<(), Failure> {
    let Desk { journal, seal, scribe, folder: _folder } = Desk::open(data)?;
    let account = scribe.replica().reader()?.world_kept().account_by_name(name)?;
    let account = account.ok_or_else(|| format!("there is no mailbox {name}; add it with `mailbox add`"))?;
    let mut fetcher = Fetcher::new(mailboxes::access(&*journal, &seal, &account)?);
    let readers = scribe.replica().readers();
    let clock = Clock::system();
    let now = clock.now();
    let (writer, thread) = Writer::start(scribe, clock)?;
    let reception = Reception { writer, readers, blobs: store::blobs(data)? };
    let pulled = fetcher.pull(&reception, now).await;
    drop(reception);
    tokio::task::spawn_blocking(move || thread.join()).await?.map_err(|_| "the writer ended badly")?;
    let pulled = pulled?;
    println!("{} taken in, {} set aside", pulled.read, pulled.set_aside);
    let (messages, conversations) = count(&*journal, account.id)?;
    println!("{messages} {conversations}");
    Ok(())
}

/// Messages received by an account, and the conversations they are in, read back from the journal.
fn count(journal: &dyn Journal, account: AccountId) -> Result<(usize, usize), Failure> {
    let (mut after, mut messages, mut conversations) = (0, 0, HashSet::new());
    loop {
        let events = journal.read(after, 5_000)?;
        let Some(last) = events.last() else { return Ok((messages, conversations.len())) };
        after = last.seq;
        for event in &events {
            if matches!(&event.event, Event::MessageReceived { inbound, .. } if inbound.account == account) {
                messages += 1;
                conversations.insert(event.stream);
            }
        }
    }
}

impl AddMailbox {
    fn run(self, data: &Location) -> Result<(), Failure> {
        for address in [Some(&self.imap), self.smtp.as_ref()].into_iter().flatten() {
            address.parse::<ServerAddress>()?;
        }
        let password = secret_from_stdin("the mailbox's password")?;
        let mut desk = Desk::open(data)?;
        let team = desk.team(self.team.as_deref())?;
        let settings = AccountSettings {
            address: self.address.unwrap_or_else(|| self.user.clone()),
            imap: Some(self.imap),
            smtp: self.smtp,
            user: Some(self.user),
            ..settings(Channel::Email, &self.name, team)
        };
        let id = save(&mut desk, settings)?;
        secrets::keep(&*desk.journal, &desk.seal, id, &password)?;
        println!(
            "Mailbox {} is there; `serve` reads it each second, `mailbox pull {}` once.",
            self.name, self.name
        );
        Ok(())
    }
}

impl Form {
    pub fn run(self, data: &Location) -> Result<(), Failure> {
        let Self::Add { name, team } = self;
        let mut desk = Desk::open(data)?;
        let team = desk.team(team.as_deref())?;
        let id = save(&mut desk, settings(Channel::WebForm, &name, team))?;
        println!("Form {name} is there: its page at /forms/{id}, for programs at /api/forms/{id}.");
        Ok(())
    }
}

impl Hook {
    pub fn run(self, data: &Location) -> Result<(), Failure> {
        let Self::Add { name, post_to, team } = self;
        let mut secret = [0; 32];
        SysRng.try_fill_bytes(&mut secret).map_err(|_| "the machine gives no random numbers")?;
        let secret = format!("whsec_{}", STANDARD.encode(secret));
        let mut desk = Desk::open(data)?;
        let team = desk.team(team.as_deref())?;
        let webhook = post_to;
        let id = save(&mut desk, AccountSettings { webhook, ..settings(Channel::Social, &name, team) })?;
        secrets::keep(&*desk.journal, &desk.seal, id, &secret)?;
        println!("Webhook {name} is there, at /hooks/social/{id}. Its secret, shown only now:\n{secret}");
        Ok(())
    }
}

fn settings(channel: Channel, name: &str, team: TeamId) -> AccountSettings {
    AccountSettings {
        channel,
        name: name.to_owned(),
        address: String::new(),
        team,
        imap: None,
        smtp: None,
        user: None,
        webhook: None,
    }
}

/// Saves an account; one of the same name and channel is changed, and keeps its cursor.
fn save(desk: &mut Desk, settings: AccountSettings) -> Result<AccountId, Failure> {
    let known = desk.scribe.replica().reader()?.world_kept().account_by_name(&settings.name)?;
    let id = match known {
        Some(account) if account.settings.channel == settings.channel => account.id,
        Some(_) => {
            return Err(format!(
                "there is an account {} of another kind; choose another name",
                settings.name
            )
            .into());
        }
        None => AccountId(Uuid::now_v7()),
    };
    desk.operate(CommandBody::SaveAccount { id, settings })?;
    Ok(id)
}
