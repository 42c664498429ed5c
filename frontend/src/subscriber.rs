//! What libraries say through `tracing`: in a release it goes to the server as `ui.log`, warnings and worse; in
//! development tracing-wasm shows everything in the console.

use std::fmt::{Debug, Display, Formatter};

use telemetry::Level;
use telemetry::client::{Call, Message, Site};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::logger;

/// Makes it the subscriber of this module.
pub fn install() {
    if cfg!(debug_assertions) {
        // Its measurements would stay in the browser for ever.
        let config = tracing_wasm::WASMLayerConfigBuilder::new().set_report_logs_in_timings(false).build();
        tracing_wasm::set_as_global_default_with_config(config);
    } else {
        tell_the_server();
    }
}

/// As in a release.
pub fn tell_the_server() {
    // Fails only when there is one already, which then goes on.
    let _ = tracing::subscriber::set_global_default(ToServer);
}

/// Hands events to the logger; spans are not followed.
struct ToServer;

/// Our own crates tell through `UiEvent`.
const SILENT: [&str; 3] = ["frontend", "app", "telemetry"];

impl Subscriber for ToServer {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= tracing::Level::WARN
            && metadata.is_event()
            && !SILENT.contains(&metadata.target().split("::").next().unwrap_or_default())
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let place = (metadata.file().unwrap_or_default(), metadata.line().unwrap_or_default());
        // A target that JSON would escape is left out.
        let site = Site::of_library(level(*metadata.level()), "ui.log", metadata.target(), place);
        logger::log(&Call { message: Message::Shown(&Line(event)), ..Call::of(&site, &[]) });
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

fn level(level: tracing::Level) -> Level {
    match level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}

/// The message, and every other field behind it.
struct Line<'a>(&'a Event<'a>);

impl Display for Line<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let mut words = Words { to: f, result: Ok(()) };
        self.0.record(&mut words);
        words.result
    }
}

/// Writes as long as there is somebody who takes it.
struct Words<'a, 'f> {
    to: &'a mut Formatter<'f>,
    result: std::fmt::Result,
}

impl Visit for Words<'_, '_> {
    /// Written by the browser: ours would travel with every first load.
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record_debug(
            field,
            &format_args!("{}", String::from(js_sys::Number::from(value).to_locale_string("en-GB"))),
        );
    }

    /// Nobody tells numbers of that length.
    fn record_i128(&mut self, field: &Field, value: i128) {
        self.record_i64(field, i64::try_from(value).unwrap_or(i64::MAX));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.record_u64(field, u64::try_from(value).unwrap_or(u64::MAX));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.result = self.result.and_then(|()| match field.name() {
            "message" => write!(self.to, "{value:?}"),
            name => write!(self.to, " {name}={value:?}"),
        });
    }
}
