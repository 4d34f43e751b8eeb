"""Stories of a position: minutes in a table, and what each of them does to a long and to a short.

A story is a test whose docstring is the table:

    @story()
    def test_a_minute_that_touches_the_stop_leaves_there():
        '''
        minute | open high  low  close | long           | short
        12:00  | 100  100.1 99.9 100   | enters 100     | enters 100
        12:01  | 100  100.1 99.4 99.8  | STOP_LOSS 99.4 | STOP_LOSS 100.6
        '''

One unit was ordered for the first minute. The minutes run one after the other through the rule
that live cycle and replay both run.

minute: when it opens, UTC, on a Wednesday; ``Thu 00:00`` on the day after. ``...`` stands for
    quiet minutes at the last close, up to the next row. Without a minute, a row goes on with the
    one above.
open high low close: as a long sees them. A short sees them mirrored at 100: 99.4 becomes 100.6.
    ``missing`` where the minute was never received.
given: what else the minute brings, mirrored alike. ``chandelier 101.2``: the chandelier's level
    at its end; ``first quote 99.9 100.1``, ``last quote ...``: best bid and ask; ``rate 0.0001``:
    the funding rate settled at its open; ``order``: another entry is decided at its end.
long, short: everything that happens, in that side's own prices. An empty cell: nothing does, the
    position stays and its stop does not move.
    ``enters 100`` or ``lapses``: what became of the order.
    ``pays 0.01``, ``receives 0.01``: funding.
    ``trail to 100.75``, ``chandelier to 101.2``: where the stop stands at the end of the minute.
    ``STOP_LOSS 99.4``: the position left, why and at which price.
    ``fee``, ``gross``, ``net``, ``R``: fees of the minute and the result, told where they matter.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable

import numpy as np
import pytest

from babingepet.cycles.btc_minute import run_position
from babingepet.cycles.btc_values import PositionMinute
from babingepet.cycles.settings import BtcSettings
from babingepet.domain.codes import ExitReason
from babingepet.market.frames import FundingRates
from babingepet.market.funding import settlements_due
from babingepet.market.intervals import MINUTE
from babingepet.paper.position import NO_ORDER, NO_POSITION, Bar, Order, Position
from tests import factories as f
from tests.engine.paper.scenarios.table import LONG, SHORT, SIDES, Phrases, Row, rows_of

MIRROR = 200.0
FREE = ("taker_fee=0", "slippage_bps=0", "half_spread_bps=0")
TOLD_WHERE_THEY_MATTER = {"fee", "gross", "net", "R"}


def story(*settings: str, costs: bool = False) -> Callable[[Callable[[], None]], object]:
    """Make a test for either side of a function whose docstring is a table.

    Args:
        settings: Rules that differ, as ``key=value``.
        costs: Whether fills cost what they do by default; they are free otherwise, so that prices
            in the table are the bare rules.
    """
    rules = f.settings(*(() if costs else FREE), *settings)

    def as_test(described: Callable[[], None]) -> object:
        @functools.wraps(described)
        def test(side: int) -> None:
            __tracebackhide__ = True
            play(described.__doc__ or "", side, rules)

        test.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter("side", inspect.Parameter.POSITIONAL_OR_KEYWORD)]
        )
        return pytest.mark.parametrize("side", list(SIDES), ids=SIDES.get)(test)

    return as_test


def play(table: str, side: int, rules: BtcSettings) -> None:
    """Run a story minute by minute and hold every minute against its row."""
    __tracebackhide__ = True
    rows = list(rows_of(table))
    rates = f.funding(*((row.time, row.given["rate"][0]) for row in rows if "rate" in row.given))
    order, position = _order(side, rows[0].time), NO_POSITION
    played: list[Bar] = []
    for row in rows:
        if not row.prices:
            continue
        bar = _bar(row, side, _funding(rates, played, row.time))
        minute = run_position(order, position, bar, rules, flattens=False)
        expected = _single(row.expected[side])
        told = _told(order, position, minute)
        told = {k: v for k, v in told.items() if k in expected or k not in TOLD_WHERE_THEY_MATTER}
        assert told == pytest.approx(expected, abs=1e-8), (
            f"{SIDES[side]} at {row.label}: {told} happened, {expected} was expected"
        )
        order = _order(side, row.time + MINUTE) if "order" in row.given else NO_ORDER
        position = minute.position
        played.append(bar)


def _told(order: Order, before: Position, minute: PositionMinute) -> dict[str, float]:
    """Everything one minute did, in the words of a table."""
    after, closed = minute.position, minute.closed
    told = {"fee": minute.fee}
    if minute.filled:
        told["enters"] = closed.entry_price if closed.side else after.entry_price
    elif order.side:
        told["lapses"] = 0.0
    if minute.funding:
        told["pays" if minute.funding > 0.0 else "receives"] = abs(minute.funding)
    if closed.side:
        result = {"gross": closed.gross_pnl, "net": closed.net_pnl, "R": closed.r_multiple}
        return told | result | {ExitReason(closed.exit_reason).name: closed.exit_price}
    had = (before.stop, before.stop_reason)
    if minute.filled:
        had = (after.initial_stop, ExitReason.STOP_LOSS)
    if (after.stop, after.stop_reason) != had:
        told[f"{ExitReason(after.stop_reason).name.lower()} to"] = after.stop
    return told


def _order(side: int, as_of: int) -> Order:
    return Order(side, 1.0, as_of)


def _bar(row: Row, side: int, funding: float) -> Bar:
    open_, high, low, close = (_seen(price, side) for price in row.prices)
    first_bid, first_ask = _quote(row, "first quote", side)
    last_bid, last_ask = _quote(row, "last quote", side)
    level = _seen(row.given.get("chandelier", (np.nan,))[0], side)
    return f.bar(
        open_,
        max(high, low),
        min(high, low),
        close,
        time=row.time,
        first_bid=first_bid,
        first_ask=first_ask,
        last_bid=last_bid,
        last_ask=last_ask,
        # the other side's level would close the position at once, were it read
        chandelier_long=level if side == LONG else 1.0,
        chandelier_short=level if side == SHORT else 199.0,
        funding=funding,
    )


def _seen(price: float, side: int) -> float:
    return price if side == LONG else MIRROR - price


def _quote(row: Row, name: str, side: int) -> tuple[float, float]:
    bid, ask = (_seen(price, side) for price in row.given.get(name, (np.nan, np.nan)))
    return (bid, ask) if side == LONG else (ask, bid)


def _funding(rates: FundingRates, played: list[Bar], time: int) -> float:
    """Funding of one unit for a long, over the settlements since the minute before."""
    if not len(rates) or not played:
        return 0.0
    minutes = f.candles(
        closes=[bar.close for bar in played], open_time=[bar.open_time for bar in played]
    )
    due = settlements_due(rates, minutes, played[-1].open_time, time)
    return float(sum(each.funding_rate * each.mark_price for each in due))


def _single(phrases: Phrases) -> dict[str, float]:
    return {words: numbers[0] if numbers else 0.0 for words, numbers in phrases.items()}
