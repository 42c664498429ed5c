//! Analytics, Trades, one session and client health as the server writes them.

use app::{AppError, PageStatus};

use super::page;
use super::support::past::{few, many};
use super::support::sample;
use super::support::text::{between, expect_all};

#[test]
fn a_figure_tells_on_how_many_trades_it_rests_and_leads_to_them() {
    let html = page("/analytics?period=30d", many());
    let tiles = between(&html, "class=\"tiles\"", "</nav>");
    expect_all(
        tiles,
        &[
            "Net P&amp;L",
            "Win rate",
            "Profit factor",
            "Expectancy",
            "Max drawdown",
            "Credit captured",
            "Fee drag",
            "Sharpe",
            "Sortino",
            "31 trades",
        ],
    );
    let link = "href=\"/trades?period=30d&amp;execution_mode=simulated&amp;result=traded\"";
    assert!(tiles.contains(link), "{tiles}");
    assert!(html.contains("1 of 32 without known result, in no figure"));
    assert!(html.contains(" running, not counted yet."));
}

#[test]
fn a_filter_without_a_field_is_told_and_kept() {
    let html = page("/analytics?exit_reason=max_loss&result=lost", many());
    expect_all(&html, &["Exit reason: max loss", "Result: lost", "name=\"exit_reason\" value=\"max_loss\""]);
}

#[test]
fn few_cases_look_like_few_and_what_cannot_be_told_says_why() {
    let html = page("/analytics", few());
    let tiles = between(&html, "class=\"tiles\"", "</nav>");
    assert_eq!(tiles.matches("data-few").count(), 10, "{tiles}");
    expect_all(tiles, &["2 trades", "under 20, too few", "Not defined: no trade lost", "needs 20 days"]);
    assert!(!tiles.contains("inf") && !tiles.contains("NaN"));
}

#[test]
fn days_reasons_and_the_curve_stand_in_tables_too() {
    let html = page("/analytics", many());
    expect_all(
        &html,
        &[
            "Net result added up",
            "Days as a table",
            "Why trades ended",
            "Max loss",
            "Result of each day",
            "aria-label=\"Equity curve\"",
        ],
    );
    let calendar = between(&html, "class=\"calendar\"", "</table>");
    assert!(calendar.contains("result=traded") && calendar.contains("data-sign=\"-\""), "{calendar}");
}

#[test]
fn empty_pages_teach_and_narrow_ones_can_be_widened() {
    expect_all(&page("/analytics", sample::idle()), &["No trades yet", "Start a session"]);
    expect_all(&page("/trades", sample::idle()), &["No session has ended yet", "Start a session"]);
    expect_all(&page("/trades?result=won", sample::idle()), &["Nothing matches", "Clear the filters"]);
    expect_all(&page("/trades?page=999", many()), &["There is no page 999", "2 pages", "page=2"]);
}

#[test]
fn the_ledger_is_a_form_links_and_a_file() {
    let html = page("/trades?sort=-net&page=2&underlying=BTC", many());
    let form = between(&html, "aria-label=\"Filters\"", "</form>");
    expect_all(form, &["name=\"exit_reason\"", "value=\"-net\"", "name=\"result\""]);
    assert!(html.contains("action=\"/trades\"") && html.contains("method=\"get\""));
    assert!(between(form, "name=\"underlying\"", "</select>").contains("value=\"BTC\" selected"));
    assert!(
        html.contains("href=\"/api/v1/trades.csv?underlying=BTC&amp;sort=-net\""),
        "the file has every page"
    );
    let net = between(&html, "aria-sort=\"descending\"", "</th>");
    assert!(net.contains("href=\"/trades?underlying=BTC&amp;sort=net\""), "{net}");
    expect_all(
        &html,
        &[
            "Rows 21 to 33 of 33",
            "rel=\"prev\"",
            "href=\"/sessions/s-0001\"",
            "1 of 32 without known result",
            "1 never in the market",
        ],
    );
    assert!(!html.contains("rel=\"next\""));
}

#[test]
fn what_nobody_knows_is_unknown_and_what_never_was_in_the_market_is_no_zero() {
    let first = page("/trades", many());
    let row = |id: &str, html: &str| between(html, &format!("data-key=\"{id}\""), "</tr>").to_owned();
    assert!(row("s-0032", &first).contains("not in the market"));
    assert!(!row("s-0032", &first).contains("+0.00"));
    let second = page("/trades?page=2", many());
    let unknown = row("s-0007", &second);
    assert!(unknown.contains("unknown") && !unknown.contains("class=\"money\""), "{unknown}");
}

#[test]
fn a_wrong_filter_is_named_and_the_form_stays() {
    let mut port = many();
    let message = "The query cannot be answered: result must be one of won, lost.";
    port.failing = Some(AppError::new("INVALID", message).with_status(400));
    let status = PageStatus::default();
    port.status = status.clone();
    let html = page("/trades?result=good", port);
    expect_all(&html, &[message, "name=\"result\"", "value=\"good\" selected"]);
    assert_eq!(status.get(), Some(400));
}

