//! Why the venue refuses: a closed list. Its words come in several spellings and may be new ones; what is decided on them
//! is decided here.

use super::wire::Refusal;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal $(| $alias:literal)*,)+) => {
        /// Why the venue refused (venue facts, section 3).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Reason {
            $($(#[$doc])* $name,)+
            /// A word that no source has.
            Other,
        }

        impl Reason {
            /// All that are known.
            pub const KNOWN: &'static [Reason] = &[$(Reason::$name,)+];

            fn of_code(code: &str) -> Self {
                match code {
                    $($word $(| $alias)* => Reason::$name,)+
                    _new => Reason::Other,
                }
            }

            /// The word for records and counts: the venue's own, in one spelling.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Reason::$name => $word,)+
                    Reason::Other => "other",
                }
            }
        }
    };
}

reasons! {
    // The key, its signature, its quota.
    KeyUnknown = "invalid_api_key" | "api_key_not_found",
    KeyNotAllowed = "unauthorized_api_access" | "unauthorized" | "insufficient_permissions",
    AddressNotAllowed = "ip_not_whitelisted_for_api_key" | "ip_not_whitelisted" | "ip_blocked_for_api_key",
    SignatureWrong = "invalid_signature" | "signature_mismatch",
    SignatureExpired = "expired_signature" | "signature_expired" | "request_expired",
    RateLimited = "rate_limit_exceeded" | "too_many_requests",
    Blocked = "forbidden" | "http_403",
    // What was asked.
    Schema = "bad_schema" | "validation_error",
    ContractUnknown = "invalid_contract" | "product_not_found",
    /// It is not known, or not open any more: read it.
    OrderUnknown = "open_order_not_found" | "order_not_found",
    OrderFilled = "order_already_filled",
    /// An order of that id may be there.
    IdTaken = "duplicate_client_order_id" | "client_order_id_already_exists",
    NoOrders = "no_orders",
    OrderStale = "stale_order",
    LimitNotAllowed = "limit_order_not_allowed_for_binary_options",
    StopNotAllowed = "stop_orders_not_allowed_for_binary_options",
    NotBinary = "not_a_binary_options_product",
    IndexUnknown = "invalid_index_symbol",
    // Money.
    Margin = "insufficient_margin",
    CloseMargin = "close_position_insufficient_margin",
    Commission = "insufficient_commission",
    Liquidation = "immediate_liquidation",
    Bankruptcy = "out_of_bankruptcy",
    UnderLiquidation = "position_under_liquidation",
    CreditsBreached = "trading_credits_breached",
    // The book.
    SizeExceedsBook = "order_size_exceed_available",
    SizeNotInBook = "order_size_not_available_in_orderbook",
    BookEmpty = "unsupported",
    NoLiquidity = "no_liquidity_for_market_order",
    WouldTakeOwn = "overlapping_buy_sell_orders",
    WouldTakeOwnInAuction = "self_matching_disrupted_post_only",
    WouldTake = "immediate_execution_post_only",
    // The position.
    NoPosition = "no_position_for_reduce_only" | "no_position_left_for_reduce_only",
    NoOpenPosition = "no_open_position" | "close_order_position_unavailable",
    OffsetByReduceOnly = "offset_by_reduce_only",
    BracketExists = "position_bracket_exist_or_invalid_data",
    NakedShort = "naked_short_restricted",
    // Limits.
    TooSmall = "less_than_order_min_size",
    TooLarge = "order_max_size_exceeded",
    TooManyOrders = "max_orders_count_exceeded",
    LeverageTooHigh = "max_leverage_exceeded" | "leverage_limit_exceeded",
    LeverageTooLow = "min_leverage_exceeded",
    RiskLimit = "risk_limits_breached" | "account_risk_limits_breached",
    PortfolioLimit = "portfolio_risk_limits_breached" | "liquidation_risk_limits_breached" | "greeks_limits_breached",
    FamilyLimit = "family_position_limit_exceeded",
    // What is allowed now.
    ReduceOnlyNow = "reduce_only_orders_allowed" | "reduce_only_orders_allowed_sell_side",
    TradingBlocked = "trading_blocked" | "derivatives_trading_blocked",
    SpotBlocked = "spot_trading_blocked" | "spot_blocked_country",
    KycPending = "kyc_pending",
    MarginModeNotAllowed = "trading_not_allowed_on_current_margin_mode",
    Unavailable = "unavailable",
}

