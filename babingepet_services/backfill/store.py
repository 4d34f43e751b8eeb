"""Rows of a backfill on their way into the warehouse, with the gaps that they repair.

Belongs here: one transaction of a backfill. Does not belong here: where rows come from.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from babingepet.market.intervals import DAY
from babingepet_resources.warehouse import market_files
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import MarketFileRecord
from babingepet_services.backfill.outcome import Outcome
from babingepet_services.backfill.series import Series, Written
from babingepet_services.backfill.sources import Sources
from babingepet_services.market import gap_ledger
from babingepet_services.market.gap_ledger import Span

NEAR = DAY
"""Stretch beside what was filled that is looked at first: a long open gap goes on there."""


class BackfillStore:
    """Writes for one backfill.

    Args:
        database: The warehouse.
        series: The kind of fact.
        sources: Whose clock says when rows become known.
        outcome: Counts what became of them.
    """

    def __init__(
        self, database: Database, series: Series[Any], sources: Sources, outcome: Outcome
    ) -> None:
        self._database = database
        self._series = series
        self._now = sources.now
        self._outcome = outcome
        self._seen_at = self._known_at = sources.now()

    def put(
        self,
        payload: Any,  # noqa: ANN401 what the series made
        origin: str,
        span: Span,
        file: MarketFileRecord | None = None,
    ) -> None:
        """Store rows, the gaps that they repair, and the file they are from, together.

        Args:
            payload: Of the series.
            origin: ``archive`` or ``rest``.
            span: The stretch that was read or asked for.
            file: To be remembered as read; None for an answer of the exchange.
        """
        series, market = self._series, self._series.market

        def stored(connection: Connection) -> tuple[Written, int]:
            # A time of its own for each transaction, in their order: a loop that loads its history
            # meanwhile saw all rows up to some time and none after, and its decisions can be made
            # again.
            self._known_at = at = max(self._now(), self._known_at + 1)
            before = series.holes(connection, *span)
            written = series.write(connection, payload, at)
            filled = gap_ledger.less(before, series.holes(connection, *span))
            if file is not None:
                rows = len(written.times)
                market_files.note(connection, replace(file, rows_written=rows, read_at=at))
            noted = gap_ledger.note_repaired(
                connection, market, series.feed, filled,
                seen_at=self._seen_at, repaired_at=at, origin=origin,
            )  # fmt: skip
            closed = gap_ledger.close(
                connection, market, series.feed, filled,
                lambda gap: self._is_whole(connection, gap, span), repaired_at=at, origin=origin,
            )  # fmt: skip
            return written, noted + closed

        written, repaired = self._database.transact(stored)
        self._outcome.add(written, origin)
        self._outcome.gaps["repaired"] += repaired

    def note_left(self, left: list[tuple[Span, str]]) -> None:
        """Note holes that nobody could fill, with their reasons."""
        series = self._series
        self._outcome.left = left

        def noted(connection: Connection) -> None:
            gap_ledger.note_open(connection, series.market, series.feed, left, self._seen_at)
            if left:
                span = (left[0][0][0], left[-1][0][1])
                gap_ledger.settle(connection, series.market, *span)

        self._database.transact(noted)

    def _is_whole(self, connection: Connection, gap: Span, filled: Span) -> bool:
        near = (max(gap[0], filled[0] - NEAR), min(gap[1], filled[1] + NEAR))
        holes = self._series.holes
        return not holes(connection, *near) and (near == gap or not holes(connection, *gap))
