//! Simulated fills beside recorded quotes: by how much each was better or worse than the touch of its moment.

use std::path::PathBuf;

use clap::Args;
use rust_decimal::Decimal;
use serde_json::Value;
use simulator::recording::{Quoted, Recording};

use crate::cli::Outcome;

#[derive(Args)]
pub(in crate::cli) struct Report {
    /// A recording of the venue on which was traded
    #[arg(long, value_name = "FILE")]
    tape: PathBuf,
    /// The answer of GET /v2/fills, or its rows alone
    #[arg(long, value_name = "FILE")]
    fills: PathBuf,
}

pub(super) fn run(arguments: &Report) -> Outcome {
    let read = |path: &PathBuf| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let tape = Recording::parse(&read(&arguments.tape)?)
        .map_err(|why| format!("tape {}: {why}", arguments.tape.display()))?;
    let fills: Value = serde_json::from_slice(&read(&arguments.fills)?)
        .map_err(|error| format!("fills {}: {error}", arguments.fills.display()))?;
    for line in lines(&tape, &fills)? {
        println!("{line}");
    }
    Ok(())
}

/// The fields of a fill that are compared.
struct Row<'a> {
    symbol: &'a str,
    buys: bool,
    size: i64,
    price: Decimal,
    at_us: i64,
}

/// One line a fill, oldest first, then the sums.
pub(super) fn lines(tape: &Recording, fills: &Value) -> Result<Vec<String>, String> {
    let rows = fills.get("result").unwrap_or(fills).as_array().ok_or("the fills are no list")?;
    let mut lines = Vec::new();
    let (mut compared, mut lots, mut worse) = (0, 0, Decimal::ZERO);
    for (number, row) in rows.iter().rev().enumerate() {
        let row = fill(row)
            .ok_or_else(|| format!("fill {} lacks symbol, side, size, price or created_at", number + 1))?;
        let quoted = tape.quote_at(row.symbol, row.at_us);
        let (side, Row { symbol, size, price, at_us, .. }) = (if row.buys { "buy" } else { "sell" }, &row);
        let Some((touch, behind)) = quoted.and_then(|quoted| against(&row, quoted)) else {
            lines.push(format!("{at_us} {symbol} {side} {size} at {price}: no quote was recorded"));
            continue;
        };
        (compared, lots, worse) = (compared + 1, lots + size, worse + behind * Decimal::from(*size));
        let age_ms = quoted.map_or(0, |quoted| (at_us - quoted.at_us) / 1_000);
        lines.push(format!(
            "{at_us} {symbol} {side} {size} at {price}: quoted {touch}, {behind} worse, quote {age_ms} ms old"
        ));
    }
    let mean = worse.checked_div(Decimal::from(lots)).unwrap_or_default().round_dp(4).normalize();
    let without = rows.len() - compared;
    lines.push(format!(
        "{compared} fills of {lots} lots were {mean} worse than quoted in the mean of their lots; {without} had no quote"
    ));
    Ok(lines)
}

/// The price that was offered to this side, and how much worse the fill was; negative is better.
fn against(row: &Row<'_>, quoted: Quoted) -> Option<(Decimal, Decimal)> {
    let touch = if row.buys { quoted.ask } else { quoted.bid }?;
    Some((touch, if row.buys { row.price - touch } else { touch - row.price }))
}

fn fill(row: &Value) -> Option<Row<'_>> {
    let size = match &row["size"] {
        Value::String(text) => text.parse().ok()?,
        other => other.as_i64()?,
    };
    let created = row["created_at"].as_str()?;
    let at_us = created.parse().ok().or_else(|| simulator::time::us_from_iso(created))?;
    let buys = match row["side"].as_str()? {
        "buy" => true,
        "sell" => false,
        _unknown => return None,
    };
    Some(Row {
        symbol: row["product_symbol"].as_str()?,
        buys,
        size,
        price: row["price"].as_str()?.parse().ok()?,
        at_us,
    })
}
