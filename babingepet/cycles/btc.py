"""The BTC decision of one minute: facts in, decision and new state out.

1. signals are computed from the facts (``signals/registry.py``)
2. the account and the vote run as one compiled minute (``btc_minute.py``)
3. the numbers become a decision in words (``btc_decision.py``, ``refusals.py``)

No network, database or clock: ``clock`` is an argument, and the same inputs give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from babingepet.cycles.btc_decision import Outcome, build_decision
from babingepet.cycles.btc_minute import btc_minute
from babingepet.cycles.btc_values import BtcState, Market
from babingepet.cycles.refusals import Situation
from babingepet.cycles.settings import BtcSettings
from babingepet.domain.decision import Decision
from babingepet.domain.score import Score
from babingepet.errors import ConfigurationError, InputError
from babingepet.indicators import chandelier
from babingepet.market.frames import Candles, Floats
from babingepet.market.funding import Settlement, settlements_due
from babingepet.market.intervals import MINUTE
from babingepet.market.tape import Quote, TapeMinute, spread_bps
from babingepet.paper.position import Bar
from babingepet.signals.ai_consensus import NAME as AI
from babingepet.signals.ai_consensus import fresh_consensus
from babingepet.signals.inputs import SignalInputs
from babingepet.signals.mtf_alignment import NAME as MTF
from babingepet.signals.mtf_alignment import alignment
from babingepet.signals.regime import RegimeReading
from babingepet.signals.registry import BASE_WEIGHTS, NAMES, SIGNALS, capability, compute_scores
from babingepet.voting.rules import ROUNDING

CAPITAL = 1_000.0
"""USDT the paper account starts with."""
CHANDELIER_PERIOD, CHANDELIER_MULTIPLE = 22, 3.0
BASE_WEIGHTS_VERSION = "base"


@dataclass(frozen=True, slots=True)
class WeightBook:
    """The weights of the vote and the version they are known by."""

    version: str
    weights: tuple[float, ...]


BASE_BOOK = WeightBook(BASE_WEIGHTS_VERSION, BASE_WEIGHTS)


@dataclass(frozen=True, eq=False)
class CycleInputs:
    """All facts one decision may read.

    Attributes:
        symbol: The exchange's name of the instrument.
        source: Where the market comes from: binance, recorded, simulated.
        signals: Candles, tape and funding known at ``as_of``.
        feeds: The kinds of feed that the source has.
        clock: The exchange's clock when the cycle began, UTC milliseconds.
        clock_skew: Our clock less the exchange's, ms.
        failed_checks: Blocking data checks that fail now, in words.
        paused: Whether the operator forbids entries.
    """

    symbol: str
    source: str
    signals: SignalInputs
    feeds: frozenset[str]
    clock: int
    clock_skew: int = 0
    failed_checks: tuple[str, ...] = ()
    paused: bool = False


def require_capability(feeds: frozenset[str], settings: BtcSettings, book: WeightBook) -> None:
    """Refuse a source that can never supply enough of the vote.

    Raises:
        ConfigurationError: Naming the feeds that are missing.
    """
    mask = capability(feeds)
    weight = sum(w for w, able in zip(book.weights, mask, strict=True) if able)
    if weight < settings.voting.min_capability - ROUNDING:
        missing = sorted({feed for spec in SIGNALS for need in spec.feeds for feed in need - feeds})
        raise ConfigurationError(
            f"this source supplies signals of weight {weight:.2f}, "
            f"{settings.voting.min_capability:.2f} needed; missing feeds: {', '.join(missing)}"
        )


def run_cycle(
    inputs: CycleInputs, state: BtcState, settings: BtcSettings, book: WeightBook = BASE_BOOK
) -> tuple[Decision, BtcState]:
    """Decide one minute.

    Raises:
        InputError: The minute that ends at ``as_of`` is not among the inputs.
    """
    minutes = inputs.signals.minutes
    if not len(minutes) or int(minutes.open_time[-1]) != inputs.signals.as_of - MINUTE:
        raise InputError(f"no closed minute ends at {inputs.signals.as_of}")
    scores, regime = compute_scores(inputs.signals, inputs.feeds)
    settlements = _settlements(inputs, state)
    bar = _bar(inputs.signals, settlements)
    market = _market(inputs, scores, regime)
    mask = capability(inputs.feeds)
    values = np.array([np.nan if score.value is None else score.value for score in scores])
    after, account, vote = btc_minute(
        state, bar, values, np.array(book.weights), np.array(mask), market, settings
    )
    decision = build_decision(
        Outcome(
            symbol=inputs.symbol,
            source=inputs.source,
            close_price=bar.close,
            scores=scores,
            capability=mask,
            weights=book.weights,
            weights_version=book.version,
            settlements=settlements,
            account=account,
            situation=Situation(
                inputs.signals.as_of, after, market, vote, settings, inputs.failed_checks
            ),
        )
    )
    return decision, after


def _settlements(inputs: CycleInputs, state: BtcState) -> tuple[Settlement, ...]:
    open_time = inputs.signals.as_of - MINUTE
    before = max(state.debounce.as_of - MINUTE, open_time - MINUTE)
    if state.position.side or state.shadow.side:
        before = state.debounce.as_of - MINUTE
    return settlements_due(inputs.signals.funding, inputs.signals.minutes, before, open_time)


def _last_quote(last: TapeMinute | None) -> Quote | None:
    """The quote in force at the end of the minute; none while the book has one side only."""
    return last.last_quote if last is not None and last.is_two_sided else None


def _last_tape_minute(inputs: SignalInputs) -> TapeMinute | None:
    """The reduced tape of the minute that ends at ``as_of``, if it was collected."""
    if inputs.tape and inputs.tape[-1].open_time == inputs.as_of - MINUTE:
        return inputs.tape[-1]
    return None


def chandelier_series(bars: Candles) -> tuple[Floats, Floats]:
    """Chandelier levels after each bar: for a long, for a short."""
    return chandelier(bars.high, bars.low, bars.close, CHANDELIER_PERIOD, CHANDELIER_MULTIPLE)


@lru_cache(maxsize=4)  # the same 15m bars come 15 times
def chandelier_levels(bars: Candles) -> tuple[float, float]:
    """Chandelier levels after the last bar: for a long, for a short."""
    if not len(bars):
        return np.nan, np.nan
    long_levels, short_levels = chandelier_series(bars)
    return float(long_levels[-1]), float(short_levels[-1])


def _bar(inputs: SignalInputs, settlements: tuple[Settlement, ...]) -> Bar:
    minutes = inputs.minutes
    last = _last_tape_minute(inputs)
    first_quote = last.first_quote if last else None
    last_quote = _last_quote(last)
    long_level, short_level = chandelier_levels(inputs.bars["15m"])
    return Bar(
        int(minutes.open_time[-1]),
        float(minutes.open[-1]),
        float(minutes.high[-1]),
        float(minutes.low[-1]),
        float(minutes.close[-1]),
        first_quote.bid_price if first_quote else np.nan,
        first_quote.ask_price if first_quote else np.nan,
        last_quote.bid_price if last_quote else np.nan,
        last_quote.ask_price if last_quote else np.nan,
        long_level,
        short_level,
        float(sum(due.funding_rate * due.mark_price for due in settlements)),
    )


def _market(inputs: CycleInputs, scores: tuple[Score, ...], regime: RegimeReading) -> Market:
    trend = alignment(scores[NAMES.index(MTF)])
    quote = _last_quote(_last_tape_minute(inputs.signals))
    has_ai = capability(inputs.feeds)[NAMES.index(AI)]
    consensus = fresh_consensus(inputs.signals) if has_ai else None
    return Market(
        regime=int(regime.state),
        trend_up=trend.up,
        trend_down=trend.down,
        agreement=consensus.agreement if consensus else np.nan,
        ai_side=consensus.side if consensus else 0,
        spread_bps=spread_bps(quote) if quote else np.nan,
        has_ai=has_ai,
        has_book="quotes" in inputs.feeds,
        data_age=inputs.clock - inputs.signals.as_of,
        clock_skew=inputs.clock_skew,
        pattern=1.0,
        check_failed=bool(inputs.failed_checks),
        paused=inputs.paused,
    )
