"""Everything that can go wrong on the wire, and what is expected of the decisions meanwhile.

Belongs here: the table. What holds after every fault is checked by `market.check`.
"""

from collections.abc import Mapping
from typing import Any

from tests.faults.wire.market import Order, Scenario

CANDLE, TRADE, QUOTE = "*@kline_1m", "*@aggTrade", "*@bookTicker"
REST_CANDLES = "/fapi/v1/klines"

NO_CANDLE: Order = ("lose", {"where": CANDLE})
"""Makes the client ask for the candle, so that a wrong answer matters."""

CANDLE_LOST = ("candles", None)
CANDLE_FROM_REST = ("candles", "rest")
TRADES_LOST, TRADES_FROM_REST = ("trades", None), ("trades", "rest")
QUOTES_LOST = ("quotes", None)
INTEREST_LOST = ("open_interest", None)
FAIR_VALUE = frozenset({"as_fair_value"})
"""Reads quotes: without them it has nothing to say."""


def unanswered(kind: str, **settings: Any) -> Scenario:
    """The candle is lost on its stream, and no request is answered as it should be."""
    return Scenario(
        [NO_CANDLE, (kind, settings)], missed=2, gaps=frozenset({CANDLE_LOST, INTEREST_LOST})
    )


def rejected(*faults: Order, counted: str = "rejected") -> Scenario:
    """No usable candle comes, by neither way."""
    return Scenario(
        list(faults), missed=2, gaps=frozenset({CANDLE_LOST}), counted=frozenset({counted} - {""})
    )


def lost(where: str, *, kind: str = "lose", **settings: Any) -> Scenario:
    """One stream is wrong: candles and trades come by REST, quotes are gone."""
    told = {
        CANDLE: {CANDLE_FROM_REST},
        TRADE: {TRADES_FROM_REST},
        QUOTE: {QUOTES_LOST},
        "*": {CANDLE_FROM_REST, TRADES_FROM_REST, QUOTES_LOST},
    }[where]
    silent = FAIR_VALUE if QUOTES_LOST in told else frozenset()
    return Scenario([(kind, {"where": where, **settings})], gaps=frozenset(told), silent=silent)


def wrong_prices(**price: Any) -> Scenario:
    """Every price on every stream is wrong; REST is right."""
    return Scenario(
        [("prices", {"where": "btcusdt@*", **price})],
        gaps=frozenset({CANDLE_FROM_REST, TRADES_FROM_REST, QUOTES_LOST}),
        silent=FAIR_VALUE,
        counted=frozenset(
            {"implausible" if price.get("value", "1e308") == "1e308" else "rejected"}
        ),
    )


SKEWED = frozenset({"CLOCK_SKEW"})

