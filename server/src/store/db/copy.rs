//! Reading a database that cannot be opened where it lies, such as on a full disk.
//!
//! What SQLite can do there, tried on a file system of two megabytes without a free byte:
//! - with `-wal` and `-shm` left by a killed process: it opens, reads everything, and fails to write as full;
//! - without `-shm` (closed in good order, or `-shm` removed): it does not open, for the shared memory beside the log
//!   needs room even for reading (also with `mode=ro`);
//! - `immutable=1` needs no room, but does not look at the log: right after a good close, wrong after a kill;
//! - file and log copied to where there is room: everything is there.

use std::path::Path;
use std::time::Duration;

use super::told::Told;
use super::{Db, DbFile, Hold, StoreError, check};
use crate::config::DatabaseConfig;
use crate::telling::Teller;

impl Db {
    /// Copies file and log into the folder `into`, which should lie on another file system and belong to the
    /// caller, and opens the copy for reading: `write` is refused. Only for the owner of the data directory while it
    /// has the file not open: nobody may write to it meanwhile, and reading it beside SQLite would take SQLite's
    /// locks away.
    pub async fn open_copy(
        file: &DbFile,
        into: &Path,
        teller: Teller,
        config: &DatabaseConfig,
    ) -> Result<Self, StoreError> {
        let database = file.name;
        let open = |error: std::io::Error| StoreError::Open { database, source: sqlx::Error::Io(error) };
        let name = file.path.file_name().map(std::ffi::OsStr::to_owned).unwrap_or_default();
        let copy = DbFile {
            path: into.join(name),
            hold: Hold::Guest,
            check: Duration::from_secs(1),
            ..file.clone()
        };
        let pairs = [(file.path.clone(), copy.path.clone()), (file.beside("-wal"), copy.beside("-wal"))];
        let copied = tokio::task::spawn_blocking(move || {
            let [main, log] = pairs;
            std::fs::copy(main.0, main.1)?;
            if log.0.exists() {
                std::fs::copy(log.0, log.1)?;
            }
            Ok(())
        });
        copied.await.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(open)?;
        check::pages(&copy, copy.check).await?;
        Self::open_checked(copy, Told::new(teller, config), false).await
    }
}
