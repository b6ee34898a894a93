//! Reads Rust source as text, just well enough for the walls.

use std::path::Path;

/// One source file without its tests.
pub(super) struct Source {
    /// As printed in findings, for example `src/feed/rss.rs`.
    pub(super) path: String,
    /// `["feed", "rss"]` for `src/feed/rss.rs`; empty for `lib.rs` and `main.rs`.
    pub(super) module: Vec<String>,
    /// The code: comments are blanks, string contents are `x`, test items are blanks; same length and line breaks.
    pub(super) code: String,
    /// The string literals outside tests, with their line.
    pub(super) strings: Vec<(usize, String)>,
    /// Lines of the file that do not belong to a test item.
    pub(super) lines: usize,
    starts_of_strings: Vec<usize>,
}

/// A function with a body.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) line: usize,
    /// Lines of code between its braces, blank and comment lines not counted.
    pub(super) lines: usize,
}

/// Reads every `.rs` file under `folder`, leaving out files that only tests include.
pub(super) fn read_tree(folder: &Path, shown: &Path) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut test_modules = Vec::new();
    let mut open = vec![(folder.to_owned(), shown.to_owned())];
    while let Some((folder, shown)) = open.pop() {
        let entries = std::fs::read_dir(&folder).expect("a source folder can be listed");
        for entry in entries.map(|entry| entry.expect("a source folder can be listed").path()) {
            let shown = shown.join(entry.file_name().expect("a listed path has a name"));
            if entry.is_dir() {
                open.push((entry, shown));
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&entry).expect("a source file is UTF-8");
                sources.push(Source::new(&shown.to_string_lossy(), &text, &mut test_modules));
            }
        }
    }
    sources.retain(|source| !test_modules.iter().any(|module| source.module.starts_with(module)));
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

impl Source {
    /// Reads `text` as the file `path`; modules that only tests include are added to `test_modules`.
    pub(super) fn new(path: &str, text: &str, test_modules: &mut Vec<Vec<String>>) -> Self {
        let module = module_of(path);
        let (mut code, literals) = mask(text);
        let mut lines = text.lines().count();
        while let Some(start) = code.find("#[cfg(test)]") {
            let end = end_of_item(&code, start);
            if let Some((_, name)) = declared_modules(&code[start..end]).into_iter().next()
                && code[start..end].ends_with(';')
            {
                test_modules.push([module.as_slice(), &[name]].concat());
            }
            lines -= code[start..end].matches('\n').count() + 1;
            let blank: String = code[start..end]
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' })
                .collect();
            code.replace_range(start..end, &blank);
        }
        let kept: Vec<(usize, String)> = literals
            .into_iter()
            .filter(|(at, _)| code.as_bytes().get(*at) == Some(&b'"'))
            .collect();
        Self {
            path: path.to_owned(),
            module,
            strings: kept
                .iter()
                .map(|(at, text)| (line_of(&code, *at), text.clone()))
                .collect(),
            starts_of_strings: kept.iter().map(|(at, _)| *at).collect(),
            code,
            lines,
        }
    }

    /// The module directly under the crate; `None` for `lib.rs` and `main.rs`.
    pub(super) fn top_module(&self) -> Option<&str> {
        self.module.first().map(String::as_str)
    }

    /// The modules directly under the crate that this file names through `crate::` or `super::`, with the line.
    pub(super) fn imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for at in word_starts(&self.code, "crate::") {
            for head in heads(&self.code[at + "crate::".len()..]) {
                found.push((line_of(&self.code, at), head));
            }
        }
        for at in word_starts(&self.code, "super::") {
            if self.code[..at].ends_with("::") {
                continue;
            }
            let supers = self.code[at..].split("::").take_while(|part| *part == "super").count();
            if supers == self.module.len() + self.inline_modules_around(at) {
                for head in heads(&self.code[at + supers * "super::".len()..]) {
                    found.push((line_of(&self.code, at), head));
                }
            }
        }
        found
    }

    fn inline_modules_around(&self, at: usize) -> usize {
        word_starts(&self.code, "mod ")
            .into_iter()
            .filter(|start| *start < at)
            .filter_map(|start| self.code[start..].find(['{', ';']).map(|offset| start + offset))
            .filter(|open| self.code.as_bytes()[*open] == b'{' && closing(&self.code, *open) > at)
            .count()
    }

    /// Every function with a body.
    pub(super) fn functions(&self) -> Vec<Function> {
        word_starts(&self.code, "fn ")
            .into_iter()
            .filter_map(|at| {
                let name = identifier(self.code[at + 3..].trim_start());
                let open = body_of(&self.code, at)?;
                let body = &self.code[open + 1..closing(&self.code, open)];
                let lines = body.lines().filter(|line| !line.trim().is_empty()).count();
                (!name.is_empty()).then(|| Function {
                    name,
                    line: line_of(&self.code, at),
                    lines,
                })
            })
            .collect()
    }

    /// The lines on which `text` stands.
    pub(super) fn lines_with(&self, text: &str) -> Vec<usize> {
        self.code
            .match_indices(text)
            .map(|(at, _)| line_of(&self.code, at))
            .collect()
    }

    /// The lines on which `word` stands and is not the end of a longer word.
    pub(super) fn lines_with_word(&self, word: &str) -> Vec<usize> {
        word_starts(&self.code, word)
            .into_iter()
            .map(|at| line_of(&self.code, at))
            .collect()
    }

    /// The string literals that directly follow `before`.
    pub(super) fn strings_after(&self, before: &str) -> Vec<(usize, String)> {
        let follows = |at: &usize| self.code[..*at].trim_end().ends_with(before);
        let pairs = self.starts_of_strings.iter().zip(&self.strings);
        pairs
            .filter(|(at, _)| follows(at))
            .map(|(_, found)| found.clone())
            .collect()
    }

    /// The code with attributes blanked.
    pub(super) fn without_attributes(&self) -> String {
        let mut code = self.code.clone();
        while let Some(start) = code.find("#[") {
            let end = closing(&code, start + 1) + 1;
            let blank: String = code[start..end]
                .chars()
                .map(|c| if c == '\n' { '\n' } else { ' ' })
                .collect();
            code.replace_range(start..end, &blank);
        }
        code
    }
}

