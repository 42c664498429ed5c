//! What is public.

use model::Decimal;
use server::venue::{Call, wire};

use crate::desk::Desk;

#[tokio::test]
async fn the_book_has_both_sides_best_first() {
    let desk = Desk::start().await;
    let (book, _) = desk.rest.read::<wire::Book>(&Call::book(&desk.symbol, 3)).await.unwrap();
    assert_eq!((book.symbol.as_str(), book.buy.len()), (desk.symbol.as_str(), 3));
    assert!(book.buy[0].price > book.buy[1].price && book.sell[0].price < book.sell[1].price, "{book:?}");
    assert!(book.buy[0].price < book.sell[0].price && book.last_updated_at.is_some());
    assert!(book.sell.iter().all(|level| level.size > Decimal::ZERO));
}

/// The same sides in both forms that sources know.
#[tokio::test]
async fn trades_are_read_in_both_forms() {
    let mut sides = Vec::new();
    for quirks in ["", "[quirks]\ntrades_as_object = true\n"] {
        let desk = Desk::with(7, quirks).await;
        let (trades, _) = desk.rest.read::<wire::Trades>(&Call::trades(&desk.symbol)).await.unwrap();
        let seen: Vec<bool> = trades.0.iter().map(|trade| trade.was_bought().unwrap()).collect();
        assert!(!seen.is_empty() && trades.0.iter().all(|trade| trade.price > Decimal::ZERO));
        sides.push(seen.contains(&true) && seen.contains(&false));
    }
    assert_eq!(sides, [true, true]);
}

#[tokio::test]
async fn candles_are_read_for_a_contract_its_mark_and_an_index() {
    let desk = Desk::start().await;
    let now_s = now_s();
    for symbol in [desk.symbol.as_str(), &format!("MARK:{}", desk.symbol), ".DEXBTUSD"] {
        let call = Call::candles(symbol, "1m", now_s - 600, now_s);
        let (bars, _) = desk.rest.read::<Vec<wire::Candle>>(&call).await.unwrap();
        assert!(!bars.is_empty(), "{symbol}");
        for bar in &bars {
            assert!(bar.low <= bar.open && bar.open <= bar.high && bar.time.is_some(), "{symbol}: {bar:?}");
        }
    }
    let refused =
        desk.rest.read::<Vec<wire::Candle>>(&Call::candles("BTCUSD", "7m", 0, 1)).await.unwrap_err();
    assert_eq!(refused.code(), "bad_schema");
}

fn now_s() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

#[tokio::test]
async fn assets_and_indices_have_names() {
    let desk = Desk::start().await;
    let (assets, _) = desk.rest.read::<Vec<wire::AssetRow>>(&Call::assets()).await.unwrap();
    let usd = assets.iter().find(|asset| asset.symbol == server::venue::SETTLED_IN);
    assert!(usd.is_some(), "{assets:?}");
    let (indices, _) = desk.rest.read::<Vec<wire::Index>>(&Call::indices()).await.unwrap();
    let btc = indices.iter().find(|index| index.symbol == ".DEXBTUSD").unwrap();
    assert!(assets.iter().any(|asset| Some(asset.id) == btc.underlying_asset_id && asset.symbol == "BTC"));
}

/// The venue's clock to a few milliseconds, where the headers of one answer tell half a second.
#[tokio::test]
async fn the_time_is_asked_for_to_the_millisecond() {
    let desk = Desk::start().await;
    let offset = desk.rest.ask_time().await.unwrap();
    assert!(offset.ms.abs() <= offset.uncertainty_ms && offset.uncertainty_ms < 250, "{offset:?}");
}
