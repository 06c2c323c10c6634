//! Teams.

use clap::Subcommand;
use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::id::TeamId;
use uuid::Uuid;

use super::{Desk, Failure};
use crate::location::Location;

#[derive(Subcommand)]
pub enum Team {
    /// Add a team, held to the terms of the first one unless others are named
    Add {
        name: String,
        /// What new conversations of the team are held to, by name
        #[arg(long, value_name = "TERMS")]
        terms: Option<String>,
    },
    /// Call a team something else
    Rename { name: String, to: String },
    /// Hold a team to other terms, what is open included
    Terms { name: String, terms: String },
    /// List the teams, and the terms that they are held to
    List,
}

impl Team {
    pub fn run(self, data: &Location) -> Result<(), Failure> {
        let mut desk = Desk::open(data)?;
        match self {
            Self::Add { name, terms } => add(&mut desk, &name, terms.as_deref()),
            Self::Rename { name, to } => {
                let (id, terms) = known(&desk, &name)?;
                desk.operate(CommandBody::SaveTeam { id, name: to.clone(), terms })?;
                println!("{name} is called {to}.");
                Ok(())
            }
            Self::Terms { name, terms } => {
                let (id, _) = known(&desk, &name)?;
                let held_to = desk.terms(&terms)?;
                desk.operate(CommandBody::SaveTeam { id, name: name.clone(), terms: held_to })?;
                println!("{name} is held to {terms}.");
                Ok(())
            }
            Self::List => list(&desk),
        }
    }
}

fn add(desk: &mut Desk, name: &str, terms: Option<&str>) -> Result<(), Failure> {
    let terms = match terms {
        Some(terms) => desk.terms(terms)?,
        None => {
            let first = desk.scribe.replica().reader()?.world_kept().default_team()?;
            first.ok_or("there is no team whose terms could be taken over")?.terms
        }
    };
    desk.operate(CommandBody::SaveTeam { id: TeamId(Uuid::now_v7()), name: name.to_owned(), terms })?;
    println!("{name} is there.");
    Ok(())
}

fn known(desk: &Desk, name: &str) -> Result<(TeamId, evendesk_domain::id::TermsId), Failure> {
    let id = desk.team(Some(name))?;
    let team = desk.scribe.replica().reader()?.world_kept().team(id)?;
    Ok(team.map(|t| (t.id, t.terms)).ok_or("the team is gone")?)
}

fn list(desk: &Desk) -> Result<(), Failure> {
    let directory = desk.scribe.replica().reader()?.directory()?;
    for team in directory.teams {
        let terms = directory.terms.iter().find(|t| t.id == team.terms).map_or("", |t| t.name.as_str());
        println!("{}\t{terms}", team.name);
    }
    Ok(())
}
