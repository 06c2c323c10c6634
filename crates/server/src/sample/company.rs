//! The sample company: Hearth & Oak, who make furniture, answer in English and German, and never close,
//! so that its clocks run whenever somebody looks.

use evendesk_domain::channel::Channel;
use evendesk_domain::clock::Terms;
use evendesk_domain::command::CommandBody;
use evendesk_domain::id::{AccountId, TeamId, TermsId, UserId};
use evendesk_domain::settings::{AccountSettings, MailSettings, Role};
use uuid::Uuid;

use super::SCHEME;
use crate::founding;

pub const NAME: &str = "Hearth & Oak";
pub const HOST: &str = "hearthandoak.example";
/// Of every sample person who signs in, where a demo is served to others.
pub const PASSWORD: &str = "hearth and oak";

const TEAMS: [&str; 3] = ["Support", "Orders", "Billing"];

pub struct Member {
    pub id: UserId,
    pub key: &'static str,
    pub name: &'static str,
    role: Role,
    team: &'static str,
}

pub struct Account {
    pub id: AccountId,
    pub channel: Channel,
    pub team: &'static str,
    name: &'static str,
}

pub struct Company {
    terms: TermsId,
    teams: Vec<(&'static str, TeamId)>,
    pub members: Vec<Member>,
    accounts: Vec<Account>,
}

impl Company {
    pub fn new() -> Self {
        let member = |key, name, role, team| Member { id: UserId(Uuid::now_v7()), key, name, role, team };
        let account = |channel, team, name| Account { id: AccountId(Uuid::now_v7()), channel, team, name };
        Self {
            terms: TermsId(Uuid::now_v7()),
            teams: TEAMS.map(|name| (name, TeamId(Uuid::now_v7()))).into(),
            members: vec![
                // Whoever looks around.
                member(founding::LOCAL_LOGIN, "Alex Carter", Role::Admin, "Support"),
                member("mia", "Mia Keller", Role::Agent, "Support"),
                member("jonas", "Jonas Weber", Role::Agent, "Orders"),
                member("priya", "Priya Nair", Role::Supervisor, "Billing"),
            ],
            accounts: vec![
                account(Channel::Email, "Support", "support mailbox"),
                account(Channel::Email, "Orders", "orders mailbox"),
                account(Channel::Email, "Billing", "billing mailbox"),
                account(Channel::WebForm, "Support", "Contact Hearth & Oak"),
                account(Channel::Social, "Support", "social mentions"),
                account(Channel::Letter, "Billing", "letters"),
            ],
        }
    }

    pub fn team(&self, name: &str) -> TeamId {
        let found = self.teams.iter().find(|(n, _)| *n == name);
        found.map_or(self.teams[0].1, |(_, id)| *id)
    }

    pub fn member(&self, key: &str) -> &Member {
        self.members.iter().find(|m| m.key == key).unwrap_or(&self.members[0])
    }

    /// By which a channel's messages for a team come in.
    pub fn account(&self, channel: Channel, team: &str) -> &Account {
        let on_channel = || self.accounts.iter().filter(move |a| a.channel == channel);
        on_channel().find(|a| a.team == team).or_else(|| on_channel().next()).unwrap_or(&self.accounts[0])
    }

    pub fn social(&self) -> AccountId {
        self.account(Channel::Social, "Support").id
    }

    /// What an admin would have entered.
    pub fn settings(&self) -> Vec<CommandBody> {
        let terms = Terms { calendar: founding::always(&founding::local_zone()), policy: founding::policy() };
        let mut settings =
            vec![CommandBody::SaveTerms { id: self.terms, name: "Around the clock".into(), terms }];
        for (name, id) in &self.teams {
            settings.push(CommandBody::SaveTeam { id: *id, name: (*name).into(), terms: self.terms });
        }
        for Member { id, key, name, role, team } in &self.members {
            let teams = match role {
                Role::Admin => self.teams.iter().map(|(_, id)| *id).collect(),
                _ => vec![self.team(team)],
            };
            settings.push(CommandBody::SaveUser {
                id: *id,
                name: (*name).into(),
                login: (*key).into(),
                role: *role,
                teams,
            });
        }
        let accounts = self.accounts.iter();
        settings.extend(
            accounts.map(|a| CommandBody::SaveAccount { id: a.id, settings: self.account_settings(a) }),
        );
        settings
    }

    fn account_settings(&self, account: &Account) -> AccountSettings {
        let stays_here = || Some(format!("{SCHEME}{}", account.name));
        let mail = account.channel == Channel::Email;
        AccountSettings {
            channel: account.channel,
            name: account.name.into(),
            address: if mail { format!("{}@{HOST}", account.team.to_lowercase()) } else { String::new() },
            team: self.team(account.team),
            imap: mail.then(stays_here).flatten(),
            smtp: mail.then(stays_here).flatten(),
            user: None,
            webhook: (account.channel == Channel::Social).then(stays_here).flatten(),
            mail: MailSettings::default(),
        }
    }
}
