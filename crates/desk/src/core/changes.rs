//! Which customers a set of streams is about: what the window reads again.

use std::collections::BTreeSet;

use evendesk_domain::decide::World as _;
use evendesk_domain::id::{ConversationId, CustomerId};
use evendesk_domain::stream::{StreamId, StreamKind};
use evendesk_replica::Writer;

use crate::error::Error;
use crate::view::Change;

/// Beyond this, everything is read again: that is cheaper than naming them.
const NAMED: usize = 50;

pub(super) fn of(writer: &Writer<'_>, streams: &BTreeSet<StreamId>) -> Result<Change, Error> {
    let mut change = Change { customers: Some(Vec::new()), feedback: false, settings: false };
    let mut customers = BTreeSet::new();
    let world = writer.world_kept();
    let few = streams.len() <= 4 * NAMED;
    for stream in streams {
        let customer = match stream.kind {
            StreamKind::Customer => Some(CustomerId(stream.id)),
            StreamKind::Conversation if few => {
                world.conversation(ConversationId(stream.id))?.map(|c| c.customer)
            }
            StreamKind::Conversation => None,
            StreamKind::Feedback | StreamKind::Influencer => {
                change.feedback = true;
                continue;
            }
            StreamKind::Terms
            | StreamKind::Team
            | StreamKind::User
            | StreamKind::Account
            | StreamKind::Workspace => {
                change.settings = true;
                continue;
            }
            // Nothing on screen comes from ledgers yet.
            StreamKind::Mailbox => continue,
        };
        if let Some(customer) = customer.filter(|_| few) {
            customers.insert(customer);
            customers.insert(world.root_customer(customer)?);
        }
    }
    change.customers = (few && customers.len() <= NAMED).then(|| customers.into_iter().collect());
    Ok(change)
}

/// What either names.
pub(super) fn both(one: Change, other: Change) -> Change {
    let customers = match (one.customers, other.customers) {
        (Some(one), Some(other)) => {
            let all: BTreeSet<CustomerId> = one.into_iter().chain(other).collect();
            Some(all.into_iter().collect())
        }
        _ => None,
    };
    Change { customers, feedback: one.feedback || other.feedback, settings: one.settings || other.settings }
}
