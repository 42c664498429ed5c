//! What a page reads for its first paint: from the store and from the state that the live feed has folded.

use std::sync::Arc;

use app::painter::form::Checked;
use app::painter::{Known, thin};
use app::{
    AlertsOpen, AlertsPaint, Analytics, AppError, ClientHealth, ErrorGroup, Histogram, HistoryQuery,
    KpiPaint, LogPage, LogQuery, Port, PortFuture, ResultsPage, SessionDetail, SessionPaint, SettingsPaint,
    Trace, User,
};
use model::SessionId;
use model::view::StripView;
use telemetry::{LogRecord, Micros};

use crate::auth::Session;
use crate::http::logs::{LogParameters, by_step, histogram_steps};
use crate::http::{ApiError, alerts, configurations, history, kpis, settings};
use crate::shared::App;
use crate::store::telemetry::{self as store, Filter, TabBooks};
use crate::{clock, correlation};

/// Decisions of the first paint.
const WHY_MOST: usize = 200;

/// Points of a curve that a document carries: about as many as its picture is wide.
const POINTS_PAINTED: usize = 400;

/// Tabs that Telemetry shows, the latest first.
const TABS_SHOWN: usize = 20;
const DAY_US: i64 = 24 * 3_600_000_000;

/// The port of one request.
pub(super) struct PagePort {
    app: Arc<App>,
    user: Option<Session>,
}

impl PagePort {
    pub fn new(app: Arc<App>, user: Option<Session>) -> Self {
        Self { app, user }
    }

    /// Without a sign-in nothing is read, whatever a page asks for.
    fn signed_in<T, F>(&self, read: impl FnOnce(Arc<App>) -> F) -> PortFuture<T>
    where
        T: 'static,
        F: Future<Output = Result<T, ApiError>> + Send + 'static,
    {
        let answer = self.user.as_ref().map(|_| read(Arc::clone(&self.app)));
        Box::pin(async move {
            match answer {
                Some(answer) => answer.await.map_err(app_error),
                None => Err(app_error(ApiError::unauthorized())),
            }
        })
    }
}

impl Port for PagePort {
    fn user(&self) -> PortFuture<Option<User>> {
        let user = self.user.as_ref().map(super::console_user);
        Box::pin(async move { Ok(user) })
    }

    fn strip(&self) -> PortFuture<StripView> {
        // The frame of the sign-in page has a strip too; it says nothing.
        let strip = self.user.as_ref().map(|_| self.app.trading.hub.strip()).unwrap_or_default();
        Box::pin(async move { Ok(strip) })
    }

    fn control(&self) -> PortFuture<SessionPaint> {
        self.signed_in(|app| async move {
            let hub = &app.trading.hub;
            let Known { sessions, mut why, lately, .. } = hub.known();
            why.drain(..why.len().saturating_sub(WHY_MOST));
            let curve = |id: &SessionId| thin(&hub.points_after(id, None), POINTS_PAINTED);
            let curves =
                sessions.iter().map(|view| (view.session_id.clone(), curve(&view.session_id))).collect();
            Ok(SessionPaint { sessions, why, lately, curves })
        })
    }

    fn offered(&self) -> PortFuture<Checked> {
        self.signed_in(|app| async move { Ok(configurations::offered(&app).await) })
    }

    fn logs(&self, query: LogQuery) -> PortFuture<LogPage> {
        self.signed_in(|app| async move {
            let parameters = parameters(query);
            let (filter, cursor, limit) = (parameters.filter()?, parameters.cursor()?, parameters.limit()?);
            let page = app.answers(&parameters.ask)?.page(&filter, cursor, limit).await?;
            Ok(LogPage {
                records: records(&page.lines),
                next_cursor: page.next.map(|cursor| cursor.to_text()),
                looked_to: page.looked_to,
            })
        })
    }

    fn has_index(&self) -> bool {
        self.user.is_some() && self.app.index.is_some()
    }

    fn histogram(&self, query: LogQuery) -> PortFuture<Histogram> {
        self.signed_in(|app| async move {
            let parameters = parameters(query);
            let (filter, from, step_us) = histogram_steps(&parameters)?;
            let counted = app.answers(&parameters.ask)?.histogram(&filter, from, step_us).await?;
            let steps = by_step(&counted).into_iter();
            Ok(Histogram {
                buckets: steps.map(|(at, counts)| app::Bucket { from: Micros(at), counts }).collect(),
            })
        })
    }

