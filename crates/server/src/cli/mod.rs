//! The command line. Each command opens the data folder, does one thing, and says what it did or, in a
//! sentence, why not.

mod accounts;
mod aside;
mod customer;
mod keeping;
mod mailbox;
mod people;
mod serve;
mod sign_in;
mod teams;
mod tools;

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::id::{TeamId, TermsId};
use tracing_subscriber::EnvFilter;
use zeroize::Zeroizing;

use crate::clock::Clock;
use crate::founding;
use crate::location::Location;
use crate::seal::Seal;
use crate::store::{Store, StoreError};
use crate::writer::Scribe;

/// What a command fails with: a sentence for a person.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Evendesk's server: one inbox per customer, one clock on every channel.
///
/// Everything it keeps is in one folder, which one process uses at a time. Commands that change
/// something need the server on that folder to be stopped; the app does most of them while it runs.
/// Several servers can share one journal on PostgreSQL: then commands work while they run.
#[derive(Parser)]
#[command(name = "evendesk-server", version, max_term_width = 100)]
struct Cli {
    /// The data folder
    #[arg(long, global = true, value_name = "FOLDER", default_value = "evendesk-data")]
    data: PathBuf,
    /// The journal that several servers share: postgres://USER@HOST/DATABASE. Better given in the
    /// environment, as EVENDESK_JOURNAL, where it holds a password; PGPASSWORD is understood, too. Without
    /// it the journal is in the data folder
    #[arg(long, global = true, value_name = "URL")]
    journal: Option<String>,
    /// Where files are kept: s3://BUCKET/PREFIX, or a folder that every server has; as EVENDESK_BLOBS in
    /// the environment, too. Without it they are in the data folder
    #[arg(long, global = true, value_name = "URL|FOLDER")]
    blobs: Option<String>,
    #[command(subcommand)]
    command: Task,
}

impl Cli {
    fn location(&self) -> Location {
        let or_environment = |given: &Option<String>, variable: &str| {
            given.clone().or_else(|| std::env::var(variable).ok()).filter(|text| !text.is_empty())
        };
        Location {
            data: self.data.clone(),
            journal: or_environment(&self.journal, "EVENDESK_JOURNAL"),
            blobs: or_environment(&self.blobs, "EVENDESK_BLOBS"),
        }
    }
}

#[derive(Subcommand)]
enum Task {
    /// Run the server
    Serve(serve::Serve),
    /// Run it on a sample workspace whose customers keep writing; made on the first run
    Demo(serve::Demo),
    /// People who sign in
    #[command(subcommand)]
    User(people::User),
    /// Teams
    #[command(subcommand)]
    Team(teams::Team),
    /// Mailboxes, read by IMAP and answered by SMTP
    #[command(subcommand)]
    Mailbox(mailbox::Mailbox),
    /// Forms on a public page
    #[command(subcommand)]
    Form(accounts::Form),
    /// Signed webhooks that carry social mentions in and answers out
    #[command(subcommand)]
    Hook(accounts::Hook),
    /// Customers
    #[command(subcommand)]
    Customer(customer::Customer),
    /// The clocks
    #[command(subcommand)]
    Sla(tools::Sla),
    /// Mail
    #[command(subcommand)]
    Email(tools::Email),
    /// Prove the data: fold the journal anew, compare, look for every file; fails on any difference
    Doctor,
    /// The journal as a whole
    #[command(subcommand)]
    Journal(keeping::Journal),
    /// Back the workspace up into a folder, also while servers run; again into the same folder, only new
    /// files are copied
    Backup(keeping::Backup),
    /// Bring a backup back into an empty data folder, or an empty journal elsewhere
    Restore(keeping::Restore),
    /// Make a folder of generated conversations, the same for the same seed, to measure on
    Generate(tools::Generate),
}

/// As much as `RUST_LOG` asks for; but of sockets never what is said on them, which is everybody's mail.
fn log_filter() -> EnvFilter {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    match "tungstenite=info".parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    }
}