impl Reason {
    /// No source names a code for an id that is taken: a schema refusal that names the field means it as well.
    #[must_use]
    pub fn of(refusal: &Refusal) -> Self {
        match Self::of_code(&refusal.code) {
            Reason::Schema
                if refusal.detail.as_deref().is_some_and(|said| said.contains("client_order_id")) =>
            {
                Reason::IdTaken
            }
            reason => reason,
        }
    }

    /// The venue does not take our key, wherever it stands, or what is signed with it.
    #[must_use]
    pub fn is_about_the_key(self) -> bool {
        matches!(
            self,
            Reason::KeyUnknown
                | Reason::KeyNotAllowed
                | Reason::AddressNotAllowed
                | Reason::SignatureWrong
                | Reason::SignatureExpired
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str, detail: Option<&str>) -> Reason {
        Reason::of(&Refusal { code: code.to_owned(), detail: detail.map(str::to_owned) })
    }

    #[test]
    fn every_word_means_itself_and_no_two_reasons_share_one() {
        let words: std::collections::BTreeSet<&str> =
            Reason::KNOWN.iter().map(|reason| reason.word()).collect();
        assert_eq!(words.len(), Reason::KNOWN.len());
        for reason in Reason::KNOWN {
            assert_eq!(of(reason.word(), None), *reason);
        }
        assert_eq!(of("a_word_of_next_year", None), Reason::Other);
        assert!(!words.contains(Reason::Other.word()));
    }

    /// Every code of the venue facts, section 3, but those of sub-accounts.
    #[test]
    fn every_documented_code_is_known() {
        let documented = "insufficient_margin close_position_insufficient_margin insufficient_commission \
            order_size_exceed_available order_size_not_available_in_orderbook close_order_position_unavailable \
            risk_limits_breached invalid_contract immediate_liquidation out_of_bankruptcy \
            self_matching_disrupted_post_only overlapping_buy_sell_orders immediate_execution_post_only \
            naked_short_restricted portfolio_risk_limits_breached liquidation_risk_limits_breached \
            greeks_limits_breached no_position_for_reduce_only no_position_left_for_reduce_only \
            max_leverage_exceeded min_leverage_exceeded leverage_limit_exceeded order_already_filled \
            less_than_order_min_size order_max_size_exceeded reduce_only_orders_allowed \
            reduce_only_orders_allowed_sell_side trading_blocked kyc_pending trading_credits_breached \
            derivatives_trading_blocked spot_trading_blocked spot_blocked_country account_risk_limits_breached \
            position_under_liquidation position_bracket_exist_or_invalid_data no_open_position stale_order \
            offset_by_reduce_only unsupported no_orders no_liquidity_for_market_order family_position_limit_exceeded \
            trading_not_allowed_on_current_margin_mode max_orders_count_exceeded open_order_not_found \
            limit_order_not_allowed_for_binary_options stop_orders_not_allowed_for_binary_options \
            not_a_binary_options_product invalid_index_symbol bad_schema invalid_api_key invalid_signature \
            expired_signature unauthorized_api_access ip_not_whitelisted_for_api_key unavailable unauthorized \
            rate_limit_exceeded signature_mismatch signature_expired";
        for code in documented.split_whitespace() {
            assert_ne!(of(code, None), Reason::Other, "{code}");
        }
    }

    #[test]
    fn an_id_that_is_taken_is_known_in_every_form() {
        let schema = |field: &str| format!(r#"{{"schema_errors":[{{"message":"{field} is wrong"}}]}}"#);
        assert_eq!(of("duplicate_client_order_id", None), Reason::IdTaken);
        assert_eq!(of("client_order_id_already_exists", None), Reason::IdTaken);
        assert_eq!(of("bad_schema", Some(&schema("client_order_id"))), Reason::IdTaken);
        assert_eq!(of("bad_schema", Some(&schema("limit_price"))), Reason::Schema);
        assert_eq!(of("insufficient_margin", Some("client_order_id")), Reason::Margin);
    }
}
