//! What `cargo xtask bench` calls in a real browser: many calls in one task through the same `app::tell` as the page's,
//! limits off. Not in the module that ships.

use app::UiEvent;
use leptos::prelude::window;
use telemetry::Level;
use telemetry::client::{Auth, LoggerConfig};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::logger;

/// A logger that tells info and above, and refuses nothing.
#[wasm_bindgen]
pub fn bench_start() {
    logger::start_with(LoggerConfig {
        client_session_id: "bench".to_owned(),
        tab_id: "bench".to_owned(),
        app_name: "web".to_owned(),
        release: "bench".to_owned(),
        build_id: "bench".to_owned(),
        environment: "bench".to_owned(),
        seed: app::platform::random_bits(),
        level: Level::Info,
        auth: Auth::Session,
        gzip: true,
        spool: false,
        limited: false,
    });
}

/// Milliseconds that so many calls took, prepared before: 0 = each differs in one of three fields, 1 = all the same,
/// 2 = below the level that is told.
#[wasm_bindgen]
pub fn bench_calls(kind: u32, count: u32) -> f64 {
    let Some(clock) = window().performance() else { return 0.0 };
    let first = clock.now() as u64;
    let events: Vec<UiEvent> = match kind {
        0 => {
            (0..count).map(|number| seen(&format!("RUNNING {}", first * 1_000 + u64::from(number)))).collect()
        }
        1 => vec![seen("RUNNING 0")],
        _ => vec![UiEvent::Log { level: Level::Debug, target: "app".to_owned(), text: "unheard".to_owned() }],
    };
    let rounds = count as usize / events.len();
    let started = clock.now();
    for _ in 0..rounds {
        for event in std::hint::black_box(&events) {
            app::tell(event);
        }
    }
    clock.now() - started
}

fn seen(to: &str) -> UiEvent {
    UiEvent::TruthSeen { truth: "lifecycle", from: "STARTING".to_owned(), to: to.to_owned() }
}
