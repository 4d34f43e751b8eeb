"""Order-flow imbalance against the paper's indicator functions, on recorded best quotes."""

import math
from itertools import pairwise

import numpy as np
import pytest

from babingepet.market.frames import Trades
from babingepet.market.intervals import MINUTE
from babingepet.market.order_flow import NO_QUOTE, advance_flow, imbalance_by_stretch
from babingepet.market.tape import reduce_minute
from babingepet.signals.as_fair_value import as_fair_value
from tests import factories as f
from tests.parity.recorded import BOOKS, book_tickers

GAMMA, KAPPA = 1e-4, 0.5


def indicator_form(quotes):
    """Equation 4 of Cont, Kukanov and Stoikov (2014), written out."""
    rows = list(
        zip(
            quotes.bid_price.tolist(),
            quotes.bid_size.tolist(),
            quotes.ask_price.tolist(),
            quotes.ask_size.tolist(),
            strict=True,
        )
    )
    events = []
    for (bid0, size0, ask0, asks0), (bid, size, ask, asks) in pairwise(rows):
        events.append(
            (bid >= bid0) * size
            - (bid <= bid0) * size0
            - (ask <= ask0) * asks
            + (ask >= ask0) * asks0
        )
    return events


@pytest.mark.slow
@pytest.mark.parametrize("name", BOOKS)
def test_the_imbalance_of_recorded_quotes_is_that_of_the_paper(recorded_data, name):
    quotes = book_tickers(recorded_data, name)
    assert len(quotes) > 5_000
    columns = (quotes.bid_price, quotes.bid_size, quotes.ask_price, quotes.ask_size)
    events = indicator_form(quotes)
    each = imbalance_by_stretch(NO_QUOTE, np.arange(len(quotes) + 1), *columns)
    np.testing.assert_allclose(each[1:], events, rtol=0, atol=1e-12)
    whole = advance_flow(NO_QUOTE, *columns)
    assert whole.updates == len(quotes)
    assert whole.imbalance == pytest.approx(math.fsum(events), abs=1e-8)
    steady = np.count_nonzero(np.diff(quotes.bid_price) == 0.0)
    assert steady > len(quotes) / 2  # what strict inequalities would throw away


def reduced_minutes(quotes):
    """All whole recorded minutes, chained as the loop chains them."""
    first = int(quotes.event_time[0]) // MINUTE * MINUTE + MINUTE
    last = int(quotes.event_time[-1]) // MINUTE * MINUTE
    tape = []
    for start in range(first, last, MINUTE):
        tape.append(
            reduce_minute(
                start, Trades.empty(), quotes.between(start, start + MINUTE),
                previous=tape[-1] if tape else None, trades_from=None, quotes_from=first,
                book=None, minimum_notional=5e5,
            )
        )  # fmt: skip
    return tuple(tape)


@pytest.mark.parametrize("name", BOOKS)
def test_minutes_split_the_imbalance_without_losing_an_event(recorded_data, name):
    quotes = book_tickers(recorded_data, name)
    quotes = quotes.where(np.r_[True, np.diff(quotes.event_time) >= 0])
    tape = reduced_minutes(quotes)
    assert len(tape) >= 2
    inside = quotes.between(tape[0].open_time, tape[-1].open_time + MINUTE)
    parts = [minute.order_flow_imbalance for minute in tape]
    starts = [minute.open_time for minute in tape] + [tape[-1].open_time + MINUTE]
    bounds = np.searchsorted(inside.event_time, starts)
    columns = (inside.bid_price, inside.bid_size, inside.ask_price, inside.ask_size)
    assert imbalance_by_stretch(NO_QUOTE, bounds, *columns).tolist() == parts
    assert math.fsum(parts) == pytest.approx(math.fsum(indicator_form(inside)), abs=1e-8)


@pytest.mark.parametrize("name", BOOKS)
def test_the_fair_value_is_the_closed_form(recorded_data, name):
    quotes = book_tickers(recorded_data, name)
    tape = reduced_minutes(quotes)[-8:]
    score = as_fair_value(f.signal_inputs(tape[-1].open_time + MINUTE, tape=tape))
    mids = np.concatenate([minute.mids for minute in tape])
    changes = np.diff(mids[~np.isnan(mids)])
    assert len(changes) >= 180
    variance = float(np.var(changes, ddof=1)) * 60  # over the minute that is left
    q = tape[-1].last_quote
    fair = (q.bid_price * q.ask_size + q.ask_price * q.bid_size) / (q.bid_size + q.ask_size)
    mid = (q.bid_price + q.ask_price) / 2
    reservation = fair - 0.0 * GAMMA * variance
    spread = GAMMA * variance + 2 / GAMMA * math.log(1 + GAMMA / KAPPA)
    expected = max(-1.0, min(1.0, (reservation - mid) / (spread / 2)))
    assert score.value == pytest.approx(expected, abs=1e-12)
