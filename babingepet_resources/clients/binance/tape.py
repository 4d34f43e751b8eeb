"""The trades of a minute, without holes: streamed ones, completed by REST along their ids.

Aggregate trades are numbered without gaps, so a missing id is a missing trade. The steps of a
minute:
1. take what the stream brought, in the order of ids, each once;
2. fetch the ids missing between them, and after them when the socket broke in this minute;
3. for the first minute, go back until the window that signals look at is full.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from babingepet.errors import ExchangeUnavailable
from babingepet.market.frames import Trades
from babingepet_resources.clients.binance.buffers import MinuteBuffer
from babingepet_resources.clients.binance.history import TRADE_PAGE, BinanceHistory
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.binance.payloads import TradeRow
from babingepet_resources.clients.binance.plausible import Implausible, PriceBand
from babingepet_resources.clients.feed import FeedGap


@dataclass(frozen=True)
class TapeMinute:
    """Trades of one minute; see ``CollectedMinute``."""

    trades: Trades
    trades_from: int | None
    gaps: tuple[FeedGap, ...]


class TradeTape:
    """Joins the stream's trades and repaired ones into one unbroken series."""

    def __init__(
        self,
        buffer: MinuteBuffer[TradeRow],
        band: PriceBand,
        history: BinanceHistory,
        options: FeedOptions,
        counts: Counter[str],
    ) -> None:
        self._buffer = buffer
        self._band = band
        self._history = history
        self._options = options
        self._counts = counts
        self._last: TradeRow | None = None
        self._from: int | None = None
        self._pages = 0
        self._deadline = 0.0
        self._gaps: list[FeedGap] = []
        self._why = ""

    async def take(self, as_of: int, *, whole: bool) -> TapeMinute:
        """The trades before ``as_of`` that no earlier minute carried.

        Args:
            as_of: The minute's end.
            whole: Whether the socket listened without a break since the previous minute.
        """
        self._pages, self._gaps = self._options.trade_pages, []
        self._deadline = asyncio.get_running_loop().time() + self._options.deadline_s
        self._note_dropped(as_of)
        rows = self._streamed(as_of)
        if self._last is None:
            rows = await self._with_window(rows, as_of)
        rows = await self._without_holes(rows)
        reaches = whole and bool(rows)
        if not reaches:
            why = "the socket of the trades was down, or carried what is no trade"
            silent = whole and self._last is not None
            reaches = await self._extend(
                rows, as_of, f"the last trades {self._why}" if silent else why
            )
            if silent and reaches and not rows:
                self._gaps.pop()  # nobody traded: nothing was missing
        if rows:
            self._last = rows[-1]
        return TapeMinute(
            trades=await asyncio.to_thread(Trades.from_rows, rows),
            trades_from=self._from if reaches else None,
            gaps=tuple(self._gaps),
        )

    def _note_dropped(self, as_of: int) -> None:
        """Count what the buffer dropped: holes between the ids, which are mended as all others."""
        rows = sum(dropped.rows for dropped in self._buffer.dropped(as_of))
        self._counts["dropped"] += rows
        self._why = "were dropped: nobody collected them in time" if rows else "did not arrive"

    def _streamed(self, as_of: int) -> list[TradeRow]:
        taken = self._buffer.take(as_of)
        rows = sorted({row[0]: row for row in taken}.values())
        if rows != taken:
            self._counts["duplicates"] += len(taken) - len(rows)
            self._counts["out_of_order"] += sum(b[0] < a[0] for a, b in pairwise(taken))
        if self._last is None or not rows or rows[0][0] > self._last[0]:
            return rows
        fresh = [row for row in rows if row[0] > self._last[0]]
        self._counts["late"] += len(rows) - len(fresh)
        return fresh

    async def _with_window(self, rows: list[TradeRow], as_of: int) -> list[TradeRow]:
        """Prepend the trades of the window before the first minute, page by page backwards."""
        start = as_of - self._options.trade_window_ms
        try:
            if not rows:
                rows = [row for row in await self._page(None) if row[1] < as_of]
            while rows and rows[0][1] >= start and self._pages:
                older = await self._page(max(0, rows[0][0] - TRADE_PAGE))
                older = [row for row in older if row[0] < rows[0][0]]
                if not older:
                    break
                rows = older + rows
        except ExchangeUnavailable as error:
            end = rows[0][1] if rows else as_of
            self._gaps.append(FeedGap("trades", start, end, f"older trades: {error}", None))
        if rows:
            self._from = max(start, rows[0][1])
        return [row for row in rows if row[1] >= start]

    async def _without_holes(self, rows: list[TradeRow]) -> list[TradeRow]:
        whole: list[TradeRow] = []
        last = self._last
        for row in rows:
            if last is not None and row[0] > last[0] + 1:
                whole += await self._missing(last, row)
            whole.append(row)
            last = row
        return whole

    async def _missing(self, before: TradeRow, after: TradeRow) -> list[TradeRow]:
        """The trades between two ids, as far as the exchange gives them."""
        first, missing = before[0] + 1, after[0] - before[0] - 1
        reason = f"{missing} trades from id {first} on {self._why}"
        found: list[TradeRow] = []
        try:
            while len(found) < missing and self._pages:
                page = await self._page(first, limit=min(TRADE_PAGE, after[0] - first))
                page = [row for row in page if first <= row[0] < after[0]]
                if not page:
                    break
                found += page
                first = page[-1][0] + 1
        except ExchangeUnavailable as error:
            reason = f"{reason}; {error}"
        is_whole = len(found) == missing
        if not is_whole:
            self._from = after[1]
        self._counts["repaired_trades"] += len(found)
        self._gaps.append(
            FeedGap("trades", before[1], after[1], reason, "rest" if is_whole else None)
        )
        return found

    async def _extend(self, rows: list[TradeRow], as_of: int, reason: str) -> bool:
        """Append the trades after the last one known; whether ``as_of`` was reached."""
        last = rows[-1] if rows else self._last
        if last is None:
            return False
        start, known, reached = last[1], len(rows), False
        try:
            while self._pages and not reached:
                page = [row for row in await self._page(last[0] + 1) if row[0] > last[0]]
                rows += [row for row in page if row[1] < as_of]
                reached = len(page) < TRADE_PAGE or page[-1][1] >= as_of
                last = page[-1] if page else last
        except ExchangeUnavailable as error:
            reason = f"{reason}; {error}"
        self._counts["repaired_trades"] += len(rows) - known
        self._gaps.append(FeedGap("trades", start, as_of, reason, "rest" if reached else None))
        return reached

    async def _page(self, first_id: int | None, limit: int = TRADE_PAGE) -> list[TradeRow]:
        if asyncio.get_running_loop().time() > self._deadline:
            raise ExchangeUnavailable(f"repairs took more than {self._options.deadline_s:g} s")
        self._pages -= 1
        page = await self._history.trades_from(first_id, limit)
        try:
            for row in page:
                self._band.require(row[2])
        except Implausible as error:
            self._counts["implausible"] += 1
            raise ExchangeUnavailable(
                f"the exchange's trades are not plausible: {error}"
            ) from error
        return page
