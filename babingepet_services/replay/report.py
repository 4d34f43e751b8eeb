"""What a replay came to, as one document: every number with its n, and what was outside of it.

1. the equity of every minute and the closed trades are measured (``babingepet.performance``)
2. gates, exits, signals and holes are counted (``replay.measures``)
3. what the strategy stands beside is put next to it (``replay.baselines``)

Numbers of closed trades hold closed trades only: what an open position has gained is in the equity.
Shadow trades, which were never entered, are measured apart. Ratios read equity at 00:00 UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from babingepet.domain.codes import Side
from babingepet.market.intervals import DAY, month_start
from babingepet.performance.equity import (
    Drawdown,
    EquityCurve,
    MonthReturn,
    daily_equity,
    deepest_drawdown,
    monthly_returns,
)
from babingepet.performance.returns import ReturnMetrics, return_metrics
from babingepet.performance.trades import Costs, TradeMetrics, costs, trade_metrics
from babingepet.replay.measures import equity_curve, round_trips
from babingepet.replay.result import Replay, ReplayTrades
from babingepet.signals.registry import NAMES
from babingepet_services.performance.measure import PERIODS_PER_YEAR
from babingepet_services.replay.baselines import Beside
from babingepet_services.replay.measures import (
    ExitCount,
    Gaps,
    Refusals,
    exits,
    gaps,
    refusals,
    signals_available,
    signals_outside,
    weight_measured,
    weight_present,
)
from babingepet_services.replay.tables import trade_table

MARKET = "btc"
THIN = 0.5
"""Share of the minutes below which it is noted that a signal was hardly there."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of a clock that never jumps.

    Attributes:
        seconds: From candles in memory to the last entry of the ledger.
        read_seconds: Reading files or the warehouse, before.
    """

    seconds: float
    read_seconds: float


@dataclass(frozen=True, eq=False)
class ReplayReport:
    """What a replay came to; times are UTC milliseconds, money quote currency.

    Attributes:
        symbol: The instrument.
        source: Where its facts came from.
        run_id: Under which it is kept; None if it is not.
        start: Decisions lie at start <= as_of < end.
        end: See ``start``.
        bars: Decided minutes.
        timing: How long it took.
        capital: What the account began with.
        capability: Signals that the source can ever supply, in registry order.
        signals_available: Share of the minutes in which each signal had a score.
        signals_outside: Signals that the source can never supply, and why.
        weight_present: Share of the whole weight that ``capability`` holds.
        weight_measured: Share of the whole weight that had a score in the average minute.
        proxies: Signals computed from something else than their own inputs: none in this version.
        returns: Metrics of the equity.
        drawdown: The deepest one; None if equity never fell.
        months: Calendar months, UTC.
        trades: Metrics of closed trades.
        costs: From gross to net P&L of closed trades.
        shadows: Metrics of trades that were not entered.
        refusals: What the gates said.
        exits: Closed trades by the reason they left for.
        gaps: Minutes that the source did not have.
        beside: Buy and hold, coin flips; None if they were not computed.
        notes: What a reader must know about these numbers.
        settings: Every trading setting by its name.
        weights_version: Of the weights of the vote.
        ledger_sha256: Content address of all money.
        curve: Equity of every minute, the capital first.
        closed: Closed trades, shadows among them.
    """

    symbol: str
    source: str
    run_id: str | None
    start: int
    end: int
    bars: int
    timing: Timing
    capital: float
    capability: tuple[str, ...]
    signals_available: Mapping[str, float]
    signals_outside: Mapping[str, str]
    weight_present: float
    weight_measured: float
    proxies: tuple[str, ...]
    returns: ReturnMetrics
    drawdown: Drawdown | None
    months: tuple[MonthReturn, ...]
    trades: TradeMetrics
    costs: Costs
    shadows: TradeMetrics
    refusals: Refusals
    exits: Mapping[str, ExitCount]
    gaps: Gaps
    beside: Beside | None
    notes: tuple[str, ...]
    settings: Mapping[str, Any]
    weights_version: str
    ledger_sha256: str
    curve: EquityCurve
    closed: ReplayTrades

    @property
    def final_equity(self) -> float:
        """At the last minute, an open position marked."""
        return float(self.curve.equity[-1])

    def trade_rows(self, *, last: int | None = None, shadows: bool = False) -> list[dict[str, Any]]:
        """Closed trades as rows of their table, oldest first; the ``last`` ones of them."""
        chosen = self.closed.where(self.closed.shadow == shadows)
        first = 0 if last is None else max(len(chosen) - last, 0)
        rows: list[dict[str, Any]] = trade_table(chosen.rows(first, len(chosen))).to_pylist()
        return rows

    def kept_as(self, run_id: str) -> ReplayReport:
        """The same under the name it is kept by."""
        return replace(self, run_id=run_id)

    def document(self) -> dict[str, Any]:
        """As JSON values under stable names; trades and minutes are exported as tables instead."""
        speed = self.bars / self.timing.seconds if self.timing.seconds > 0.0 else None
        return {
            "market": MARKET,
            "bars": self.bars,
            "seconds": self.timing.seconds,
            "bars_per_second": speed,
            "signals_available": dict(self.signals_available),
            **self._numbers(),
            "vetoes": dict(self.refusals.vetoes),
            "ledger_sha256": self.ledger_sha256,
            "run_id": self.run_id,
            "symbol": self.symbol,
            "source": self.source,
            "start": self.start,
            "end": self.end,
            "read_seconds": self.timing.read_seconds,
            "capital": self.capital,
            "periods_per_year": PERIODS_PER_YEAR,
            "capability": list(self.capability),
            "signals_outside": dict(self.signals_outside),
            "weight_present": self.weight_present,
            "weight_measured": self.weight_measured,
            "proxies": list(self.proxies),
            "metrics": self._metrics(),
            "drawdown": self.drawdown and self.drawdown._asdict(),
            "months": [month._asdict() for month in self.months],
            "costs": asdict(self.costs),
            "entries": self.refusals.entries,
            "only_vetoes": dict(self.refusals.only_vetoes),
            "exits": {name: asdict(one) for name, one in self.exits.items()},
            "shadows": asdict(self.shadows),
            "gaps": self.gaps.document(),
            "buy_and_hold": dict(self.beside.buy_and_hold) if self.beside else {},
            "coin_flips": dict(self.beside.coin_flips) if self.beside else {},
            "notes": list(self.notes),
            "settings": dict(self.settings),
            "weights_version": self.weights_version,
        }

    def _numbers(self) -> dict[str, Any]:
        """The plain numbers that scripts read first."""
        return {
            "trades": self.trades.count,
            "win_rate": self.trades.hit_rate.value,
            "profit_factor": self.trades.profit_factor.value,
            "expectancy_r": self.trades.expectancy_r.value,
            "net_pnl": self.costs.net_pnl.value,
            "final_equity": self.final_equity,
            "max_drawdown": self.returns.max_drawdown.value,
            "sharpe_ratio": self.returns.sharpe_ratio.value,
            "sortino_ratio": self.returns.sortino_ratio.value,
            "calmar_ratio": self.returns.calmar_ratio.value,
            "fees_paid": self.costs.fees_paid.value,
            "slippage_paid": self.costs.slippage_paid.value,
            "funding_paid": self.costs.funding_paid.value,
        }

    def _metrics(self) -> dict[str, Any]:
        both = asdict(self.returns) | asdict(self.trades)
        return {name: one for name, one in both.items() if isinstance(one, Mapping)}


def report_of(
    replay: Replay, timing: Timing, beside: Beside | None = None, notes: tuple[str, ...] = ()
) -> ReplayReport:
    """Measure a replay.

    Args:
        replay: What came out of the engine.
        timing: How long it took.
        beside: What it stands beside.
        notes: What is known about its inputs.
    """
    minutes, trades = replay.minutes, replay.trades
    real, shadows = trades.where(~trades.shadow), trades.where(trades.shadow)
    curve = _curve(replay)
    holes = gaps(minutes)
    measured = trade_metrics(round_trips(real))
    return ReplayReport(
        symbol=replay.market.symbol,
        source=replay.market.source,
        run_id=None,
        start=replay.start,
        end=replay.end,
        bars=len(minutes),
        timing=timing,
        capital=replay.rules.capital,
        capability=tuple(n for n, able in zip(NAMES, replay.capability, strict=True) if able),
        signals_available=signals_available(minutes),
        signals_outside=signals_outside(replay),
        weight_present=weight_present(replay),
        weight_measured=weight_measured(replay),
        proxies=(),
        returns=return_metrics(curve, PERIODS_PER_YEAR),
        drawdown=deepest_drawdown(curve),
        months=_months(curve, replay.end),
        trades=measured,
        costs=costs(round_trips(real)),
        shadows=trade_metrics(round_trips(shadows)),
        refusals=refusals(minutes),
        exits=exits(real),
        gaps=holes,
        beside=beside,
        notes=(
            *notes,
            *_thin_signals(replay),
            *_notes(replay, measured.count, holes, daily_equity(curve).silent),
        ),
        settings=replay.rules.settings.by_name,
        weights_version=replay.rules.book.version,
        ledger_sha256=replay.ledger_sha256,
        curve=curve,
        closed=trades,
    )


def _curve(replay: Replay) -> EquityCurve:
    """Equity of every minute, the opening first.

    Nothing is held in the first minute. Where it ends at 00:00 it is the opening itself: with the
    minute before as the opening, the day before would be counted as a day without a return.
    """
    curve = equity_curve(replay)
    return curve.rows(1, len(curve)) if replay.minutes.as_of[0] % DAY == 0 else curve


def _months(curve: EquityCurve, end: int) -> tuple[MonthReturn, ...]:
    """Months of the curve; the last one is whole where the decisions end with it."""
    months = monthly_returns(curve)
    begin, last = int(curve.as_of[0]), int(curve.as_of[-1])
    if months and begin <= month_start(last) and month_start(last, -1) <= end:
        months[-1] = months[-1]._replace(is_whole=True)
    return tuple(months)


def _thin_signals(replay: Replay) -> list[str]:
    shares = signals_available(replay.minutes)
    return [
        f"{name} had a score in {shares[name]:.1%} of the minutes only: the rest is warm-up or holes"
        for name, able in zip(NAMES, replay.capability, strict=True)
        if able and shares[name] < THIN
    ]


def _notes(replay: Replay, trades: int, holes: Gaps, silent: int) -> tuple[str, ...]:
    side = Side(replay.state.position.side)
    said = {
        "no trade was closed in this period": trades == 0,
        f"a {side.name} is open at the end: its P&L is in the equity and in no trade": bool(side),
        f"{holes.missing_minutes} minutes are missing in {holes.count} holes: nothing was decided "
        "in them": holes.count > 0,
        f"{silent} days have no minute: their return is counted as 0": silent > 0,
    }
    return tuple(text for text, applies in said.items() if applies)
