//! Calls to addresses that others have named: an admin's webhook, a picture in a mail. Never to this machine or its
//! networks, unless that was allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use reqwest::Url;

/// Why an address is not called.
#[derive(Debug)]
pub enum NotCalled {
    /// It is on this machine or one of its networks.
    Inward,
    NoAddress,
    Now(String),
}

/// How what is said on the way is kept.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Nobody can read along: it is encrypted, or stays on this machine.
    pub is_private: bool,
}

/// A client for one call: bound to addresses that were looked at, so that a name cannot turn inward in
/// between, and without redirects, which could.
pub async fn client(url: &Url, inward: bool, within: Duration) -> Result<(reqwest::Client, Way), NotCalled> {
    let host = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https"));
    let host = host.ok_or(NotCalled::NoAddress)?.trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = url.port_or_known_default().ok_or(NotCalled::NoAddress)?;
    let found = tokio::net::lookup_host((host.as_str(), port)).await;
    let addrs: Vec<SocketAddr> =
        found.map_err(|e| NotCalled::Now(format!("{host} is not found: {e}")))?.collect();
    if !inward && addrs.iter().any(|a| !is_public(a.ip())) {
        return Err(NotCalled::Inward);
    }
    let local = addrs.iter().all(|a| a.ip().is_loopback());
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(within)
        .resolve_to_addrs(&host, &addrs)
        .build()
        .map_err(|e| NotCalled::Now(e.to_string()))?;
    Ok((client, Way { is_private: url.scheme() == "https" || (inward && local) }))
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = ip.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    // Only 2000::/3 is handed out; of it, documentation and the tunnels that carry IPv4 inside are not.
    let [first, second, ..] = ip.segments();
    let special = first == 0x2002 || (first == 0x2001 && (second == 0 || second == 0x0db8));
    first & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_called() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }
}
