"""One day of a run of the replay book: signals, decisions, positions, portfolio.

Belongs here: cutting a day out of the run and saying how it stands to the paper book. Does not
belong here: replaying (``replay.backfill``), summing up and drawing (``btc_day.shown``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from babingepet.cycles.settings import BtcSettings, from_names
from babingepet.domain.codes import Verdict
from babingepet.market.frames import Floats
from babingepet.market.intervals import HOUR, MINUTE, iso
from babingepet.replay.result import Minutes
from babingepet.signals.registry import NAMES
from babingepet.voting.aggregate import thresholds_at
from babingepet_resources.warehouse import history
from babingepet_services.btc.records import PAPER
from babingepet_services.btc_day.day import AssetReport, Cell, DayScope
from babingepet_services.btc_day.shown import (
    AccountDay,
    DecidedDay,
    Held,
    ScoredDay,
    decisions_report,
    nothing,
    portfolio_report,
    positions_report,
    signals_report,
)
from babingepet_services.replay.backfill import Backfill
from babingepet_services.replay.measures import refusals

REPLAY = "replay"
"""The book of what would have happened; a run each, and none touches the paper book."""
NO_VALUE = "too little history, or a hole before it"
HOLES_TOLD = 5
"""Holes of a day that are named one by one, longest first."""


@dataclass(frozen=True, eq=False)
class ReplayedDay:
    """A day of a run.

    Attributes:
        scope: The day, of the paper book: what really happened in it.
        backfill: The run.
    """

    scope: DayScope
    backfill: Backfill

    @property
    def minutes(self) -> Minutes:
        """Decisions at start < as_of <= end, as a day of the paper book has them."""
        whole = self.backfill.minutes
        bounds = np.searchsorted(whole.as_of, (self.scope.start, self.scope.end), side="right")
        return whole.rows(*bounds.tolist())

    @property
    def source(self) -> str:
        """Where the facts come from."""
        return f"{self.backfill.run.source}, replayed"


DescribeReplayed = Callable[[ReplayedDay], AssetReport]


def replayed_signals(day: ReplayedDay) -> AssetReport:
    """Thirteen scores a minute; those that need single trades or quotes are outside of a replay."""
    minutes, document = day.minutes, day.backfill.run.document
    if not len(minutes):
        return _of_book(nothing(day.source), day)
    unknown = np.full(len(minutes), np.nan)
    scores = {name: minutes.scores.get(name, unknown) for name in NAMES}
    reasons = {name: NO_VALUE for name, values in scores.items() if np.isnan(values[-1])}
    scored = ScoredDay(
        as_of=minutes.as_of,
        scores=scores,
        reasons=reasons | dict(document["signals_outside"]),
        coverage=minutes.coverage,
    )
    report = signals_report(day.scope.start, day.source, scored)
    return _of_book(report, day, weight_present=round(document["weight_present"], 4))


def replayed_decisions(day: ReplayedDay) -> AssetReport:
    """A decision a minute, and in how many minutes the paper book has the same verdict."""
    minutes = day.minutes
    if not len(minutes):
        return _of_book(nothing(day.source), day)
    thresholds = _thresholds(day)[minutes.as_of // HOUR % 24]
    entries = np.array([one.entry_time for one in _held(day) if not one.shadow], np.int64)
    decided = DecidedDay(
        as_of=minutes.as_of,
        score=minutes.score,
        buy=thresholds[:, 0],
        strong=thresholds[:, 1],
        verdicts=[Verdict(code).name for code in minutes.verdict],
        gates=refusals(minutes).vetoes,
        entries=entries[entries >= day.scope.start],
    )
    report = decisions_report(day.scope.start, day.source, decided)
    return _of_book(report, day, **_beside_paper(day, decided))


def _thresholds(day: ReplayedDay) -> Floats:
    """BUY and STRONG thresholds by UTC hour, (24, 2)."""
    rules = from_names(BtcSettings(), day.backfill.run.settings).voting
    return np.array([thresholds_at(hour, rules) for hour in range(24)])


def _beside_paper(day: ReplayedDay, decided: DecidedDay) -> dict[str, Cell]:
    """How often paper and replay reached the same verdict, where both decided."""
    scope = day.scope
    with scope.database.reading() as connection:
        paper = history.verdicts(
            connection, PAPER, scope.symbol, scope.source, scope.start + 1, scope.end + 1
        )
    ours = dict(zip(decided.as_of.tolist(), decided.verdicts, strict=True))
    both = paper.keys() & ours.keys()
    if not both:
        return {"paper_book": "decided nothing in these minutes"}
    same = sum(paper[as_of] == ours[as_of] for as_of in both)
    return {
        "paper_minutes": len(both),
        "paper_minutes_same_verdict": same,
        "paper_book": f"same verdict in {same} of {len(both)} minutes. This is no parity score: a "
        "replay reads bars only, the loop also single trades and quotes",
    }


def replayed_positions(day: ReplayedDay) -> AssetReport:
    """Positions that the replay held at some time of the day."""
    minutes = day.minutes
    report = positions_report(
        day.scope.start, day.source, _held(day), minutes.as_of - MINUTE, minutes.close
    )
    return _of_book(report, day)


def _held(day: ReplayedDay) -> list[Held]:
    """Trades and what the run left open, as far as they fall into the day."""
    closed = (Held.of(row) for row in day.backfill.trades if row.exit_time >= day.scope.start)
    still_open = (Held(**one) for one in day.backfill.run.document["open_positions"])
    return [one for one in (*closed, *still_open) if one.entry_time < day.scope.end]


def replayed_portfolio(day: ReplayedDay) -> AssetReport:
    """The replay's account after every minute; it began with the first day of the run."""
    backfill, scope = day.backfill, day.scope
    minutes = day.minutes
    if not len(minutes):
        return _of_book(nothing(day.source), day)
    capital = float(backfill.run.capital)
    peak = np.maximum.accumulate(np.maximum(backfill.minutes.equity, capital))
    first = int(np.searchsorted(backfill.minutes.as_of, scope.start, side="right"))
    account = AccountDay(
        as_of=minutes.as_of,
        equity=minutes.equity,
        exposure=minutes.exposure,
        drawdown=minutes.equity / peak[first : first + len(minutes)] - 1.0,
    )
    report = portfolio_report(scope.start, day.source, account)
    closed = [t for t in backfill.trades if scope.start < t.exit_time <= scope.end and not t.shadow]
    return _of_book(
        report,
        day,
        trades_closed=len(closed),
        net_pnl=float(sum(t.net_pnl for t in closed)),
        fees_paid=float(sum(t.fees_paid for t in closed)),
        funding_paid=float(sum(t.funding_paid for t in closed)),
    )


