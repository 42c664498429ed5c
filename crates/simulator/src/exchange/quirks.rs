//! Switches for what the venue is known to do in more than one way, or is not known to do.

use serde::{Deserialize, Serialize};

/// The switches; the defaults are what recorded traffic shows, or the documented behaviour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    pub ioc_needs_whole_size: bool,
    pub ioc_rest_is_closed: bool,
    pub settlement_fee: bool,
    pub take_profit_buy_triggers_above: bool,
    pub errors_as_text: bool,
    pub short_option_pnl_unsigned: bool,
    pub legacy_channels: bool,
    pub booleans_must_be_text: bool,
    pub own_orders_block_band: bool,
}

/// One switch, for `--list-quirks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirk {
    /// Key in the `[quirks]` table of a fault file.
    pub name: &'static str,
    /// What it does when on; all are off by default.
    pub about: &'static str,
}

/// Every switch.
pub fn list_quirks() -> &'static [Quirk] {
    &[
        Quirk {
            name: "ioc_needs_whole_size",
            about: "an immediate-or-cancel order is refused unless the book holds its whole size",
        },
        Quirk {
            name: "ioc_rest_is_closed",
            about: "a partly filled immediate-or-cancel order ends closed with unfilled lots instead of cancelled",
        },
        Quirk { name: "settlement_fee", about: "settlement is charged like a fill" },
        Quirk {
            name: "take_profit_buy_triggers_above",
            about: "a take-profit buy triggers at or above its stop price, as one party saw",
        },
        Quirk {
            name: "errors_as_text",
            about: "authentication errors are bare strings, as the documents print them, instead of objects",
        },
        Quirk {
            name: "short_option_pnl_unsigned",
            about: "unrealized_pnl of a short option is the unsigned value at the mark, as one party saw",
        },
        Quirk {
            name: "legacy_channels",
            about: "the old long channel names are served beside the short ones",
        },
        Quirk {
            name: "booleans_must_be_text",
            about: "booleans in order bodies must be the strings \"true\" and \"false\"",
        },
        Quirk {
            name: "own_orders_block_band",
            about: "an order is refused as overlapping as soon as an own opposite order rests inside the price band, not only when it would trade with it",
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switch_is_listed() {
        let fields = serde_json::to_value(Quirks::default()).unwrap();
        let listed: std::collections::BTreeSet<_> = list_quirks().iter().map(|quirk| quirk.name).collect();
        assert_eq!(
            fields.as_object().unwrap().keys().map(String::as_str).collect::<std::collections::BTreeSet<_>>(),
            listed
        );
    }
}
