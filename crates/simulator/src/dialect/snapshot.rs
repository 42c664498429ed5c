//! What a new subscription starts with: the present state of what was named, nothing for `all`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::channel::Name;
use super::frames;
use super::wire;
use crate::exchange::Exchange;
use crate::exchange::chain::Product;
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
        Name::Ticker | Name::TopOfBook | Name::Depth | Name::Mark => {
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
        Name::SystemStatus => vec![frames::system_status(now_us)],
        Name::Orders | Name::Positions if symbols.contains("all") => Vec::new(),
        Name::Orders => {
            let rows = exchange.open_orders(now_us).into_iter();
            let rows = rows.filter(|order| symbols.contains(&order.symbol) && !lost(&order.symbol));
            vec![frames::snapshot("orders", rows.map(|order| wire::order(&order)).collect(), now_us)]
        }
        Name::Positions => {
            let mut rows = exchange.positions(now_us);
            rows.retain(|position| symbols.contains(&position.symbol) && !lost(&position.symbol));
            let row = |position| frames::position(position, exchange.margin_of(position));
            vec![frames::snapshot("positions", rows.iter().map(row).collect(), now_us)]
        }
        Name::ProductUpdates | Name::UserTrades | Name::Margins => Vec::new(),
    }
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
        Name::Mark => {
            let mark = exchange.mark_by_id(product.id).unwrap_or_default();
            Some(frames::mark(&product.symbol, mark, now_us))
        }
        Name::Spot
        | Name::ProductUpdates
        | Name::SystemStatus
        | Name::Orders
        | Name::Positions
        | Name::UserTrades
        | Name::Margins => None,
    }
}
