//! Addresses that belong together, as an operator names a proxy.

use std::net::IpAddr;
use std::str::FromStr;

/// One address, or all that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    begin: IpAddr,
    bits: u32,
}

#[derive(Debug, thiserror::Error)]
#[error("this must be an address, as 10.0.0.10, or a network, as 10.0.0.0/24")]
pub struct NoNetwork;

impl Network {
    /// An IPv4 address that comes as IPv6 is the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.begin, address.to_canonical()) {
            (IpAddr::V4(begin), IpAddr::V4(v4)) => {
                same(begin.to_bits().into(), v4.to_bits().into(), 32 - self.bits)
            }
            (IpAddr::V6(begin), IpAddr::V6(v6)) => same(begin.to_bits(), v6.to_bits(), 128 - self.bits),
            _ => false,
        }
    }
}

/// But for the last `free` bits.
fn same(a: u128, b: u128, free: u32) -> bool {
    (a ^ b).checked_shr(free).unwrap_or(0) == 0
}

impl FromStr for Network {
    type Err = NoNetwork;
    fn from_str(text: &str) -> Result<Self, NoNetwork> {
        let (begin, bits) = text.split_once('/').map_or((text, None), |(begin, bits)| (begin, Some(bits)));
        let begin = begin.parse::<IpAddr>().map_err(|_| NoNetwork)?.to_canonical();
        let most = if begin.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| NoNetwork)?;
        if bits > most { Err(NoNetwork) } else { Ok(Self { begin, bits }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_what_begins_like_it_and_nothing_else() {
        let has = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(has("10.0.0.10", "10.0.0.10") && !has("10.0.0.10", "10.0.0.11"));
        assert!(has("10.0.0.0/24", "10.0.0.255") && !has("10.0.0.0/24", "10.0.1.0"));
        assert!(has("10.0.0.0/24", "::ffff:10.0.0.7") && has("0.0.0.0/0", "192.0.2.1"));
        assert!(has("2001:db8::/32", "2001:db8:9::1") && !has("2001:db8::/32", "2001:db9::1"));
        assert!(has("::/0", "2001:db8::1") && !has("::/0", "192.0.2.1"));
        for bad in ["", "proxy.example", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
