//! People: who signs in, with what, and on which devices.

use clap::{Args, Subcommand};
use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::id::{DeviceId, UserId};
use evendesk_domain::settings::{Role, User as Person};
use evendesk_journal::Ended;
use evendesk_protocol::http::Invite as Invitee;
use uuid::Uuid;

use super::{Desk, Failure, secret_from_stdin};
use crate::clock::Clock;
use crate::location::Location;
use crate::{auth, invitation};

#[derive(Subcommand)]
pub enum User {
    /// Add someone, or change who is there under that login
    Add(AddUser),
    /// List everybody
    List,
    /// Give someone another password; signs them out everywhere
    Password(Password),
    /// Let someone in by a code, with which they choose a login and a password in the app
    Invite(Invite),
    /// List the invitations that are open
    Invitations,
    /// Withdraw an invitation, by the id that `user invitations` shows
    Withdraw { id: Uuid },
    /// Let someone sign in no more; what they did stays, and their sign-ins end
    Deactivate { login: String },
    /// Let someone sign in again who was deactivated
    Reactivate { login: String },
    /// List where people are signed in
    Devices,
    /// Sign someone out on one device, by the id that `user devices` shows
    Revoke { login: String, device: Uuid },
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
pub struct Invite {
    /// What customers and colleagues read
    #[arg(required_unless_present = "again")]
    name: Option<String>,
    /// agent, supervisor or admin
    #[arg(long, default_value = "agent")]
    role: Role,
    /// A team they work in, by name; may be given several times; the first team there is otherwise
    #[arg(long = "team", value_name = "TEAM")]
    teams: Vec<String>,
    /// For someone who is here already, by login: they choose a new password
    #[arg(long, value_name = "LOGIN", conflicts_with_all = ["name", "teams"])]
    again: Option<String>,
}

#[derive(Args)]
pub struct Password {
    login: String,
    /// Read it from standard input
    #[arg(long, required = true)]
    password_stdin: bool,
}

impl User {
    pub fn run(self, data: &Location) -> Result<(), Failure> {
        match self {
            Self::Add(task) => task.run(data),
            Self::Password(task) => task.run(data),
            Self::Invite(task) => task.run(data),
            Self::List => list(&Desk::open(data)?),
            Self::Invitations => invitations(&Desk::open(data)?),
            Self::Withdraw { id } => withdraw(&Desk::open(data)?, id),
            Self::Deactivate { login } => set_active(&mut Desk::open(data)?, &login, false),
            Self::Reactivate { login } => set_active(&mut Desk::open(data)?, &login, true),
            Self::Devices => devices(&Desk::open(data)?),
            Self::Revoke { login, device } => revoke(&Desk::open(data)?, &login, DeviceId(device)),
        }
    }
}

fn by_login(desk: &Desk, login: &str) -> Result<Person, Failure> {
    let user = desk.scribe.replica().reader()?.world_kept().user_by_login(login)?;
    user.ok_or_else(|| {
        format!("there is nobody with the login {login}; `user list` shows who there is").into()
    })
}

fn list(desk: &Desk) -> Result<(), Failure> {
    let directory = desk.scribe.replica().reader()?.directory()?;
    for user in directory.users {
        let teams = directory.teams.iter().filter(|t| user.teams.contains(&t.id));
        let teams: Vec<&str> = teams.map(|t| t.name.as_str()).collect();
        let state = if user.active { "" } else { "\tdeactivated" };
        println!("{}\t{}\t{}\t{}{state}", user.login, user.name, user.role.name(), teams.join(", "));
    }
    Ok(())
}

fn set_active(desk: &mut Desk, login: &str, active: bool) -> Result<(), Failure> {
    let id = by_login(desk, login)?.id;
    let body = if active { CommandBody::ReactivateUser { id } } else { CommandBody::DeactivateUser { id } };
    desk.operate(body)?;
    desk.journal.end_user_sessions(id, None, Ended::Deactivated)?;
    println!("{login} {}.", if active { "may sign in again" } else { "may not sign in any more" });
    Ok(())
}

fn invitations(desk: &Desk) -> Result<(), Failure> {
    for open in invitation::open(&*desk.journal, Clock::system().now())? {
        println!("{}\t{}\t{}\tuntil {}", open.id, open.name, open.role.name(), open.expires_at);
    }
    Ok(())
}

fn withdraw(desk: &Desk, id: Uuid) -> Result<(), Failure> {
    if !desk.journal.withdraw_invitation(id)? {
        return Err("there is no open invitation of that id; `user invitations` shows which there are".into());
    }
    println!("It is withdrawn.");
    Ok(())
}

fn devices(desk: &Desk) -> Result<(), Failure> {
    let users = desk.scribe.replica().reader()?.directory()?.users;
    for session in desk.journal.sessions(None, Clock::system().now())? {
        let login = users.iter().find(|u| u.id == session.user).map_or("", |u| u.login.as_str());
        println!("{login}\t{}\t{}\tseen {}", session.device, session.device_name, session.seen_at);
    }
    Ok(())
}

fn revoke(desk: &Desk, login: &str, device: DeviceId) -> Result<(), Failure> {
    desk.journal.end_device(by_login(desk, login)?.id, device, Ended::Revoked)?;
    println!("{login} is signed out there.");
    Ok(())
}

impl Invite {
    fn run(self, data: &Location) -> Result<(), Failure> {
        let desk = Desk::open(data)?;
        let invite = match (self.again, self.name) {
            (Some(login), _) => Invitee::Again { user: by_login(&desk, &login)?.id },
            (None, name) => Invitee::NewPerson {
                name: name.unwrap_or_default(),
                role: self.role,
                teams: desk.teams(&self.teams)?,
            },
        };
        let reader = desk.scribe.replica().reader()?;
        let now = Clock::system().now();
        let invited =
            invitation::make(&*desk.journal, &reader.world_kept(), invitation::OPERATOR, invite, now)?;
        println!("The code, good once and for {} days: {}", invitation::DAYS, invited.code);
        Ok(())
    }
}

impl AddUser {
    fn run(self, data: &Location) -> Result<(), Failure> {
        let password = self.password_stdin.then(|| secret_from_stdin("a password")).transpose()?;
        let hash = password.map(|p| auth::hash(&p)).transpose()?;
        let mut desk = Desk::open(data)?;
        let known = desk.scribe.replica().reader()?.world_kept().user_by_login(&self.login)?;
        let id = known.map_or_else(|| UserId(Uuid::now_v7()), |u| u.id);
        let teams = desk.teams(&self.teams)?;
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
        let user = by_login(&desk, &self.login)?;
        desk.journal.set_password(user.id, &hash)?;
        desk.journal.end_user_sessions(user.id, None, Ended::NewPassword)?;
        println!("{} has a new password and is signed out everywhere.", self.login);
        Ok(())
    }
}