    fn trace(&self, correlation_id: String) -> PortFuture<Trace> {
        self.signed_in(|app| async move {
            let lines = app.records.trace(&correlation_id).await?;
            Ok(Trace { correlation_id, records: records(&lines) })
        })
    }

    fn results(&self, query: HistoryQuery) -> PortFuture<ResultsPage> {
        self.signed_in(|app| async move { history::results_page(&app, &query).await })
    }

    fn analytics(&self, query: HistoryQuery) -> PortFuture<Analytics> {
        self.signed_in(|app| async move { history::analytics(&app, &query).await })
    }

    fn session(&self, session_id: String) -> PortFuture<Option<SessionDetail>> {
        self.signed_in(|app| async move { history::detail(&app, &session_id).await })
    }

    fn kpis(&self, query: HistoryQuery) -> PortFuture<KpiPaint> {
        self.signed_in(|app| async move { kpis::paint(&app, &query).await })
    }

    fn clients(&self) -> PortFuture<Vec<ClientHealth>> {
        self.signed_in(|app| async move {
            let tabs = app.records.tabs(TABS_SHOWN).await?.tabs;
            Ok(tabs.into_iter().map(client_health).collect())
        })
    }

    fn alerts_open(&self) -> PortFuture<AlertsOpen> {
        let open = self.user.as_ref().map(|_| alerts::open_of(&self.app.alerts.view())).unwrap_or_default();
        Box::pin(async move { Ok(open) })
    }

    fn alerts(&self, period: String) -> PortFuture<AlertsPaint> {
        self.signed_in(|app| async move { Ok(alerts::paint_of(&app, &period).await) })
    }

    fn settings(&self) -> PortFuture<SettingsPaint> {
        self.signed_in(|app| async move { Ok(settings::paint_of(&app).await) })
    }

    fn errors(&self) -> PortFuture<Vec<ErrorGroup>> {
        self.signed_in(|app| async move {
            let from = Micros(clock::now().0 - DAY_US);
            let filter = Filter { from: Some(from), ..Filter::default() };
            Ok(app.records.errors(&filter).await?.into_iter().map(error_group).collect())
        })
    }
}

fn error_group(group: store::ErrorGroup) -> ErrorGroup {
    ErrorGroup {
        fingerprint: group.fingerprint,
        event: group.event,
        source: group.source,
        message: group.message,
        count: group.count,
        sessions: group.sessions,
        builds: group.builds,
        first: group.first,
        last: group.last,
    }
}

fn client_health(tab: TabBooks) -> ClientHealth {
    ClientHealth {
        client_session_id: tab.client_session_id,
        tab_id: tab.tab_id,
        user: tab.user_id,
        last_seen: tab.last_seen,
        delivered: tab.delivered,
        merged: tab.merged,
        dropped: tab.drops,
        unexplained: Some(tab.unexplained_loss),
        skew_ms: Some(tab.skew_ms),
    }
}

fn parameters(query: LogQuery) -> LogParameters {
    let limit = if query.limit == 0 { String::new() } else { query.limit.to_string() };
    let range = query.minutes().map(|minutes| minutes.to_string()).unwrap_or_default();
    LogParameters {
        level: query.level,
        source: query.source,
        event: query.event,
        session_id: query.session_id,
        correlation_id: query.correlation_id,
        q: query.q,
        from: query.from,
        to: query.to,
        // What an address says that is no range is none.
        range,
        cursor: query.cursor,
        limit,
        ask: query.ask,
        ..LogParameters::default()
    }
}

/// The store holds what `to_line` wrote.
fn records(lines: &[String]) -> Vec<LogRecord> {
    lines.iter().filter_map(|line| LogRecord::from_line(line).ok()).collect()
}

fn app_error(error: ApiError) -> AppError {
    AppError {
        code: error.code.to_owned(),
        message: error.message,
        correlation_id: correlation::current(),
        status: error.status.as_u16(),
        fields: error.fields.into(),
    }
}
