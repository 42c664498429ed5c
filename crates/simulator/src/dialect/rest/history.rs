//! Public REST answers about the past: trades, candles, lines and sums of a day.

use serde_json::{Map, Value, json};

use super::market::known;
use crate::dialect::query::Query;
use crate::dialect::reply::Answer;
use crate::dialect::wire;
use crate::exchange::chain::Product;
use crate::exchange::market::Underlying;
use crate::exchange::order::Reject;
use crate::exchange::time::{self, Micros};
use crate::exchange::{Exchange, Series};

/// Most rows of candles, and where the documents put it.
const MOST: i64 = 4_000;
const DOCUMENTED: i64 = 2_000;
const HALF_DAY_S: i64 = 12 * 3_600;

/// Seconds of the resolutions that the venue was seen to take.
const RESOLUTIONS: [(&str, i64); 12] = [
    ("5s", 5),
    ("1m", 60),
    ("3m", 180),
    ("5m", 300),
    ("15m", 900),
    ("30m", 1_800),
    ("1h", 3_600),
    ("2h", 7_200),
    ("4h", 14_400),
    ("6h", 21_600),
    ("1d", 86_400),
    ("1w", 604_800),
];

pub(crate) fn trades(exchange: &mut Exchange, now_us: Micros, symbol: &str) -> Answer {
    let product = known(exchange, now_us, symbol)?;
    let as_documented = exchange.quirks().trades_as_object;
    Ok((wire::trades(&product.symbol, &exchange.prints(&product), as_documented), None))
}

/// What a symbol of candles names: a contract, `MARK:` and one, or an index. `FUNDING:` and `OI:` have no bars here.
fn series(symbol: &str) -> Option<Series> {
    if let Some(index) = Underlying::ALL.into_iter().find(|underlying| underlying.index_symbol() == symbol) {
        return Some(Series::Index(index));
    }
    match symbol.strip_prefix("MARK:") {
        Some(of) => Product::parse(of).map(Series::Mark),
        None => Product::parse(symbol).map(Series::Trades),
    }
}

/// The newest rows of a span in seconds, oldest first.
pub(crate) fn candles(exchange: &mut Exchange, now_us: Micros, query: &Query) -> Answer {
    let missing = |name: &str| Reject::BadSchema(format!("{name} is required"));
    let word = query.get("resolution").ok_or_else(|| missing("resolution"))?;
    let quirks = exchange.quirks();
    let known = RESOLUTIONS.iter().find(|(name, _)| *name == word).map(|(_, seconds)| *seconds);
    let half_day = (word == "12h" && quirks.candles_of_twelve_hours).then_some(HALF_DAY_S);
    let seconds = known.or(half_day);
    let seconds = seconds.ok_or_else(|| Reject::BadSchema(format!("resolution {word} is not supported")))?;
    let symbol = query.get("symbol").ok_or_else(|| missing("symbol"))?;
    let series =
        series(symbol).ok_or_else(|| Reject::BadSchema(format!("symbol {symbol} has no candles")))?;
    let start = query.number("start")?.ok_or_else(|| missing("start"))?;
    let end = query.number("end")?.ok_or_else(|| missing("end"))?;
    let most = if quirks.candles_capped_at_2000 { DOCUMENTED } else { MOST };
    let start = start.max(end.saturating_sub(most.saturating_mul(seconds)));
    let bars = exchange.bars(now_us, &series, seconds, start, end);
    Ok((wire::candles(&bars), None))
}

/// Spot of each index in the last day, an hour apart, whatever is asked for.
pub(crate) fn sparklines(exchange: &mut Exchange, now_us: Micros) -> Answer {
    let now_s = time::seconds(now_us);
    let mut lines = Map::new();
    for underlying in Underlying::ALL {
        let bars = exchange.bars(now_us, &Series::Index(underlying), 3_600, now_s - 86_400, now_s);
        let line = bars.iter().map(|bar| json!([bar.start_s, bar.close.to_string()])).collect();
        lines.insert(underlying.perpetual_symbol().to_owned(), line);
    }
    Ok((Value::Object(lines), None))
}

/// Sums over everything that is listed.
pub(crate) fn stats(exchange: &mut Exchange, now_us: Micros) -> Answer {
    let mut turnover = rust_decimal::Decimal::ZERO;
    for product in exchange.products(now_us) {
        let row = exchange.ticker(now_us, &product);
        turnover += rust_decimal::Decimal::from(row.day.lots) * product.contract_value() * row.spot;
    }
    let usd = turnover.round_dp(2).to_string();
    Ok((json!({ "last_24_hours_volume": usd, "last_24_hours_turnover": usd }), None))
}
