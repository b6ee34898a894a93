//! Which encoding a reader wants (RFC 9110 §12.5.3).

use axum::http::{HeaderMap, header};

use crate::syndicate::Coding;

/// The acceptable encoding of the highest weight; equal weights: br, zstd, gzip, identity. Nothing acceptable: identity.
pub(super) fn wanted(headers: &HeaderMap) -> Coding {
    let lines = headers.get_all(header::ACCEPT_ENCODING);
    let text: Vec<&str> = lines.iter().filter_map(|line| line.to_str().ok()).collect();
    choose(&text.join(","))
}

fn choose(accepted: &str) -> Coding {
    let weights: Vec<(String, f32)> = accepted.split(',').filter_map(weight).collect();
    let named = |names: &[&str]| {
        weights
            .iter()
            .find(|(name, _)| names.contains(&name.as_str()))
            .map(|(_, q)| *q)
    };
    let any = named(&["*"]);
    let offered = [
        (Coding::Brotli, named(&["br"]).or(any).unwrap_or(0.0)),
        (Coding::Zstd, named(&["zstd"]).or(any).unwrap_or(0.0)),
        (Coding::Gzip, named(&["gzip", "x-gzip"]).or(any).unwrap_or(0.0)),
        // Identity is acceptable unless it is refused, and the last choice unless it is asked for.
        (Coding::Identity, named(&["identity"]).unwrap_or(f32::MIN_POSITIVE)),
    ];
    let mut best = (Coding::Identity, 0.0);
    for (coding, weight) in offered {
        if weight > best.1 {
            best = (coding, weight);
        }
    }
    best.0
}

/// `gzip;q=0.5` → (`gzip`, 0.5); `None` for what cannot be read.
fn weight(member: &str) -> Option<(String, f32)> {
    let mut parts = member.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?.to_ascii_lowercase();
    let mut weight = 1.0;
    for parameter in parts {
        if let Some((key, value)) = parameter.split_once('=')
            && key.trim().eq_ignore_ascii_case("q")
        {
            weight = value.trim().parse().ok().filter(|q: &f32| (0.0..=1.0).contains(q))?;
        }
    }
    Some((name, weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_the_encoding_that_it_likes_best() {
        use Coding::{Brotli, Gzip, Identity, Zstd};
        for (accepted, wanted) in [
            ("", Identity),
            ("gzip", Gzip),
            ("gzip, deflate, br", Brotli),
            ("gzip, br;q=0.9", Gzip),
            ("br;q=0, gzip;q=0.1", Gzip),
            ("identity;q=1, gzip;q=0.5, br;q=0.5", Identity),
            ("identity, gzip, br", Brotli),
            ("identity;q=0.5, gzip;q=0.5", Gzip),
            ("*", Brotli),
            ("*;q=0.5, br;q=0", Zstd),
            ("gzip, deflate, br, zstd", Brotli),
            ("gzip, zstd", Zstd),
            ("gzip;q=0.001", Gzip),
            ("identity;q=0", Identity),
            ("*;q=0", Identity),
            ("identity;q=0, *", Brotli),
            ("deflate, compress", Identity),
            ("GZIP;Q=1", Gzip),
            ("x-gzip", Gzip),
            ("gzip;q=x, br;q=2", Identity),
            (",, ;;q=1, gzip ; q=0.3", Gzip),
        ] {
            assert_eq!(choose(accepted), wanted, "{accepted}");
        }
    }
}
