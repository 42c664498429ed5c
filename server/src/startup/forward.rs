//! The forwarder. Without Elasticsearch everything else works; with one that cannot be set up, too.

use std::sync::Arc;
use std::time::Duration;

use telemetry::Context;

use crate::forwarder::{Driver, ForwarderEvent, PART, Status};
use crate::shared::App;
use crate::tasks::{Restart, Stop};
use crate::telling::say;

/// A file of certificates may be put right while the server runs; it is looked at again after this long.
const AGAIN: Duration = Duration::from_secs(30);

/// Starts it, if it is configured.
pub(super) fn start(app: &Arc<App>) {
    let Some(status) = app.forwarder.clone() else { return };
    let (this, stop) = (Arc::clone(app), app.tasks.stop_signal());
    app.tasks.supervise(PART, Context::default(), Restart::SOON, move || {
        let (app, status, stop) = (Arc::clone(&this), status.clone(), stop.clone());
        async move {
            match set_up(&app, &status, stop).await {
                Some(driver) => driver.run().await,
                None => Ok(()),
            }
        }
    });
}

/// `None`: the server stops.
async fn set_up(app: &App, status: &Status, mut stop: Stop) -> Option<Driver> {
    let mut told = String::new();
    loop {
        let made = Driver::new(
            app.config.elasticsearch.clone(),
            app.records.clone(),
            app.teller.clone(),
            (status.clone(), app.health.clone()),
            stop.clone(),
        );
        let why = match made {
            Ok(driver) => {
                app.health.up(PART);
                return Some(driver);
            }
            Err(error) => error.to_string(),
        };
        status.down(why.clone());
        app.health.down(PART, why.clone());
        if why != told {
            app.teller.tell(&ForwarderEvent::Unusable { reason: why.clone() }, &Context::default());
            say(&format!("nothing is forwarded: {why}"));
            told = why;
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            () = stop.stopped() => return None,
        }
    }
}
