//! The statements that bring a file to this version's shape. They are listed by hand: sqlx's macro would have
//! SQLite and tokio compiled a second time, for the compiler's own use.

use std::borrow::Cow;

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// Number, name and text of one file of `server/migrations`.
pub type Step = (i64, &'static str, &'static str);

/// The number and the text stand in every database that has taken the step: neither may change.
#[must_use]
pub fn migrator(steps: &[Step]) -> Migrator {
    let migration = |&(number, name, sql): &Step| {
        let sql = SqlStr::from_static(sql);
        Migration::new(number, Cow::Borrowed(name), MigrationType::Simple, sql, false)
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{auth, store};

    /// What sqlx reads from the folder is what is compiled in: no file forgotten, none under another number.
    #[tokio::test]
    async fn every_file_of_the_migrations_is_compiled_in() {
        let compiled: [(&str, &Migrator); 5] = [
            ("console", &auth::accounts::MIGRATIONS),
            ("history", &store::history::MIGRATIONS),
            ("telemetry", &store::telemetry::MIGRATIONS),
            ("trading", &store::trading::MIGRATIONS),
            ("watch", &store::watch::MIGRATIONS),
        ];
        let told = |migrator: &Migrator| -> Vec<_> {
            migrator
                .iter()
                .map(|step| (step.version, step.description.clone(), step.checksum.clone(), step.no_tx))
                .collect()
        };
        for (folder, compiled) in compiled {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(folder);
            let read = Migrator::new(path.as_path()).await.expect("a folder of migrations");
            assert_eq!(told(compiled), told(&read), "{folder}");
        }
    }
}
