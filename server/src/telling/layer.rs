//! Third-party crates speak `tracing`; this layer turns their lines into the same records.

use std::fmt::Debug;

use telemetry::{Level, LogRecord, Map, Value};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context as LayerContext, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

use super::Teller;
use super::events::LibraryLine;
use super::teller::VERSION;
use crate::{clock, correlation};

/// Crates whose own info and debug lines help nobody who runs the server.
const QUIET: &str = "hyper=warn,hyper_util=warn,h2=warn,rustls=warn,reqwest=warn,sqlx=warn,tower=warn,\
                     tower_http=warn,tungstenite=warn,tokio_tungstenite=warn,mio=warn,any_spawner=warn,\
                     reactive_graph=error,leptos=warn,leptos_router=warn,tachys=warn";

/// Makes the layer the process's subscriber; a second call changes nothing.
pub fn install(teller: Teller, level: Level) {
    let word = if level == Level::Fatal { "error" } else { level.as_str() };
    let filter = EnvFilter::new(format!("{word},{QUIET}"));
    // Fails only when a subscriber is set already, as in tests of one process.
    let _ = Registry::default().with(TellLayer { teller }.with_filter(filter)).try_init();
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
