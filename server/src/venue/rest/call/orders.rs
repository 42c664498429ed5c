//! Orders: placed, changed, canceled, one by one or together, and looked for.

use model::Micros;
use model::ids::{ClientOrderId, OrderId, ProductId, Symbol};
use model::order::{OrderRequest, Purpose, Side};
use reqwest::Method;
use serde_json::{Map, Value};

use super::ask::row;
use super::{Ask, Bracket, CLOSE_TIMEOUT, Call, Edit, Named, OPTIONS, encoded, object};

const ORDERS: &str = "/v2/orders";
const BATCH: &str = "/v2/orders/batch";
const BRACKET: &str = "/v2/orders/bracket";
/// An order is on the venue's lists under the venue's time, which may be before ours by a moment.
const EARLIER_US: i64 = 10_000_000;

impl Call {
    #[must_use]
    pub fn open_orders() -> Self {
        Self::get(ORDERS, ORDERS, 3, true).with("states", "open,pending").with("page_size", "50").for_truth()
    }

    /// One order by the venue's id, open or ended.
    #[must_use]
    pub fn order(id: &OrderId) -> Self {
        Self::get(&format!("/v2/orders/{}", encoded(id.as_str())), "/v2/orders/{id}", 1, true).for_closing()
    }

    /// One order by our id. The venue may know only those that are open by it.
    #[must_use]
    pub fn lookup(id: &ClientOrderId) -> Self {
        let path = format!("/v2/orders/client_order_id/{}", encoded(id.as_str()));
        let mut call = Self::get(&path, "/v2/orders/client_order_id/{id}", 1, true).for_closing();
        call.client_order_id = Some(id.0.clone());
        call
    }

    /// Orders of options that have ended, of those that were sent since then, newest first.
    #[must_use]
    pub fn order_history(since: Micros, products: &[ProductId]) -> Self {
        let mut call = Self::get("/v2/orders/history", "/v2/orders/history", 10, true)
            .with("contract_types", OPTIONS)
            .with("page_size", "50")
            .of_products(products)
            .for_truth();
        call.since = Some(Micros(since.0.saturating_sub(EARLIER_US)));
        call
    }

    /// The same list on behalf of a look-up: its answer says whether an order may be sent again.
    #[must_use]
    pub fn ended(id: &ClientOrderId, sent_at: Micros, product: ProductId) -> Self {
        let mut call = Self::order_history(sent_at, &[product]).for_closing();
        call.client_order_id = Some(id.0.clone());
        call
    }

    #[must_use]
    pub fn place(order: &OrderRequest) -> Self {
        Self::ask(&order.clone().into())
    }

    /// An order with a stop, a bracket, or that must not trade on arrival.
    #[must_use]
    pub fn ask(ask: &Ask) -> Self {
        let order = &ask.order;
        let mut call = Self::write(Method::POST, ORDERS, ORDERS, 5, ask.fields()).of(&order.symbol);
        call.client_order_id = Some(order.client_order_id.0.clone());
        match order.purpose {
            Purpose::Entry => {}
            Purpose::Close | Purpose::Protect => call.timeout = CLOSE_TIMEOUT,
        }
        if order.reduce_only { call.for_closing() } else { call }
    }

    /// Changes an order where it rests; the venue checks it anew, as if it were placed.
    #[must_use]
    pub fn edit(order: &Named, product: ProductId, symbol: &Symbol, edit: &Edit) -> Self {
        let mut body = order.fields();
        body.extend(edit.fields());
        let call = Self::write(Method::PUT, ORDERS, ORDERS, 5, of_product(body, product)).of(symbol);
        call.about(order)
    }

    #[must_use]
    pub fn cancel(id: Option<&ClientOrderId>, order_id: Option<&OrderId>, product: ProductId) -> Self {
        let named = match (order_id, id) {
            // Of somebody else's order we know nothing but the venue's id, whatever it looks like.
            (Some(order_id), None) => Some(Named::Venue(order_id.clone())),
            (Some(order_id), Some(id)) if order_id.as_str().parse::<u64>().is_err() => {
                Some(Named::Ours(id.clone()))
            }
            (Some(order_id), Some(_)) => Some(Named::Venue(order_id.clone())),
            (None, Some(id)) => Some(Named::Ours(id.clone())),
            (None, None) => None,
        };
        let body = named.as_ref().map(Named::fields).unwrap_or_default();
        let mut call =
            Self::write(Method::DELETE, ORDERS, ORDERS, 5, of_product(body, product)).for_closing();
        call.timeout = CLOSE_TIMEOUT;
        call.client_order_id = id.map(|id| id.0.clone());
        call
    }

