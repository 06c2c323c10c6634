//! Where a journal on PostgreSQL is, from a URL, and whether the way there is safe.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use crate::Error;

/// `postgres://USER@HOST:PORT/DATABASE`, with `sslmode` and `sslrootcert` as PostgreSQL's own tools know
/// them.
///
/// Beyond this machine the connection is encrypted and the server's certificate verified, unless the URL
/// says `sslmode=disable`; `prefer` is refused there, since whoever sits in between would prefer not to.
/// On this machine (loopback, or a socket in the file system) nothing is encrypted unless asked for. A
/// certificate is verified against what this machine trusts, or against the file `sslrootcert` names.
#[derive(Clone)]
pub struct Address {
    pub(super) config: Config,
    /// Whom to trust instead of this machine's list.
    pub(super) roots: Option<PathBuf>,
}

impl Address {
    /// Whether this names a journal on PostgreSQL, and not a file.
    pub fn is_one(text: &str) -> bool {
        text.starts_with("postgres://") || text.starts_with("postgresql://")
    }

    /// A password that the URL does not hold is taken from the environment variable `PGPASSWORD`, so that
    /// it need not be on a command line.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let asked = Asked::split(url)?;
        // What is wrong is not repeated: it may hold a password.
        let mut config: Config = asked
            .rest
            .parse()
            .map_err(|_| Error::Address("it is no URL like postgres://USER@HOST:PORT/DATABASE"))?;
        if config.get_hosts().is_empty() {
            return Err(Error::Address("it names no host"));
        }
        config.ssl_mode(mode(asked.mode.as_deref(), is_here(&config))?);
        if config.get_password().is_none()
            && let Ok(password) = std::env::var("PGPASSWORD")
        {
            config.password(password);
        }
        // A peer that is gone without a word is noticed within half a minute.
        config
            .connect_timeout(Duration::from_secs(10))
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3)
            .tcp_user_timeout(Duration::from_secs(30));
        if config.get_application_name().is_none() {
            config.application_name("evendesk");
        }
        Ok(Self { config, roots: asked.roots })
    }

    /// Where it is, for people: without who signs in there and how.
    pub fn place(&self) -> String {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            None => String::new(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        format!("postgres://{host}:{port}/{database}")
    }
}

/// The parts of a URL that we look after ourselves, and the rest.
struct Asked {
    rest: String,
    mode: Option<String>,
    roots: Option<PathBuf>,
}

impl Asked {
    fn split(url: &str) -> Result<Self, Error> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut asked = Self { rest: base.to_owned(), mode: None, roots: None };
        let mut kept = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("sslmode", mode)) => asked.mode = Some(mode.to_owned()),
                Some(("sslrootcert", path)) if path.contains('%') => {
                    return Err(Error::Address("sslrootcert must be a plain path"));
                }
                Some(("sslrootcert", path)) => asked.roots = Some(Path::new(path).to_owned()),
                _ => kept.push(part),
            }
        }
        if !kept.is_empty() {
            asked.rest = format!("{base}?{}", kept.join("&"));
        }
        Ok(asked)
    }
}

/// Whether nobody can sit in between.
fn is_here(config: &Config) -> bool {
    let is_loopback = |name: &str| {
        name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    };
    let hosts = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => is_loopback(name),
        #[cfg(unix)]
        Host::Unix(_) => true,
    });
    hosts && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn mode(asked: Option<&str>, here: bool) -> Result<SslMode, Error> {
    match asked {
        Some("disable") => Ok(SslMode::Disable),
        Some("require" | "verify-ca" | "verify-full") => Ok(SslMode::Require),
        Some("prefer") if here => Ok(SslMode::Prefer),
        Some("prefer") => Err(Error::Address(
            "sslmode=prefer protects nothing beyond this machine; say require, or disable where the network \
             itself is trusted",
        )),
        None if here => Ok(SslMode::Disable),
        None => Ok(SslMode::Require),
        Some(_) => Err(Error::Address("sslmode is one of disable, prefer, require, verify-full")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(url: &str) -> SslMode {
        Address::parse(url).unwrap().config.get_ssl_mode()
    }

    #[test]
    fn beyond_this_machine_a_connection_is_encrypted_unless_the_address_says_otherwise() {
        assert_eq!(mode_of("postgres://ada@db.example/desk"), SslMode::Require);
        assert_eq!(mode_of("postgres://ada@db.example/desk?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode_of("postgres://ada@10.0.0.5/desk?sslmode=disable"), SslMode::Disable);
        for here in ["localhost", "127.0.0.1:5433", "[::1]"] {
            assert_eq!(mode_of(&format!("postgres://ada@{here}/desk")), SslMode::Disable, "{here}");
        }
        assert_eq!(mode_of("postgres://ada@localhost/desk?sslmode=require"), SslMode::Require);
        assert_eq!(mode_of("postgres://ada@localhost/desk?hostaddr=10.0.0.5"), SslMode::Require);
        let refused = Address::parse("postgres://ada@db.example/desk?sslmode=prefer").err().unwrap();
        assert!(refused.to_string().contains("say require"), "{refused}");
    }

    #[test]
    fn neither_the_place_nor_a_refusal_tells_the_password() {
        let place = Address::parse("postgres://ada:secret@db.example:6000/desk").unwrap().place();
        assert_eq!(place, "postgres://db.example:6000/desk");
        for bad in ["postgres://ada:secret@db.example:port/desk", "postgres://ada:secret@/desk?x=y"] {
            let refused = Address::parse(bad).err().unwrap().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
