//! People, teams, terms, accounts, and what customers are called.

use super::{Context, Decided, No, Refusal, RefusalCode, World};
use crate::command::{CommandBody, SystemCommand};
use crate::event::Event;
use crate::id::{AccountId, TeamId, TermsId, UserId};
use crate::limits;
use crate::permission::Agent;
use crate::settings::{AccountSettings, INBOX, MailSettings, Role, User};
use crate::stream::StreamId;

pub(super) fn decide(
    world: &dyn World,
    agent: &Agent,
    body: &CommandBody,
    cx: &Context,
) -> Result<Decided, No> {
    if agent.role < Role::Admin {
        return Err(
            Refusal::new(RefusalCode::NotAllowed, "Settings are changed by an admin; ask one.").into()
        );
    }
    let event = match body {
        CommandBody::SaveTerms { name, terms, .. } => {
            check_name("The terms", name)?;
            terms.check().map_err(|e| Refusal::invalid(e.to_string()))?;
            Event::TermsSaved { name: name.clone(), terms: Box::new(terms.clone()) }
        }
        CommandBody::SaveTeam { id, name, terms } => return save_team(world, *id, name, *terms, cx),
        CommandBody::SaveUser { id, name, login, role, teams } => {
            check_user(world, *id, name, login, teams)?;
            if *role < Role::Admin {
                check_an_admin_stays(world, *id)?;
            }
            Event::UserSaved { name: name.clone(), login: login.clone(), role: *role, teams: teams.clone() }
        }
        CommandBody::DeactivateUser { id } => return deactivate(world, *id),
        CommandBody::ReactivateUser { id } if person(world, *id)?.active => return Ok(Vec::new()),
        CommandBody::ReactivateUser { .. } => Event::UserReactivated,
        CommandBody::SaveAccount { id, settings } => {
            check_account(world, *id, settings)?;
            Event::AccountSaved { settings: Box::new(settings.clone()) }
        }
        CommandBody::RemoveAccount { id } => {
            world.account(*id)?.ok_or_else(|| Refusal::not_found("account"))?;
            Event::AccountRemoved
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![(body.stream(), event)])
}

/// Other terms hold for what is open, too, from now on.
fn save_team(world: &dyn World, id: TeamId, name: &str, terms: TermsId, cx: &Context) -> Result<Decided, No> {
    check_name("The team", name)?;
    if world.team_by_name(name)?.is_some_and(|t| t.id != id) {
        return Err(Refusal::invalid(format!("There is a team {name} already; choose another name.")).into());
    }
    if cx.terms.terms(terms).is_none() {
        return Err(Refusal::not_found("set of terms").into());
    }
    let mut decided = vec![(id.into(), Event::TeamSaved { name: name.to_owned(), terms })];
    if world.team(id)?.is_some_and(|team| team.terms != terms) {
        for conversation in world.unresolved_in(id)? {
            decided.push((conversation.into(), Event::TermsChanged { terms, effective_at: cx.now }));
        }
    }
    Ok(decided)
}

fn deactivate(world: &dyn World, id: UserId) -> Result<Decided, No> {
    if !person(world, id)?.active {
        return Ok(Vec::new());
    }
    check_an_admin_stays(world, id)?;
    let mut decided = vec![(id.into(), Event::UserDeactivated)];
    // A customer is not to wait for somebody who does not come any more.
    for conversation in world.unresolved_of(id)? {
        decided.push((conversation.into(), Event::Assigned { assignee: None }));
    }
    Ok(decided)
}

fn person(world: &dyn World, id: UserId) -> Result<User, No> {
    Ok(world.user(id)?.ok_or_else(|| Refusal::not_found("person"))?)
}

/// Nobody could let anybody in any more.
fn check_an_admin_stays(world: &dyn World, leaving: UserId) -> Result<(), No> {
    let admins = world.active_admins()?;
    if admins == [leaving] {
        return Err(Refusal::not_now(
            "This is the last admin: make somebody else an admin first, so that people can still be let in.",
        )
        .into());
    }
    Ok(())
}

fn check_name(what: &str, name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() || name.chars().count() > limits::LINE_CHARS {
        return Err(Refusal::invalid(format!(
            "{what} needs a name of 1 to {} characters.",
            limits::LINE_CHARS
        )));
    }
    Ok(())
}

fn check_user(world: &dyn World, id: UserId, name: &str, login: &str, teams: &[TeamId]) -> Result<(), No> {
    if login.trim() != login || login.is_empty() || login.chars().count() > limits::LOGIN_CHARS {
        return Err(Refusal::invalid(format!(
            "The login needs 1 to {} characters, and none of them blank at its ends.",
            limits::LOGIN_CHARS
        ))
        .into());
    }
    if world.user_by_login(login)?.is_some_and(|u| u.id != id) {
        return Err(Refusal::invalid(format!("The login {login} is taken; choose another.")).into());
    }
    check_person(world, name, teams)
}

/// Whether somebody can be called that and be in those teams, before there is a login.
pub fn check_person(world: &dyn World, name: &str, teams: &[TeamId]) -> Result<(), No> {
    check_name("The person", name)?;
    if teams.len() > limits::TEAMS_OF_A_PERSON {
        return Err(Refusal::invalid(format!(
            "A person can be in {} teams at most; a supervisor sees all of them anyway.",
            limits::TEAMS_OF_A_PERSON
        ))
        .into());
    }
    for team in teams {
        world.team(*team)?.ok_or_else(|| Refusal::not_found("team"))?;
    }
    Ok(())
}

/// What an account's ledger is told.
pub(super) fn ledger(command: &SystemCommand) -> Option<(StreamId, Event)> {
    match command.clone() {
        SystemCommand::AdvanceMailbox { account, folder, uid_validity, last_uid, entries } => {
            let event = if folder.eq_ignore_ascii_case(INBOX) {
                Event::MailboxAdvanced { uid_validity, last_uid, entries }
            } else {
                Event::FolderAdvanced { folder, uid_validity, last_uid, entries }
            };
            Some((StreamId::mailbox(account), event))
        }
        SystemCommand::NoteRetry { account, of, place, entry } => {
            Some((StreamId::mailbox(account), Event::SetAsideRetried { of, place, entry }))
        }
        _ => None,
    }
}

fn check_account(world: &dyn World, id: AccountId, settings: &AccountSettings) -> Result<(), No> {
    check_name("The account", &settings.name)?;
    if world.account_by_name(&settings.name)?.is_some_and(|a| a.id != id) {
        return Err(Refusal::invalid(format!("There is an account {} already.", settings.name)).into());
    }
    world.team(settings.team)?.ok_or_else(|| Refusal::not_found("team"))?;
    let MailSettings { folders, ca, .. } = &settings.mail;
    let odd = |name: &String| {
        name.is_empty() || name.len() > limits::FOLDER_BYTES || name.contains(char::is_control)
    };
    if folders.len() > limits::FOLDERS || folders.iter().any(odd) {
        return Err(Refusal::invalid(format!(
            "A mailbox is read in {} folders at most, each named as its mail server names it.",
            limits::FOLDERS
        ))
        .into());
    }
    if ca.as_ref().is_some_and(|pem| pem.len() > limits::CA_BYTES) {
        return Err(Refusal::invalid(format!(
            "The certificates that vouch for a mail server may be {} bytes long at most.",
            limits::CA_BYTES
        ))
        .into());
    }
    Ok(())
}

pub(super) fn name_customer(world: &dyn World, body: &CommandBody) -> Result<Decided, No> {
    let CommandBody::NameCustomer { customer, name } = body else { return Ok(Vec::new()) };
    let known = world.customer(*customer)?.ok_or_else(|| Refusal::not_found("customer"))?;
    super::erase::not_erased(world, *customer)?;
    check_name("A customer", name)?;
    if known.name == *name {
        return Ok(Vec::new());
    }
    Ok(vec![((*customer).into(), Event::CustomerNamed { name: name.clone() })])
}
