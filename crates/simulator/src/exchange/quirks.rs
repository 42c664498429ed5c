//! Switches for what the venue is known to do in more than one way, or is not known to do: one for each
//! contradiction of its sources. A client must be right under both answers.

use serde::{Deserialize, Serialize};

use crate::brief::brief;

/// One switch, for `--list-quirks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirk {
    /// Its key in the `[quirks]` table of a fault file, and in `--quirk NAME=true`.
    pub name: &'static str,
    /// What it does when on; all are off by default.
    pub about: &'static str,
}

macro_rules! quirks {
    ($($name:ident: $about:literal,)+) => {
        /// The switches; the defaults are what recorded traffic shows, or the documented behaviour.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Quirks {
            $(pub $name: bool,)+
        }

        impl Quirks {
            /// The switch of a name, to be turned.
            fn named(&mut self, name: &str) -> Option<&mut bool> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)+
                    _unknown => None,
                }
            }
        }

        const LIST: &[Quirk] = &[$(Quirk { name: stringify!($name), about: $about },)+];
    };
}

quirks! {
    ioc_needs_whole_size: "an immediate-or-cancel order is refused unless the book holds its whole size",
    ioc_rest_is_closed: "a partly filled immediate-or-cancel order ends closed with unfilled lots instead of cancelled",
    settlement_fee: "settlement is charged like a fill",
    take_profit_buy_triggers_above: "a take-profit buy triggers at or above its stop price, as one party saw",
    errors_as_text: "authentication errors are bare strings, as the documents print them, instead of objects",
    short_option_pnl_unsigned: "unrealized_pnl of a short option is the unsigned value at the mark, as one party saw",
    legacy_channels: "the old long channel names are served beside the short ones",
    booleans_must_be_text: "booleans in order bodies must be the strings \"true\" and \"false\", as the schema says",
    booleans_must_be_json: "booleans in order bodies must not be strings, as one party saw",
    own_orders_block_band: "an order is refused as overlapping as soon as an own opposite order rests inside the price band, not only when it would trade with it",
    quota_is_20000: "a window grants 20,000 units, as newer pages say, instead of 10,000",
    public_reads_cost_one: "public reads that no page gives a weight cost 1, as documented, instead of the measured 3",
    quota_is_bare: "the answer of /v2/rate_limits/quota has its fields at the top instead of in result",
    created_at_in_microseconds: "created_at of orders and fills is text of microseconds, as documented, instead of ISO",
    trades_as_object: "/v2/trades answers {trades: [...]} with sides, as documented, instead of a list with roles",
    fill_ids_are_integers: "ids of fills are integers, as documented, instead of 32 hexadecimal digits",
    candles_capped_at_2000: "a request for candles has at most 2,000 rows, as documented, instead of the measured 4,000",
    candles_of_twelve_hours: "the resolution 12h is served, as documented for the feed",
    one_depth_symbol: "ob_l2 with more than one symbol in a request is refused, as one party saw",
    impact_is_low_medium_high: "the impact of a heartbeat is low, medium or high, as the schema says, instead of contracts or products",
    heartbeats_need_user_id: "the list of heartbeats is refused without user_id, as the schema says",
    close_all_needs_user_id: "close_all is refused without user_id, as documented; the official client sends none",
    product_id_and_symbol_allowed: "an order body may have product_id and product_symbol, as one client sends, instead of one of them",
    product_id_and_symbol_required: "an order body must have both product_id and product_symbol, as the schema marks them",
    positions_without_product: "margined positions and fills have no nested product",
    documented_margin_context: "insufficient_margin says additional_margin_required, as documented, instead of what was observed",
    undocumented_order_codes: "an unknown order is order_not_found and a repeated client id duplicate_client_order_id, instead of documented codes",
    cancel_all_needs_no_flags: "cancel-all without flags cancels everything, instead of nothing",
    margined_positions_lag: "/v2/positions/margined is up to ten seconds old, as documented",
    client_ids_of_open_orders_only: "/v2/orders/client_order_id/{id} knows open orders only, as the id is unique among those only",
    finished_orders_appear_late: "an order that just finished is in neither list for half a second, as one party saw",
    fills_appear_late: "a fill is listed by /v2/fills half a second after it was made",
    tickers_are_cached: "/v2/tickers/{symbol} is up to a minute old, as a cache in front of the venue makes it",
    address_not_whitelisted: "signed calls and sign-ins are refused, because their address is not on the key's list",
    key_reads_only: "the key may read and not trade: every signed call that is no read is refused",
    positions_are_not_topped_up: "a new position is liquidated when its own margin is used up, as recorded positions have it, instead of being topped up from the wallet",
    idle_sockets_live: "a socket without a frame from its client is not closed after a minute, as one party measured",
    launch_auctions: "a new series begins with five minutes in which orders rest and none is matched, as one party saw",
}

/// Every switch.
pub fn list_quirks() -> &'static [Quirk] {
    LIST
}

impl Quirks {
    /// Turns a switch by `NAME`, `NAME=true` or `NAME=false`.
    ///
    /// # Errors
    /// One sentence that names what is wrong and what is allowed.
    pub fn turn(&mut self, text: &str) -> Result<(), String> {
        let (name, value) = text.split_once('=').unwrap_or((text, "true"));
        let on = match value {
            "true" => true,
            "false" => false,
            other => {
                return Err(format!(
                    "the quirk {} is \"{}\", must be true or false",
                    brief(name),
                    brief(other)
                ));
            }
        };
        let known = || LIST.iter().map(|quirk| quirk.name).collect::<Vec<_>>().join(", ");
        let switch = self.named(name);
        *switch.ok_or_else(|| format!("there is no quirk {}; there are {}", brief(name), known()))? = on;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_is_listed_and_turned_by_its_name() {
        let fields = serde_json::to_value(Quirks::default()).unwrap();
        assert_eq!(fields.as_object().unwrap().len(), list_quirks().len());
        for quirk in list_quirks() {
            let mut quirks = Quirks::default();
            quirks.turn(&format!("{}=true", quirk.name)).unwrap();
            let turned = serde_json::to_value(quirks).unwrap();
            let on: Vec<_> = turned.as_object().unwrap().iter().filter(|(_, on)| **on == true).collect();
            assert_eq!((on.len(), on[0].0.as_str()), (1, quirk.name));
            quirks.turn(&format!("{}=false", quirk.name)).unwrap();
            assert_eq!(quirks, Quirks::default());
        }
        assert!(Quirks::default().turn("nonsense").unwrap_err().contains("ioc_rest_is_closed"));
        assert!(Quirks::default().turn("legacy_channels=yes").unwrap_err().contains("must be true or false"));
    }
}
