//! From bytes to rows of named cells: encoding, delimiter, heading (`sources.md` 6, *Reading*).

use std::io::{Cursor, Read};

use encoding_rs::WINDOWS_1252;

use super::decoded::decoded;
use super::platform::Platform;
use super::status::Said;
use crate::model::address::EmailAddress;
use crate::subscribe::SubscribeError;
use crate::subscribe::columns::{Column, of_heading, plain, unguarded};

/// How much of a file is looked at before reading begins.
const LOOK: u64 = 64 * 1024;
/// Longest row in bytes.
const LONGEST_ROW: usize = 64 * 1024;
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// One row of a file.
#[derive(Debug)]
pub(super) struct Line {
    /// Where it begins in the file, counted from 1.
    pub(super) number: u64,
    cells: Vec<(Column, String)>,
}

impl Line {
    /// The cell of a column; empty when it is not there.
    pub(super) fn cell(&self, column: Column) -> &str {
        self.cells
            .iter()
            .find(|(of, _)| *of == column)
            .map_or("", |(_, cell)| cell.as_str())
    }

    /// The cells of all columns of a kind.
    pub(super) fn cells_of(&self, column: Column) -> impl Iterator<Item = &str> {
        let wanted = self.cells.iter().filter(move |(of, _)| *of == column);
        wanted.map(|(_, cell)| cell.as_str())
    }
}

/// A file of people, read row by row.
pub(super) struct Table<'a> {
    reader: csv::Reader<Box<dyn Read + Send + 'a>>,
    columns: Vec<Option<Column>>,
    /// Headings that mean nothing to us.
    pub(super) unused: Vec<String>,
    /// A row that was read to find out that it is no heading.
    first: Option<csv::ByteRecord>,
    lines_before: u64,
    /// Lines end with CR LF, and the LF is counted with the row after it.
    is_crlf: bool,
    /// Which program wrote it, and what says so.
    pub(super) platform: Platform,
    pub(super) because: String,
    /// The whole file is about people who left, or whose addresses do not work, by its columns.
    pub(super) has: (bool, bool),
    /// Cells of a whole row.
    width: usize,
    /// Rows with more or fewer cells, and rows that are not in UTF-8.
    pub(super) ragged: u64,
    pub(super) foreign_bytes: u64,
}

