//! Where a mail server is, as people write it: `imaps://mail.example:993`, `smtp://127.0.0.1:2525`.

use std::fmt;
use std::net::ToSocketAddrs;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Imap,
    Smtp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    pub protocol: Protocol,
    /// TLS from the first byte; otherwise by STARTTLS.
    pub tls: bool,
    /// STARTTLS also on this machine, where the clear would do.
    pub start_tls: bool,
    pub host: String,
    pub port: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error(
        "\"{0}\" is not a mail server's address; write imaps://HOST, imap://HOST, smtps://HOST or smtp://HOST"
    )]
    Scheme(String),
    #[error("\"{0}\" names no host")]
    Host(String),
    #[error("\"{0}\" is not a port between 1 and 65535")]
    Port(String),
}

impl FromStr for ServerAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) =
            text.trim().split_once("://").ok_or_else(|| AddressError::Scheme(text.into()))?;
        let scheme = scheme.to_ascii_lowercase();
        let start_tls = scheme.ends_with("+starttls");
        let (protocol, tls, usual_port) = match scheme.trim_end_matches("+starttls") {
            "imaps" | "smtps" if start_tls => return Err(AddressError::Scheme(text.into())),
            "imaps" => (Protocol::Imap, true, 993),
            "imap" => (Protocol::Imap, false, 143),
            "smtps" => (Protocol::Smtp, true, 465),
            "smtp" => (Protocol::Smtp, false, 587),
            _ => return Err(AddressError::Scheme(text.into())),
        };
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '@' | '?' | '#');
        if host.is_empty() || host.len() > 255 || host.contains(odd) {
            return Err(AddressError::Host(text.into()));
        }
        let port = match port {
            None => usual_port,
            Some(p) => p.parse().ok().filter(|&p| p > 0).ok_or_else(|| AddressError::Port(p.into()))?,
        };
        Ok(Self { protocol, tls, start_tls, host: host.to_owned(), port })
    }
}

impl fmt::Display for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.protocol, self.tls) {
            (Protocol::Imap, true) => "imaps",
            (Protocol::Imap, false) => "imap",
            (Protocol::Smtp, true) => "smtps",
            (Protocol::Smtp, false) => "smtp",
        };
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let start_tls = if self.start_tls { "+starttls" } else { "" };
        write!(f, "{scheme}{start_tls}://{host}:{}", self.port)
    }
}

impl ServerAddress {
    /// Whether it may be spoken to in the clear: on this machine, unless told otherwise. Looks the name up.
    pub fn allows_clear(&self) -> bool {
        !self.start_tls && self.is_loopback()
    }

    /// Whether it is this machine, where nothing can listen in between. Looks the name up.
    pub fn is_loopback(&self) -> bool {
        let Ok(found) = (self.host.as_str(), self.port).to_socket_addrs() else { return false };
        let found: Vec<_> = found.collect();
        !found.is_empty() && found.iter().all(|a| a.ip().is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_write_it() {
        let shown = |text: &str| text.parse::<ServerAddress>().map(|a| a.to_string());
        assert_eq!(shown("imaps://mail.example"), Ok("imaps://mail.example:993".into()));
        assert_eq!(shown(" SMTP://[::1]:2525/ "), Ok("smtp://[::1]:2525".into()));
        assert_eq!(shown("imap://127.0.0.1:143").unwrap(), "imap://127.0.0.1:143");
        assert_eq!(shown("imap+starttls://h").unwrap(), "imap+starttls://h:143");
        assert!(matches!(shown("imaps+starttls://h"), Err(AddressError::Scheme(_))));
        assert!(matches!(shown("mail.example"), Err(AddressError::Scheme(_))));
        assert!(matches!(shown("imap://"), Err(AddressError::Host(_))));
        assert!(matches!(shown("imap://a@b"), Err(AddressError::Host(_))));
        assert!(matches!(shown("imap://h:70000"), Err(AddressError::Port(_))));
    }
}
