//! Connections: how one is made and set up, and when one is lost.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Connect, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Address;
use crate::Error;
use crate::error::Doing;

/// A node that is paused or cut off in the middle of something must not keep the others from the head
/// row for long. Stronger promises of the database than `on` are left as they are.
const SET_UP: &str = "
SET statement_timeout = '20s';
SET lock_timeout = '15s';
SET idle_in_transaction_session_timeout = '5s';
SET client_min_messages = warning;
SELECT set_config('synchronous_commit', 'on', false)
 WHERE current_setting('synchronous_commit') IN ('off', 'local')";

/// Connections for reading and for what is kept beside the events. Writers and listeners have their own.
const POOLED: usize = 8;

/// Makes connections to one journal.
#[derive(Clone)]
pub(super) struct Dial {
    config: Config,
    tls: Option<MakeRustlsConnect>,
}

impl Dial {
    pub(super) fn new(address: &Address) -> Result<Self, Error> {
        let wants_tls = address.config.get_ssl_mode() != SslMode::Disable;
        let tls = wants_tls.then(|| tls(address)).transpose()?;
        Ok(Self { config: address.config.clone(), tls })
    }

    /// A connection, set up; what others notify it of goes to `hear`.
    pub(super) async fn connect(
        &self,
        hear: impl FnMut(&str) + Send + 'static,
    ) -> Result<(Client, JoinHandle<()>), tokio_postgres::Error> {
        let (client, driver) = match &self.tls {
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                (client, tokio::spawn(drive(connection, hear)))
            }
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                (client, tokio::spawn(drive(connection, hear)))
            }
        };
        client.batch_execute(SET_UP).await?;
        Ok((client, driver))
    }

    pub(super) fn pool(&self) -> Result<Pool, Error> {
        let recycled = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_connect(self.config.clone(), self.clone(), recycled);
        Pool::builder(manager)
            .max_size(POOLED)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(Duration::from_secs(15)))
            .create_timeout(Some(Duration::from_secs(15)))
            .build()
            .doing("set up connections to the journal")
    }
}

type Dialled = Result<(Client, JoinHandle<()>), tokio_postgres::Error>;

impl Connect for Dial {
    fn connect(&self, _: &Config) -> Pin<Box<dyn Future<Output = Dialled> + Send + '_>> {
        Box::pin(Self::connect(self, |_| {}))
    }
}

/// Carries a connection until it ends.
async fn drive<S, T>(mut connection: Connection<S, T>, mut hear: impl FnMut(&str))
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
        if let AsyncMessage::Notification(notification) = message {
            hear(notification.payload());
        }
    }
}

fn tls(address: &Address) -> Result<MakeRustlsConnect, Error> {
    let mut roots = RootCertStore::empty();
    match &address.roots {
        Some(file) => {
            let unreadable = "read the certificates that sslrootcert names";
            for certificate in CertificateDer::pem_file_iter(file).doing(unreadable)? {
                roots.add(certificate.doing(unreadable)?).doing(unreadable)?;
            }
        }
        // One certificate of the system's that cannot be read does not matter, as long as any can.
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(Error::Address("no certificate authority is known to verify the database by"));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .doing("set up encryption")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// Whether the connection is gone, and with it all knowledge of what became of the last statement.
pub(super) fn is_lost(e: &tokio_postgres::Error) -> bool {
    let Some(said) = e.as_db_error() else { return true };
    let ended = matches!(said.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
    ended || said.code().code().starts_with("08") || *said.code() == SqlState::ADMIN_SHUTDOWN
}
