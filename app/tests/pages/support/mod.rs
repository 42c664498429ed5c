//! Renders a page to text as the server does, with a port that answers from samples.

pub mod past;
pub mod records;
pub mod sample;
pub mod sessions;
pub mod text;

use std::sync::{Arc, Once};

use any_spawner::Executor;
use app::painter::form::{Checked, untouched};
use app::port::{
    Analytics, ClientHealth, ErrorGroup, Histogram, LogPage, Port, PortFuture, ResultsPage, SessionDetail,
    SessionPaint, Trace, User,
};
use app::{
    AlertsOpen, AlertsPaint, AppError, Files, HistoryQuery, LogQuery, PageStatus, SettingsPaint, ShellValues,
    document_end, load, shell,
};
use futures::StreamExt;
use hydration_context::{SharedContext, SsrSharedContext};
use leptos::prelude::*;
use leptos_meta::ServerMetaContext;
use leptos_router::location::RequestUrl;
use model::view::{PreviewView, StripView};

/// What a sample server says.
#[derive(Clone, Default)]
pub struct SamplePort {
    pub strip: StripView,
    pub sessions: SessionPaint,
    /// What the market answers, or why it does not.
    pub preview: Option<PreviewView>,
    pub warnings: Vec<String>,
    pub logs: LogPage,
    pub histogram: Histogram,
    pub trace: Trace,
    pub past: past::Past,
    pub alerts: AlertsPaint,
    pub settings: SettingsPaint,
    pub status: PageStatus,
    /// Set: logs fail with it.
    pub failing: Option<AppError>,
}

fn ready<T: Send + 'static>(value: Result<T, AppError>) -> PortFuture<T> {
    Box::pin(std::future::ready(value))
}

impl Port for SamplePort {
    fn user(&self) -> PortFuture<Option<User>> {
        ready(Ok(Some(User { username: "admin".to_owned(), role: "admin".to_owned() })))
    }
    fn strip(&self) -> PortFuture<StripView> {
        ready(Ok(self.strip.clone()))
    }
    fn control(&self) -> PortFuture<SessionPaint> {
        ready(Ok(self.sessions.clone()))
    }
    fn offered(&self) -> PortFuture<Checked> {
        ready(Ok(Checked { preview: self.preview.clone(), warnings: self.warnings.clone(), ..untouched() }))
    }
    fn logs(&self, _query: LogQuery) -> PortFuture<LogPage> {
        ready(self.failing.clone().map_or_else(|| Ok(self.logs.clone()), Err))
    }
    fn histogram(&self, _query: LogQuery) -> PortFuture<Histogram> {
        ready(Ok(self.histogram.clone()))
    }
    fn trace(&self, _correlation_id: String) -> PortFuture<Trace> {
        ready(Ok(self.trace.clone()))
    }
    fn results(&self, query: HistoryQuery) -> PortFuture<ResultsPage> {
        ready(self.failing.clone().map_or_else(|| Ok(self.past.results(&query)), Err))
    }
    fn analytics(&self, _query: HistoryQuery) -> PortFuture<Analytics> {
        ready(self.failing.clone().map_or_else(|| Ok(self.past.analytics()), Err))
    }
    fn session(&self, session_id: String) -> PortFuture<Option<SessionDetail>> {
        ready(Ok(self.past.session(&session_id)))
    }
    fn clients(&self) -> PortFuture<Vec<ClientHealth>> {
        ready(Ok(self.past.clients.clone()))
    }
    fn alerts_open(&self) -> PortFuture<AlertsOpen> {
        ready(Ok(self.alerts.open.clone()))
    }
    fn alerts(&self, _period: String) -> PortFuture<AlertsPaint> {
        ready(Ok(self.alerts.clone()))
    }
    fn settings(&self) -> PortFuture<SettingsPaint> {
        ready(Ok(self.settings.clone()))
    }
    fn errors(&self) -> PortFuture<Vec<ErrorGroup>> {
        ready(Ok(self.past.errors.clone()))
    }
}

/// The answer to a request for `path`, as the server sends it.
pub fn render(path: &str, port: SamplePort, theme: &str) -> String {
    static EXECUTOR: Once = Once::new();
    EXECUTOR.call_once(|| Executor::init_futures_executor().expect("the only executor of this process"));
    let values = ShellValues {
        nonce: "sample-nonce".to_owned(),
        log_token: "sample-token".to_owned(),
        correlation_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        theme: theme.to_owned(),
        now_ms: 1_790_000_000_000,
        route: "/",
        version: "0.1.0+test".to_owned(),
    };
    let (context, shared) = (ServerMetaContext::new(), Arc::new(SsrSharedContext::new()));
    let (meta, meta_output) = context;
    let owner = Owner::new_root(Some(Arc::clone(&shared) as Arc<dyn SharedContext + Send + Sync>));
    let status = port.status.clone();
    let port: Arc<dyn Port> = Arc::new(port);
    let loaded = Arc::new(futures::executor::block_on(load(port, path, &status)));
    let stream = owner.with(|| {
        provide_context(RequestUrl::new(path));
        provide_context(meta);
        provide_context(values);
        provide_context(loaded);
        shell(&Files::default()).to_html_stream_in_order()
    });
    futures::executor::block_on(async move {
        let page = stream.collect::<String>().await;
        let page =
            meta_output.inject_meta_context(futures::stream::once(std::future::ready(page)).boxed()).await;
        let page = page.collect::<String>().await;
        let data = match shared.pending_data() {
            Some(data) => data.map(|chunk| format!("<script>{chunk}</script>")).collect::<String>().await,
            None => String::new(),
        };
        // A server's tasks wander: what one thread made, another takes down.
        std::thread::spawn(move || owner.unset_with_forced_cleanup()).join().expect("a clean end elsewhere");
        let mut answer = page + &data;
        answer.truncate(document_end(answer.as_bytes()));
        answer
    })
}
