//! Forms and webhooks, and how an account of any kind is saved.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use evendesk_domain::channel::Channel;
use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::id::{AccountId, TeamId};
use evendesk_domain::settings::{AccountSettings, MailSettings};
use rand::TryRng;
use rand::rngs::SysRng;
use uuid::Uuid;

use super::{Desk, Failure};
use crate::location::Location;
use crate::secrets;

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

pub(super) fn settings(channel: Channel, name: &str, team: TeamId) -> AccountSettings {
    AccountSettings {
        channel,
        name: name.to_owned(),
        address: String::new(),
        team,
        imap: None,
        smtp: None,
        user: None,
        webhook: None,
        mail: MailSettings::default(),
    }
}

/// Saves an account; one of the same name and channel is changed, and keeps its cursor. So does one that was
/// removed: what it brought in before is known again.
pub(super) fn save(desk: &mut Desk, settings: AccountSettings) -> Result<AccountId, Failure> {
    let reader = desk.scribe.replica().reader()?;
    let known = reader.world_kept().account_by_name(&settings.name)?;
    let id = match known {
        Some(account) if account.settings.channel == settings.channel => account.id,
        Some(_) => {
            return Err(format!(
                "there is an account {} of another kind; choose another name",
                settings.name
            )
            .into());
        }
        None => {
            let removed = reader.removed_account(settings.channel, &settings.name)?;
            removed.unwrap_or_else(|| AccountId(Uuid::now_v7()))
        }
    };
    drop(reader);
    desk.operate(CommandBody::SaveAccount { id, settings })?;
    Ok(id)
}