/// The lines on which `code` names the crate `name` (`name::…`, `use name;`), not a module of that name.
pub(super) fn crate_mentions(code: &str, name: &str) -> Vec<usize> {
    word_starts(code, name)
        .into_iter()
        .filter(|at| {
            let (before, after) = (&code[..*at], &code[at + name.len()..]);
            let inside_a_path = before.strip_suffix("::").is_some_and(|path| path.ends_with(is_word));
            let imported = ["use", "use ::"].iter().any(|word| before.trim_end().ends_with(word));
            !inside_a_path && (after.starts_with("::") || imported && !after.starts_with(is_word))
        })
        .map(|at| line_of(code, at))
        .collect()
}

/// The modules that `code` declares, with their line.
pub(super) fn declared_modules(code: &str) -> Vec<(usize, String)> {
    let starts = word_starts(code, "mod ").into_iter();
    starts
        .map(|at| (line_of(code, at), identifier(code[at + 4..].trim_start())))
        .collect()
}

fn module_of(path: &str) -> Vec<String> {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib" | "main")) {
        parts.pop();
    }
    parts
}

/// Comments to blanks, string contents to `x`, everything else as it is but one byte per character.
fn mask(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut strings, mut at) = (String::with_capacity(text.len()), Vec::new(), 0);
    while at < chars.len() {
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        let after_word = at > 0 && is_word(chars[at - 1]);
        let end = match chars[at] {
            '/' if next == '/' => (at..chars.len()).find(|i| chars[*i] == '\n').unwrap_or(chars.len()),
            '/' if next == '*' => end_of_block_comment(&chars, at),
            '"' => end_of_string(&chars, at),
            'r' if !after_word && raw_hashes(&chars, at).is_some() => end_of_raw_string(&chars, at),
            'b' | 'c' if !after_word && next == 'r' && raw_hashes(&chars, at + 1).is_some() => {
                end_of_raw_string(&chars, at + 1)
            }
            '\'' if next == '\\' => (at + 3..chars.len()).find(|i| chars[*i] == '\'').unwrap_or(at) + 1,
            '\'' if chars.get(at + 2) == Some(&'\'') => at + 3,
            other => {
                code.push(if other.is_ascii() { other } else { '_' });
                at += 1;
                continue;
            }
        };
        if chars[at] == '/' {
            code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        } else {
            if chars[at] != '\'' {
                let inside: String = chars[at..end].iter().collect();
                strings.push((
                    at,
                    inside
                        .trim_start_matches(['b', 'c', 'r', '#'])
                        .trim_matches(['"', '#'])
                        .to_owned(),
                ));
            }
            code.push(if chars[at] == '\'' { '\'' } else { '"' });
            code.extend(
                chars[at + 1..end - 1]
                    .iter()
                    .map(|c| if *c == '\n' { '\n' } else { 'x' }),
            );
            code.push(if chars[at] == '\'' { '\'' } else { '"' });
        }
        at = end;
    }
    (code, strings)
}

