//! A customer: a person or company that can be recognised by one of its identities.

use serde::{Deserialize, Serialize};

use crate::channel::Identity;
use crate::event::Event;
use crate::id::CustomerId;
use crate::stream::Recorded;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    /// As the customer signs, or as an agent wrote it; empty when nobody said.
    pub name: String,
    pub identities: Vec<KnownIdentity>,
    /// The customer this one was absorbed by. Followed in queries; never a cycle.
    pub merged_into: Option<CustomerId>,
    pub opened_at: Timestamp,
    /// When everything of this customer was erased; nothing is added to them any more.
    pub erased_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownIdentity {
    pub identity: Identity,
    /// Proved by the channel it came by; a form's address is not.
    pub verified: bool,
}

impl Customer {
    pub fn apply(state: &mut Option<Self>, id: CustomerId, recorded: &Recorded) {
        if let Event::CustomerOpened { name } = &recorded.event {
            *state = Some(Self {
                id,
                name: name.clone(),
                identities: Vec::new(),
                merged_into: None,
                opened_at: recorded.at,
                erased_at: None,
            });
        } else if let Some(customer) = state {
            customer.step(recorded);
        }
    }

    fn step(&mut self, recorded: &Recorded) {
        match &recorded.event {
            // What an erased identity was added by.
            Event::IdentityAdded { identity, .. } if identity.value.is_empty() => {}
            Event::CustomerNamed { name } => self.name.clone_from(name),
            Event::IdentityAdded { identity, verified } => {
                match self.identities.iter_mut().find(|k| k.identity == *identity) {
                    Some(known) => known.verified |= verified,
                    None => {
                        self.identities
                            .push(KnownIdentity { identity: identity.clone(), verified: *verified });
                    }
                }
            }
            Event::CustomerMerged { into } => self.merged_into = Some(*into),
            Event::CustomerUnmerged => self.merged_into = None,
            Event::Redacted { .. } => self.erased_at = self.erased_at.or(Some(recorded.at)),
            _ => {}
        }
    }

    pub fn has(&self, identity: &Identity) -> bool {
        self.identities.iter().any(|k| k.identity == *identity)
    }
}
