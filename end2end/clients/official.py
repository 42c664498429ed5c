"""The venue's own Python client, delta-rest-client, against the simulated venue: every method it has."""

import datetime
import time
from decimal import Decimal

import requests
from delta_rest_client import DeltaRestClient, OrderType, TimeInForce, round_by_tick_size

import calls as c

calls = c.Calls("delta-rest-client")


class Counted(DeltaRestClient):
    def request(self, *arguments, **named):
        calls.called += 1
        return super().request(*arguments, **named)


client = Counted(c.ADDRESS, c.KEY, c.SECRET)
plain = Counted(c.ADDRESS)


def decimal(value):
    return Decimal(str(value))


def markets():
    assets = plain.get_assets()
    calls.same(sorted(asset["symbol"] for asset in assets), ["BTC", "ETH", "USD"], "assets")
    calls.check(len(plain.get_indices()) == 2, "two indices", None)
    products = plain.get_products({"contract_types": "call_options,put_options", "page_size": 1000})
    calls.check(len(products) > 500, "options are listed", len(products))
    product = products[0]
    for named in (product["id"], product["symbol"]):
        calls.same(plain.get_product(named)["symbol"], product["symbol"], f"product {named}")
    for field in ("underlying_asset", "quoting_asset", "settling_asset", "product_specs"):
        calls.check(bool(product[field]), f"{field} of an option", product[field])
    perpetual = plain.get_product("BTCUSD")
    calls.same((perpetual["id"], perpetual["contract_type"]), (27, "perpetual_futures"), "BTCUSD")
    calls.same(round_by_tick_size(decimal("123.44"), decimal(perpetual["tick_size"])), decimal("123.5"), "rounding")


def chain():
    day = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
    rows = plain.option_chain("BTC", day.strftime("%d-%m-%Y"))
    calls.check(len(rows) > 60, "a chain of two days ahead", len(rows))
    near = min(rows, key=lambda row: (abs(decimal(row["strike_price"]) - decimal(row["spot_price"])), row["symbol"]))
    greeks = near["greeks"]
    calls.check(decimal("0.3") < abs(decimal(greeks["delta"])) < decimal("0.7"), "delta at the money", greeks)
    band = near["price_band"]
    mark = decimal(near["mark_price"])
    calls.check(decimal(band["lower_limit"]) < mark < decimal(band["upper_limit"]), "the mark is in its band", band)
    for field in ("open", "high", "low", "close", "volume", "size", "turnover_usd", "oi_value", "oi_value_usd"):
        calls.check(field in near, f"{field} of a ticker", sorted(near))
    one = plain.get_ticker(near["symbol"])
    calls.same(one["product_id"], near["product_id"], "one ticker")
    several = plain.get_ticker(",".join(row["symbol"] for row in rows[:3]))
    calls.same([row["symbol"] for row in several], [row["symbol"] for row in rows[:3]], "several tickers")
    calls.check("funding_rate" in plain.get_ticker("BTCUSD"), "funding rate of the perpetual", None)
    calls.check(len(plain.get_tickers({"contract_types": "perpetual_futures"})) == 2, "two perpetuals", None)
    return near


def books(row):
    book = plain.get_l2_orderbook(row["symbol"])
    calls.same(plain.get_l2_orderbook(row["product_id"])["symbol"], row["symbol"], "a book by id")
    bids, asks = book["buy"], book["sell"]
    calls.check(decimal(bids[0]["price"]) < decimal(asks[0]["price"]), "the book does not cross", (bids[0], asks[0]))
    calls.check(all(isinstance(level["size"], int) for level in bids + asks), "sizes are integers", bids[0])
    calls.same(decimal(asks[1]["depth"]), decimal(asks[0]["size"] + asks[1]["size"]), "depth adds up")
    trades = plain.get_public_trades(row["symbol"])
    calls.check(len(trades) > 5 and {"price", "size", "timestamp"} <= set(trades[0]), "public trades", trades[:1])
    now = int(time.time())
    for symbol in (row["symbol"], "MARK:" + row["symbol"], ".DEXBTUSD", "BTCUSD"):
        candles = plain.get_candles(symbol, "5m", now - 7200, now)
        calls.check(len(candles) == 25 or len(candles) == 24, f"two hours of {symbol}", len(candles))
        calls.check(
            all(bar["low"] <= min(bar["open"], bar["close"]) <= bar["high"] for bar in candles),
            f"candles of {symbol} hold together", candles[:1],
        )
    calls.refused(
        lambda: plain.get_candles("BTCUSD", "12h", now - 7200, now), requests.HTTPError, "bad_schema", "12h candles"
    )
    return decimal(bids[0]["price"]), decimal(asks[0]["price"])


