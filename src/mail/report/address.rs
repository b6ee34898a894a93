//! Addresses in running text.

/// The first address in a text, without brackets and what else stands around it.
pub(super) fn first(text: &str) -> Option<String> {
    all(text).next()
}

/// Every address in a text, in order.
pub(super) fn all(text: &str) -> impl Iterator<Item = String> + '_ {
    let breaks = |c: char| c.is_whitespace() || "<>()[]{},;:\"'|\u{FF1A}\u{300C}\u{300D}\u{3001}\u{FF0C}".contains(c);
    text.split(breaks).filter_map(|word| {
        let word = word.trim_matches(|c: char| ".=*!?/\\`".contains(c));
        let word = word
            .rsplit_once('=')
            .map_or(word, |(before, after)| if before.contains('@') { word } else { after });
        let (local, domain) = word.rsplit_once('@')?;
        let fits = (1..=128).contains(&local.len())
            && !local.contains('@')
            && (3..=253).contains(&domain.len())
            && domain.contains('.')
            && domain.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '-');
        fits.then(|| format!("{local}@{domain}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_whatever_stands_around_it() {
        let text = "to <a@b.example>: (c.d+e@f.example), mailto:g@h.example; orcpt=i@j.example. x@y 5@";
        let found: Vec<String> = all(text).collect();
        assert_eq!(found, ["a@b.example", "c.d+e@f.example", "g@h.example", "i@j.example"]);
    }
}
