//! From a file and the environment to checked [`Settings`], or to every problem at once.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat, ValueKind};

use super::nearest::nearest;
use super::place::{Fault, Positions, Step, dotted};
use super::problem::{ConfigProblems, Problem, Severity, Wrong};
use super::secret::Files;
use super::section::{Finding, Notes, Origin, Section};
use super::{Settings, bounces, database, feedback, feeds, http, mail, newsletters, site, sources, value};

/// The file that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "config/letterpress.toml";

/// What names the file in the environment.
const FILE_VARIABLE: &str = "LETTERPRESS_CONFIG";
/// Keys in the environment begin so: `LETTERPRESS__MAIL__SMTP__HOST`.
const PREFIX: &str = "LETTERPRESS";

/// The variables of this process; those that are not Unicode are left out.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads the config file and what the environment puts over it.
///
/// `path` is the file that a person named; else `LETTERPRESS_CONFIG` in `env` names it, else [`DEFAULT_FILE`] is read
/// where it exists, else the built-in defaults hold, relative to the current folder.
///
/// # Errors
/// Every problem at once, with line and remedy. A file that was named and cannot be read is one.
pub fn load(path: Option<&Path>, env: impl IntoIterator<Item = (String, String)>) -> Result<Settings, ConfigProblems> {
    let variables: BTreeMap<String, String> = env.into_iter().collect();
    let from_variable = variables.get(FILE_VARIABLE).filter(|file| !file.is_empty());
    let file = match path.map(Path::to_path_buf).or_else(|| from_variable.map(PathBuf::from)) {
        Some(named) => Some(named),
        None => Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.exists()),
    };
    let text = file.as_deref().map_or_else(|| Ok(String::new()), read_text)?;
    read(&text, file, &variables)
}

/// Reads `text` as if it stood in `file`, which need not exist: paths in it are relative to the folder of `file`.
///
/// # Errors
/// As [`load`].
pub fn parse(
    text: &str,
    file: &Path,
    env: impl IntoIterator<Item = (String, String)>,
) -> Result<Settings, ConfigProblems> {
    read(text, Some(file.to_path_buf()), &env.into_iter().collect())
}

fn read_text(file: &Path) -> Result<String, ConfigProblems> {
    std::fs::read_to_string(file).map_err(|error| {
        let remedy = if error.kind() == std::io::ErrorKind::InvalidData {
            "save the file as UTF-8"
        } else {
            "write the path of a config file, or make one with `letterpress init DIR`"
        };
        ConfigProblems(vec![Problem {
            file: Some(file.display().to_string()),
            line: None,
            column: None,
            key: String::new(),
            message: format!("cannot be read: {error}"),
            remedy: remedy.to_owned(),
            severity: Severity::Error,
        }])
    })
}

fn read(text: &str, file: Option<PathBuf>, variables: &BTreeMap<String, String>) -> Result<Settings, ConfigProblems> {
    let (positions, faults) = Positions::parse(text);
    let shown_file = file.as_ref().map(|file| file.display().to_string());
    if !faults.is_empty() {
        return Err(ConfigProblems(misspelt(faults, shown_file.as_ref())));
    }
    let notes = Notes::default();
    let values = merged(text, variables, &notes);
    let mut settings = read_settings(Section::new(&notes, Vec::new(), values), file);
    warn_of_near_misses(variables, &notes);
    let findings = notes.into_findings();
    let unusable = findings.iter().any(|finding| !finding.bearable);
    let mut problems: Vec<Problem> = findings
        .into_iter()
        .map(|finding| problem(finding, shown_file.as_ref(), &positions))
        .collect();
    problems.sort_by_key(|problem| {
        (
            problem.severity == Severity::Warning,
            problem.line.is_none(),
            problem.line,
        )
    });
    if unusable {
        return Err(ConfigProblems(problems));
    }
    settings.findings = problems;
    Ok(settings)
}

/// What is wrong with a text that is not TOML.
fn misspelt(mut faults: Vec<Fault>, file: Option<&String>) -> Vec<Problem> {
    faults.sort();
    let problem = |(place, message): Fault| Problem {
        file: file.cloned(),
        line: place.map(|place| place.0),
        column: place.map(|place| place.1),
        key: String::new(),
        message: format!("is not TOML here: {message}"),
        remedy: "correct the spelling of this line; texts stand in quotes, sections in brackets".to_owned(),
        severity: Severity::Error,
    };
    faults.into_iter().map(problem).collect()
}

/// The file with the environment over it.
fn merged(text: &str, variables: &BTreeMap<String, String>, notes: &Notes) -> BTreeMap<String, config::Value> {
    // No try_parsing: it would make 7 of the password "007".
    let environment = Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .ignore_empty(true)
        .source(Some(with_indexes(variables)));
    let merged = Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .add_source(environment)
        .build();
    match merged.map(|config| config.cache.kind) {
        Ok(ValueKind::Table(table)) => table.into_iter().collect(),
        Ok(_) => BTreeMap::new(),
        Err(error) => {
            notes.add(Finding {
                way: Vec::new(),
                origin: Origin::File,
                wrong: Wrong::new(format!("cannot be read: {error}"), "correct it"),
                severity: Severity::Error,
                bearable: false,
            });
            BTreeMap::new()
        }
    }
}