impl<'a> Table<'a> {
    /// Looks at the beginning of a file and finds out how to read the rest; `platform` is what the operator says of it.
    pub(super) fn open(file: impl Read + Send + 'a, platform: Option<Platform>) -> Result<Self, SubscribeError> {
        let mut text = decoded(file)?;
        let mut head = Vec::new();
        text.by_ref().take(LOOK).read_to_end(&mut head)?;
        let (skip, lines_before, delimiter) = match separator_line(&head) {
            Some((length, delimiter)) => (length, 1, delimiter),
            None => (0, 0, likely_delimiter(&head)),
        };
        let backslashes = has_escaped_quotes(&head, delimiter);
        let is_crlf = head
            .split(|byte| *byte == b'\n')
            .next()
            .is_some_and(|line| line.ends_with(b"\r"));
        let sample = sample(&head[skip..], delimiter, backslashes);
        let whole = Cursor::new(head.split_off(skip)).chain(text);
        let mut reader = builder(delimiter, backslashes).from_reader(Box::new(whole) as Box<dyn Read + Send + 'a>);
        let mut first = csv::ByteRecord::new();
        reader
            .read_byte_record(&mut first)
            .map_err(|error| unreadable(&error))?;
        let cells: Vec<String> = first.iter().map(text_of).collect();
        let heading = Heading::of(&cells, &sample, platform);
        if !first.is_empty() && !heading.columns.contains(&Some(Column::Email)) {
            let reason = "no column holds email addresses; name one of them `email` in the first row".to_owned();
            return Err(SubscribeError::File { line: 1, reason });
        }
        let has = |column| heading.columns.contains(&Some(column));
        Ok(Self {
            reader,
            has: (has(Column::LeftAt), has(Column::CleanedAt)),
            width: cells.len(),
            first: (!heading.is_one).then_some(first),
            unused: heading.unused,
            columns: heading.columns,
            platform: heading.platform,
            because: heading.because,
            lines_before,
            is_crlf,
            ragged: 0,
            foreign_bytes: 0,
        })
    }

    fn number(&self, record: &csv::ByteRecord) -> u64 {
        let Some(place) = record.position() else { return 0 };
        place.line() + self.lines_before + u64::from(self.is_crlf && place.byte() > 0)
    }

    /// The next row; `Err` inside for one that is too long.
    pub(super) fn next(&mut self) -> Result<Option<Taken>, SubscribeError> {
        let record = if let Some(record) = self.first.take() {
            record
        } else {
            let mut record = csv::ByteRecord::new();
            if !self
                .reader
                .read_byte_record(&mut record)
                .map_err(|error| unreadable(&error))?
            {
                return Ok(None);
            }
            record
        };
        let number = self.number(&record);
        if record.as_slice().len() > LONGEST_ROW {
            let reason = "longer than 64 KiB; a quote before it may have been left open".to_owned();
            return Ok(Some(Err((number, reason))));
        }
        self.ragged += u64::from(record.len() != self.width);
        self.foreign_bytes += u64::from(std::str::from_utf8(record.as_slice()).is_err());
        let named = record
            .iter()
            .zip(&self.columns)
            .filter_map(|(cell, column)| Some(((*column)?, cell)));
        let cells = named
            .map(|(column, cell)| (column, unguarded(&text_of(cell)).to_owned()))
            .collect();
        Ok(Some(Ok(Line { number, cells })))
    }
}

/// What the first row says.
struct Heading {
    /// It names columns; else it is a row like the others.
    is_one: bool,
    columns: Vec<Option<Column>>,
    unused: Vec<String>,
    platform: Platform,
    because: String,
}

impl Heading {
    fn of(cells: &[String], sample: &[Vec<String>], asked: Option<Platform>) -> Self {
        let is_one = !cells.iter().any(|cell| address_in(cell).is_some());
        let plain: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
        let (platform, because) = match (asked, is_one) {
            (Some(platform), _) => (platform, "--format says so".to_owned()),
            (None, true) => Platform::of(&plain),
            (None, false) => (Platform::Other, "its first row is an address and no heading".to_owned()),
        };
        let is_ours = plain.iter().any(|name| name == "consentmethod");
        let column = |cell: &String| of_heading(cell).filter(|_| is_one);
        let mut columns: Vec<Option<Column>> = cells.iter().map(column).collect();
        for place in &mut columns {
            *place = place.and_then(|column| meant(column, platform, is_ours));
        }
        if !columns.contains(&Some(Column::Email))
            && let Some(place) = column_of_addresses(&sample[usize::from(is_one).min(sample.len())..])
        {
            columns.resize(columns.len().max(place + 1), None);
            columns[place] = Some(Column::Email);
        }
        let unused = if is_one {
            let nameless = cells.iter().zip(&columns).filter(|(_, column)| column.is_none());
            nameless.map(|(cell, _)| cell.clone()).collect()
        } else {
            by_content(&mut columns, sample)
        };
        Self {
            is_one,
            columns,
            unused,
            platform,
            because,
        }
    }
}

/// What a heading means in a list of this platform: some words are ours only in our own export.
fn meant(column: Column, platform: Platform, is_ours: bool) -> Option<Column> {
    match column {
        Column::State if platform == Platform::Kit => Some(Column::Status),
        Column::State | Column::Reason | Column::Since | Column::Evidence if !is_ours => None,
        column => Some(column),
    }
}

/// A row, or where a row stands that is too long.
type Taken = Result<Line, (u64, String)>;

fn builder(delimiter: u8, backslashes: bool) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).flexible(true).has_headers(false);
    if backslashes {
        builder.escape(Some(b'\\'));
    }
    builder
}

