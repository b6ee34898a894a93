//! The author's statement, looked at as text: one that reads, and where its parameter and its end are (`sources.md` TA2).

/// Why a statement is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A second statement may follow.
    #[error("it has a `;` before its end")]
    Several,
    /// It does more than read.
    #[error("it does not begin with SELECT")]
    Writes,
    /// A quote, bracket or comment is open at the end.
    #[error("a quote, a bracket or a comment has no end")]
    Unclosed,
    /// Only `$1` is given a value.
    #[error("it has a parameter other than $1")]
    Parameter,
}

/// A statement in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Without `;` and limit: that is ours.
    text: String,
    /// Where `$1` stands in `text`.
    cursors: Vec<usize>,
}

impl Statement {
    /// Looks through a statement.
    pub(super) fn parse(written: &str) -> Result<Self, Refused> {
        let marks = marks(written)?;
        if !marks.first.eq_ignore_ascii_case("select") && !marks.first.eq_ignore_ascii_case("with") {
            return Err(Refused::Writes);
        }
        let end = marks.end.unwrap_or(written.len());
        Ok(Self {
            text: written[..end].to_owned(),
            cursors: marks.cursors.into_iter().filter(|at| *at < end).collect(),
        })
    }

    /// Whether it asks for what is new alone.
    pub(super) fn has_cursor(&self) -> bool {
        !self.cursors.is_empty()
    }

    /// The statement with `cursor` in the place of `$1`.
    pub(super) fn with_cursor(&self, cursor: &str) -> String {
        let mut out = String::with_capacity(self.text.len() + 64);
        let mut from = 0;
        for at in &self.cursors {
            out.push_str(&self.text[from..*at]);
            out.push_str(cursor);
            from = at + 2;
        }
        out.push_str(&self.text[from..]);
        out
    }
}

#[derive(Debug, Default)]
struct Marks<'a> {
    first: &'a str,
    cursors: Vec<usize>,
    /// Where the limit or the closing `;` begins.
    end: Option<usize>,
}

fn marks(text: &str) -> Result<Marks<'_>, Refused> {
    let mut found = Marks::default();
    let (mut at, mut depth, mut closed) = (0, 0usize, false);
    while at < text.len() {
        let rest = &text[at..];
        if let Some(length) = quoted(rest)? {
            at += length;
            continue;
        }
        let c = rest.chars().next().unwrap_or(' ');
        if closed && !c.is_whitespace() {
            return Err(Refused::Several);
        }
        match c {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1).ok_or(Refused::Unclosed)?,
            ';' if depth == 0 => {
                closed = true;
                found.end = found.end.or(Some(at));
            }
            ';' => return Err(Refused::Several),
            '$' => {
                let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
                match &rest[1..=digits] {
                    "1" => found.cursors.push(at),
                    _ => return Err(Refused::Parameter),
                }
            }
            '?' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => return Err(Refused::Parameter),
            c if c.is_alphabetic() || c == '_' => {
                let word = word(rest);
                if found.first.is_empty() {
                    found.first = word;
                }
                if depth == 0 && found.end.is_none() && ends_rows(word) {
                    found.end = Some(at);
                }
                at += word.len();
                continue;
            }
            _ => {}
        }
        at += c.len_utf8();
    }
    if depth > 0 { Err(Refused::Unclosed) } else { Ok(found) }
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '$');
    &text[..end.unwrap_or(text.len())]
}

/// `LIMIT`, `OFFSET`, `FETCH`: where how much is chosen begins. An order stays: `DISTINCT ON` chooses by it.
fn ends_rows(word: &str) -> bool {
    ["limit", "offset", "fetch"]
        .iter()
        .any(|end| word.eq_ignore_ascii_case(end))
}

/// How long the string, quoted name or comment is that begins here.
fn quoted(rest: &str) -> Result<Option<usize>, Refused> {
    let until = |start: usize, end: &str| {
        let found = rest[start..].find(end).map(|at| start + at + end.len());
        found.map(Some).ok_or(Refused::Unclosed)
    };
    match rest.as_bytes() {
        [b'-', b'-', ..] => Ok(Some(rest.find('\n').unwrap_or(rest.len()))),
        [b'/', b'*', ..] => until(2, "*/"),
        [quote @ (b'\'' | b'"' | b'`'), ..] => {
            let quote = char::from(*quote);
            // A doubled quote begins the next string at once. A backslash could hide the end of one from us.
            let end = rest[1..].find(quote).map(|at| at + 2).ok_or(Refused::Unclosed)?;
            if rest[..end].contains('\\') {
                Err(Refused::Unclosed)
            } else {
                Ok(Some(end))
            }
        }
        // `$name$ … $name$` is a string of PostgreSQL.
        [b'$', next, ..] if !next.is_ascii_digit() => {
            let tag = rest[1..].find('$').map(|at| &rest[..at + 2]);
            let tag = tag.filter(|tag| tag[1..tag.len() - 1].chars().all(|c| c.is_alphanumeric() || c == '_'));
            match tag {
                Some(tag) => until(tag.len(), tag),
                None => Err(Refused::Parameter),
            }
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_statement_that_reads_is_taken() {
        for (text, why) in [
            ("SELECT 1; DROP TABLE posts", Refused::Several),
            ("SELECT (1; 2)", Refused::Several),
            ("SELECT 1;;", Refused::Several),
            ("DROP TABLE posts", Refused::Writes),
            ("-- SELECT\nDELETE FROM posts", Refused::Writes),
            ("", Refused::Writes),
            ("SELECT 'x", Refused::Unclosed),
            ("SELECT 'x\\'; DROP TABLE posts; --'", Refused::Unclosed),
            ("SELECT (1", Refused::Unclosed),
            ("SELECT 1) FROM (SELECT 2", Refused::Unclosed),
            ("SELECT /* x", Refused::Unclosed),
            ("SELECT $2", Refused::Parameter),
            ("SELECT $x", Refused::Parameter),
        ] {
            assert_eq!(Statement::parse(text).err(), Some(why), "{text}");
        }
        for good in [
            "SELECT ';' FROM t",
            "SELECT \"a;b\", $$;$$ FROM t; ",
            "/* ; */ WITH a AS (SELECT 1) SELECT * FROM a -- ;",
        ] {
            assert!(Statement::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn the_limit_is_ours_and_the_cursor_is_found() {
        let query =
            "SELECT id, (SELECT 1 ORDER BY 1 LIMIT 1) AS x, '$1' FROM t WHERE u >= $1 ORDER BY u, id LIMIT 500;";
        let statement = Statement::parse(query).unwrap();
        assert!(statement.has_cursor());
        assert_eq!(
            statement.with_cursor("CAST($1 AS x)"),
            "SELECT id, (SELECT 1 ORDER BY 1 LIMIT 1) AS x, '$1' FROM t WHERE u >= CAST($1 AS x) ORDER BY u, id "
        );
        let plain = Statement::parse("SELECT order_by, \"limit\" FROM t").unwrap();
        assert!(!plain.has_cursor());
        assert_eq!(plain.with_cursor("x"), "SELECT order_by, \"limit\" FROM t");
    }
}
