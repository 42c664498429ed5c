//! How a session ended, in a sentence: why, how far beyond the limit, after how long. Pure.

use model::result::SessionResult;
use model::{ExitReason, Money};

use crate::format;
use crate::pages::past::reason_name;
use crate::plain::span;

/// The limits that a session had; what was not kept is not compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    pub max_loss: Option<Money>,
    pub max_profit: Option<Money>,
}

impl Limits {
    pub fn of(result: &SessionResult) -> Self {
        let settings = result.settings.as_deref();
        Self {
            max_loss: settings.map(|settings| settings.max_loss),
            max_profit: settings.and_then(|settings| settings.max_profit),
        }
    }
}

/// Such as `Closed by trailing floor 30.00, slipped 0.42, after 7 m`.
pub fn closed_by(result: &SessionResult, limits: Limits, who: Option<&str>) -> String {
    let by = who.map(|who| format!(" by {who}")).unwrap_or_default();
    let reason = reason_name(result.exit_reason).to_lowercase();
    if !result.traded {
        return format!("Ended without a trade: {reason}{by}");
    }
    let limit = match result.exit_reason {
        Some(ExitReason::Trailing) => result.floor,
        Some(ExitReason::MaxLoss) => limits.max_loss.map(|loss| -loss),
        Some(ExitReason::MaxProfit) => limits.max_profit,
        Some(_) | None => None,
    };
    let cause = match (result.exit_reason, limit) {
        (Some(ExitReason::Operator), _) => format!("Stopped by hand{by}"),
        (Some(ExitReason::Panic), _) => {
            format!("Closed by panic{}", who.map(|who| format!(" of {who}")).unwrap_or_default())
        }
        (_, Some(limit)) => {
            format!("Closed by {reason} {}{}", format::plain(limit), slipped(limit, result.net))
        }
        (Some(_), None) => format!("Closed by {reason}{by}"),
        (None, None) => "Ended".to_owned(),
    };
    let after = result.held_ms.map(|ms| format!(", after {}", span(ms * 1_000))).unwrap_or_default();
    format!("{cause}{after}")
}

/// How much less than the limit it came to.
fn slipped(limit: Money, net: Option<Money>) -> String {
    let Some(less) = net.and_then(|net| limit.checked_sub(net)).map(model::amount::cents) else {
        return String::new();
    };
    match format::sign_of(Some(less)) {
        "+" => format!(", slipped {}", format::plain(less)),
        "-" => format!(", {} better", format::plain(-less)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn ended(reason: ExitReason, net: &str) -> SessionResult {
        let mut view = sample::session("s-1");
        view.ended_at = Some(telemetry::Micros(1));
        let mut result = SessionResult::of_view(&view).expect("it is over");
        result.exit_reason = Some(reason);
        result.traded = true;
        result.net = net.parse().ok();
        result.floor = Some(30.into());
        result.held_ms = Some(420_000);
        result
    }

    const LIMITS: Limits = Limits { max_loss: Some(Money::from_parts(60, 0, 0, false, 0)), max_profit: None };

    #[test]
    fn an_end_says_why_how_far_beyond_and_after_how_long() {
        for (reason, net, text) in [
            (ExitReason::Trailing, "29.58", "Closed by trailing floor 30.00, slipped 0.42, after 7 m"),
            (ExitReason::Trailing, "30.30", "Closed by trailing floor 30.00, 0.30 better, after 7 m"),
            (ExitReason::MaxLoss, "-61.5", "Closed by max loss −60.00, slipped 1.50, after 7 m"),
            (ExitReason::MaxProfit, "41", "Closed by max profit, after 7 m"),
            (ExitReason::Time, "1", "Closed by square off, after 7 m"),
            (ExitReason::Trailing, "unknown", "Closed by trailing floor 30.00, after 7 m"),
        ] {
            assert_eq!(closed_by(&ended(reason, net), LIMITS, None), text);
        }
        let by_hand = closed_by(&ended(ExitReason::Operator, "1"), LIMITS, Some("admin"));
        assert_eq!(by_hand, "Stopped by hand by admin, after 7 m");
        let panic = closed_by(&ended(ExitReason::Panic, "1"), LIMITS, Some("admin"));
        assert_eq!(panic, "Closed by panic of admin, after 7 m");
    }

    #[test]
    fn what_was_never_in_the_market_says_so() {
        let mut result = ended(ExitReason::EntryFailed, "0");
        result.traded = false;
        assert_eq!(closed_by(&result, LIMITS, None), "Ended without a trade: entry failed");
    }
}
