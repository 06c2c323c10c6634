//! Whom this desk believes: the authorities of the system, and a company's own where it names one. What
//! cannot prove itself by them is not talked to.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use tokio_tungstenite::Connector;

use crate::error::Error;

/// Cheap to clone.
#[derive(Clone)]
pub struct Trust(Arc<ClientConfig>);

impl Trust {
    /// With `ca`, also the authorities in that PEM file.
    pub fn new(ca: Option<&Path>) -> Result<Self, Error> {
        super::install_tls();
        let mut roots = RootCertStore::empty();
        // Some systems hold authorities that are damaged or of another age; the others serve.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(file) = ca {
            let own = own_authorities(file)?;
            let (added, _) = roots.add_parsable_certificates(own);
            if added == 0 {
                return Err(Error::invalid(format!(
                    "{} holds no certificate of an authority; it begins with -----BEGIN CERTIFICATE-----.",
                    file.display()
                )));
            }
        }
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// For requests. Redirects are not followed: they could lead out of the address that was checked.
    pub fn http(&self) -> Result<reqwest::Client, Error> {
        reqwest::Client::builder()
            .tls_backend_preconfigured((*self.0).clone())
            .timeout(Duration::from_secs(60))
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| Error::Offline(e.to_string()))
    }

    pub fn connector(&self) -> Connector {
        Connector::Rustls(Arc::clone(&self.0))
    }
}

fn own_authorities(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|e| Error::invalid(format!("{} cannot be read as a PEM file: {e}.", file.display())))
}

/// Why a server could not prove itself, where that is what an error is about.
pub fn distrust(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    tls_error(error).map(|e| Error::Untrusted(reason(e)))
}

fn tls_error<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        // What an I/O error wraps is not among its sources.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = wrapped.and_then(|e| tls_error(e)) {
            return Some(found);
        }
        next = error.source();
    }
    None
}

fn reason(error: &rustls::Error) -> &'static str {
    use CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(C::UnknownIssuer) => {
            "its certificate is from an authority that this computer does not know; a company's own is named with --ca"
        }
        rustls::Error::InvalidCertificate(C::Expired | C::ExpiredContext { .. }) => {
            "its certificate has expired; whoever runs the server must renew it"
        }
        rustls::Error::InvalidCertificate(C::NotValidYet | C::NotValidYetContext { .. }) => {
            "its certificate is not valid yet; look whether this computer's clock is right"
        }
        rustls::Error::InvalidCertificate(C::NotValidForName | C::NotValidForNameContext { .. }) => {
            "its certificate is for another name; look whether the address is right"
        }
        rustls::Error::InvalidCertificate(_) => "its certificate is not good",
        rustls::Error::InvalidMessage(_) => "what answers there does not encrypt",
        _ => "it does not encrypt in a way that this computer accepts",
    }
}
