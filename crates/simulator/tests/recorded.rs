//! Bitcoin's numbers for a seed stay as they are from version to version: recorded tests and first
//! impressions depend on them. What is added draws from a stream of its own.

use simulator::book::Side;
use simulator::{Exchange, OrderRequest, Setup, Source, Tape, TapeEnd};

const SECOND: i64 = 1_000_000;
const START: i64 = 1_789_992_001 * SECOND;

/// Spot, mark, bid, ask and lots on both sides of a call at some seconds; at 10 s it is sold.
fn numbers(source: Source) -> Vec<String> {
    let mut exchange = Exchange::new(Setup { speed: 120, ..Setup::new(4, source, START) });
    let call = exchange.product("C-BTC-46200-230926").unwrap();
    let mut rows = Vec::new();
    for second in [1, 5, 10, 20, 60] {
        let now_us = START + second * SECOND;
        let row = exchange.ticker(now_us, &call);
        rows.push(format!("{} {:.6} {:?} {:?}", row.spot, row.mark, row.bid.unwrap(), row.ask.unwrap()));
        if second == 10 {
            exchange.place(now_us, &OrderRequest::market(call.id, Side::Sell, 120)).unwrap();
        }
    }
    let fills = exchange.fills(START + 60 * SECOND);
    rows.push(fills.iter().rev().map(|fill| format!("{}@{} ", fill.size, fill.price)).collect());
    rows
}

#[test]
fn the_numbers_of_a_seed_are_those_that_were_recorded() {
    let tape = Source::Tape(Tape::embedded().unwrap(), TapeEnd::Mirror);
    let recorded = [
        "45911.0 677.098403 (673.3, 3133) (680.9, 4007)",
        "45933.0 690.011172 (681.2, 1628) (698.8, 1316)",
        "46086.0 755.524339 (751.3, 3813) (759.7, 3624)",
        "46197.0 810.519972 (803.2, 1982) (817.9, 2934)",
        "46163.0 788.116025 (783.7, 4504) (792.5, 3565)",
        "15@751.3 74@751.3 4@751.3 22@751.3 2@751.3 3@751.3 ",
    ];
    assert_eq!(numbers(tape), recorded);
    let walked = [
        "44995.8 346.600809 (344.3, 3133) (348.9, 4007)",
        "45147.2 382.932360 (380.1, 3127) (385.8, 2529)",
        "45199.3 393.456711 (391.0, 3813) (395.9, 3624)",
        "45491.9 482.546521 (479.7, 3063) (485.4, 4531)",
        "45189.3 369.751912 (367.4, 4504) (372.1, 3565)",
        "15@391.0 74@391.0 4@391.0 22@391.0 2@391.0 3@391.0 ",
    ];
    assert_eq!(numbers(Source::Walk), walked);
}
