//! Lines of `Name: value`, folded or not, with empty lines between blocks.

/// The fields of a text in order, names in lower case, folded lines joined; an empty line is a pair of nothing.
pub(super) fn fields(text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            found.push((String::new(), String::new()));
            open = false;
        } else if open && line.starts_with([' ', '\t']) {
            if let Some((_, value)) = found.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = field(line) {
            found.push((name, value.to_owned()));
            open = true;
        } else {
            open = false;
        }
    }
    found
}

/// `Name: value` of one line; the name is made of letters, digits and `-`.
pub(super) fn field(line: &str) -> Option<(String, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end();
    let fits = (1..=60).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && name.starts_with(|c: char| c.is_ascii_alphabetic());
    fits.then(|| (name.to_ascii_lowercase(), value.trim()))
}

/// Without the type before it: `rfc822; a@b`, `smtp; 550 no`.
pub(super) fn untyped(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if is_type(kind.trim()) => rest.trim(),
        _ => value.trim(),
    }
}

fn is_type(word: &str) -> bool {
    (1..=24).contains(&word.len())
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_read_over_several_lines() {
        let read = fields("Final-Recipient : rfc822;\n a@b.example\nno field\n  more\n\nAction: failed\n");
        let expected = [
            ("final-recipient", "rfc822; a@b.example"),
            ("", ""),
            ("action", "failed"),
        ];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(untyped("SMTP;550 no; never"), "550 no; never");
        assert_eq!(untyped("550 5.1.1 no; never"), "550 5.1.1 no; never");
    }
}
