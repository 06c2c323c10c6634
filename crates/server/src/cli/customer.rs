//! Erasing a customer from the command line.

use std::time::Duration;

use clap::{Args, Subcommand};
use evendesk_domain::channel::{Identity, IdentityKind};
use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::id::CustomerId;

use super::{Desk, Failure};
use crate::erasure;
use crate::location::Location;
use crate::store;

/// Between one look whether somebody still reads the journal, and the next.
const AGAIN: Duration = Duration::from_secs(5);

#[derive(Subcommand)]
pub enum Customer {
    /// Erase a customer: everything ever said by and with them, under all their identities, loses its words
    /// here, on every desk at its next connection, and in every backup that is restored from now on
    Erase(Erase),
}

#[derive(Args)]
pub struct Erase {
    /// An address, a number with its country code, an account's address on a network, or the customer's id
    who: String,
    /// Do it; without, only say what it would reach
    #[arg(long)]
    yes: bool,
}

impl Customer {
    pub async fn run(self, at: &Location) -> Result<(), Failure> {
        match self {
            Self::Erase(task) => task.run(at).await,
        }
    }
}

impl Erase {
    async fn run(self, at: &Location) -> Result<(), Failure> {
        let mut desk = Desk::open(at)?;
        let customer = self.find(&desk)?;
        let (customers, conversations, feedback) = reach(&desk, customer)?;
        println!(
            "{}: {customers} customer record(s) with all their identities, {conversations} conversation(s), \
             {feedback} feedback case(s) that quote them.",
            self.who
        );
        if !self.yes {
            println!("Nothing was changed. Say --yes to erase all of it; there is no way back.");
            return Ok(());
        }
        desk.operate(CommandBody::EraseCustomer { customer })?;
        let blobs = store::blobs(at)?;
        let ledger = desk.scribe.erasures();
        while !erasure::sweep(&desk.journal, &blobs, &ledger).await? {
            println!(
                "The journal's files hold it as long as somebody reads them, as a backup does: waiting."
            );
            tokio::time::sleep(AGAIN).await;
        }
        println!(
            "Erased. Desks let go of it when they connect next. Backups made before this still hold it; what \
             is restored from them is erased again, as long as {} is kept.",
            desk.folder.erasures().display()
        );
        Ok(())
    }

    fn find(&self, desk: &Desk) -> Result<CustomerId, Failure> {
        let reader = desk.scribe.replica().reader()?;
        let world = reader.world_kept();
        if let Ok(id) = self.who.parse() {
            let found = world.customer(CustomerId(id))?;
            return Ok(found.ok_or("there is no customer of that id")?.id);
        }
        let kinds = [IdentityKind::Email, IdentityKind::Phone, IdentityKind::Social, IdentityKind::Postal];
        for kind in kinds {
            if let Ok(identity) = Identity::new(kind, &self.who, None)
                && let Some(owner) = world.identity_owner(&identity)?
            {
                return Ok(world.root_customer(owner)?);
            }
        }
        Err(format!("nobody is known as {}; say an address or number as it is on their card", self.who)
            .into())
    }
}

/// How many customer records, conversations and feedback cases it would reach.
fn reach(desk: &Desk, customer: CustomerId) -> Result<(usize, usize, usize), Failure> {
    let reader = desk.scribe.replica().reader()?;
    let world = reader.world_kept();
    let family = world.family(world.root_customer(customer)?)?;
    let (mut conversations, mut feedback) = (0, 0);
    for member in &family {
        conversations += world.conversations_of(*member)?.len();
        feedback += world.feedback_quoting(*member)?.len();
    }
    Ok((family.len(), conversations, feedback))
}
