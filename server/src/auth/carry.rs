//! Keeps the copy in memory like the file, and gives a file that was begun anew while the server runs what the one
//! before it held: before anybody can ask it, or as soon as it can be written.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use telemetry::Context;

use super::keepsake::{Held, Keepsake, KeptSession, KeptUser, MOST};
use super::{Accounts, AuthEvent, Session};
use crate::store::{Db, Greeting, StoreError};
use crate::telling::{Teller, say};

/// A file that has just been opened is not kept from people for longer; memory answers in its place.
const GREETING: Duration = Duration::from_secs(3);

/// What is done with each database that is opened, before it is in use.
pub(super) fn greeting(keepsake: &Arc<Keepsake>, teller: &Teller) -> Greeting {
    let (keepsake, teller) = (Arc::clone(keepsake), teller.clone());
    Box::new(move |db| {
        let (keepsake, teller) = (Arc::clone(&keepsake), teller.clone());
        Box::pin(async move {
            // Until it is known what the file knows.
            keepsake.stand_in(keepsake.has_password());
            // What is not done now is tried again, see `remember`; the database has told why.
            let _ = tokio::time::timeout(GREETING, settle(&keepsake, &db, &teller)).await;
        })
    })
}

impl Accounts {
    /// Reads what the file holds into memory, or writes what it lacks; called every other second, because the command
    /// line changes the file beside a server.
    pub async fn remember(&self, teller: &Teller) -> Result<(), StoreError> {
        let db = self.db()?;
        if self.keepsake.stands_in() {
            return settle(&self.keepsake, &db, teller).await;
        }
        let version = self.keepsake.version();
        let held = read(&db).await?;
        // A file that was begun anew meanwhile is not what was read.
        if !self.keepsake.stands_in() {
            self.keepsake.replace(version, held);
        }
        Ok(())
    }
}

/// Writes what the file lacks, then takes it as it is.
async fn settle(keepsake: &Keepsake, db: &Db, teller: &Teller) -> Result<(), StoreError> {
    let version = keepsake.version();
    let found = read(db).await?;
    let lacks = lacking(&found, keepsake.held());
    if lacks.users.is_empty() && lacks.sessions.is_empty() {
        keepsake.replace(version, found);
        keepsake.stand_in(false);
        return Ok(());
    }
    write(db, &lacks).await?;
    keepsake.stand_in(false);
    // Whoever signed out while it was written stays out.
    let now = keepsake.held();
    let ended = lacks.sessions.keys().filter(|token_hash| !now.sessions.contains_key(*token_hash));
    delete(db, ended).await?;
    let event = AuthEvent::CarriedOver { users: lacks.users.len(), sessions: lacks.sessions.len() };
    say(&telemetry::Event::message(&event));
    teller.tell(&event, &Context::default());
    Ok(())
}

/// A file in which nobody could sign in, though somebody could before, lacks all that is known. Any other is taken at
/// its word about users, for it may have been put back from a copy; sign-ins by a password that it knows too may have
/// been lost with its write-ahead log.
fn lacking(found: &Held, mut known: Held) -> Held {
    if found.has_password() {
        let hash = |held: &Held, name: &str| held.users.get(name).and_then(|user| user.password_hash.clone());
        let same: BTreeSet<String> = known
            .users
            .keys()
            .filter(|name| hash(&known, name).is_some() && hash(&known, name) == hash(found, name))
            .cloned()
            .collect();
        known.users.clear();
        known.sessions.retain(|token_hash, kept| {
            same.contains(&kept.session.username) && !found.sessions.contains_key(token_hash)
        });
        return known;
    }
    if known.has_password() { known } else { Held::default() }
}

