//! How each figure is defined, in the words of the page.

use leptos::prelude::*;

const DEFINITIONS: [(&str, &str); 9] = [
    (
        "Trade",
        "A session that was in the market, from its first fill to its last, once it has ended and is verified flat.",
    ),
    ("Net", "Cash from fills less all fees paid. Slippage is inside it: fills count as they were."),
    (
        "Unknown",
        "A closing price is missing: the result is in no sum and in no rate, and is never taken for 0.",
    ),
    ("Won", "Net above 0. A trade at 0.00 is neither won nor lost, and counts in the win rate."),
    ("Profit factor", "Sum of the won ÷ sum of the lost. Not defined before a trade was lost."),
    ("Drawdown", "Fall of the sum of results from its last high, counted when a trade ends."),
    ("Credit captured, fee drag", "Net ÷ premium sold; fees ÷ premium sold."),
    ("Slippage", "Net less what leaving would have brought when it was decided; below 0 it cost money."),
    (
        "Sharpe, Sortino",
        "Mean of the daily results ÷ their deviation (Sortino: of losing days), × √365. Days without a trade count as 0.",
    ),
];

pub fn definitions() -> AnyView {
    let list = DEFINITIONS.map(|(name, text)| view! { <dt>{name}</dt><dd>{text}</dd> }).collect_view();
    view! {
        <section class="panel" aria-label="Definitions" id="definitions">
            <header><h2>"Definitions"</h2></header>
            <dl class="definitions">{list}</dl>
        </section>
    }
    .into_any()
}
