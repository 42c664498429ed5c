//! What a new subscription starts with: the present state of what was named, nothing for `all`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::channel::Name;
use super::frames;
use super::wire::{self, Words};
use crate::exchange::Exchange;
use crate::exchange::account::Position;
use crate::exchange::chain::Product;
use crate::exchange::event::{PositionReason, PositionUpdate};
use crate::exchange::market::Underlying;
use crate::exchange::time::Micros;

/// The first frames of a channel, without those whose symbol is `lost`.
pub(crate) fn snapshots(
    name: Name,
    symbols: &BTreeSet<String>,
    exchange: &mut Exchange,
    mut lost: impl FnMut(&str) -> bool,
    now_us: Micros,
) -> Vec<Value> {
    exchange.run_to(now_us);
    match name {
        Name::Ticker | Name::TopOfBook | Name::Depth | Name::Mark | Name::Updates => {
            let mut frames = Vec::new();
            for token in symbols.iter().filter(|token| *token != "all") {
                let products = exchange.products_of(token).into_iter();
                for product in products.filter(|product| !lost(&product.symbol)) {
                    frames.extend(of_product(name, token, &product, exchange, now_us));
                }
            }
            frames
        }
        Name::Spot => {
            let named =
                |each: &Underlying| symbols.contains(each.index_symbol()) && !lost(each.index_symbol());
            let named: Vec<_> = Underlying::ALL.into_iter().filter(named).collect();
            named.into_iter().map(|each| frames::spot(each, exchange.spot(now_us, each), now_us)).collect()
        }
        Name::SystemStatus if lost("") => Vec::new(),
        Name::SystemStatus => {
            let status = if exchange.is_maintained() { "maintenance" } else { "live" };
            vec![frames::system_status("snapshot", status, now_us)]
        }
        Name::Orders | Name::Positions if symbols.contains("all") => Vec::new(),
        Name::Orders => {
            let live = exchange.open_orders(now_us);
            let mut products = named(symbols, exchange, live.iter().map(|order| order.product_id));
            products.retain(|product| !lost(&product.symbol));
            let words = Words::of(exchange.quirks());
            let frame = |product: &Product| {
                let of = live.iter().filter(|order| order.product_id == product.id);
                let rows = of.map(|order| wire::order(order, words)).collect();
                frames::order_snapshot(product, rows, exchange.order_seq(&product.symbol), now_us)
            };
            products.iter().map(frame).collect()
        }
        Name::Positions => {
            let held = exchange.positions(now_us);
            let mut products = named(symbols, exchange, held.iter().map(|position| position.product_id));
            products.retain(|product| !lost(&product.symbol));
            let of =
                held.into_iter().filter(|held| products.iter().any(|product| product.id == held.product_id));
            let row = |position: Position| {
                let (margin, risk) = (exchange.margin_of(&position), exchange.risk_of(&position));
                frames::position(&PositionUpdate {
                    position,
                    margin,
                    risk,
                    opened: false,
                    reason: PositionReason::None,
                })
            };
            vec![frames::position_snapshot(of.map(row).collect(), now_us)]
        }
        Name::Trades | Name::Funding | Name::ProductUpdates | Name::UserTrades | Name::Margins => Vec::new(),
    }
}

/// The products that private tokens mean: every one that is named itself, and of a kind those with something there.
fn named(symbols: &BTreeSet<String>, exchange: &Exchange, there: impl Iterator<Item = i64>) -> Vec<Product> {
    let mut products: Vec<Product> = symbols.iter().filter_map(|symbol| exchange.product(symbol)).collect();
    let of_kind = there.filter_map(Product::from_id).filter(|product| covers(symbols, product));
    for product in of_kind {
        if !products.contains(&product) {
            products.push(product);
        }
    }
    products
}

/// True if one of the tokens means the product.
pub(crate) fn covers(tokens: &BTreeSet<String>, product: &Product) -> bool {
    tokens.iter().any(|token| means(token, product))
}

/// True if a token means the product: its symbol, its chain, its kind, or `all`.
pub(crate) fn means(token: &str, product: &Product) -> bool {
    let token = token.strip_prefix("MARK:").unwrap_or(token);
    token == product.symbol
        || token == "all"
        || token == product.contract_type()
        || product.chain_token().as_deref() == Some(token)
}

fn of_product(
    name: Name,
    token: &str,
    product: &Product,
    exchange: &mut Exchange,
    now_us: Micros,
) -> Option<Value> {
    match name {
        Name::Ticker => Some(frames::ticker(&exchange.ticker(now_us, product), token)),
        Name::TopOfBook => Some(frames::top_of_book(&exchange.top_of_book(now_us, product))),
        Name::Depth => Some(frames::depth(&exchange.book(now_us, product))),
        Name::Updates => Some(frames::book_update(&exchange.book_snapshot(now_us, product))),
        Name::Mark => {
            let mark = exchange.mark_by_id(product.id).unwrap_or_default();
            Some(frames::mark(&product.symbol, mark, now_us))
        }
        Name::Spot
        | Name::Trades
        | Name::Funding
        | Name::ProductUpdates
        | Name::SystemStatus
        | Name::Orders
        | Name::Positions
        | Name::UserTrades
        | Name::Margins => None,
    }
}
