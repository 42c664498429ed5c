//! The first user, and the one-time link for as long as nobody has a password: at the start, and whenever the accounts
//! begin anew because their file could not be used.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use telemetry::Context;

use crate::auth::AuthEvent;
use crate::shared::App;
use crate::store::StoreError;
use crate::tasks::Restart;
use crate::telling::say;

/// Accounts that cannot be written are tried again after this long.
const AGAIN: Duration = Duration::from_secs(10);

/// Makes the first user. Gives the one-time link unless somebody has a password.
async fn first_user(app: &App, address: SocketAddr) -> Result<Option<String>, StoreError> {
    let Some(username) = app.accounts.ensure_first_user(&app.teller).await? else { return Ok(None) };
    let bootstrap = &app.config.auth.bootstrap_password;
    if !bootstrap.is_empty() {
        app.accounts.set_password(&username, bootstrap.expose().to_owned()).await?;
        let set = AuthEvent::PasswordSet { user: username, by: "auth.bootstrap_password" };
        app.teller.tell(&set, &Context::default());
        return Ok(None);
    }
    let token = app.setup_link.issue(&username, Instant::now());
    app.teller.tell(&AuthEvent::LinkIssued { user: username }, &Context::default());
    let base = app.config.http.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    Ok(Some(format!("{base}/login?token={token}")))
}

/// What is said of a link; it is never recorded.
#[must_use]
pub fn words_of(link: &str) -> String {
    format!("sign in within 15 minutes and set a password: {link}")
}

/// Gives the link of the start, if the accounts can be used by now, and sees to it for those that come later.
pub(super) async fn welcome(app: &Arc<App>, address: SocketAddr) -> Option<String> {
    let mut opened = app.accounts.opened();
    let seen = *opened.borrow_and_update();
    let first = if seen > 0 { first_user(app, address).await } else { Ok(None) };
    // Those that could not be written are not done with.
    let mut done = if first.is_ok() { seen } else { 0 };
    let (app, stop) = (Arc::clone(app), app.tasks.stop_signal());
    let tasks = app.tasks.clone();
    tasks.supervise("first_user", Context::default(), Restart::SOON, move || {
        let (app, mut stop, mut opened, from) = (Arc::clone(&app), stop.clone(), opened.clone(), done);
        // A run that follows a failed one looks at what is there once more.
        done = 0;
        async move {
            let mut done = from;
            loop {
                let now = *opened.borrow_and_update();
                if now != done && welcomed_later(&app, address).await {
                    done = now;
                }
                let retry = now != done && now > 0;
                tokio::select! {
                    // The sender lives in the accounts.
                    _ = opened.changed() => {}
                    () = tokio::time::sleep(AGAIN), if retry => {}
                    () = stop.stopped() => return Ok::<(), std::convert::Infallible>(()),
                }
            }
        }
    });
    first.ok().flatten()
}

/// Says the link, if there is to be one. `false`: the accounts cannot be used yet.
async fn welcomed_later(app: &App, address: SocketAddr) -> bool {
    match first_user(app, address).await {
        Ok(Some(link)) => say(&words_of(&link)),
        Ok(None) => {}
        Err(_) => return false,
    }
    true
}
