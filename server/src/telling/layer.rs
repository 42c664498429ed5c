//! Third-party crates speak `tracing`; this layer turns their lines into the same records. Its level follows what people set
//! for a while.

use std::fmt::Debug;

use telemetry::{Level, LogRecord, Map, Value};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, reload};

use super::Teller;
use super::events::LibraryLine;
use super::teller::VERSION;
use crate::{clock, correlation};

/// Crates whose own info and debug lines help nobody who runs the server, unless he asks for them.
const QUIET: &str = "hyper=warn,hyper_util=warn,h2=warn,rustls=warn,reqwest=warn,sqlx=warn,tower=warn,\
                     tower_http=warn,tungstenite=warn,tokio_tungstenite=warn,mio=warn,any_spawner=warn,\
                     reactive_graph=error,leptos=warn,leptos_router=warn,tachys=warn";

/// Makes the layer the process's subscriber; a second call changes nothing.
pub fn install(teller: Teller, level: Level) {
    // Fails only when a subscriber is set already, as in tests of one process.
    let _ = subscriber(teller, level).try_init();
}

fn subscriber(teller: Teller, level: Level) -> impl tracing::Subscriber + Send + Sync {
    let (followed, handle) = reload::Layer::new(filter(level, false));
    teller.on_levels(move |libraries, asked_for| {
        // Fails only when the subscriber is gone, with everybody who could hear.
        let _ = handle.reload(filter(libraries, asked_for));
    });
    Registry::default().with(TellLayer { teller }.with_filter(followed))
}

/// Whose lines are looked at: who asks for those of libraries gets those of quiet ones as well.
fn filter(level: Level, asked_for: bool) -> EnvFilter {
    let word = if level == Level::Fatal { "error" } else { level.as_str() };
    EnvFilter::new(if asked_for { word.to_owned() } else { format!("{word},{QUIET}") })
}

struct TellLayer {
    teller: Teller,
}

impl<S: tracing::Subscriber> Layer<S> for TellLayer {
    fn on_event(&self, event: &tracing::Event<'_>, _: LayerContext<'_, S>) {
        let meta = event.metadata();
        let level = level_of(*meta.level());
        if !self.teller.enabled(level) {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        // Nobody here chose these words: they may hold addresses with credentials.
        telemetry::redact(&mut fields.others);
        let text = telemetry::clean(&fields.message).into_owned();
        let line = LibraryLine { level, text, fields: fields.others };
        let mut record = LogRecord::build(&line, &correlation::context(), clock::now(), "", 0, VERSION);
        record.target = Some(meta.target().to_owned());
        record.callsite = meta.file().zip(meta.line()).map(|(file, line)| format!("{file}:{line}"));
        self.teller.tell_record(record);
    }
}

fn level_of(level: tracing::Level) -> Level {
    match level {
        tracing::Level::TRACE => Level::Trace,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::INFO => Level::Info,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::ERROR => Level::Error,
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        self.others.insert(field.name().to_owned(), value);
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text: String = format!("{value:?}").chars().take(2_000).collect();
        if field.name() == "message" {
            self.message = text;
        } else {
            self.put(field, Value::from(text));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.message);
        } else {
            self.put(field, Value::from(value.chars().take(2_000).collect::<String>()));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Value::from(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Value::from(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Value::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::super::TargetLevel;
    use super::*;

    #[test]
    fn lines_of_libraries_follow_the_levels_that_people_set() {
        let teller = Teller::new(Level::Info, 1_024);
        let lines = || teller.counts().enqueued;
        tracing::subscriber::with_default(subscriber(teller.clone(), Level::Info), || {
            let all = || {
                tracing::info!(target: "a_library", "connected");
                tracing::debug!(target: "a_library", "a byte came");
                tracing::debug!(target: "hyper::proto", "a header came");
            };
            all();
            assert_eq!(lines(), 1);
            let set = |target: &str, level| {
                teller.set_levels(vec![TargetLevel { target: target.to_owned(), level }]);
            };
            set("backend", Level::Debug);
            all();
            assert_eq!(lines(), 1 + 2, "of the whole source, but not of those that are quiet");
            set("task.log", Level::Debug);
            all();
            assert_eq!(lines(), 3 + 3, "who asks for libraries hears the quiet ones too");
            set("task", Level::Error);
            all();
            assert_eq!(lines(), 6);
            teller.set_levels(Vec::new());
            all();
            assert_eq!(lines(), 7, "back to what it was");
        });
    }
}