pub fn main() -> ExitCode {
    let cli = Cli::parse();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter(log_filter()).init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(e) => return complain(&e.into()),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(e) => complain(&e),
    }
}

fn complain(e: &Failure) -> ExitCode {
    eprintln!("evendesk-server: {e}");
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let data = &cli.location();
    match cli.command {
        Task::Serve(task) => task.run(data).await?,
        Task::Demo(task) => task.run(data).await?,
        Task::User(task) => task.run(data)?,
        Task::Team(task) => task.run(data)?,
        Task::Mailbox(task) => task.run(data).await?,
        Task::Form(task) => task.run(data)?,
        Task::Hook(task) => task.run(data)?,
        Task::Customer(task) => task.run(data).await?,
        Task::Sla(task) => task.run()?,
        Task::Email(task) => task.run()?,
        Task::Doctor => return tools::doctor(data).await,
        Task::Journal(task) => task.run()?,
        Task::Backup(task) => return task.run(data).await,
        Task::Restore(task) => task.run(data).await?,
        Task::Generate(task) => task.run(data)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder open for a change, founded if it was empty.
struct Desk {
    journal: std::sync::Arc<dyn evendesk_journal::Journal>,
    seal: Seal,
    scribe: Scribe,
    /// Held until the change is done.
    folder: crate::folder::Folder,
}

impl Desk {
    fn open(data: &Location) -> Result<Self, StoreError> {
        let store = Store::open_for_command(data)?;
        let now = Clock::system().now();
        founding::found(&*store.journal, "Evendesk", now)?;
        let _turn = founding::Turn::wait(&store.journal, &Clock::system())?;
        let (folder, journal, seal, mut scribe) = store.into_scribe()?;
        founding::first_team(&mut scribe, now)?;
        Ok(Self { journal, seal, scribe, folder })
    }

    fn operate(&mut self, body: CommandBody) -> Result<(), StoreError> {
        founding::operate(&mut self.scribe, body, Clock::system().now())
    }

    /// A team by its name; without one, the first there is.
    fn team(&self, name: Option<&str>) -> Result<TeamId, Failure> {
        let reader = self.scribe.replica().reader()?;
        let Some(name) = name else {
            return Ok(reader
                .world_kept()
                .default_team()?
                .ok_or("there is no team yet; add one with `team add`")?
                .id);
        };
        let teams = reader.teams()?;
        let found = teams.iter().find(|t| t.name.eq_ignore_ascii_case(name));
        let found = found.ok_or_else(|| {
            let names: Vec<_> = teams.iter().map(|t| t.name.as_str()).collect();
            format!("there is no team {name}; there are: {}", names.join(", "))
        })?;
        Ok(found.id)
    }
}

impl Desk {
    /// Teams by their names; without one, the first there is.
    fn teams(&self, names: &[String]) -> Result<Vec<TeamId>, Failure> {
        match names {
            [] => Ok(vec![self.team(None)?]),
            names => names.iter().map(|name| self.team(Some(name))).collect(),
        }
    }

    /// Terms by their name.
    fn terms(&self, name: &str) -> Result<TermsId, Failure> {
        let all = self.scribe.replica().reader()?.directory()?.terms;
        let found = all.iter().find(|t| t.name.eq_ignore_ascii_case(name)).map(|t| t.id);
        found.ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|t| t.name.as_str()).collect();
            format!("there are no terms called {name}; there are: {}", names.join(", ")).into()
        })
    }
}

/// A secret from standard input: the first line, so that it is never on a command line.
fn secret_from_stdin(what: &str) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    std::io::stdin().take(8 * 1024).read_to_string(&mut text)?;
    let line = text.lines().next().unwrap_or_default();
    if line.is_empty() {
        return Err(format!("{what} is expected on standard input").into());
    }
    Ok(Zeroizing::new(line.to_owned()))
}