async fn read(db: &Db) -> Result<Held, StoreError> {
    let mut connection = db.read().await?;
    let query = sqlx::query("SELECT username, password_hash, created_us FROM users");
    let users = db.timed("users.remember", query.fetch_all(&mut *connection)).await?;
    let query = sqlx::query(
        "SELECT token_hash, username, created_us, seen_us FROM web_sessions \
         ORDER BY seen_us DESC LIMIT $1",
    )
    .bind(MOST);
    let sessions = db.timed("sessions.remember", query.fetch_all(&mut *connection)).await?;
    let user = |row: &SqliteRow| {
        let kept = KeptUser { password_hash: row.get("password_hash"), created_us: row.get("created_us") };
        (row.get("username"), kept)
    };
    let session = |row: &SqliteRow| {
        let token_hash: String = row.get("token_hash");
        let session = Session {
            username: row.get("username"),
            token_hash: token_hash.clone(),
            created_us: row.get("created_us"),
        };
        (token_hash, KeptSession { session, seen_us: row.get("seen_us") })
    };
    Ok(Held { users: users.iter().map(user).collect(), sessions: sessions.iter().map(session).collect() })
}

async fn delete(db: &Db, ended: impl Iterator<Item = &String>) -> Result<(), StoreError> {
    for token_hash in ended {
        let mut write = db.write().await?;
        let query = sqlx::query("DELETE FROM web_sessions WHERE token_hash = $1").bind(token_hash);
        write.execute("sessions.end", query).await?;
        write.commit().await?;
    }
    Ok(())
}

async fn write(db: &Db, held: &Held) -> Result<(), StoreError> {
    let mut write = db.write().await?;
    for (username, user) in &held.users {
        let query = sqlx::query(
            "INSERT INTO users (username, password_hash, created_us) VALUES ($1, $2, $3) \
             ON CONFLICT (username) DO UPDATE SET password_hash = excluded.password_hash",
        )
        .bind(username)
        .bind(&user.password_hash)
        .bind(user.created_us);
        write.execute("users.carry_over", query).await?;
    }
    for (token_hash, known) in &held.sessions {
        let query = sqlx::query(
            "INSERT INTO web_sessions (token_hash, username, created_us, seen_us) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (token_hash) DO NOTHING",
        )
        .bind(token_hash)
        .bind(&known.session.username)
        .bind(known.session.created_us)
        .bind(known.seen_us);
        write.execute("sessions.carry_over", query).await?;
    }
    write.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(users: &[(&str, Option<&str>)], sessions: &[(&str, &str)]) -> Held {
        let user = |hash: Option<&str>| KeptUser { password_hash: hash.map(str::to_owned), created_us: 1 };
        let session = |token: &str, name: &str| KeptSession {
            session: Session { username: name.to_owned(), token_hash: token.to_owned(), created_us: 1 },
            seen_us: 1,
        };
        Held {
            users: users.iter().map(|(name, hash)| ((*name).to_owned(), user(*hash))).collect(),
            sessions: sessions.iter().map(|(t, name)| ((*t).to_owned(), session(t, name))).collect(),
        }
    }

    fn names(held: &Held) -> (Vec<&str>, Vec<&str>) {
        let sessions: BTreeSet<&str> = held.sessions.keys().map(String::as_str).collect();
        (held.users.keys().map(String::as_str).collect(), sessions.into_iter().collect())
    }

    #[test]
    fn a_file_is_given_what_it_lacks_and_nothing_that_it_denies() {
        let users = [("ann", Some("a")), ("bob", Some("b")), ("cy", None)];
        let known = || held(&users, &[("1", "ann"), ("2", "bob"), ("3", "ann"), ("4", "gone")]);
        let none: (Vec<&str>, Vec<&str>) = (vec![], vec![]);
        for (found, expected) in [
            (held(&[], &[]), (vec!["ann", "bob", "cy"], vec!["1", "2", "3", "4"])),
            (held(&[("admin", None)], &[]), (vec!["ann", "bob", "cy"], vec!["1", "2", "3", "4"])),
            (known(), none.clone()),
            // Another password, a user who was removed: their sign-ins are not revived.
            (held(&[("ann", Some("other")), ("dan", Some("d"))], &[]), none.clone()),
            (held(&[("ann", Some("a")), ("bob", Some("other"))], &[("3", "ann")]), (vec![], vec!["1"])),
        ] {
            let lacks = lacking(&found, known());
            assert_eq!(names(&lacks), expected);
        }
        let nobody = lacking(&held(&[], &[]), held(&[("admin", None)], &[("1", "admin")]));
        assert_eq!(names(&nobody), none, "where nobody had a password nobody gets in");
    }
}