    /// Cancels all orders of the account, of one product or of all. The venue's flags default to nothing, so that each
    /// kind is named. What only reduces is spared where it is what protects.
    #[must_use]
    pub fn cancel_all(product: Option<ProductId>, spare_what_reduces: bool) -> Self {
        let body = object([
            ("product_id", product.map(|product| Value::from(product.0))),
            ("cancel_limit_orders", Some(Value::from(true))),
            ("cancel_stop_orders", Some(Value::from(!spare_what_reduces))),
            ("cancel_reduce_only_orders", Some(Value::from(!spare_what_reduces))),
        ]);
        let call = Self::write(Method::DELETE, "/v2/orders/all", "/v2/orders/all", 5, body);
        call.for_closing().soon().without_result()
    }

    /// Limit orders of one product together, at most fifty. The answer has only those that were taken.
    #[must_use]
    pub fn place_batch(product: ProductId, symbol: &Symbol, orders: &[OrderRequest]) -> Self {
        let rows = orders.iter().map(|order| Value::Object(row(order)));
        let closes = orders.iter().all(|order| order.reduce_only);
        let call = Self::batch(Method::POST, product, symbol, rows.collect());
        if closes { call.for_closing() } else { call }
    }

    #[must_use]
    pub fn edit_batch(product: ProductId, symbol: &Symbol, edits: &[(Named, Edit)]) -> Self {
        let row = |(order, edit): &(Named, Edit)| {
            let mut row = order.fields();
            row.extend(edit.fields());
            Value::Object(row)
        };
        Self::batch(Method::PUT, product, symbol, edits.iter().map(row).collect())
    }

    #[must_use]
    pub fn cancel_batch(product: ProductId, symbol: &Symbol, orders: &[Named]) -> Self {
        let rows = orders.iter().map(|order| Value::Object(order.fields())).collect();
        Self::batch(Method::DELETE, product, symbol, rows).for_closing().soon()
    }

    fn batch(method: Method, product: ProductId, symbol: &Symbol, rows: Vec<Value>) -> Self {
        let body = object([("orders", Some(Value::Array(rows)))]);
        Self::write(method, BATCH, BATCH, 25, of_product(body, product)).of(symbol)
    }

    /// Puts a bracket around a position that is on, of this side.
    #[must_use]
    pub fn bracket_position(product: ProductId, symbol: &Symbol, held: Side, bracket: &Bracket) -> Self {
        let body = bracket.of_position(product, held);
        Self::write(Method::POST, BRACKET, BRACKET, 5, body).of(symbol).for_closing().without_result()
    }

    /// Changes the bracket of an entry order by the venue's id of that order; legs are not known by theirs.
    #[must_use]
    pub fn edit_bracket(entry: &OrderId, product: ProductId, opened: Side, bracket: &Bracket) -> Self {
        let mut body = Named::Venue(entry.clone()).fields();
        body.extend(bracket.of_entry(opened));
        let call = Self::write(Method::PUT, BRACKET, BRACKET, 5, of_product(body, product));
        call.for_closing().without_result()
    }

    fn about(mut self, order: &Named) -> Self {
        self.client_order_id = match order {
            Named::Ours(id) => Some(id.0.clone()),
            Named::Venue(_) => None,
        };
        self
    }

    fn soon(mut self) -> Self {
        self.timeout = CLOSE_TIMEOUT;
        self
    }
}

/// `product_id` only: the venue takes one of id and symbol, as most of its sources have it.
fn of_product(mut body: Map<String, Value>, product: ProductId) -> Map<String, Value> {
    body.insert("product_id".to_owned(), Value::from(product.0));
    body
}
