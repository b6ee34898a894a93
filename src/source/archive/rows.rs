//! Tables of an export: CSV with a heading.

use super::container::{LARGEST_FILE, Shelf};
use super::{ArchiveError, Flaw, Piece, names_ending, nothing, text_of};

/// A row with the names of its columns.
#[derive(Debug, Clone)]
pub(super) struct Row<'a> {
    names: &'a [String],
    cells: Vec<String>,
    /// Line of the table.
    pub(super) line: Option<u32>,
}

impl Row<'_> {
    /// The cell of a column, without blanks around it; empty where there is none.
    pub(super) fn cell(&self, name: &str) -> &str {
        let at = self.names.iter().position(|known| *known == plain(name));
        at.and_then(|at| self.cells.get(at)).map_or("", |cell| cell.trim())
    }

    /// The cell of a column, if something stands in it.
    pub(super) fn filled(&self, name: &str) -> Option<String> {
        Some(self.cell(name)).filter(|cell| !cell.is_empty()).map(str::to_owned)
    }
}

/// Names without case, blanks, `_` and `-`.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| c.is_alphanumeric());
    kept.flat_map(char::to_lowercase).collect()
}

/// What is done with a row.
type EachRow<'a> = dyn FnMut(&mut Shelf, &Row<'_>, &mut dyn FnMut(Piece)) + 'a;

/// Takes an article from every row of every table that has the columns; `piece` is told the row and the table's name.
pub(super) fn articles_of_tables(
    shelf: &mut Shelf,
    needs: &[&[&str]],
    take: &mut dyn FnMut(Piece),
    piece: impl Fn(&Row<'_>, &str) -> Piece,
) -> Result<(), ArchiveError> {
    let mut found = false;
    for table in names_ending(shelf, &[".csv"]) {
        found |= rows(shelf, &table, needs, take, &mut |_, row, take| take(piece(row, &table)))?;
    }
    if found {
        Ok(())
    } else {
        Err(nothing("table of articles"))
    }
}

/// Gives every row of a table to `each`; a row that cannot be read is told to `take`. A table without one of the columns of
/// every group is another one, such as the list of subscribers beside it: `false`.
pub(super) fn rows(
    shelf: &mut Shelf,
    name: &str,
    needs: &[&[&str]],
    take: &mut dyn FnMut(Piece),
    each: &mut EachRow<'_>,
) -> Result<bool, ArchiveError> {
    let text = text_of(shelf, name, LARGEST_FILE)?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let broken = |error: &csv::Error| Flaw {
        file: name.to_owned(),
        line: error.position().and_then(|at| u32::try_from(at.line()).ok()),
        message: "this row of the table cannot be read".to_owned(),
        remedy: "export anew, and do not save the table with a spreadsheet program before",
    };
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(plain).collect(),
        Err(error) => {
            take(Piece::Bad(broken(&error)));
            return Ok(true);
        }
    };
    let has_one = |group: &&[&str]| group.iter().any(|column| names.iter().any(|name| name == column));
    if !needs.iter().all(has_one) {
        take(Piece::Other("another table"));
        return Ok(false);
    }
    for record in reader.records() {
        match record {
            Ok(record) => {
                let row = Row {
                    names: &names,
                    cells: record.iter().map(str::to_owned).collect(),
                    line: record.position().and_then(|at| u32::try_from(at.line()).ok()),
                };
                if row.cells.len() < names.len().min(2) {
                    take(Piece::Bad(Flaw {
                        file: name.to_owned(),
                        line: row.line,
                        message: "this row of the table breaks off".to_owned(),
                        remedy: "export anew, and download the whole file",
                    }));
                    continue;
                }
                each(shelf, &row, take);
            }
            Err(error) => take(Piece::Bad(broken(&error))),
        }
    }
    Ok(true)
}

/// The names of the columns of a table, as [`Row::cell`] compares them.
pub(super) fn columns(text: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    reader
        .headers()
        .map(|names| names.iter().map(plain).collect())
        .unwrap_or_default()
}

/// The parts of a cell that holds a list: JSON, or text between `;` or `,`.
pub(super) fn list(cell: &str, separator: char) -> Vec<String> {
    if let Ok(names) = serde_json::from_str::<Vec<String>>(cell) {
        return names;
    }
    let parts = cell.split(separator).map(super::entities::text_of);
    parts.filter(|part| !part.is_empty()).collect()
}