fn unreadable(error: &csv::Error) -> SubscribeError {
    let line = error.position().map_or(0, csv::Position::line);
    SubscribeError::File {
        line,
        reason: format!("{error}; save the file as CSV in UTF-8"),
    }
}

/// UTF-8 where it is valid, else Windows-1252, cell by cell; blanks around it and zero-width characters go.
fn text_of(cell: &[u8]) -> String {
    let text = match std::str::from_utf8(cell) {
        Ok(text) => text.to_owned(),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(cell).0.into_owned(),
    };
    let is_noise = |c: char| matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{FFFD}');
    let is_clean = !text.contains(is_noise);
    let text = if is_clean { text } else { text.replace(is_noise, "") };
    text.trim().to_owned()
}

/// The address in a cell: `a@b.org`, `Name <a@b.org>`, `mailto:a@b.org`.
pub(super) fn address_in(cell: &str) -> Option<EmailAddress> {
    let cell = cell.trim();
    let inner = match cell.rsplit_once('<') {
        Some((_, rest)) => rest.strip_suffix('>')?,
        None => cell,
    };
    let scheme = inner.get(..7).filter(|start| start.eq_ignore_ascii_case("mailto:"));
    EmailAddress::parse(&inner[scheme.map_or(0, str::len)..]).ok()
}

/// A first line `sep=;`: its length and the delimiter.
fn separator_line(head: &[u8]) -> Option<(usize, u8)> {
    let rest = head.get(4..).filter(|_| head[..4].eq_ignore_ascii_case(b"sep="))?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let delimiter = *rest.first().filter(|byte| DELIMITERS.contains(byte))?;
    Some((4 + end + 1, delimiter))
}

/// The delimiter whose number is the same on most of the first 20 lines.
fn likely_delimiter(head: &[u8]) -> u8 {
    let evenness = |delimiter: u8| {
        let counts = counts_per_line(head, delimiter);
        counts
            .iter()
            .filter(|count| **count > 0)
            .map(|count| (counts.iter().filter(|other| *other == count).count(), *count))
            .max()
            .unwrap_or((0, 0))
    };
    // The last of equals wins, and the comma is the one that is meant most often.
    DELIMITERS
        .into_iter()
        .rev()
        .max_by_key(|delimiter| evenness(*delimiter))
        .unwrap_or(b',')
}

/// How often a delimiter stands outside quotes on each of the first 20 lines.
fn counts_per_line(head: &[u8], delimiter: u8) -> Vec<usize> {
    let (mut counts, mut count, mut is_quoted) = (Vec::new(), 0, false);
    for byte in head {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => {
                counts.push(count);
                count = 0;
                if counts.len() == 20 {
                    return counts;
                }
            }
            byte if *byte == delimiter && !is_quoted => count += 1,
            _ => {}
        }
    }
    if count > 0 {
        counts.push(count);
    }
    counts
}

/// Whether quotes inside cells are written `\"`: one stands where no cell can end.
fn has_escaped_quotes(head: &[u8], delimiter: u8) -> bool {
    head.windows(3)
        .any(|three| three.starts_with(b"\\\"") && ![delimiter, b'\r', b'\n', b'"'].contains(&three[2]))
}

/// The first rows, to look at what stands in each column.
fn sample(head: &[u8], delimiter: u8, backslashes: bool) -> Vec<Vec<String>> {
    let mut reader = builder(delimiter, backslashes).from_reader(head);
    let rows = reader.byte_records().take(50).filter_map(Result::ok);
    rows.map(|record| record.iter().map(text_of).collect()).collect()
}

/// The first column in which more than four of five cells are addresses.
fn column_of_addresses(rows: &[Vec<String>]) -> Option<usize> {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    (0..width).find(|place| {
        let cells: Vec<&String> = rows.iter().filter_map(|row| row.get(*place)).collect();
        let addresses = cells.iter().filter(|cell| address_in(cell).is_some()).count();
        addresses * 5 > cells.len() * 4
    })
}

