//! Who may see and do what. Every read that goes to a desk passes [`visible`].

use serde::{Deserialize, Serialize};

use crate::id::{TeamId, UserId};
use crate::settings::{Role, User};

/// Whoever asks, as far as permissions go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub user: UserId,
    pub name: String,
    pub role: Role,
    pub teams: Vec<TeamId>,
}

impl From<&User> for Agent {
    fn from(user: &User) -> Self {
        Self { user: user.id, name: user.name.clone(), role: user.role, teams: user.teams.clone() }
    }
}

/// What decides who may see a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// A conversation or a feedback case, by its team or department.
    Team(TeamId),
    /// Customers, influencers, teams, people, terms, accounts and the workspace: everybody who signs in.
    Everyone,
    /// Mailboxes: their ledgers tell of mail to all teams.
    Oversight,
}

/// Whether `agent` may hold a stream of that scope.
pub fn visible(agent: &Agent, scope: Scope) -> bool {
    match scope {
        Scope::Everyone => true,
        Scope::Team(team) => agent.role >= Role::Supervisor || agent.teams.contains(&team),
        Scope::Oversight => agent.role >= Role::Supervisor,
    }
}

/// Raised when [`visible`] or the scope of a stream comes to mean something else: what a desk holds was
/// judged by the rules of then.
const RULES: u32 = 1;

/// Names what `agent` may see: two agents of one name see the same streams.
pub fn visible_set(agent: &Agent) -> String {
    let mut teams: Vec<String> = agent.teams.iter().map(|team| team.0.simple().to_string()).collect();
    teams.sort_unstable();
    teams.dedup();
    format!("{RULES} {} {}", agent.role.name(), teams.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_conversation_is_seen_by_its_team_and_by_supervisors() {
        let (ours, theirs) = (TeamId(Uuid::from_u128(1)), TeamId(Uuid::from_u128(2)));
        let agent = |role| Agent { user: UserId(Uuid::nil()), name: String::new(), role, teams: vec![ours] };
        assert!(visible(&agent(Role::Agent), Scope::Team(ours)));
        assert!(!visible(&agent(Role::Agent), Scope::Team(theirs)));
        assert!(visible(&agent(Role::Supervisor), Scope::Team(theirs)));
        assert!(!visible(&agent(Role::Agent), Scope::Oversight));
    }

    #[test]
    fn what_is_seen_is_named_by_role_and_teams_alone() {
        let (one, two) = (TeamId(Uuid::from_u128(1)), TeamId(Uuid::from_u128(2)));
        let agent =
            |name: &str, role, teams| Agent { user: UserId(Uuid::nil()), name: name.into(), role, teams };
        let ada = visible_set(&agent("Ada", Role::Agent, vec![one, two]));
        assert_eq!(ada, visible_set(&agent("Bob", Role::Agent, vec![two, one, two])));
        assert_ne!(ada, visible_set(&agent("Ada", Role::Agent, vec![one])));
        assert_ne!(ada, visible_set(&agent("Ada", Role::Supervisor, vec![one, two])));
    }
}
