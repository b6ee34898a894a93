//! Single values out of a config that is a program: `title: "…"`, `SITENAME = '…'`. The program is never run.

/// The text that is assigned to a name, where it is a plain literal.
pub(super) fn literal(program: &str, name: &str) -> Option<String> {
    program.lines().map(str::trim_start).find_map(|line| {
        let is_comment = line.starts_with("//") || line.starts_with('#') || line.starts_with('*');
        if is_comment { None } else { in_line(line, name) }
    })
}

fn in_line(line: &str, name: &str) -> Option<String> {
    line.match_indices(name).find_map(|(at, _)| {
        let before = line[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.') {
            return None;
        }
        let rest = line[at + name.len()..].trim_start_matches(['"', '\'']).trim_start();
        let value = rest
            .strip_prefix(':')
            .or_else(|| rest.strip_prefix('=').filter(|rest| !rest.starts_with('=')))?;
        quoted(value.trim_start())
    })
}

/// A text in quotes, without what a program would put into it.
fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let mut out = String::new();
    let mut chars = text[1..].chars();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return (!out.contains("${") && !out.trim().is_empty()).then(|| out.trim().to_owned()),
            '\\' => out.push(chars.next()?),
            c => out.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_taken_only_where_it_stands_as_such() {
        let program = "// title: 'No'\nconst x = { title: \"A \\\"b\\\" c\", 'siteUrl': 'https://x.example', url: `${base}/a`, subtitle: 'no' }\n\
                       SITENAME = 'Notes'\nif (lang == 'de') {}\nexport const SITE_TITLE = 'It\\'s';";
        assert_eq!(literal(program, "title").as_deref(), Some("A \"b\" c"));
        assert_eq!(literal(program, "siteUrl").as_deref(), Some("https://x.example"));
        assert_eq!(literal(program, "SITENAME").as_deref(), Some("Notes"));
        assert_eq!(literal(program, "SITE_TITLE").as_deref(), Some("It's"));
        for name in ["url", "lang", "absent"] {
            assert_eq!(literal(program, name), None, "{name}");
        }
    }
}
