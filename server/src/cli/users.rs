//! `user add|list|remove`: accounts, also while a server runs on the same data directory.

use std::io::BufRead as _;

use clap::Subcommand;

use super::Outcome;
use crate::auth::{Accounts, Author, PASSWORD_RULE, is_acceptable};
use crate::config::Config;
use crate::telling::Teller;

#[derive(Subcommand)]
pub(super) enum Action {
    /// Adds a user; the password is one line on stdin
    #[command(after_help = "Example: echo 'a long password' | deltascope user add alice")]
    Add { username: String },
    /// Lists the user names
    #[command(after_help = "Example: deltascope user list")]
    List,
    /// Removes a user and ends the sessions
    #[command(after_help = "Example: deltascope user remove alice")]
    Remove { username: String },
}

/// Changes the accounts; the server tells the change as an audit record.
pub(super) async fn run(action: Action, config: Config) -> Outcome {
    std::fs::create_dir_all(&config.data.dir)?;
    let teller = Teller::new(config.log.level, 1_024);
    let accounts = Accounts::open(&config.data.dir, teller, &config.database, &config.auth).await?;
    match action {
        Action::Add { username } => add(&accounts, &username).await,
        Action::List => {
            for username in accounts.list().await? {
                println!("{username}");
            }
            Ok(())
        }
        Action::Remove { username } => {
            if accounts.remove(&username, Author::CommandLine).await? {
                println!("removed {username}");
                return Ok(());
            }
            Err(format!("there is no user {username}").into())
        }
    }
}

async fn add(accounts: &Accounts, username: &str) -> Outcome {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    if !(1..=64).contains(&username.len()) || !username.chars().all(valid) {
        return Err("a user name has 1 to 64 characters of a-z, A-Z, 0-9, ., _, - and @".into());
    }
    eprintln!("Password for {username} ({PASSWORD_RULE}), then Enter:");
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned();
    if !is_acceptable(&password) {
        return Err(format!("a password needs {PASSWORD_RULE}").into());
    }
    if accounts.add(username, Some(password), Author::CommandLine).await? {
        println!("added {username}");
        return Ok(());
    }
    Err(format!("the name {username} is taken").into())
}
