//! Mailboxes: added, tried, listed, read once, removed.

use std::collections::HashSet;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use evendesk_channels::email::address::{Protocol, ServerAddress};
use evendesk_channels::email::fetch::Fetcher;
use evendesk_channels::email::oauth::{PROVIDERS, Provider};
use evendesk_channels::email::send::{self, Verdict};
use evendesk_domain::channel::Channel;
use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::event::Event;
use evendesk_domain::id::AccountId;
use evendesk_domain::settings::{Account, AccountSettings, INBOX, MailSettings, OAuth};
use evendesk_journal::Journal;

use super::accounts::{save, settings};
use super::aside::{aside, retry};
use super::sign_in::SignIn;
use super::{Desk, Failure, secret_from_stdin};
use crate::access::{TokensOfAll, Vault};
use crate::clock::Clock;
use crate::health::contacts_in;
use crate::intake::Reception;
use crate::location::Location;
use crate::secrets;
use crate::store;
use crate::writer::Writer;

#[derive(Subcommand)]
pub enum Mailbox {
    /// Add a mailbox, or change the one of that name
    Add(Box<AddMailbox>),
    /// Allow this server into a mailbox that is signed in to without a password: prints a page to open
    SignIn(SignIn),
    /// Try to read a mailbox and to send by it, and say what to do where that fails; takes nothing in and
    /// sends nothing
    Test {
        /// As it was called when it was added
        name: String,
    },
    /// List the mailboxes: address, folders, when all was last in, which node reads it, how much is set aside
    List,
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
    /// Try all again that a mailbox set aside, and say what came of each
    Retry {
        /// As it was called when it was added
        name: String,
    },
    /// Read a mailbox no more, and forget its password. Its conversations stay; added again under the same
    /// name, it goes on where it was
    Remove {
        /// As it was called when it was added
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Args)]
pub struct AddMailbox {
    /// As people call it
    name: String,
    /// Who runs it, where that is one of these: google, microsoft. Gives the servers, and the sign-in
    /// without a password
    #[arg(long, value_name = "PROVIDER", value_parser = provider)]
    provider: Option<&'static Provider>,
    /// Where it is read: imaps://HOST[:PORT]; imap:// for STARTTLS, or in the clear on this machine
    #[arg(long, value_name = "ADDRESS", required_unless_present = "provider")]
    imap: Option<String>,
    /// Where answers are handed over: smtps:// or smtp://
    #[arg(long, value_name = "ADDRESS")]
    smtp: Option<String>,
    /// The mail server's user name
    #[arg(long)]
    user: String,
    /// Read the password from standard input: the mailbox's, or an app password
    #[arg(long, required_unless_present = "client_id")]
    password_stdin: bool,
    /// Sign in without a password, as the client that the provider gave this id; then run `mailbox sign-in`
    #[arg(long, value_name = "ID", conflicts_with = "password_stdin")]
    client_id: Option<String>,
    /// Where tokens are given, instead of the provider's
    #[arg(long, value_name = "URL", requires = "client_id")]
    token_url: Option<String>,
    /// Where access is allowed, instead of the provider's
    #[arg(long, value_name = "URL", requires = "client_id")]
    authorize_url: Option<String>,
    /// What is asked for, instead of what the provider needs
    #[arg(long, requires = "client_id")]
    scope: Option<String>,
    /// A folder to read, as its server names it; may be given several times. Only the inbox otherwise
    #[arg(long = "folder", value_name = "NAME")]
    folders: Vec<String>,
    /// Certificates, as PEM, of who vouches for its servers besides those that the system trusts
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The address that answers come from; the user name otherwise
    #[arg(long)]
    address: Option<String>,
    /// The team whose conversations its mail opens; the first one otherwise
    #[arg(long)]
    team: Option<String>,
}

fn provider(name: &str) -> Result<&'static Provider, String> {
    PROVIDERS.iter().find(|p| p.name == name).ok_or_else(|| {
        let names = PROVIDERS.map(|p| p.name).join(", ");
        format!(
            "no provider of that name is known; there are: {names}. For any other, give --imap and --smtp"
        )
    })
}

