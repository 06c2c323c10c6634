//! Where the server is. Plain text goes to this computer alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Url;

use crate::error::Error;

/// Servers of one workspace that a desk can choose from.
const MOST: usize = 16;

/// A server's address that may be talked to: `https`, or `http` on loopback. Where a workspace has several
/// servers it can be all of theirs, one after another; clones are at the same one.
#[derive(Clone, Debug)]
pub struct Server {
    urls: Arc<[Url]>,
    at: Arc<AtomicUsize>,
}

impl Server {
    /// Reads what a person types: without a scheme, https is meant, and http for this computer. Several
    /// addresses have commas in between.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let urls: Vec<Url> = text.split(',').take(MOST).map(Self::parse_one).collect::<Result<_, _>>()?;
        Ok(Self { urls: urls.into(), at: Arc::default() })
    }

    fn parse_one(text: &str) -> Result<Url, Error> {
        let text = text.trim();
        let bad = || Error::BadAddress(text.to_owned());
        let mut url = match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => url,
            _ if text.contains("://") => return Err(bad()),
            _ => {
                let secure = Url::parse(&format!("https://{text}")).map_err(|_| bad())?;
                if is_loopback(&secure) {
                    Url::parse(&format!("http://{text}")).map_err(|_| bad())?
                } else {
                    secure
                }
            }
        };
        if url.host_str().is_none_or(str::is_empty) || !url.username().is_empty() || url.password().is_some()
        {
            return Err(bad());
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(Error::Insecure(text.to_owned()));
        }
        url.set_query(None);
        url.set_fragment(None);
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(url)
    }

    /// How many addresses there are.
    pub fn addresses(&self) -> usize {
        self.urls.len()
    }

    /// Goes on to the next address, for this one does not answer or has sent us away.
    pub fn move_on(&self) {
        self.at.fetch_add(1, Ordering::Relaxed);
    }

    fn url(&self) -> &Url {
        &self.urls[self.at.load(Ordering::Relaxed) % self.urls.len()]
    }

    /// The address of a path, given without its first slash.
    pub fn http(&self, path: &str) -> String {
        format!("{}{path}", self.url())
    }

    pub fn socket(&self) -> String {
        // `http` becomes `ws`, `https` becomes `wss`.
        self.http("api/socket").replacen("http", "ws", 1)
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let urls: Vec<&str> = self.urls.iter().map(|url| url.as_str().trim_end_matches('/')).collect();
        f.write_str(&urls.join(","))
    }
}

fn is_loopback(url: &Url) -> bool {
    // IPv6 addresses stand in brackets.
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let found = match Server::parse(text) {
            Ok(server) => server.socket(),
            Err(error) => format!("{:?}", error.code()),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn plain_text_goes_to_this_computer_alone() {
        check("https://desk.example.com", "wss://desk.example.com/api/socket");
        check(" desk.example.com/evendesk ", "wss://desk.example.com/evendesk/api/socket");
        check("http://127.0.0.1:8080", "ws://127.0.0.1:8080/api/socket");
        check("localhost:8080", "ws://localhost:8080/api/socket");
        check("http://[::1]:8080/", "ws://[::1]:8080/api/socket");
        check("http://desk.example.com", "Insecure");
        check("http://localhost.example.com", "Insecure");
        check("http://127.0.0.1.example.com", "Insecure");
        check("http://localhost@example.com", "Invalid");
        check("ftp://desk.example.com", "Invalid");
        check("", "Invalid");
        check("https://a.example,http://b.example", "Insecure");
        check("https://a.example,", "Invalid");
    }

    #[test]
    fn of_several_addresses_the_next_one_is_tried_and_then_the_first_again() {
        let server = Server::parse("a.example, https://b.example").unwrap();
        assert_eq!(server.to_string(), "https://a.example,https://b.example");
        let clone = server.clone();
        assert_eq!(clone.http("x"), "https://a.example/x");
        server.move_on();
        assert_eq!(clone.http("x"), "https://b.example/x");
        server.move_on();
        assert_eq!(clone.http("x"), "https://a.example/x");
    }
}
