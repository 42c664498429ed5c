//! Sample history: finished sessions, won and lost, one whose result nobody knows, one that never was in the market;
//! the detail of one; browsers and what became of their records.

use app::HistoryQuery;
use app::port::{Analytics, Choices, ClientHealth, ErrorGroup, KpiPaint, ResultsPage, SessionDetail};
use model::analytics::{Trade, report};
use model::preset::preset;
use model::result::{LegResult, SessionResult, Totals};
use model::view::PnlPoint;
use model::{Configuration, Decimal, ExecutionMode, ExitReason, Micros, SessionId, Symbol, Underlying};

use super::SamplePort;
use super::sample::{self, at, dec};
use super::sessions::{BTC, TRACE, btc, why};

const DAY_US: i64 = 86_400_000_000;
const LIMIT: usize = 20;

#[derive(Clone, Default)]
pub struct Past {
    pub results: Vec<SessionResult>,
    pub clients: Vec<ClientHealth>,
    pub kpis: KpiPaint,
    pub errors: Vec<ErrorGroup>,
    pub running: usize,
}

/// 33 finished sessions over 70 days beside one that runs.
pub fn many() -> SamplePort {
    let reasons = [ExitReason::Trailing, ExitReason::MaxProfit, ExitReason::MaxLoss, ExitReason::Time];
    let nets = [21, -9, 14, 33, -42, 8, 0, 17, -5, 28, 12];
    let mut results: Vec<SessionResult> = (0..32_i64)
        .map(|number| {
            let net = Decimal::from(nets[number as usize % nets.len()]) + Decimal::new(number, 2);
            let reason = reasons[number as usize % reasons.len()];
            result(number, number * 2, reason, Some(net))
        })
        .collect();
    results[7].net = None;
    results[7].gross = None;
    results[7].cost_to_close = None;
    let untraded = SessionResult {
        traded: false,
        legs: vec![],
        ..result(32, 66, ExitReason::EntryFailed, Some(Decimal::ZERO))
    };
    results.push(untraded);
    let past = Past { results, clients: clients(), errors: errors(), running: 1, kpis: KpiPaint::default() };
    SamplePort { past, ..sample::running() }
}

/// Two of them, both won.
pub fn few() -> SamplePort {
    let mut port = many();
    port.past.results.truncate(1);
    port.past.results.push(result(40, 3, ExitReason::Trailing, Some(dec("12.5"))));
    port
}

fn result(number: i64, day: i64, reason: ExitReason, net: Option<Decimal>) -> SessionResult {
    let ended = Micros(at("12:19:13").0 - (70 - day) * DAY_US);
    let (fees, credit) = (dec("8.0"), dec("240"));
    let gross = net.map(|net| net + fees);
    SessionResult {
        session_id: SessionId(format!("s-{number:04}")),
        strategy_id: "short_strangle".to_owned(),
        configuration: "weekly-strangle".to_owned(),
        configuration_hash: "9e41c2".to_owned(),
        execution_mode: ExecutionMode::Simulated,
        underlying: Underlying::new("BTC"),
        lots_per_leg: 200,
        correlation_id: TRACE.to_owned(),
        started_by: "admin".to_owned(),
        started_at: Micros(ended.0 - 2_960_000_000),
        ended_at: ended,
        exit_reason: Some(reason),
        also_matched: if number == 1 { vec![ExitReason::Time] } else { vec![] },
        exit_correlation_id: Some(TRACE.to_owned()),
        exit_decided_at: Some(Micros(ended.0 - 660_000)),
        traded: true,
        opened_at: Some(Micros(ended.0 - 2_950_000_000)),
        closed_at: Some(ended),
        held_ms: Some(2_950_000 + number * 10_000),
        credit,
        cost_to_close: gross.map(|gross| credit - gross),
        gross,
        fees,
        net,
        slippage: net.map(|_| dec("-1.6")),
        best: Some(dec("96.5")),
        worst: Some(dec("-12")),
        peak: Some(dec("96.5")),
        floor: Some(dec("70")),
        legs: ["C-BTC-48000-070122", "P-BTC-44500-070122"].map(|symbol| leg(symbol, net)).to_vec(),
        seconds_by_lifecycle: [
            ("STARTING".to_owned(), 2),
            ("RUNNING".to_owned(), 2_950),
            ("EXITING".to_owned(), 1),
        ]
        .into(),
        settings: Some(Box::new(settings())),
    }
}

fn leg(symbol: &str, net: Option<Decimal>) -> LegResult {
    LegResult {
        symbol: Symbol::new(symbol),
        sold: 200,
        sold_average: Some(dec("600")),
        bought: 200,
        bought_average: Some(dec("413.8")),
        fees: dec("4"),
        net: net.map(|net| net / Decimal::TWO),
    }
}

