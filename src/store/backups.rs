//! Copies of an SQLite database: making one while the service runs, and looking whether one is whole.

use std::path::Path;

use super::{Database, StoreError};

const INTO_SQLITE: &str = "VACUUM INTO $1";

/// Writes a consistent copy of the database as it is now to a file that must not exist; writers are not held up.
pub async fn copy_to(database: &Database, file: &Path) -> Result<(), StoreError> {
    let name = file.display().to_string();
    if let Database::Sqlite { write, .. } = database {
        // Readers of this process may write nothing at all. Writers elsewhere are not held up: this only reads the database.
        sqlx::query(INTO_SQLITE).bind(name).execute(write).await?;
    }
    Ok(())
}

/// Opens a copy as a database of its own, brings its schema up to date and looks whether it is whole; what is damaged is
/// returned in the engine's words.
pub async fn open_copy(file: &Path) -> Result<(Database, Vec<String>), StoreError> {
    let folder = file.display().to_string().replace('%', "%25").replace('?', "%3F");
    let database = Database::open(&format!("sqlite://{folder}")).await?;
    let damage = super::invariants::damage(&database).await?;
    Ok((database, damage))
}