impl Mailbox {
    pub async fn run(self, data: &Location) -> Result<(), Failure> {
        match self {
            Self::Add(task) => task.run(data),
            Self::SignIn(task) => task.run(data).await,
            Self::Test { name } => test(data, &name).await,
            Self::List => list(data),
            Self::Pull { name } => pull(data, &name).await,
            Self::Aside { name } => aside(data, name.as_deref()),
            Self::Retry { name } => retry(data, &name).await,
            Self::Remove { name, yes } => remove(data, &name, yes),
        }
    }
}

/// The mailbox of that name.
pub(super) fn named(desk: &Desk, name: &str) -> Result<Account, Failure> {
    let reader = desk.scribe.replica().reader()?;
    let account = reader.world_kept().account_by_name(name)?;
    let account = account.filter(|a| a.settings.imap.is_some());
    Ok(account.ok_or_else(|| format!("there is no mailbox {name}; add it with `mailbox add`"))?)
}

fn list(data: &Location) -> Result<(), Failure> {
    let desk = Desk::open(data)?;
    let reader = desk.scribe.replica().reader()?;
    let (aside, leases) = (reader.set_aside()?, desk.journal.leases()?);
    let contacts = contacts_in(&desk.folder.contacts());
    for view in reader.accounts()? {
        let Some(account) = reader.world_kept().account(view.id)? else { continue };
        if account.settings.imap.is_none() {
            continue;
        }
        let MailSettings { folders, .. } = &account.settings.mail;
        let folders = if folders.is_empty() { INBOX.to_owned() } else { folders.join(", ") };
        let contact = match contacts.get(&view.id) {
            Some(contact) => {
                let lag = contact.lag_s.map(|s| format!(", the last mail {s} s after it came"));
                format!("all in at {}{}", contact.at, lag.unwrap_or_default())
            }
            None => "not read here yet".to_owned(),
        };
        let name = format!("mailbox {}", view.id);
        let held = leases.iter().find(|lease| lease.name == name);
        let held = held.map_or("read by none now".to_owned(), |lease| format!("read by {}", lease.holder));
        let aside = aside.iter().filter(|a| a.account == view.id).count();
        println!("{}  {}  {folders}  {contact}  {held}  {aside} set aside", view.name, view.address);
    }
    Ok(())
}

/// Both ways, each by itself: what is wrong with one says nothing of the other.
async fn test(data: &Location, name: &str) -> Result<(), Failure> {
    let desk = Desk::open(data)?;
    let account = named(&desk, name)?;
    let tokens = TokensOfAll::default();
    let vault = Vault { journal: &desk.journal, seal: &desk.seal, tokens: &tokens };
    let read = match vault.to_read(&account) {
        Ok(access) => {
            let wanted = access.folders.clone();
            Fetcher::new(access).folders().await.map_err(|e| e.to_string()).and_then(|there| {
                let missing = |w: &&String| !there.iter().any(|t| t == *w || t.eq_ignore_ascii_case(w));
                match wanted.iter().find(missing) {
                    Some(folder) => Err(format!("it has no folder {folder}; it has: {}", there.join(", "))),
                    None => Ok(there),
                }
            })
        }
        Err(e) => Err(e.to_string()),
    };
    match &read {
        Ok(folders) => println!("Reading works. Its folders: {}", folders.join(", ")),
        Err(why) => println!("Reading fails: {why}."),
    }
    let sent = match vault.to_send(&account) {
        Ok(outgoing) => match send::test(&outgoing).await {
            Verdict::Later(why) | Verdict::AccountNeedsAttention(why) | Verdict::Failed(why) => Err(why),
            Verdict::Sent | Verdict::Left => Ok(()),
        },
        Err(e) => Err(e.to_string()),
    };
    match &sent {
        Ok(()) => println!("Sending works."),
        Err(why) => println!("Sending fails: {why}."),
    }
    if read.is_ok() && sent.is_ok() { Ok(()) } else { Err(format!("{name} does not work yet").into()) }
}