#[test]
fn a_session_is_told_from_click_to_flat() {
    let html = page("/sessions/s-0001", many());
    expect_all(
        &html,
        &[
            "Net result, after all fees",
            "Closed by max profit",
            "; square off matched too.",
            "From click to flat",
            "Trailing armed.",
            "Orders and fills",
            "C-BTC-48000-070122",
            "sold 200 at 620.0",
            "Configuration as it was",
            "1 changed from the preset",
            "href=\"/trace/4bf92f3577b34da6a3ce929d0e0e4736\"",
            "Values as a table",
            "Time in each state",
        ],
    );
    let settings = between(&html, "Configuration as it was", "</section>");
    let changed = between(settings, "<del>", "</ins>");
    assert!(changed.contains("120") && changed.contains("<ins>90"), "{changed}");
    assert!(!html.contains("Live state on Control"));
}

#[test]
fn a_session_that_runs_leads_to_control() {
    let html = page(&format!("/sessions/{}", sample::BTC), many());
    expect_all(&html, &["It is not over", "Live state on Control", "href=\"/?session=s-01j2k4\""]);
    assert!(!html.contains("Net result, after all fees"));
}

#[test]
fn an_unknown_session_is_a_404_in_the_frame_with_panic() {
    let mut port = many();
    let status = PageStatus::default();
    port.status = status.clone();
    let html = page("/sessions/s-nobody", port);
    expect_all(&html, &["There is no such session", "s-nobody", "PANIC"]);
    assert_eq!(status.get(), Some(404));
}

#[test]
fn the_pages_stand_in_the_navigation() {
    for (path, name) in [("/analytics", "Analytics"), ("/trades", "Trades"), ("/sessions/s-0001", "Trades")] {
        let html = page(path, many());
        let nav = between(&html, "aria-label=\"Pages\"", "</nav>");
        let current = between(nav, "aria-current=\"page\"", "</a>");
        assert!(current.contains(name), "{path}: {nav}");
    }
}

#[test]
fn each_browser_says_what_arrived_and_what_did_not() {
    let html = page("/telemetry", many());
    let panel = between(&html, "aria-label=\"Client health\"", "</section>");
    expect_all(
        panel,
        &["Delivered", "412", "1,820", "Dropped, declared: rate", "3 lost", "−2,400 ms", "admin"],
    );
    assert!(page("/telemetry", sample::idle()).contains("No browser has told anything in the last day"));
}

/// Catches: an error's text that is taken for markup, and a kind without its extent.
#[test]
fn each_kind_of_error_stands_once_with_its_extent() {
    let html = page("/telemetry", many());
    let panel = between(&html, "aria-label=\"Errors\"", "</section>");
    expect_all(
        panel,
        &["ui.panic", "1,204 ×", "&lt;b&gt;index&lt;/b&gt; out of bounds", "First seen", "Last seen"],
    );
    expect_all(panel, &["Browser sessions", "3", "ab12cd34, cd34ef56", "href=\"/telemetry?level=error"]);
    assert!(!panel.contains("<b>index"));
    assert!(page("/telemetry", sample::idle()).contains("No error in the last day"));
}

fn figures() -> app::port::KpiPaint {
    use model::kpis::{Calls, LinkTime, OrderLife, Span, kpis};
    let mut span = Span::minute_of(model::Micros(0));
    let calls: &mut Calls = span.calls.entry("POST /v2/orders".to_owned()).or_default();
    (1..=100).for_each(|n| calls.note("ok", Some(n * 1_000)));
    calls.note("unreadable", Some(9_000));
    span.orders.submitted = 4;
    span.orders.acknowledged.note(46_000);
    span.trailing.armed = 2;
    span.links.insert("prices".to_owned(), LinkTime { up_us: 59_000_000, watched_us: 60_000_000, losses: 1 });
    span.records.told = 1_234;
    span.lives.push(OrderLife {
        client_order_id: "s3k9x2m".to_owned(),
        correlation_id: "0af7651916cd43dd8448eb211c80319c".to_owned(),
        symbol: "C-BTC-47000-060122".to_owned(),
        side: "sell".to_owned(),
        purpose: "entry".to_owned(),
        qty: 200,
        filled_qty: 200,
        acknowledged_ms: Some(46),
        end: "filled".to_owned(),
        ..OrderLife::default()
    });
    let kpis = kpis([&span].into_iter(), model::Micros(0), model::Micros(1));
    app::port::KpiPaint { kpis, browser_unexplained: None, ..app::port::KpiPaint::default() }
}

#[test]
fn key_figures_are_a_tab_of_telemetry_that_says_what_is_not_known() {
    let mut port = many();
    port.past.kpis = figures();
    let html = page("/telemetry/kpis", port);
    expect_all(
        &html,
        &[
            "Parts of Telemetry",
            "aria-current=\"page\"",
            "Venue latency",
            "POST /v2/orders",
            "101",
            "Life of orders",
            "98.33 %",
            "Order timelines",
            "/trace/0af7651916cd43dd8448eb211c80319c",
            "46 ms",
            "Loss accounting and trailing",
            "browsers not known",
            "1,234",
        ],
    );
    assert!(!html.contains("Offered to the search engine"), "nothing is forwarded");
}
