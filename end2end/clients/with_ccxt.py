"""ccxt's `delta` exchange against the simulated venue: its unified methods, and how it maps errors."""

import ccxt

import calls as c

calls = c.Calls("ccxt")


class Counted(ccxt.delta):
    def fetch(self, *arguments, **named):
        calls.called += 1
        return super().fetch(*arguments, **named)


def exchange(secret=c.SECRET, key=c.KEY):
    made = Counted({"apiKey": key, "secret": secret, "enableRateLimit": False})
    made.urls["api"] = {"public": c.ADDRESS, "private": c.ADDRESS}
    return made


desk = exchange()


def markets():
    desk.load_markets(params={})
    calls.check(len(desk.markets) >= 100, "markets", len(desk.markets))
    calls.same(sorted(desk.currencies), ["BTC", "ETH", "USD"], "currencies")
    perpetual = desk.market("BTC/USD:USD")
    calls.same((perpetual["id"], perpetual["contractSize"], perpetual["linear"]), ("BTCUSD", 0.001, True), "BTCUSD")
    # The first page holds only one underlying's nearest options; those of all pages are asked for here.
    rows = desk.fetch_markets({"page_size": 1000, "contract_types": "call_options,put_options,perpetual_futures"})
    desk.set_markets(rows, desk.currencies)
    desk.options["marketsByNumericId"] = desk.index_by_stringified_numeric_id(desk.markets)
    options = [market for market in desk.markets.values() if market["option"]]
    calls.check(len(options) > 500, "options", len(options))
    calls.check(all(market["strike"] > 0 and market["expiry"] > 0 for market in options), "strikes and expiries")
    calls.check(abs(desk.fetch_time() - desk.milliseconds()) < 5_000, "time", desk.fetch_time())
    calls.same(desk.fetch_status()["status"], "ok", "status")
    return options


def prices(options):
    ticker = desk.fetch_ticker("BTC/USD:USD")
    for field in ("bid", "ask", "last", "open", "high", "low", "baseVolume", "quoteVolume", "markPrice", "indexPrice"):
        calls.check(ticker[field] is not None, f"{field} of a ticker", ticker)
    spot = ticker["indexPrice"]
    soon = sorted({market["expiry"] for market in options if market["base"] == "BTC"})[1]
    of_day = [market for market in options if market["expiry"] == soon and market["base"] == "BTC"]
    near = min(of_day, key=lambda market: (abs(market["strike"] - spot), market["id"]))
    symbol = near["symbol"]
    tickers = desk.fetch_tickers([symbol, "BTC/USD:USD"])
    calls.same(sorted(tickers), sorted([symbol, "BTC/USD:USD"]), "tickers")
    book = desk.fetch_order_book(symbol, 5)
    calls.check(len(book["bids"]) == 5 and book["bids"][0][0] < book["asks"][0][0], "the book", book["bids"])
    calls.check(len(desk.fetch_trades(symbol)) > 5, "public trades")
    for price in ({}, {"price": "mark"}, {"price": "index"}):
        bars = desk.fetch_ohlcv("BTC/USD:USD", "1m", None, 30, price)
        calls.check(len(bars) == 30 and all(bar[3] <= bar[1] <= bar[2] for bar in bars), f"candles {price}", bars[:1])
    greeks = desk.fetch_greeks(symbol)
    calls.check(0.2 < abs(greeks["delta"]) < 0.8 and greeks["underlyingPrice"] > 0, "greeks", greeks)
    calls.check(desk.fetch_option(symbol)["impliedVolatility"] > 0, "one option")
    interest = desk.fetch_open_interest(symbol)
    calls.check(interest["baseVolume"] is not None and interest["quoteVolume"] is not None, "open interest", interest)
    rate = desk.fetch_funding_rate("BTC/USD:USD")
    calls.check(rate["fundingRate"] is not None and abs(rate["fundingRate"]) < 0.01, "funding rate", rate)
    calls.same(len(desk.fetch_funding_rates()), 2, "funding rates")
    desk.fetch_settlement_history()
    calls.same(len(desk.publicGetHistorySparklines()["result"]), 2, "sparklines")
    calls.check("last_24_hours_volume" in desk.publicGetStats()["result"], "sums of a day")
    quota = desk.privateGetRateLimitsQuota()["result"]
    calls.check(int(quota["current_quota"]) > 0, "the quota that is used", quota)
    calls.check(int(desk.privateGetUsersTradingPreferences()["result"]["user_id"]) > 0, "the user")
    return symbol, book["bids"][0][0], book["asks"][0][0]


def orders(symbol, bid):
    far = float(desk.price_to_precision(symbol, bid * 0.8))
    order = desk.create_order(symbol, "limit", "buy", 4, far, {"clientOrderId": "ccxt-1", "post_only": True})
    calls.same(order["info"]["size"], 4, "integers that ccxt sends as text")
    calls.same(desk.fetch_order(order["id"], symbol)["status"], "open", "an order by id")
    named = desk.fetch_order(None, symbol, {"clientOrderId": "ccxt-1"})
    calls.same(named["id"], order["id"], "an order by client id")
    calls.same([each["id"] for each in desk.fetch_open_orders(symbol)], [order["id"]], "open orders")
    edited = desk.edit_order(order["id"], symbol, "limit", "buy", 6, far)
    calls.same((edited["id"], edited["amount"]), (order["id"], 6.0), "an edited order")
    calls.same(desk.cancel_order(order["id"], symbol)["status"], "canceled", "a cancelled order")
    stop = desk.create_order(symbol, "market", "sell", 2, None, {
        "stop_order_type": "stop_loss_order", "stop_price": str(far), "stop_trigger_method": "spot_price",
    })
    calls.same(stop["info"]["stop_trigger_method"], "spot_price", "a stop on the index")
    desk.cancel_order(stop["id"], symbol)
    for method in ("last_traded_price", "mark_price"):
        stop = desk.create_order(symbol, "market", "sell", 2, None, {
            "stop_order_type": "stop_loss_order", "stop_price": str(far), "stop_trigger_method": method,
        })
        calls.same((stop["status"], stop["info"]["stop_trigger_method"]), ("open", method), f"a stop on {method}")
    desk.create_order(symbol, "limit", "buy", 4, far)
    desk.cancel_all_orders(symbol, {"cancel_limit_orders": True, "cancel_stop_orders": True})
    calls.same(desk.fetch_open_orders(symbol), [], "nothing after cancel-all")