/// `LETTERPRESS__SOURCES__0__PATH` names an item of a list: the `config` crate wants `SOURCES[0]` there.
fn with_indexes(variables: &BTreeMap<String, String>) -> HashMap<String, String> {
    let rename = |name: &str| {
        let mut renamed = String::new();
        for part in name.split("__") {
            if !renamed.is_empty() && part.parse::<usize>().is_ok_and(|item| item < 1_000) {
                renamed.push_str(&format!("[{part}]"));
            } else {
                let separator = if renamed.is_empty() { "" } else { "__" };
                renamed.push_str(&format!("{separator}{part}"));
            }
        }
        renamed
    };
    variables
        .iter()
        .map(|(name, value)| (rename(name), value.clone()))
        .collect()
}

fn read_settings(mut root: Section<'_>, file: Option<PathBuf>) -> Settings {
    let base = folder_of(file.as_deref());
    let files = Files {
        base: &base,
        config: file.as_deref(),
    };
    let http = http::read(root.section("http"));
    let source_sections = root.sections("sources");
    let site = site::read(root.section("site"), &http.public_url, !source_sections.is_empty());
    let newsletters = newsletters::read(root.sections("newsletters"), &site);
    let beside = mail::Surroundings {
        files,
        site: &site,
        public_url: &http.public_url,
        has_newsletters: !newsletters.is_empty(),
    };
    let mail = mail::read(root.section("mail"), &beside);
    let database = database::read_database(root.section("database"), &files);
    let settings = Settings {
        sources: sources::read(source_sections, &files, &site.language),
        feeds: feeds::read(root.section("feeds"), &http),
        bounces: bounces::read(root.section("bounces"), &files),
        feedback: feedback::read(root.section("feedback")),
        templates: read_templates(root.section("templates"), &base),
        state: database::read_state(root.section("state"), &database, &base),
        findings: Vec::new(),
        file,
        base,
        site,
        newsletters,
        mail,
        database,
        http,
    };
    root.close();
    settings
}

/// The folder that relative paths are relative to.
fn folder_of(file: Option<&Path>) -> PathBuf {
    let folder = file.and_then(Path::parent).unwrap_or(Path::new(""));
    let current = || std::env::current_dir().unwrap_or_default();
    // An empty path stands for the current folder, and `absolute` refuses it.
    if folder.as_os_str().is_empty() {
        return current();
    }
    std::path::absolute(folder).unwrap_or_else(|_| current().join(folder))
}

fn read_templates(mut section: Section<'_>, base: &Path) -> Option<PathBuf> {
    let folder = section.get("dir", value::path(base));
    if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
        let message = format!("there is no folder {}", folder.display());
        section.refuse(
            "dir",
            Wrong::new(message, "create it with `letterpress init DIR`, or remove the key"),
        );
    }
    section.close();
    folder
}

/// One underscore where two belong hides a key: nobody would ever notice.
fn warn_of_near_misses(variables: &BTreeMap<String, String>, notes: &Notes) {
    const SECTIONS: [&str; 10] = [
        "SITE",
        "SOURCES",
        "FEEDS",
        "FEEDBACK",
        "NEWSLETTERS",
        "MAIL",
        "TEMPLATES",
        "DATABASE",
        "STATE",
        "HTTP",
    ];
    for name in variables.keys() {
        let upper = name.to_ascii_uppercase();
        let Some(rest) = upper.strip_prefix("LETTERPRESS_").filter(|rest| !rest.starts_with('_')) else {
            continue;
        };
        let first = rest.split('_').next().unwrap_or(rest);
        let Some(section) = nearest(first, SECTIONS).filter(|_| rest.contains('_')) else {
            continue;
        };
        let key = rest.strip_prefix(first).unwrap_or("").trim_start_matches('_');
        let remedy =
            format!("write two underscores between the parts, such as {PREFIX}__{section}__{key}; or remove it");
        notes.add(Finding {
            way: Vec::new(),
            origin: Origin::File,
            wrong: Wrong::new(
                format!("the environment variable {name} looks like a key but is ignored"),
                remedy,
            ),
            severity: Severity::Warning,
            bearable: true,
        });
    }
}

fn problem(finding: Finding, file: Option<&String>, positions: &Positions<'_>) -> Problem {
    let in_file = finding.origin == Origin::File && !finding.way.is_empty();
    let place = if in_file { positions.of(&finding.way) } else { None };
    let variable = variable(&finding.way);
    let origin = match finding.origin {
        Origin::File => String::new(),
        Origin::Variable => format!(" (from the environment variable {variable})"),
        Origin::Variables => format!(" (from the environment variables {variable}__…)"),
    };
    Problem {
        file: file.filter(|_| in_file).cloned(),
        line: place.map(|place| place.0),
        column: place.map(|place| place.1),
        key: dotted(&finding.way),
        message: finding.wrong.message + &origin,
        remedy: finding.wrong.remedy,
        severity: finding.severity,
    }
}

/// The environment variable that stands for a key.
fn variable(way: &[Step]) -> String {
    way.iter().fold(PREFIX.to_owned(), |name, step| match step {
        Step::Key(key) => format!("{name}__{}", key.to_ascii_uppercase()),
        Step::Item(item) => format!("{name}__{item}"),
    })
}