SCENARIOS: Mapping[str, Scenario] = {
    "answers come late": Scenario([("latency", {"seconds": 0.1, "jitter": 0.1})]),
    "one server error": Scenario([("status", {"count": 1})]),
    "server errors": unanswered("status", status=503),
    "a bad gateway in HTML": unanswered("status", status=502, body="html"),
    "a wall (403)": unanswered("status", status=403, body="html"),
    "another country (451)": unanswered("status", status=451),
    "too many requests (429)": Scenario(
        [NO_CANDLE, ("status", {"status": 429, "retry_after": "2"})],
        missed=2,
        gaps=frozenset({CANDLE_LOST, INTEREST_LOST}),
        counted=frozenset({"rate_limited"}),
        rest=2.1,
    ),
    "a ban (418)": Scenario(
        [NO_CANDLE, ("status", {"status": 418, "retry_after": "2"})],
        missed=2,
        gaps=frozenset({CANDLE_LOST, INTEREST_LOST}),
        counted=frozenset({"rate_limited"}),
        rest=2.1,
    ),
    "a hang before the headers": rejected(NO_CANDLE, ("hang", {"where": REST_CANDLES, "seconds": 9.0}), counted=""),
    "a hang after the headers": rejected(NO_CANDLE, ("hang", {"where": REST_CANDLES, "seconds": 9.0, "after": "headers"}), counted=""),
    "a hang in the body": rejected(NO_CANDLE, ("hang", {"where": REST_CANDLES, "seconds": 9.0, "after": "body"}), counted=""),
    "resets": unanswered("reset"),
    "refused connections": unanswered("refuse"),
    "bodies cut off": unanswered("cut"),
    "half of the JSON": unanswered("truncate"),
    "HTML for JSON": unanswered("body", text="<html>", content_type="text/html"),
    "empty bodies": unanswered("body"),
    "an error under status 200": unanswered("body", text='{"code":-1000,"msg":"no"}'),
    "garbage called gzip": unanswered("gzip"),
    "JSON of another type": unanswered("retype"),
    "rows without their last fields": rejected(NO_CANDLE, ("strip", {"where": REST_CANDLES})),
    "a delisted symbol": Scenario(
        [("delist", {"symbol": "BTCUSDT"})],
        missed=2,
        gaps=frozenset({CANDLE_LOST, TRADES_LOST, INTEREST_LOST}),
    ),
    "a frozen feed": lost("*"),
    "a gap in the candles": lost(CANDLE),
    "a gap in the trades": lost(TRADE),
    "a gap in the quotes": lost(QUOTE),
    "candles that never close": Scenario(
        [("unclosed", {})],
        gaps=frozenset({CANDLE_FROM_REST}),
        counted=frozenset({"unclosed"}),
    ),
    "everything twice": Scenario([("duplicate", {})], counted=frozenset({"duplicates"})),
    "everything out of order": Scenario(  # the first candle comes a minute late
        [("disorder", {})],
        gaps=frozenset({CANDLE_FROM_REST}),
        counted=frozenset({"out_of_order"}),
    ),
    "events of unknown types": lost("*", kind="rename"),
    "another symbol's rows": lost("*", kind="swap"),
    "messages that are not JSON": lost("*", kind="garble", text='{"e":'),
    "a message that is not text": Scenario(  # which ends its connection
        [("garble", {"count": 1, "where": QUOTE})],
        gaps=frozenset({QUOTES_LOST}),
        counted=frozenset({"reconnects"}),
    ),
    "prices of zero": wrong_prices(value="0"),
    "negative prices": wrong_prices(value="-1"),
    "prices that are no numbers": wrong_prices(value="NaN"),
    "prices beyond all numbers": wrong_prices(value="1e308"),
    "prices that are words": wrong_prices(value="soon"),
    "a spike on the streams": wrong_prices(factor=10.0),
    "a spike everywhere": Scenario(
        [("prices", {"factor": 10.0})],
        missed=2,
        gaps=frozenset({CANDLE_LOST, TRADES_LOST, QUOTES_LOST}),
        counted=frozenset({"implausible"}),
    ),
    "a price that stands still": Scenario(
        [("freeze", {})], minutes=3, is_true=False
    ),
    "a clock 5 s ahead": Scenario([("clock", {"shift": 5_000, "where": "*time"})]),
    "a clock 5 s behind": Scenario([("clock", {"shift": -5_000, "where": "*time"})]),
    "a clock 5 min ahead": Scenario(
        [("clock", {"shift": 300_000})],
        gates=SKEWED, gaps=frozenset({QUOTES_LOST}), silent=FAIR_VALUE,
    ),
    "a clock that jumped back by 5 min": Scenario(
        [("clock", {"shift": -300_000})],
        gates=SKEWED, gaps=frozenset(), silent=FAIR_VALUE,
    ),
    "dropped sockets": Scenario(
        [("drop", {"count": 1, "where": QUOTE}), ("drop", {"count": 1, "where": TRADE})],
        gaps=frozenset({QUOTES_LOST, TRADES_FROM_REST}),
        counted=frozenset({"reconnects"}),
    ),
}  # fmt: skip