def _of_book(report: AssetReport, day: ReplayedDay, **more: Cell) -> AssetReport:
    """The report with the book, the run and the day's holes."""
    run = day.backfill.run
    told: dict[str, Cell] = {
        "book": REPLAY,
        "replay_run": run.run_id,
        **_gaps(day),
        **report.numbers,
        **more,
        "engine_version": run.engine_version,
        "weights_version": run.weights_version,
    }
    return replace(report, numbers=told)


def _gaps(day: ReplayedDay) -> dict[str, Cell]:
    """Minutes that were not decided because their candle is not there; nothing is filled."""
    due_until = min(day.scope.end, day.backfill.run.created_at // MINUTE * MINUTE)
    edges = np.array([day.scope.start, *day.minutes.as_of, due_until + MINUTE])
    missing = np.diff(edges) // MINUTE - 1
    holes = np.flatnonzero(missing > 0)
    longest = holes[np.argsort(-missing[holes], kind="stable")][:HOLES_TOLD]
    told = [f"{missing[at]} from {iso(int(edges[at]))}" for at in longest]
    more = ", ..." if len(holes) > HOLES_TOLD else ""
    return {
        "minutes_missing": int(missing[holes].sum()),
        "gaps": f"{len(holes)}: minutes missing {', '.join(told)}{more}" if told else "none",
    }