fn remove(data: &Location, name: &str, yes: bool) -> Result<(), Failure> {
    let mut desk = Desk::open(data)?;
    let account = named(&desk, name)?;
    if !yes {
        if !std::io::stdin().is_terminal() {
            return Err(format!("say --yes to remove {name}").into());
        }
        println!("Nothing will come in or go out by {name} any more. Type its name to remove it:");
        let mut typed = String::new();
        std::io::stdin().read_line(&mut typed)?;
        if typed.trim() != name {
            return Err("nothing was removed".into());
        }
    }
    desk.operate(CommandBody::RemoveAccount { id: account.id })?;
    secrets::forget(&*desk.journal, &desk.seal, account.id)?;
    println!("{name} is removed. Its conversations are still here.");
    Ok(())
}

async fn pull(data: &Location, name: &str) -> Result<(), Failure> {
    let desk = Desk::open(data)?;
    let account = named(&desk, name)?;
    let Desk { journal, seal, scribe, folder: _folder } = desk;
    let tokens = TokensOfAll::default();
    let vault = Vault { journal: &journal, seal: &seal, tokens: &tokens };
    let mut fetcher = Fetcher::new(vault.to_read(&account)?);
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
        let of_provider =
            |address: fn(&Provider) -> &'static str| self.provider.map(|p| address(p).to_owned());
        let imap = self.imap.clone().or_else(|| of_provider(|p| p.imap));
        let smtp = self.smtp.clone().or_else(|| of_provider(|p| p.smtp));
        for (address, protocol) in [(&imap, Protocol::Imap), (&smtp, Protocol::Smtp)] {
            let Some(address) = address else { continue };
            if address.parse::<ServerAddress>()?.protocol != protocol {
                return Err(
                    format!("{address} is given for the wrong way: --imap reads, --smtp sends").into()
                );
            }
        }
        let mail = MailSettings {
            folders: self.folders.clone(),
            ca: self.ca.as_ref().map(std::fs::read_to_string).transpose()?,
            oauth: self.oauth()?,
        };
        let oauth = mail.oauth.is_some();
        let password = (!oauth).then(|| secret_from_stdin("the mailbox's password")).transpose()?;
        let mut desk = Desk::open(data)?;
        let team = desk.team(self.team.as_deref())?;
        let settings = AccountSettings {
            address: self.address.unwrap_or_else(|| self.user.clone()),
            imap,
            smtp,
            user: Some(self.user),
            mail,
            ..settings(Channel::Email, &self.name, team)
        };
        let id = save(&mut desk, settings)?;
        if let Some(password) = password {
            secrets::keep(&*desk.journal, &desk.seal, id, &password)?;
        }
        let name = self.name;
        if oauth {
            println!("Mailbox {name} is there; allow this server into it with `mailbox sign-in {name}`.");
        } else {
            println!(
                "Mailbox {name} is there; `mailbox test {name}` tries it, `serve` reads it as mail comes, \
                 `mailbox pull {name}` once."
            );
        }
        Ok(())
    }

    fn oauth(&self) -> Result<Option<OAuth>, Failure> {
        let Some(client_id) = self.client_id.clone() else { return Ok(None) };
        let given = |own: &Option<String>, theirs: fn(&Provider) -> &'static str, option: &str| {
            let usual = self.provider.map(|p| theirs(p).to_owned());
            own.clone().or(usual).ok_or_else(|| format!("name a --provider, or give {option}"))
        };
        Ok(Some(OAuth {
            authorize_url: given(&self.authorize_url, |p| p.authorize_url, "--authorize-url")?,
            token_url: given(&self.token_url, |p| p.token_url, "--token-url")?,
            scope: given(&self.scope, |p| p.scope, "--scope")?,
            client_id,
        }))
    }
}
