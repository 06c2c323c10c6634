//! TLS, where the server does it itself: a certificate and its key as PEM files, read anew when they
//! change or when the process is told to (SIGHUP), so that a renewed certificate needs no restart.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(10);
/// How long requests under way may take once the server goes down.
const PATIENCE: Duration = Duration::from_secs(8);

/// Where certificate and key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate first, then those that lead to a root.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{} cannot be read as a PEM file: {source}", path.display())]
    Unreadable { path: PathBuf, source: PemError },
    #[error("{} holds no certificate; it begins with -----BEGIN CERTIFICATE-----", .0.display())]
    NoCertificate(PathBuf),
    #[error(
        "certificate {} and key {} do not serve: {source}", certificate.display(), key.display()
    )]
    Unfit { certificate: PathBuf, key: PathBuf, source: rustls::Error },
}

impl Files {
    /// Reads both and sees that they belong together.
    pub fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| TlsError::Unreadable { path, source }
        };
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(unreadable(&self.certificate))?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate(self.certificate.clone()));
        }
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(unreadable(&self.key))?;
        let mut config =
            ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).map_err(|source| {
                TlsError::Unfit { certificate: self.certificate.clone(), key: self.key.clone(), source }
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|f| std::fs::metadata(f).and_then(|m| m.modified()).ok())
    }
}

/// Serves until the server stops; then what is under way is finished, for some seconds.
pub async fn serve(
    listener: std::net::TcpListener,
    config: RustlsConfig,
    router: IntoMakeServiceWithConnectInfo<axum::Router, SocketAddr>,
    mut stopping: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let handle = Handle::new();
    let stop = handle.clone();
    let told = tokio::spawn(async move {
        let _ = stopping.wait_for(|stop| *stop).await;
        stop.graceful_shutdown(Some(PATIENCE));
    });
    let served = axum_server::from_tcp_rustls(listener, config)?.handle(handle).serve(router).await;
    told.abort();
    served
}

/// Takes the files over when they change. Where they cannot be read, the ones in use go on.
pub async fn keep_fresh(files: Files, config: RustlsConfig, mut stopping: watch::Receiver<bool>) {
    let mut told = Told::new();
    let mut known = files.changed_at();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {
                let found = files.changed_at();
                if found == known {
                    continue;
                }
                known = found;
            }
            () = told.again() => known = files.changed_at(),
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        match files.load() {
            Ok(fresh) => {
                config.reload_from_config(fresh);
                tracing::info!("the certificate was read anew");
            }
            Err(e) => tracing::error!("the certificate in use stays: {e}"),
        }
    }
}

/// What a service manager sends for "read your files again".
#[cfg(unix)]
struct Told(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Told {
    fn new() -> Self {
        Self(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok())
    }

    async fn again(&mut self) {
        let told = match &mut self.0 {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if told.is_none() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
struct Told;

#[cfg(not(unix))]
impl Told {
    fn new() -> Self {
        Self
    }

    async fn again(&mut self) {
        std::future::pending().await
    }
}
