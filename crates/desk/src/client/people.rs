//! Who may come in, on which devices they are, and how much other teams have of a customer: asked of the
//! server, never kept here.

use evendesk_domain::id::{CustomerId, DeviceId, InvitationId, UserId};
use evendesk_protocol::http::{DeviceView, InvitationView, Invite, Invited, NewPassword};
use evendesk_replica::Elsewhere;
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;

use super::session::SignedInAt;
use super::{body_up_to, problem, unreachable};
use crate::error::Error;

/// Bytes of a list; a thousand devices need far less.
const LIST_BYTES: usize = 4 * 1024 * 1024;

pub(super) async fn done(request: RequestBuilder) -> Result<reqwest::Response, Error> {
    let response = request.send().await.map_err(|e| unreachable(&e))?;
    if response.status().is_success() { Ok(response) } else { Err(problem(response).await) }
}

pub(super) async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Error> {
    let body = body_up_to(done(request).await?, LIST_BYTES).await?;
    serde_json::from_slice(&body).map_err(|e| Error::Protocol(e.to_string()))
}

impl SignedInAt {
    pub async fn elsewhere(self, customer: CustomerId) -> Result<Elsewhere, Error> {
        answer(self.get(&format!("api/customers/{customer}/elsewhere"))).await
    }

    pub async fn devices(self) -> Result<Vec<DeviceView>, Error> {
        answer(self.get("api/devices")).await
    }

    pub async fn revoke(self, user: UserId, device: DeviceId) -> Result<(), Error> {
        done(self.delete(&format!("api/devices/{user}/{device}"))).await.map(drop)
    }

    pub async fn invitations(self) -> Result<Vec<InvitationView>, Error> {
        answer(self.get("api/invitations")).await
    }

    pub async fn invite(self, invite: Invite) -> Result<Invited, Error> {
        answer(self.post("api/invitations").json(&invite)).await
    }

    pub async fn withdraw(self, invitation: InvitationId) -> Result<(), Error> {
        done(self.delete(&format!("api/invitations/{invitation}"))).await.map(drop)
    }

    pub async fn new_password(self, password: NewPassword) -> Result<(), Error> {
        done(self.post("api/password").json(&password)).await.map(drop)
    }
}