fn end_of_block_comment(chars: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (0_usize, start);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn end_of_string(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn raw_hashes(chars: &[char], start: usize) -> Option<usize> {
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    (chars.get(start + 1 + hashes) == Some(&'"')).then_some(hashes)
}

fn end_of_raw_string(chars: &[char], start: usize) -> usize {
    let hashes = raw_hashes(chars, start).unwrap_or(0);
    let first = start + hashes + 2;
    let closes = |at: &usize| chars[*at] == '"' && chars[at + 1..].iter().take(hashes).all(|c| *c == '#');
    (first..chars.len())
        .find(closes)
        .map_or(chars.len(), |at| at + 1 + hashes)
}

/// One past the item that begins at `start`, attributes included.
fn end_of_item(code: &str, start: usize) -> usize {
    let mut at = start;
    while code[at..].trim_start().starts_with("#[") {
        let open = at + code[at..].find('[').expect("the attribute has a bracket");
        at = closing(code, open) + 1;
    }
    let Some(end) = code[at..].find(['{', ';']).map(|offset| at + offset) else {
        return code.len();
    };
    if code.as_bytes()[end] == b';' {
        end + 1
    } else {
        (closing(code, end) + 1).min(code.len())
    }
}

/// Where the bracket at `open` closes; the end of the code if it never does.
fn closing(code: &str, open: usize) -> usize {
    let bytes = code.as_bytes();
    let pair = match bytes[open] {
        b'{' => b'}',
        b'[' => b']',
        _ => b')',
    };
    let mut depth = 0_usize;
    for (at, byte) in bytes.iter().enumerate().skip(open) {
        if *byte == bytes[open] {
            depth += 1;
        } else if *byte == pair {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    code.len() - 1
}

/// The opening brace of the function that begins at `start`; `None` for a declaration without body.
fn body_of(code: &str, start: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(at),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// The first names of what follows a path prefix: one name, or one per element of a group.
fn heads(rest: &str) -> Vec<String> {
    if !rest.starts_with('{') {
        return vec![identifier(rest)];
    }
    let group = &rest[1..closing(rest, 0)];
    let (mut depth, mut names, mut start) = (0_i32, Vec::new(), 0);
    for (at, character) in group.char_indices().chain([(group.len(), ',')]) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(identifier(group[start..at].trim_start()));
                start = (at + 1).min(group.len());
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| is_word(*c)).collect()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word_starts(code: &str, word: &str) -> Vec<usize> {
    let found = code.match_indices(word).map(|(at, _)| at);
    found.filter(|at| !code[..*at].ends_with(is_word)).collect()
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

mod tests {
    use super::Source;

    fn read(path: &str, text: &str) -> Source {
        Source::new(path, text, &mut Vec::new())
    }

    #[test]
    fn imports_are_found_in_paths_groups_and_through_super() {
        let text = "use crate::{model::{a, b}, config};\nuse super::super::store;\nfn f() { crate::feed::x(); }\n\
                    /// [`crate::http`]\nfn g() { \"crate::mail\"; super::near(); }\n";
        let imports = read("src/compose/one.rs", text).imports();
        let expected = [(1, "model"), (1, "config"), (3, "feed"), (2, "store")];
        assert_eq!(imports, expected.map(|(line, name)| (line, name.to_owned())));
    }

    #[test]
    fn test_items_strings_and_comments_do_not_count_as_code() {
        let text = "fn f() {\n    // .unwrap()\n    g('\"', \"x.unwrap()\");\n}\n\n#[cfg(test)]\nmod tests {\n    \
                    fn t() { x.unwrap(); \"SELECT 1\"; }\n}\n";
        let source = read("src/app.rs", text);
        assert!(source.lines_with(".unwrap()").is_empty());
        assert_eq!(source.lines, 5);
        assert_eq!(source.strings, [(3, "x.unwrap()".to_owned())]);
    }

    #[test]
    fn a_module_that_only_tests_include_is_left_out() {
        let mut test_modules = Vec::new();
        Source::new(
            "src/feed/mod.rs",
            "#[cfg(test)]\nmod samples;\npub mod rss;\n",
            &mut test_modules,
        );
        assert_eq!(test_modules, [["feed", "samples"].map(str::to_owned).to_vec()]);
    }

    #[test]
    fn a_function_is_measured_by_its_lines_of_code() {
        let text = "impl X {\n    fn long(a: [u8; 2]) -> u8 {\n        one();\n\n        // why\n        two()\n    }\n    fn none();\n}\n";
        let functions = read("src/app.rs", text).functions();
        assert_eq!(
            functions
                .iter()
                .map(|f| (f.name.as_str(), f.line, f.lines))
                .collect::<Vec<_>>(),
            [("long", 2, 2)]
        );
    }

    #[test]
    fn a_crate_is_told_from_a_module_of_the_same_name() {
        let mentions = super::crate_mentions(
            "use rss::Channel;\nuse crate::feed::rss::x;\nrss_text();\nuse rss;\n",
            "rss",
        );
        assert_eq!(mentions, [1, 4]);
    }
}