def resting(row, bid):
    far = str((bid * decimal("0.8")).quantize(decimal("0.1")))
    order = client.place_order(
        row["product_id"], 7, "buy", limit_price=far, time_in_force=TimeInForce.GTC, post_only="true",
        client_order_id="official-1",
    )
    calls.same((order["state"], order["size"], order["unfilled_size"]), ("open", 7, 7), "a resting order")
    calls.same(client.get_order_by_id(order["id"])["id"], order["id"], "order by id")
    calls.same(client.get_order_by_client_id("official-1")["id"], order["id"], "order by client id")
    edited = client.edit_order({"id": order["id"], "product_id": row["product_id"], "size": 9, "limit_price": far})
    calls.same((edited["id"], edited["size"]), (order["id"], 9), "an edited order keeps its id")
    live = client.get_live_orders({"product_ids": row["product_id"], "states": "open,pending"})
    calls.same([each["id"] for each in live], [order["id"]], "live orders")
    blocked = client.get_balances(14)
    calls.check(decimal(blocked["order_margin"]) > 0, "a purchase that rests blocks its premium", blocked)
    gone = client.cancel_order(row["product_id"], order["id"])
    calls.same((gone["state"], gone["cancellation_reason"]), ("cancelled", "cancelled_by_user"), "a cancelled order")
    calls.same(client.get_live_orders({"states": "open"}), [], "no live orders")
    rows = [
        {"limit_price": far, "size": 1, "side": "buy", "order_type": "limit_order", "post_only": "true"},
        {"limit_price": "0.01", "size": 1, "side": "buy", "order_type": "limit_order"},
        {"limit_price": far, "size": 2, "side": "buy", "order_type": "limit_order", "client_order_id": "official-2"},
    ]
    batch = client.batch_create(row["product_id"], rows)
    calls.same([each["size"] for each in batch], [1, 2], "a batch leaves out what cannot be done")
    changed = client.batch_edit(row["product_id"], [{"id": batch[0]["id"], "size": 5}])
    calls.same([each["size"] for each in changed], [5], "an edited batch")
    ended = client.batch_cancel(row["product_id"], [{"id": each["id"]} for each in batch])
    calls.same([each["state"] for each in ended], ["cancelled"] * 2, "a cancelled batch")
    stop = client.place_stop_order(
        row["product_id"], 3, "sell", stop_price=far, order_type=OrderType.MARKET
    )
    calls.same((stop["state"], stop["stop_order_type"]), ("pending", "stop_loss_order"), "a stop order")
    trailing = client.place_stop_order(
        row["product_id"], 3, "sell", trail_amount=50, order_type=OrderType.MARKET, isTrailingStopLoss=True
    )
    calls.same(trailing["trail_amount"], "-50.0", "a trailing stop")
    client.cancel_all_orders({"cancel_limit_orders": True, "cancel_stop_orders": "true"})
    calls.same(client.get_live_orders({"states": "open,pending"}), [], "nothing after cancel-all")


def trading(row, bid):
    product = row["product_id"]
    before = decimal(client.get_balances(14)["balance"])
    sold = client.place_order(product, 50, "sell", order_type=OrderType.MARKET, client_order_id="official-3")
    calls.same((sold["state"], sold["unfilled_size"]), ("closed", 0), "a market order")
    position = client.get_position(product)
    calls.same(position["size"], -50, "the position")
    held = client.get_margined_position(product)
    for field in ("liquidation_price", "bankruptcy_price", "commission", "margin"):
        calls.check(decimal(held[field] or 0) > 0, f"{field} of a short option", held[field])
    calls.same(held["product"]["symbol"], row["symbol"], "the position's product")
    fills = client.fills({"product_ids": product})
    mine = [fill for fill in fills["result"] if fill["order_id"] == str(sold["id"])]
    calls.same(sum(fill["size"] for fill in mine), 50, "fills add up")
    calls.check(all(len(fill["id"]) == 32 for fill in mine), "ids of fills", mine[0]["id"])
    calls.same(mine[0]["product"]["symbol"], row["symbol"], "the fill's product")
    calls.same(mine[0]["meta_data"]["order_type"], "market_order", "what a fill says of its order")
    paid = sum(decimal(fill["commission"]) for fill in mine)
    premium = sum(decimal(fill["price"]) * fill["size"] for fill in mine) * decimal("0.001")
    after = decimal(client.get_balances(14)["balance"])
    calls.same(after - before, premium - paid, "the balance moved by premium less fees")
    rows = client.get_wallet_transactions({"page_size": 50})
    calls.same(decimal(rows[0]["balance"]), after, "the last transaction")
    calls.same(
        client.place_bracket_order({
            "product_id": product,
            "stop_loss_order": {"order_type": "market_order", "stop_price": str(int(bid * 2))},
            "take_profit_order": {"order_type": "limit_order", "stop_price": "1", "limit_price": "1.2"},
        }), None, "a bracket around the position",
    )
    legs = client.get_live_orders({"states": "pending"})
    calls.same(sorted(leg["stop_order_type"] for leg in legs), ["stop_loss_order", "take_profit_order"], "its legs")
    margin = decimal(held["margin"])
    calls.same(decimal(client.change_position_margin(product, "5")["margin"]) > margin, True, "added margin")
    calls.same(client.auto_topup_position(product, True)["auto_topup"], True, "auto top-up")
    client.close_all_positions(close_all_isolated=True)
    calls.same(client.get_position(product)["size"], 0, "flat after close-all")
    calls.same(client.get_live_orders({"states": "open,pending"}), [], "its bracket ended with it")
    entry = client.create_order({
        "product_id": product, "size": 5, "side": "sell", "order_type": "market_order",
        "bracket_stop_loss_price": str(int(bid * 2)), "bracket_take_profit_price": "1",
    })
    calls.same(len(client.get_live_orders({"states": "pending"})), 2, "an entry with a bracket")
    client.edit_bracket_order({
        "id": entry["id"], "product_id": product, "bracket_stop_loss_price": str(int(bid * 3)),
    })
    stops = [leg["stop_price"] for leg in client.get_live_orders({"states": "pending"})]
    calls.check(str(int(bid * 3)) + ".0" in stops, "an edited bracket", stops)
    client.place_order(product, 5, "buy", order_type=OrderType.MARKET, reduce_only="true")
    calls.same(client.get_margined_position(product), None, "no margined position when flat")
    history = client.order_history({"product_ids": product}, page_size=100)
    calls.check(len(history["result"]) >= 8, "order history", len(history["result"]))
    first = client.order_history({"product_ids": product}, page_size=3)
    second = client.order_history({"product_ids": product}, page_size=3, after=first["meta"]["after"])
    ids = [each["id"] for each in first["result"] + second["result"]]
    calls.same(ids, [each["id"] for each in history["result"][:6]], "pages of the history")


