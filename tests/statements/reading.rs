//! Reads the `const NAME: &str = …` of the store's sources: string literals, `concat!` and the store's own macros.

use std::collections::BTreeMap;
use std::path::Path;

/// One statement.
#[derive(Debug)]
pub(super) struct Statement {
    /// Path of the source file.
    pub(super) file: String,
    /// Name of the constant.
    pub(super) name: String,
    /// The statement.
    pub(super) sql: String,
}

/// Every statement below a folder.
pub(super) fn statements(folder: &Path) -> Vec<Statement> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            found.extend(of_file(&entry.path().display().to_string(), &text));
        }
    }
    found
}

fn of_file(file: &str, text: &str) -> Vec<Statement> {
    let macros = macros(text);
    let mut found = Vec::new();
    for (at, _) in text.match_indices("const ") {
        let rest = &text[at + "const ".len()..];
        let Some((name, rest)) = rest.split_once(": &str =") else {
            continue;
        };
        if !name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        {
            continue;
        }
        let mut reader = Reader {
            rest,
            macros: &macros,
            parameters: BTreeMap::new(),
        };
        let sql = reader.expression();
        let is_statement = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]
            .iter()
            .any(|word| sql.trim_start().starts_with(word));
        if is_statement {
            let (file, name) = (file.to_owned(), name.to_owned());
            found.push(Statement { file, name, sql });
        }
    }
    found
}

/// Name → (names of parameters, body) of every one-armed macro of literals.
fn macros(text: &str) -> BTreeMap<String, (Vec<String>, String)> {
    let mut found = BTreeMap::new();
    for part in text.split("macro_rules! ").skip(1) {
        let Some((name, rest)) = part.split_once(" {") else {
            continue;
        };
        let Some((pattern, body)) = rest.split_once("=> {") else {
            continue;
        };
        let parameters = pattern
            .split('$')
            .skip(1)
            .filter_map(|parameter| parameter.split_once(':'))
            .map(|(name, _)| name.to_owned());
        found.insert(name.to_owned(), (parameters.collect(), body.to_owned()));
    }
    found
}

struct Reader<'t> {
    rest: &'t str,
    macros: &'t BTreeMap<String, (Vec<String>, String)>,
    parameters: BTreeMap<String, String>,
}

impl Reader<'_> {
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix("//") {
                Some(comment) => self.rest = comment.split_once('\n').map_or("", |(_, after)| after),
                None => return,
            }
        }
    }

    fn expression(&mut self) -> String {
        self.skip();
        if let Some(rest) = self.rest.strip_prefix('"') {
            self.rest = rest;
            return self.literal();
        }
        if let Some(rest) = self.rest.strip_prefix('$') {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            self.rest = &rest[end..];
            return self.parameters.get(&rest[..end]).cloned().unwrap_or_default();
        }
        let Some((name, _)) = self
            .rest
            .split_once('!')
            .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        else {
            return String::new();
        };
        let name = name.to_owned();
        self.rest = &self.rest[name.len() + 1..];
        let arguments = self.arguments();
        if name == "concat" {
            return arguments.concat();
        }
        let Some((parameters, body)) = self.macros.get(&name) else {
            return String::new();
        };
        let parameters = parameters.iter().cloned().zip(arguments).collect();
        Reader {
            rest: body,
            macros: self.macros,
            parameters,
        }
        .expression()
    }

    fn arguments(&mut self) -> Vec<String> {
        let mut found = Vec::new();
        self.rest = self.rest.trim_start_matches(['(', '{', '[']);
        loop {
            self.skip();
            if let Some(rest) = self.rest.strip_prefix([')', '}', ']']) {
                self.rest = rest;
                return found;
            }
            let before = self.rest.len();
            found.push(self.expression());
            self.skip();
            self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
            assert!(self.rest.len() < before, "cannot read {:.60}", self.rest);
        }
    }

    /// The rest of a string literal, escapes undone.
    fn literal(&mut self) -> String {
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return out;
                }
                '\\' => match chars.next() {
                    Some((_, '\n')) => {
                        let rest = chars.as_str();
                        let blanks = rest.len() - rest.trim_start().len();
                        for _ in 0..rest[..blanks].chars().count() {
                            chars.next();
                        }
                    }
                    Some((_, 'n')) => out.push('\n'),
                    Some((_, other)) => out.push(other),
                    None => break,
                },
                other => out.push(other),
            }
        }
        panic!("a string literal does not end");
    }
}
