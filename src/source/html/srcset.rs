//! `srcset` by the rules of HTML: candidates apart by commas, though an address may itself hold commas.

/// Rewrites every address of a `srcset`; candidates whose address is not wanted are dropped.
pub(super) fn rewrite(srcset: &str, mut address: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut rest = srcset;
    let mut kept: Vec<String> = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            break;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace()).unwrap_or(rest.len());
        let (url, behind) = rest.split_at(end);
        // An address that ends in commas has no descriptor: the commas end the candidate.
        let (url, descriptor, after) = match url.trim_end_matches(',') {
            bare if bare.len() < url.len() => (bare, "", behind),
            _ => {
                let stop = end_of_descriptor(behind);
                (url, behind[..stop].trim(), &behind[stop..])
            }
        };
        rest = after;
        if let Some(absolute) = address(url) {
            // A comma at the end of an address would end the candidate.
            let absolute = absolute.replace(' ', "%20");
            kept.push(if descriptor.is_empty() {
                absolute
            } else {
                format!("{absolute} {descriptor}")
            });
        }
    }
    (!kept.is_empty()).then(|| kept.join(", "))
}

/// A descriptor ends at a comma outside parentheses.
fn end_of_descriptor(text: &str) -> usize {
    let mut open = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' => open = open.saturating_sub(1),
            ',' if open == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_candidate_is_rewritten_and_commas_in_addresses_stay() {
        let absolute = |url: &str| (!url.starts_with("javascript:")).then(|| format!("https://x.example/{url}"));
        for (srcset, expected) in [
            (
                "a.png 1x, b.png 2x",
                Some("https://x.example/a.png 1x, https://x.example/b.png 2x"),
            ),
            (
                "a.png, b.png 2x",
                Some("https://x.example/a.png, https://x.example/b.png 2x"),
            ),
            (
                "w_1,h_2/a.png 100w,\n b.png 200w",
                Some("https://x.example/w_1,h_2/a.png 100w, https://x.example/b.png 200w"),
            ),
            ("a.png", Some("https://x.example/a.png")),
            ("javascript:x 1x", None),
            (" , ", None),
        ] {
            assert_eq!(rewrite(srcset, absolute).as_deref(), expected, "{srcset}");
        }
    }
}
