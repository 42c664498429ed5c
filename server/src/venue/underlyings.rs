//! Underlyings and the names that the venue gives them: the index that their options settle on, and the perpetual whose
//! ticker tells the same price (venue facts, section 6).

use std::collections::BTreeSet;

use model::{Symbol, Underlying};

/// Followed whether anything of them is watched or not: their spot price is asked for before a session starts.
const ALWAYS: [&str; 2] = ["BTC", "ETH"];

/// The underlyings whose spot price is followed while these instruments are watched.
#[must_use]
pub fn followed(watched: &[Symbol]) -> BTreeSet<Underlying> {
    let always = ALWAYS.into_iter().map(Underlying::from);
    always.chain(watched.iter().filter_map(of_option)).collect()
}

/// `C-ETH-3000-070122` is written on ETH; what is no option has none.
#[must_use]
pub fn of_option(symbol: &Symbol) -> Option<Underlying> {
    let parts: Vec<&str> = symbol.as_str().split('-').collect();
    match parts.as_slice() {
        ["C" | "P", underlying, _strike, _day] if !underlying.is_empty() => {
            Some(Underlying::from(*underlying))
        }
        _no_option => None,
    }
}

/// `.DEXBTUSD` for BTC, `.DEETHUSD` for ETH, and so on.
#[must_use]
pub fn index(underlying: &Underlying) -> String {
    match underlying.as_str() {
        "BTC" => ".DEXBTUSD".to_owned(),
        other => format!(".DE{other}USD"),
    }
}

/// `BTCUSD`, `ETHUSD`.
#[must_use]
pub fn perpetual(underlying: &Underlying) -> Symbol {
    Symbol(format!("{underlying}USD"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_from_what_is_watched() {
        let watched = ["C-ETH-3000-070122", "P-SOL-90-070122", "BTCUSD", "MV-XRP-1-070122", "C--1-070122"];
        let watched: Vec<Symbol> = watched.into_iter().map(Symbol::from).collect();
        let names: Vec<String> = followed(&watched).into_iter().map(|underlying| underlying.0).collect();
        assert_eq!(names, ["BTC", "ETH", "SOL"]);
        for (name, index_of, perpetual_of) in
            [("BTC", ".DEXBTUSD", "BTCUSD"), ("ETH", ".DEETHUSD", "ETHUSD"), ("SOL", ".DESOLUSD", "SOLUSD")]
        {
            let underlying = Underlying::from(name);
            assert_eq!(
                (index(&underlying).as_str(), perpetual(&underlying).as_str()),
                (index_of, perpetual_of)
            );
        }
    }
}