/// The preset with a tighter loss.
fn settings() -> Configuration {
    let preset = preset("weekly-strangle").expect("a preset that ships").configuration;
    Configuration { max_loss: dec("90"), ..preset }
}

fn errors() -> Vec<ErrorGroup> {
    vec![ErrorGroup {
        fingerprint: Some("00f067aa0ba902b7".to_owned()),
        event: "ui.panic".to_owned(),
        source: "frontend".to_owned(),
        message: "<b>index</b> out of bounds".to_owned(),
        count: 1_204,
        sessions: 3,
        builds: vec!["ab12cd34".to_owned(), "cd34ef56".to_owned()],
        first: at("09:01:02"),
        last: at("12:18:44"),
    }]
}

fn clients() -> Vec<ClientHealth> {
    let client = |id: &str, unexplained| ClientHealth {
        tab_id: id.to_owned(),
        client_session_id: id.to_owned(),
        user: Some("admin".to_owned()),
        last_seen: at("12:18:44"),
        delivered: 412,
        merged: 1_820,
        dropped: [("rate".to_owned(), 120)].into(),
        unexplained,
        skew_ms: Some(-2_400),
    };
    vec![
        client("0af7651916cd43dd8448eb211c80319c", Some(0)),
        client("4bf92f3577b34da6a3ce929d0e0e4736", Some(3)),
    ]
}

impl Past {
    pub fn results(&self, query: &HistoryQuery) -> ResultsPage {
        let page = query.page.parse::<usize>().unwrap_or(1).max(1);
        let mut shown = self.results.clone();
        shown.reverse();
        let shown = shown.into_iter().skip((page - 1) * LIMIT).take(LIMIT).collect();
        ResultsPage {
            results: shown,
            totals: self.totals(),
            page: page as u64,
            pages: self.results.len().div_ceil(LIMIT) as u64,
            limit: LIMIT as u64,
            as_of: at("12:18:44"),
            choices: self.choices(),
            running: self.running,
        }
    }

    fn totals(&self) -> Totals {
        let traded = || self.results.iter().filter(|result| result.traded);
        let known = || traded().filter_map(|result| result.net);
        let count = |test: fn(&Decimal) -> bool| known().filter(&test).count() as u64;
        Totals {
            sessions: self.results.len() as u64,
            traded: traded().count() as u64,
            won: count(|net| *net > Decimal::ZERO),
            lost: count(|net| *net < Decimal::ZERO),
            even: count(Decimal::is_zero),
            unknown: traded().filter(|result| result.net.is_none()).count() as u64,
            credit: traded().map(|result| result.credit).sum(),
            fees: traded().map(|result| result.fees).sum(),
            net: known().sum(),
        }
    }

    fn choices(&self) -> Choices {
        Choices { configurations: vec!["weekly-strangle".to_owned()], underlyings: vec!["BTC".to_owned()] }
    }

    pub fn analytics(&self) -> Analytics {
        let trades = self.results.iter().filter(|result| result.traded).map(|result| Trade {
            ended_at: result.ended_at,
            exit_reason: result.exit_reason,
            held_ms: result.held_ms,
            credit: result.credit,
            fees: result.fees,
            net: result.net,
            slippage: result.slippage,
        });
        Analytics {
            execution_mode: ExecutionMode::Simulated,
            from: None,
            to: None,
            complete: true,
            as_of: at("12:18:44"),
            running: self.running,
            choices: self.choices(),
            report: report(trades.collect(), 0),
        }
    }

    pub fn session(&self, id: &str) -> Option<SessionDetail> {
        let result = self.results.iter().find(|result| result.session_id.as_str() == id).cloned();
        if result.is_none() && id != BTC {
            return None;
        }
        let mut view = btc();
        view.session_id = SessionId::new(id);
        for fill in &mut view.fills {
            let order = view.orders.iter().find(|order| order.symbol == fill.symbol);
            fill.client_order_id = order.map(|order| order.client_order_id.clone());
        }
        if let Some(result) = &result {
            view.ended_at = Some(result.ended_at);
            view.exit_reason = result.exit_reason;
        }
        let points = (0..200).map(|second| PnlPoint {
            at: Micros(at("11:30:04").0 + second * 10_000_000),
            executable: Some(Decimal::new(second * 60 - 1_200, 2)),
            peak: (second > 100).then(|| Decimal::new(second * 60, 2)),
            floor: (second > 100).then(|| Decimal::from(30)),
        });
        Some(SessionDetail {
            settings: Some(settings()),
            decisions: why(),
            more: false,
            points: points.collect(),
            as_of: at("12:18:44"),
            view,
            result,
        })
    }
}
