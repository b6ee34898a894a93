//! Where a request comes from, and how much of it is kept.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The client behind trusted proxies: `forwarded` holds the values of `X-Forwarded-For`, or what [`forwarded_for`] reads, in
/// the order of the head, and is walked from the right to the first hop that is not trusted. What a stranger put to the left
/// of it says nothing. Where trusted proxies name nobody else, the last one of them is returned.
pub fn client<'a>(peer: IpAddr, forwarded: impl IntoIterator<Item = &'a str>, trusted: &[IpAddr]) -> IpAddr {
    let peer = plain(peer);
    if !is_trusted(peer, trusted) {
        return peer;
    }
    let hops: Vec<&str> = forwarded.into_iter().flat_map(|value| value.split(',')).collect();
    let mut nearest = peer;
    for hop in hops.into_iter().rev() {
        let Some(address) = hop_address(hop) else { break };
        nearest = address;
        if !is_trusted(nearest, trusted) {
            break;
        }
    }
    nearest
}

/// Whether an address is one of the proxies that the author trusts.
pub fn is_trusted(address: IpAddr, trusted: &[IpAddr]) -> bool {
    let address = plain(address);
    trusted.iter().any(|known| plain(*known) == address)
}

/// The hops that a value of `Forwarded` names (RFC 7239 section 4), from left to right; one that names none is empty.
pub fn forwarded_for(value: &str) -> Vec<&str> {
    outside_quotes(value, ',')
        .into_iter()
        .map(|hop| {
            let pairs = outside_quotes(hop, ';')
                .into_iter()
                .filter_map(|pair| pair.split_once('='));
            let mut named = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
            named.next().map_or("", |(_, node)| node.trim().trim_matches('"'))
        })
        .collect()
}

/// The parts between separators, but for those that stand in quotes.
fn outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let between = |letter: char| {
        let ends = letter == separator && !is_quoted;
        is_quoted ^= letter == '"' && !is_escaped;
        is_escaped = is_quoted && letter == '\\' && !is_escaped;
        ends
    };
    text.split(between).collect()
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`.
fn hop_address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.parse().ok();
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|both| both.ip());
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port).or_else(bracketed).map(plain)
}

/// An IPv4 address that comes in IPv6 clothes is that IPv4 address.
pub(super) fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Who shares one limit: an IPv4 address, or an IPv6 /64, which one household or machine has to itself.
pub fn household(address: IpAddr) -> String {
    match plain(address) {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("{}/64", masked(v6, 4)),
    }
}

/// The same as a number, IPv4 apart from IPv6.
pub fn household_number(address: IpAddr) -> (bool, u64) {
    match plain(address) {
        IpAddr::V4(v4) => (false, u64::from(u32::from(v4))),
        IpAddr::V6(v6) => (true, u64::try_from(u128::from(v6) >> 64).unwrap_or(0)),
    }
}

/// Who shares a limit on feeds: IPv4 /24 or IPv6 /56.
pub fn vicinity(address: IpAddr) -> String {
    match plain(address) {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{:x}", d >> 8)
        }
    }
}

/// What a consent record keeps: IPv4 /24 or IPv6 /48.
pub fn kept_part(address: IpAddr) -> String {
    match plain(address) {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        IpAddr::V6(v6) => format!("{}/48", masked(v6, 3)),
    }
}

/// Where a machine stands, as far as it may be kept: the address in a network of the operator's own (loopback, private, link-local,
/// carrier-grade NAT, unique-local), of all others the part that a consent record keeps.
pub fn whereabouts(address: IpAddr) -> String {
    let is_inside = match plain(address) {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    if is_inside {
        plain(address).to_string()
    } else {
        kept_part(address)
    }
}

fn masked(address: Ipv6Addr, words: usize) -> Ipv6Addr {
    let mut segments = address.segments();
    segments[words..].fill(0);
    Ipv6Addr::from(segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn what_a_stranger_forges_to_the_left_changes_nothing() {
        let trusted = [ip("10.0.0.1"), ip("10.0.0.2")];
        let seen = |peer: &str, values: &[&str]| client(ip(peer), values.iter().copied(), &trusted).to_string();
        assert_eq!(seen("10.0.0.1", &["192.0.2.7"]), "192.0.2.7");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6, 192.0.2.7, 10.0.0.2"]), "192.0.2.7");
        assert_eq!(seen("10.0.0.1", &["6.6.6.6", "192.0.2.7:81", "10.0.0.2"]), "192.0.2.7");
        assert_eq!(
            seen("198.51.100.9", &["192.0.2.7"]),
            "198.51.100.9",
            "no trusted peer, no belief"
        );
        assert_eq!(seen("10.0.0.1", &["192.0.2.7, garbage"]), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(seen("::ffff:10.0.0.1", &["[2001:db8::5]:443"]), "2001:db8::5");
    }

    #[test]
    fn a_proxy_may_name_its_client_as_the_standard_has_it() {
        for (value, expected) in [
            ("for=192.0.2.43", vec!["192.0.2.43"]),
            ("For=\"[2001:db8:cafe::17]:4711\"", vec!["[2001:db8:cafe::17]:4711"]),
            (
                "for=192.0.2.60;proto=http;by=203.0.113.43, proto=https;for=\"198.51.100.17:80\"",
                vec!["192.0.2.60", "198.51.100.17:80"],
            ),
            ("for=_hidden, for=unknown, proto=http", vec!["_hidden", "unknown", ""]),
            (
                "host=\"a,b;for=6.6.6.6\\\",for=6.6.6.6\" ; for=192.0.2.1",
                vec!["192.0.2.1"],
            ),
            ("", vec![""]),
        ] {
            assert_eq!(forwarded_for(value), expected, "{value}");
        }
        let trusted = [ip("10.0.0.1")];
        let seen = |value: &str| client(ip("10.0.0.1"), forwarded_for(value), &trusted).to_string();
        assert_eq!(seen("for=6.6.6.6, for=\"[2001:db8::5]:443\""), "2001:db8::5");
        assert_eq!(seen("for=6.6.6.6, for=unknown"), "10.0.0.1");
    }

    #[test]
    fn a_machine_of_our_own_is_named_and_a_strangers_is_not() {
        for (address, kept) in [
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("::ffff:10.1.2.3", "10.1.2.3"),
            ("100.64.0.9", "100.64.0.9"),
            ("fd00::7", "fd00::7"),
            ("100.128.0.9", "100.128.0.0/24"),
            ("203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2::7", "2001:db8:1::/48"),
        ] {
            assert_eq!(whereabouts(ip(address)), kept);
        }
    }

    #[test]
    fn a_household_shares_one_limit_and_consents_keep_less() {
        assert_eq!(household(ip("192.0.2.7")), "192.0.2.7");
        assert_eq!(household(ip("2001:db8:1:2:3:4:5:6")), "2001:db8:1:2::/64");
        assert_eq!(household(ip("::ffff:192.0.2.7")), "192.0.2.7");
        assert_eq!(kept_part(ip("192.0.2.7")), "192.0.2.0/24");
        assert_eq!(kept_part(ip("2001:db8:1:2:3:4:5:6")), "2001:db8:1::/48");
    }
}
