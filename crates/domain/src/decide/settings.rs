//! People, teams, terms, accounts, and what customers are called.

use super::{Decided, No, Refusal, RefusalCode, World};
use crate::command::CommandBody;
use crate::event::Event;
use crate::id::{AccountId, TeamId, UserId};
use crate::limits;
use crate::permission::Agent;
use crate::settings::{AccountSettings, Role};

pub(super) fn decide(world: &dyn World, agent: &Agent, body: &CommandBody) -> Result<Decided, No> {
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
        CommandBody::SaveTeam { name, terms, .. } => {
            check_name("The team", name)?;
            Event::TeamSaved { name: name.clone(), terms: *terms }
        }
        CommandBody::SaveUser { id, name, login, role, teams } => {
            check_user(world, *id, name, login, teams)?;
            Event::UserSaved { name: name.clone(), login: login.clone(), role: *role, teams: teams.clone() }
        }
        CommandBody::SaveAccount { id, settings } => {
            check_account(world, *id, settings)?;
            Event::AccountSaved { settings: Box::new(settings.clone()) }
        }
        _ => return Ok(Vec::new()),
    };
    Ok(vec![(body.stream(), event)])
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
    check_name("The person", name)?;
    check_name("The login", login)?;
    if world.user_by_login(login)?.is_some_and(|u| u.id != id) {
        return Err(Refusal::invalid(format!("The login {login} is taken; choose another.")).into());
    }
    for team in teams {
        world.team(*team)?.ok_or_else(|| Refusal::not_found("team"))?;
    }
    Ok(())
}

fn check_account(world: &dyn World, id: AccountId, settings: &AccountSettings) -> Result<(), No> {
    check_name("The account", &settings.name)?;
    if world.account_by_name(&settings.name)?.is_some_and(|a| a.id != id) {
        return Err(Refusal::invalid(format!("There is an account {} already.", settings.name)).into());
    }
    world.team(settings.team)?.ok_or_else(|| Refusal::not_found("team"))?;
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
