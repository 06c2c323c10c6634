//! Running the server from the command line, until it is told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use evendesk_domain::command::CommandBody;
use evendesk_domain::decide::World;
use evendesk_domain::id::UserId;
use evendesk_domain::settings::Role;
use uuid::Uuid;

use super::{Desk, Failure};
use crate::founding::LOCAL_LOGIN;
use crate::http::network::Network;
use crate::location::Location;
use crate::store::StoreError;
use crate::{Options, Server, auth, sample, tls};

#[derive(Args)]
pub struct Serve {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7480")]
    bind: SocketAddr,
    /// A name besides localhost by which desks and pages call this server; may be given several times
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Let webhooks be posted to, and pictures of mails be fetched from, this machine and private networks
    #[arg(long)]
    allow_private_webhooks: bool,
    /// A TLS proxy passes callers on. One on this machine adds each caller's address as the last of
    /// X-Forwarded-For: limits then count by that address instead of holding all for one caller
    #[arg(long)]
    behind_proxy: bool,
    /// A proxy on another machine that does the same, or the network it is in; may be given several times
    #[arg(long = "trust-proxy", value_name = "ADDRESS[/BITS]", requires = "behind_proxy")]
    proxies: Vec<Network>,
    /// Encrypt with the certificate in this PEM file, its chain included; without it only this machine
    /// and a proxy may call. Read anew when it changes, and on SIGHUP
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

#[derive(Args)]
pub struct Demo {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7480")]
    bind: SocketAddr,
}

impl Serve {
    pub async fn run(self, data: &Location) -> Result<(), Failure> {
        if let Some(password) = first_admin(data)? {
            println!(
                "Nobody could sign in yet, so there is an admin now. Login {LOCAL_LOGIN}, password {password}"
            );
        }
        let mut options = Options::new(data.clone());
        options.bind = self.bind;
        options.hosts = self.hosts;
        options.private_webhooks = self.allow_private_webhooks;
        options.behind_proxy = self.behind_proxy;
        options.proxies = self.proxies;
        options.tls =
            self.tls_cert.zip(self.tls_key).map(|(certificate, key)| tls::Files { certificate, key });
        serve(options).await
    }
}

impl Demo {
    pub async fn run(self, data: &Location) -> Result<(), Failure> {
        if data.is_shared() {
            return Err("the sample workspace keeps everything in its folder: leave --journal and \
                        EVENDESK_JOURNAL away"
                .into());
        }
        let mut options = Options::new(data.clone());
        options.bind = self.bind;
        options.demo = true;
        println!(
            "Sign in as {LOCAL_LOGIN}, mia, jonas or priya; the password of each is: {}",
            sample::PASSWORD
        );
        serve(options).await
    }
}

async fn serve(options: Options) -> Result<(), Failure> {
    let running = Server::start(options).await?;
    // Whoever hears that it listens may tell it to stop.
    let told = told_to_stop();
    println!("Evendesk listens at {}", running.url());
    let had_to = tokio::select! {
        () = told => None,
        why = running.ended() => Some(why),
    };
    println!("Going down.");
    running.stop().await;
    had_to.map_or(Ok(()), |why| Err(why.into()))
}

/// Ctrl-C, or what a service manager sends; heard from the call on.
fn told_to_stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async {
        #[cfg(unix)]
        if let Ok(mut terminate) = terminate {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// An admin with a password to be shown once, where there is nobody at all.
fn first_admin(data: &Location) -> Result<Option<String>, Failure> {
    let mut desk = Desk::open(data)?;
    let nobody = desk.scribe.replica().reader()?.directory()?.users.is_empty();
    if !nobody {
        return Ok(None);
    }
    let password: String = auth::secret()?.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    let hash = auth::hash(&password)?;
    let id = UserId(Uuid::now_v7());
    let teams =
        desk.scribe.replica().reader()?.world_kept().default_team()?.map(|t| t.id).into_iter().collect();
    let made = desk.operate(CommandBody::SaveUser {
        id,
        name: "Admin".into(),
        login: LOCAL_LOGIN.into(),
        role: Role::Admin,
        teams,
    });
    match made {
        // Another node was quicker.
        Err(StoreError::Refused(_)) if data.is_shared() => return Ok(None),
        made => made?,
    }
    desk.journal.set_password(id, &hash)?;
    Ok(Some(password))
}
