//! Which addresses a request may go to: a stranger's URL must not lead into the network that we stand in.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::network::plain;

/// A network that is opened by name: `10.1.2.0/24`, `2001:db8::/32`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    address: IpAddr,
    bits: u8,
}

impl Range {
    /// Whether it holds the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, plain(address)) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same_start(u32::from(own), u32::from(other), 32 - self.bits),
            (IpAddr::V6(own), IpAddr::V6(other)) => same_start(u128::from(own), u128::from(other), 128 - self.bits),
            _ => false,
        }
    }
}

/// Whether two numbers are the same but for their last `free` bits.
fn same_start<N>(one: N, other: N, free: u8) -> bool
where
    N: std::ops::BitXor<Output = N> + TryInto<u128>,
{
    let differing = (one ^ other).try_into().unwrap_or(u128::MAX);
    differing.checked_shr(u32::from(free)).unwrap_or(0) == 0
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("`{text}` is no network: write it as `10.1.2.0/24` or `2001:db8::/32`");
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => bits.trim().parse().map_err(|_| wrong())?,
            None => longest,
        };
        if bits > longest {
            return Err(wrong());
        }
        Ok(Self { address, bits })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// Whether an address is somebody's on the Internet: none of loopback, private, shared (RFC 6598), link-local,
/// unique-local, multicast, unspecified, reserved and documentation, and none of these in IPv6 clothes (mapped, NAT64,
/// 6to4, Teredo).
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => inside(v6).map_or_else(|| is_public_v6(v6), is_public_v4),
    }
}

/// The IPv4 address that an IPv6 address stands for.
fn inside(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, ..] = address.segments();
    let bytes = address.octets();
    let v4 = |from: usize| Ipv4Addr::new(bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]);
    match (a, b, c) {
        // 6to4 (RFC 3056).
        (0x2002, ..) => Some(v4(2)),
        // NAT64 (RFC 6052): the well-known prefix.
        (0x64, 0xff9b, 0) => Some(v4(12)),
        _ => address.to_ipv4_mapped(),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224 // multicast, reserved, broadcast
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Global unicast is 2000::/3 (RFC 4291 §2.4); inside it, documentation (3fff::/20 by RFC 9637) and 2001::/23, which
    // holds Teredo, benchmarking and other protocols' own addresses.
    (0x2000..0x4000).contains(&a) && !(a == 0x2001 && (b < 0x200 || b == 0xdb8)) && !(a == 0x3fff && b < 0x1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_our_own_network_is_known_in_whatever_clothes_it_comes() {
        for text in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.5.4",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.255.255",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:c0a8:101::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "9.9.9.9",
            "100.128.0.1",
            "172.32.0.1",
            "192.88.98.1",
            "2606:4700::1",
            "2a00:1450::1",
            "::ffff:9.9.9.9",
            "64:ff9b::909:909",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_network_holds_what_begins_like_it() {
        let holds = |range: &str, address: &str| range.parse::<Range>().unwrap().contains(address.parse().unwrap());
        assert!(holds("10.1.2.0/24", "10.1.2.255"));
        assert!(!holds("10.1.2.0/24", "10.1.3.0"));
        assert!(holds("10.1.2.3", "::ffff:10.1.2.3"));
        assert!(holds("0.0.0.0/0", "203.0.113.1"));
        assert!(holds("fd00::/8", "fd12::1"));
        assert!(!holds("::/0", "10.0.0.1"));
        for wrong in ["", "10.1.2", "10.1.2.3/33", "::/129", "host/8", "10.0.0.0/x"] {
            assert!(wrong.parse::<Range>().is_err(), "{wrong}");
        }
    }
}
