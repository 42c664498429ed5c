//! The panic hook: a panic is told as a record, wherever it happens, before the thread unwinds.

use std::panic::PanicHookInfo;
use std::time::Duration;

use telemetry::Context;

use super::Teller;
use crate::tasks::TaskEvent;
use crate::trading::TRADING_THREADS;
use crate::{clock, correlation};

/// Installs the hook. A panic of the main thread is flushed at once (two seconds at most) because the process
/// ends with it; elsewhere the writer lives on.
pub fn install_hook(teller: Teller) {
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        teller.tell(&describe(info), &context(&teller));
        previous(info);
        if std::thread::current().name() == Some("main") {
            teller.flush_blocking(Duration::from_secs(2));
        }
    }));
}

/// What the thread was doing; what trading does is for the session that runs.
fn context(teller: &Teller) -> Context {
    let running = correlation::context();
    if running.session_id.is_some() || std::thread::current().name() != Some(TRADING_THREADS) {
        return running;
    }
    let session = teller.sessions().at(clock::now(), &[], false);
    Context { correlation_id: running.correlation_id, ..session }
}

fn describe(info: &PanicHookInfo<'_>) -> TaskEvent {
    let location = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
    TaskEvent::Panicked {
        text: payload_text(info.payload()),
        location,
        thread: std::thread::current().name().unwrap_or("unnamed").to_owned(),
    }
}

/// The words of a panic, if it has any.
pub(crate) fn payload_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    telemetry::clean(text.unwrap_or("panic without words")).chars().take(2_000).collect()
}
