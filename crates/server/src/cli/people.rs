//! People and teams.

use clap::{Args, Subcommand};
use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::id::{TeamId, UserId};
use evendesk_domain::settings::Role;
use evendesk_journal::Ended;
use uuid::Uuid;

use super::{Desk, Failure, secret_from_stdin};
use crate::auth;
use crate::location::Location;

#[derive(Subcommand)]
pub enum User {
    /// Add someone, or change who is there under that login
    Add(AddUser),
    /// Give someone another password; signs them out everywhere
    Password(Password),
}

#[derive(Args)]
pub struct AddUser {
    /// What they sign in with
    login: String,
    /// What customers and colleagues read
    #[arg(long)]
    name: Option<String>,
    /// agent, supervisor or admin
    #[arg(long, default_value = "agent")]
    role: Role,
    /// A team they work in, by name; may be given several times; the first team there is otherwise
    #[arg(long = "team", value_name = "TEAM")]
    teams: Vec<String>,
    /// Read their password from standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Args)]
pub struct Password {
    login: String,
    /// Read it from standard input
    #[arg(long, required = true)]
    password_stdin: bool,
}

#[derive(Subcommand)]
pub enum Team {
    /// Add a team, held to the terms of the first one
    Add { name: String },
    /// List the teams
    List,
}

impl User {
    pub fn run(self, data: &Location) -> Result<(), Failure> {
        match self {
            Self::Add(task) => task.run(data),
            Self::Password(task) => task.run(data),
        }
    }
}

impl AddUser {
    fn run(self, data: &Location) -> Result<(), Failure> {
        let password = self.password_stdin.then(|| secret_from_stdin("a password")).transpose()?;
        let hash = password.map(|p| auth::hash(&p)).transpose()?;
        let mut desk = Desk::open(data)?;
        let known = desk.scribe.replica().reader()?.world_kept().user_by_login(&self.login)?;
        let id = known.map_or_else(|| UserId(Uuid::now_v7()), |u| u.id);
        let teams = match self.teams.as_slice() {
            [] => vec![desk.team(None)?],
            names => names.iter().map(|name| desk.team(Some(name))).collect::<Result<_, _>>()?,
        };
        let name = self.name.unwrap_or_else(|| self.login.clone());
        desk.operate(CommandBody::SaveUser { id, name, login: self.login.clone(), role: self.role, teams })?;
        match hash {
            Some(hash) => desk.journal.set_password(id, &hash)?,
            None if desk.journal.password(id)?.is_none() => {
                println!(
                    "{} cannot sign in before `user password {}` gives them a password.",
                    self.login, self.login
                );
            }
            None => {}
        }
        println!("{} is in, as {}.", self.login, self.role.name());
        Ok(())
    }
}

impl Password {
    fn run(self, data: &Location) -> Result<(), Failure> {
        let hash = auth::hash(&secret_from_stdin("a password")?)?;
        let desk = Desk::open(data)?;
        let user = desk.scribe.replica().reader()?.world_kept().user_by_login(&self.login)?;
        let user = user.ok_or_else(|| format!("there is nobody with the login {}", self.login))?;
        desk.journal.set_password(user.id, &hash)?;
        desk.journal.end_user_sessions(user.id, None, Ended::NewPassword)?;
        println!("{} has a new password and is signed out everywhere.", self.login);
        Ok(())
    }
}

impl Team {
    pub fn run(self, data: &Location) -> Result<(), Failure> {
        let mut desk = Desk::open(data)?;
        match self {
            Self::Add { name } => {
                if desk.team(Some(&name)).is_ok() {
                    return Err(format!("there is a team {name} already").into());
                }
                let first = desk.scribe.replica().reader()?.world_kept().default_team()?;
                let terms = first.ok_or("there is no team whose terms could be taken over")?.terms;
                desk.operate(CommandBody::SaveTeam {
                    id: TeamId(Uuid::now_v7()),
                    name: name.clone(),
                    terms,
                })?;
                println!("{name} is there.");
            }
            Self::List => {
                for team in desk.scribe.replica().reader()?.teams()? {
                    println!("{}", team.name);
                }
            }
        }
        Ok(())
    }
}