def trading(symbol):
    before = desk.fetch_balance()["USD"]["total"]
    sold = desk.create_order(symbol, "market", "sell", 30)
    calls.same((sold["status"], sold["filled"]), ("closed", 30.0), "a market order")
    calls.check(sold["average"] > 0 and float(sold["fee"]["cost"]) > 0, "what it cost", sold["fee"])
    position = desk.fetch_position(symbol)
    calls.same((position["side"], position["contracts"]), ("short", -30.0), "the position")
    held = [each for each in desk.fetch_positions() if each["symbol"] == symbol]
    calls.same(len(held), 1, "margined positions")
    calls.check(held[0]["liquidationPrice"] is not None, "liquidation price", held[0]["info"])
    trades = desk.fetch_my_trades(symbol)
    mine = [trade for trade in trades if trade["order"] == sold["id"]]
    calls.same(sum(trade["amount"] for trade in mine), 30.0, "own trades add up")
    calls.check(all(trade["symbol"] == symbol and trade["fee"]["currency"] == "USD" for trade in mine), "own trades")
    calls.same({trade["type"] for trade in mine}, {"market"}, "the kind of order of a trade")
    closed = desk.create_order(symbol, "market", "buy", 30, None, {"reduceOnly": True})
    calls.same(closed["info"]["reduce_only"], True, "an order that only reduces")
    calls.same(desk.fetch_position(symbol)["contracts"], 0.0, "flat")
    calls.check(desk.fetch_balance()["USD"]["total"] != before, "the balance moved", before)
    calls.check(len(desk.fetch_closed_orders(symbol)) >= 5, "closed orders")
    ledger = desk.fetch_ledger("USD")
    kinds = {row["type"] for row in ledger}
    calls.check({"fee", "cashflow"} <= kinds, "the ledger has premiums and fees", sorted(kinds))
    desk.create_order(symbol, "market", "sell", 3)
    calls.check(desk.add_margin(symbol, 2)["total"] > 0, "added margin")
    desk.reduce_margin(symbol, 2)
    calls.check(len(desk.fetch_positions_adl_rank([symbol])) == 1, "ADL ranks")
    desk.close_all_positions()
    calls.same(desk.fetch_positions(), [], "nothing after close-all")


def account(symbol):
    calls.same(desk.set_leverage(20, symbol)["result"]["leverage"], "20", "leverage that was set")
    calls.same(desk.fetch_leverage(symbol)["longLeverage"], 20, "leverage that stays")
    desk.set_leverage(100, symbol)
    calls.refused(
        lambda: desk.fetch_margin_mode(symbol), ccxt.ExchangeError, "unauthorized_api_access", "the profile"
    )


def refusals(symbol, ask):
    calls.refused(lambda: exchange("wrong").fetch_balance(), ccxt.AuthenticationError, "invalid_signature", "secret")
    stranger = exchange(c.SECRET, "nobody")
    calls.refused(stranger.fetch_balance, ccxt.AuthenticationError, "invalid_api_key", "an unknown key")
    calls.refused(lambda: desk.cancel_order("1", symbol), ccxt.OrderNotFound, "open_order_not_found", "no such order")
    calls.refused(lambda: desk.fetch_order("1", symbol), ccxt.OrderNotFound, "open_order_not_found", "no such id")
    buy = lambda size, price, **more: desk.create_order(symbol, "limit", "buy", size, price, more)  # noqa: E731
    calls.refused(lambda: buy(1, ask * 50), ccxt.BadRequest, "bad_schema", "a price outside the band")
    calls.refused(
        lambda: buy(1, ask * 1.05, post_only=True), ccxt.InvalidOrder, "immediate_execution_post_only", "post-only"
    )
    calls.refused(
        lambda: buy(1, round(ask * 0.6, 1), time_in_force="ioc"), ccxt.InvalidOrder, "order_size_exceed_available",
        "an immediate order that nothing meets",
    )

    def more_than_the_wallet():
        for _ in range(4):
            desk.create_order(symbol, "limit", "sell", 90_000, float(desk.price_to_precision(symbol, ask * 1.1)))

    calls.refused(more_than_the_wallet, ccxt.InsufficientFunds, "insufficient_margin", "more than the wallet")
    desk.cancel_all_orders(symbol, {"cancel_limit_orders": True})
    calls.refused(
        lambda: desk.privatePostOrders({"product_id": 5, "size": 1, "side": "buy", "order_type": "market_order"}),
        ccxt.BadSymbol, "invalid_contract", "an unknown contract",
    )
    calls.unable("load all options by itself", "load_markets asks for one page and follows no cursor (first 100 products)")
    calls.unable("cancel everything by itself", "cancelAllOrders sends none of the three flags, which default to false")
    calls.unable("read the margin mode", "fetchMarginMode asks /v2/profile, which keys may not since August 2026")
    calls.unable("set the margin mode for itself", "setMarginMode insists on a sub-account")


options = markets()
near, best_bid, best_ask = prices(options)
orders(near, best_bid)
trading(near)
account(near)
refusals(near, best_ask)
calls.close()