/// Finds the status in a list without a heading by its words; the other columns, by their numbers.
fn by_content(columns: &mut Vec<Option<Column>>, sample: &[Vec<String>]) -> Vec<String> {
    let width = sample.iter().map(Vec::len).max().unwrap_or(0);
    columns.resize(columns.len().max(width), None);
    let mut unused = Vec::new();
    for (place, column) in columns.iter_mut().enumerate().filter(|(_, column)| column.is_none()) {
        let cells = sample.iter().filter_map(|row| row.get(place));
        let cells: Vec<&String> = cells.filter(|cell| !cell.is_empty()).collect();
        let is_word = |cell: &&&String| Said::from_word(&cell.to_lowercase()).is_some();
        if cells.iter().filter(is_word).count() * 2 > cells.len() {
            *column = Some(Column::Status);
        } else if !cells.is_empty() {
            unused.push(format!("column {}", place + 1));
        }
    }
    unused
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emails(bytes: &[u8]) -> Vec<(u64, String, String)> {
        let mut table = Table::open(bytes, None).unwrap();
        let mut found = Vec::new();
        while let Some(line) = table.next().unwrap() {
            let line = line.unwrap();
            found.push((
                line.number,
                line.cell(Column::Email).to_owned(),
                line.cell(Column::Name).to_owned(),
            ));
        }
        found
    }

    fn utf16(text: &str) -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xFE];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    }

    #[test]
    fn a_list_is_read_in_every_dress_that_spreadsheets_give_it() {
        let wanted = vec![(2, "rosa@example.org".to_owned(), "Rosa Müller".to_owned())];
        let comma = "email,name\nrosa@example.org,Rosa Müller\n";
        assert_eq!(emails(comma.as_bytes()), wanted);
        assert_eq!(emails(format!("\u{FEFF}{comma}").as_bytes()), wanted);
        assert_eq!(emails(comma.replace(',', ";").replace('\n', "\r\n").as_bytes()), wanted);
        assert_eq!(emails(comma.replace(',', "\t").as_bytes()), wanted);
        assert_eq!(emails(&utf16(comma)), wanted);
        assert_eq!(emails(&WINDOWS_1252.encode(comma).0), wanted);
        let sep = format!("sep=|\n{}", comma.replace(',', "|"));
        assert_eq!(emails(sep.as_bytes()), [(3, wanted[0].1.clone(), wanted[0].2.clone())]);
    }

    #[test]
    fn a_bare_list_of_addresses_needs_no_heading() {
        let found = emails(b"a@example.org\nb@example.org\n");
        assert_eq!(
            found.iter().map(|row| (row.0, row.1.as_str())).collect::<Vec<_>>(),
            [(1, "a@example.org"), (2, "b@example.org")]
        );
        let found = emails(b"who,where\nRosa,a@example.org\nPaul,b@example.org\n");
        assert_eq!(found[0].1, "a@example.org");
    }

    #[test]
    fn a_file_without_addresses_is_refused_with_a_reason() {
        assert!(matches!(
            Table::open(&b"name,town\nRosa,Ulm\n"[..], None),
            Err(SubscribeError::File { line: 1, .. })
        ));
        assert!(emails(b"").is_empty());
        assert!(emails(b"email,name\n").is_empty());
    }

    #[test]
    fn quotes_are_understood_in_both_spellings() {
        assert_eq!(
            emails(b"email,name\na@example.org,\"R \"\"Z\"\" x\"\n")[0].2,
            "R \"Z\" x"
        );
        assert_eq!(
            emails(b"email,name\na@example.org,\"R \\\"Z\\\" x\"\n")[0].2,
            "R \"Z\" x"
        );
    }

    #[test]
    fn an_address_is_found_in_its_wrapping() {
        for cell in [
            "a@example.org",
            " <a@example.org>",
            "Rosa <a@example.org>",
            "MAILTO:a@example.org",
        ] {
            assert_eq!(address_in(cell).unwrap().as_str(), "a@example.org");
        }
        assert!(address_in("Rosa").is_none() && address_in("ü").is_none());
    }
}
