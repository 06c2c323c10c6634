//! Coming in and going, and who else may: what is asked of the server alone.

use evendesk_domain::id::{CustomerId, DeviceId, InvitationId, UserId};
use evendesk_protocol::http::{
    DeviceView, InvitationView, Invite, Invited, Join, NewPassword, SignIn, SignedIn,
};
use evendesk_replica::Elsewhere;

use super::Desk;
use crate::client::address::Server;
use crate::client::session::{self, SignedInAt};
use crate::error::Error;
use crate::outbox::settings::Setting;

impl Desk {
    /// Signs in and connects. The token is the caller's to keep, in the system's keychain, and to give
    /// back to [`Desk::resume`] next time.
    pub fn sign_in(&self, server: &str, login: &str, password: &str) -> Result<String, Error> {
        let server = Server::parse(server)?;
        let asked = SignIn {
            login: login.to_owned(),
            password: password.to_owned(),
            device: self.device()?,
            device_name: self.options.device_name.clone(),
        };
        let (http, at) = (self.http.clone(), server.clone());
        let signed_in = self.on_net(async move { session::sign_in(&http, &at, &asked).await })?;
        self.come_in(&server, signed_in)
    }

    /// The same with an invitation's code, choosing login and password.
    pub fn join(&self, server: &str, code: &str, login: &str, password: &str) -> Result<String, Error> {
        let server = Server::parse(server)?;
        let asked = Join {
            code: code.to_owned(),
            login: login.to_owned(),
            password: password.to_owned(),
            device: self.device()?,
            device_name: self.options.device_name.clone(),
        };
        let (http, at) = (self.http.clone(), server.clone());
        let signed_in = self.on_net(async move { session::join(&http, &at, &asked).await })?;
        self.come_in(&server, signed_in)
    }

    fn come_in(&self, server: &Server, signed_in: SignedIn) -> Result<String, Error> {
        let token = signed_in.token.clone();
        self.adopt(&server.to_string(), signed_in)?;
        Ok(token)
    }

    /// Takes a sign-in that was made elsewhere, as by the app that runs the server in itself.
    pub fn adopt(&self, server: &str, signed_in: SignedIn) -> Result<(), Error> {
        let server = Server::parse(server)?;
        let SignedIn { token, agent, workspace_name } = signed_in;
        self.hang_up();
        if self.outbox.get(Setting::Server)?.is_some_and(|before| before != server.to_string()) {
            // Perhaps another workspace: its greeting tells.
            self.outbox.unset(Setting::SubmitKey)?;
        }
        self.outbox.set(Setting::Server, &server.to_string())?;
        self.outbox.set(Setting::WorkspaceName, &workspace_name)?;
        self.shared.call(move |core, now| Ok(((), core.sign_in(agent, now)?)))?;
        self.dial(server, token)
    }

    /// How many matters of a customer are with teams that this person is not in: the server alone knows.
    pub fn elsewhere(&self, customer: CustomerId) -> Result<Elsewhere, Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.elsewhere(customer))
    }

    /// Where this person is signed in; for an admin, where everybody is.
    pub fn devices(&self) -> Result<Vec<DeviceView>, Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.devices())
    }

    /// Signs someone out on one device.
    pub fn revoke_device(&self, user: UserId, device: DeviceId) -> Result<(), Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.revoke(user, device))
    }

    pub fn invitations(&self) -> Result<Vec<InvitationView>, Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.invitations())
    }

    /// Makes an invitation; its code is told this once.
    pub fn invite(&self, invite: Invite) -> Result<Invited, Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.invite(invite))
    }

    pub fn withdraw_invitation(&self, invitation: InvitationId) -> Result<(), Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.withdraw(invitation))
    }

    /// Changes one's own password, and signs one's other devices out.
    pub fn new_password(&self, old: &str, new: &str) -> Result<(), Error> {
        let at = self.signed_in_at()?;
        self.on_net(at.new_password(NewPassword { old: old.to_owned(), new: new.to_owned() }))
    }

    pub(super) fn signed_in_at(&self) -> Result<SignedInAt, Error> {
        let line = self.line();
        let (Some(server), Some(token)) = (line.server.clone(), line.token.clone()) else {
            return Err(Error::SignedOut);
        };
        Ok(SignedInAt { http: self.http.clone(), server, token })
    }
}