def account(row):
    product = row["product_id"]
    calls.same(client.get_order_leverage(product)["leverage"], "100", "leverage at first")
    calls.same(client.set_leverage(product, "25")["leverage"], "25", "leverage that was set")
    calls.same(client.get_order_leverage(product)["leverage"], "25", "leverage that stays")
    calls.refused(lambda: client.set_leverage(product, 500), requests.HTTPError, "max_leverage_exceeded", "500 times")
    client.set_leverage(product, 100)
    calls.same(client.change_margin_mode("isolated")["margin_mode"], "isolated", "margin mode")
    calls.same(len(client.get_all_wallet_balances()), 1, "wallet rows")


def refusals(row, ask):
    product = row["product_id"]
    crossing = (ask * decimal("1.1")).quantize(decimal("0.1"))
    wrong = Counted(c.ADDRESS, c.KEY, "not-the-secret")
    calls.refused(lambda: wrong.get_position(product), requests.HTTPError, "invalid_signature", "a wrong secret")
    stranger = Counted(c.ADDRESS, "nobody", c.SECRET)
    calls.refused(lambda: stranger.get_position(product), requests.HTTPError, "invalid_api_key", "an unknown key")
    for body, word, what in (
        ({"size": 100_000, "side": "sell", "limit_price": str(ask)}, "insufficient_margin", "more than the wallet"),
        ({"size": 0, "side": "buy", "limit_price": str(ask)}, "less_than_order_min_size", "no lots"),
        ({"size": 1, "side": "buy", "limit_price": "0.15"}, "bad_schema", "a price off the grid"),
        ({"size": 1, "side": "buy", "limit_price": str(ask * 20)}, "bad_schema", "a price outside the band"),
        ({"size": 1, "side": "buy", "limit_price": str(crossing), "post_only": True}, "immediate_execution_post_only",
         "post-only that crosses"),
        ({"size": 1, "side": "sell", "limit_price": str(ask), "reduce_only": "true"}, "no_position_for_reduce_only",
         "reducing nothing"),
    ):
        order = {"product_id": product, "order_type": "limit_order"} | body
        count = 4 if word == "insufficient_margin" else 1
        placed = []

        def several(order=order, count=count, placed=placed):
            for _ in range(count):
                placed.append(client.create_order(order)["id"])

        calls.refused(several, requests.HTTPError, word, what)
        for each in placed:
            client.cancel_order(product, each)
    calls.refused(lambda: client.create_order(
        {"product_id": 5, "size": 1, "side": "buy", "order_type": "market_order"}
    ), requests.HTTPError, "invalid_contract", "an unknown contract")
    calls.refused(lambda: client.cancel_order(product, 1), requests.HTTPError, "open_order_not_found", "no such order")
    calls.refused(lambda: client.get_order_by_client_id("nobody"), requests.HTTPError, "open_order_not_found", "no id")
    calls.refused(lambda: plain.get_ticker("C-BTC-1-010199"), requests.HTTPError, "product_not_found", "a bad symbol")


markets()
near = chain()
bid, ask = books(near)
resting(near, bid)
trading(near, bid)
account(near)
refusals(near, ask)
calls.close()
