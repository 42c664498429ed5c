//! What the simulated exchange says, in the words of the model, and the other way round.

use model::fill::Fill;
use model::input::OpenOrder;
use model::instrument::{Instrument, OptionKind};
use model::order::{OrderSnapshot, OrderStatus, Side, TimeInForce};
use model::{ClientOrderId, Decimal, FillId, Micros, OrderId, ProductId, Symbol, Underlying};
use simulator::chain::Contract;
use simulator::order::{OrderState, OrderType};

use super::SECOND;

pub fn to_venue(request: &model::order::OrderRequest) -> simulator::OrderRequest {
    simulator::OrderRequest {
        product_id: request.product_id.0 as i64,
        side: match request.side {
            Side::Buy => simulator::book::Side::Buy,
            Side::Sell => simulator::book::Side::Sell,
        },
        size: request.lots,
        order_type: if request.limit.is_some() { OrderType::Limit } else { OrderType::Market },
        limit_price: request.limit,
        time_in_force: match request.time_in_force {
            TimeInForce::Gtc | TimeInForce::PostOnly => simulator::order::TimeInForce::Gtc,
            TimeInForce::Ioc => simulator::order::TimeInForce::Ioc,
        },
        post_only: request.time_in_force == TimeInForce::PostOnly,
        reduce_only: request.reduce_only,
        client_order_id: Some(request.client_order_id.0.clone()),
        ..simulator::OrderRequest::market(request.product_id.0 as i64, simulator::book::Side::Buy, 1)
    }
}

pub fn snapshot(order: &simulator::order::Order) -> OrderSnapshot {
    let status = match (order.state, order.filled()) {
        (OrderState::Open | OrderState::Pending, 0) => OrderStatus::New,
        (OrderState::Open | OrderState::Pending, _) => OrderStatus::PartiallyFilled,
        (OrderState::Closed, _) => OrderStatus::Filled,
        (OrderState::Cancelled, _) => OrderStatus::Canceled,
    };
    OrderSnapshot {
        client_order_id: ClientOrderId(order.client_order_id.clone().unwrap_or_default()),
        order_id: OrderId(order.id.to_string()),
        status,
        filled_lots: order.filled(),
        average_price: order.average_fill_price(),
        reason: None,
    }
}

pub fn open_order(order: &simulator::order::Order) -> OpenOrder {
    OpenOrder {
        client_order_id: order.client_order_id.clone().map(ClientOrderId),
        order_id: OrderId(order.id.to_string()),
        product_id: ProductId(order.product_id as u64),
        symbol: Symbol::new(order.symbol.clone()),
        side: match order.side {
            simulator::book::Side::Buy => Side::Buy,
            simulator::book::Side::Sell => Side::Sell,
        },
        limit: Some(order.limit_price()),
        leaves_lots: order.unfilled,
        reduce_only: order.reduce_only,
    }
}

pub fn fill(fill: &simulator::account::Fill) -> Fill {
    Fill {
        id: FillId(fill.id.clone()),
        order_id: OrderId(fill.order_id.clone()),
        client_order_id: fill.client_order_id.clone().map(ClientOrderId),
        symbol: Symbol::new(fill.symbol.clone()),
        side: match fill.side {
            simulator::book::Side::Buy => Side::Buy,
            simulator::book::Side::Sell => Side::Sell,
        },
        lots: fill.size,
        price: fill.price,
        fee: Some(fill.fee),
        fee_estimated: false,
        settlement: fill.kind == simulator::account::FillKind::Settlement,
        at: Micros(fill.created_us),
    }
}

pub fn instrument(product: &simulator::chain::Product) -> Option<Instrument> {
    let Contract::Option { right, strike, expiry_s } = product.contract else { return None };
    Some(Instrument {
        product_id: ProductId(product.id as u64),
        symbol: Symbol::new(product.symbol.clone()),
        underlying: Underlying::new(product.underlying.symbol()),
        kind: if right == simulator::pricing::Right::Call { OptionKind::Call } else { OptionKind::Put },
        strike: Decimal::from(strike),
        expiry: Micros(expiry_s * SECOND),
        tick: product.tick_size(),
        contract_value: product.contract_value(),
        commission_rate: Decimal::new(1, 4),
        commission_cap: Decimal::new(35, 3),
        fee_tax: model::instrument::FEE_TAX,
        maintenance_margin: Decimal::new(5, 3),
        initial_margin: Decimal::new(1, 2),
    })
}
