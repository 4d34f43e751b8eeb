"""A minute put together from what streams brought and what REST completes.

Belongs here: the parts of ``CollectedMinute``, their order and their gaps. Waiting until a minute
is complete belongs to ``session``. The steps: candles, trades, quotes, book, mark price, funding,
open interest, and now and then a comparison of what was heard with REST's.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from babingepet.errors import ExchangeUnavailable
from babingepet.market.frames import (
    BookLevels,
    Candles,
    FundingRates,
    OpenInterest,
    Quotes,
    Trades,
)
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.binance import payloads
from babingepet_resources.clients.binance.agreement import AgreementCheck
from babingepet_resources.clients.binance.buffers import Coverage
from babingepet_resources.clients.binance.history import BinanceHistory
from babingepet_resources.clients.binance.inbox import Inbox
from babingepet_resources.clients.binance.open_interest import MinuteReadings, OpenInterestPoll
from babingepet_resources.clients.binance.options import FeedOptions
from babingepet_resources.clients.binance.payloads import QuoteRow
from babingepet_resources.clients.binance.plausible import Implausible
from babingepet_resources.clients.binance.settlements import Settlements, SettlementWatch
from babingepet_resources.clients.binance.tape import TapeMinute, TradeTape
from babingepet_resources.clients.feed import (
    CollectedMinute,
    FeedGap,
    FeedHealth,
    FeedInfo,
    FeedName,
)

CANDLE_PATIENCE = 10 * MINUTE
"""How long a candle that the exchange did not have is asked for each minute, milliseconds."""


@dataclass(frozen=True)
class Coverages:
    """What the two sockets covered; a market without such streams has no socket for them."""

    public: Coverage | None
    market: Coverage | None


class MinuteCollector:
    """Collects each minute once, in ascending order."""

    def __init__(
        self,
        info: FeedInfo,
        inbox: Inbox,
        history: BinanceHistory,
        watch: SettlementWatch,
        poll: OpenInterestPoll,
        coverages: Coverages,
        *,
        options: FeedOptions,
        counts: Counter[str],
    ) -> None:
        self._info = info
        self._inbox = inbox
        self._history = history
        self._poll = poll
        self._agreement = AgreementCheck(history, inbox.band, options, counts)
        self._coverages = coverages
        self._counts = counts
        self._tape = TradeTape(inbox.trades, inbox.band, history, options, counts)
        self._settlements = Settlements(history, watch)
        self._last_quote = 0
        self._gaps: list[FeedGap] = []
        self._owed: list[int] = []
        self.previous: int | None = None

    async def collect(
        self, as_of: int, *, now: Callable[[], int], health: Callable[[], FeedHealth]
    ) -> CollectedMinute:
        """Everything newly known up to ``as_of``; what REST refuses to complete becomes a gap.

        Args:
            as_of: A complete minute's end, later than the previous one.
            now: The exchange's clock.
            health: The counters, asked when all is collected.
        """
        self._gaps = []
        candles = await self._candles(as_of)
        tape = await self._trades(as_of)
        # In a thread: a wild minute's 200,000 rows take 0.2 s, in which sockets must be read.
        traded = bool(len(tape.trades.between(self.previous or as_of, as_of)))
        quotes = await asyncio.to_thread(Quotes.from_rows, self._quotes(as_of, traded=traded))
        depth = self._book(as_of)
        mark = await self._mark_price(as_of)
        funding = await self._funding(as_of)
        readings = await self._open_interest(as_of)
        agreement = await self._agreement.compare(as_of)
        public = self._coverages.public
        self.previous = as_of
        return CollectedMinute(
            as_of=as_of,
            clock=now(),
            candles=candles,
            trades=tape.trades,
            trades_from=tape.trades_from,
            quotes=quotes,
            quotes_from=public.reaching(as_of) if public and self._has("quotes") else None,
            depth=depth,
            funding=funding,
            mark_price=mark,
            gaps=(*self._gaps, *tape.gaps, *readings.gaps),
            health=health(),
            open_interest=readings.rows,
            agreement=agreement,
        )

    def _has(self, feed: FeedName) -> bool:
        return feed in self._info.feeds

    async def _candles(self, as_of: int) -> Candles:
        if not self._has("candles"):
            return Candles.empty()
        streamed = self._inbox.candles
        first = as_of - MINUTE if self.previous is None else self.previous
        due = [time for time in self._owed if as_of - time <= CANDLE_PATIENCE]
        due += range(first, as_of, MINUTE)
        found = {time: streamed[time] for time in due if time in streamed}
        for time in [time for time in streamed if time < as_of]:
            del streamed[time]
        self._agreement.heard_candles(found)
        missing = [time for time in due if time not in found]
        if missing:
            found |= await self._fetched_candles(missing, as_of)
        self._owed = [time for time in missing if time not in found]
        return Candles.from_rows(found[time] for time in sorted(found))

    async def _fetched_candles(
        self, missing: list[int], as_of: int
    ) -> dict[int, payloads.CandleRow]:
        start, end = missing[0], missing[-1] + MINUTE
        reason = f"{len(missing)} candles did not arrive"
        try:
            rows = await self._history.candles("1m", start, end, patient=False)
            reason = f"{reason}; the exchange has {len(rows)} of them"
        except ExchangeUnavailable as error:
            rows, reason = [], f"{reason}; {error}"
        found = {row[0]: row for row in rows if row[0] in set(missing) and self._holds(row)}
        is_whole = len(found) == len(missing)
        if is_whole and self.previous is None:
            return found  # A feed that starts in the middle of a minute misses nothing.
        self._counts["repaired_candles"] += len(found)
        if found or end == as_of:
            self._gaps.append(FeedGap("candles", start, end, reason, "rest" if is_whole else None))
        return found

    def _holds(self, row: payloads.CandleRow) -> bool:
        try:
            self._inbox.band.require_candle(row)
        except Implausible:
            self._counts["implausible"] += 1
            return False
        return True

    async def _trades(self, as_of: int) -> TapeMinute:
        market = self._coverages.market
        if market is None or not self._has("trades"):
            return TapeMinute(Trades.empty(), trades_from=None, gaps=())
        since = market.reaching(as_of)
        whole = since is not None and (self.previous is None or since <= self.previous)
        tape = await self._tape.take(as_of, whole=whole)
        covered = tape.trades_from is not None and tape.trades_from <= as_of - MINUTE
        if covered and not tape.gaps and self.previous is not None:
            self._agreement.heard_trades(as_of - MINUTE, tape.trades)
        return tape

    def _quotes(self, as_of: int, *, traded: bool) -> list[QuoteRow]:
        kept_from = self._kept_quotes_from(as_of)
        taken = self._inbox.quotes.take(as_of)
        if traded and not taken and self._has("quotes") and self._coverages.public:
            self._coverages.public.broke(after=as_of)  # a price that was traded was quoted before
        self._note_broken_quotes(as_of, kept_from)
        rows = self._ascending(taken)
        if rows:
            self._last_quote = rows[-1][0]
        return rows

    def _kept_quotes_from(self, as_of: int) -> int:
        """Tell what the buffer dropped; the end of that, or zero."""
        kept_from = 0
        for dropped in self._inbox.quotes.dropped(as_of):
            self._counts["dropped"] += dropped.rows
            reason = f"{dropped.rows} quotes were dropped: nobody collected them in time"
            self._gaps.append(FeedGap("quotes", dropped.start, dropped.end, reason, None))
            kept_from = dropped.end
        if kept_from and self._coverages.public:
            self._coverages.public.broke(after=kept_from)
        return kept_from

    def _note_broken_quotes(self, as_of: int, kept_from: int) -> None:
        public, previous = self._coverages.public, self.previous
        if public is None or previous is None or not self._has("quotes"):
            return
        since = public.reaching(as_of)
        if since is None or since > max(previous, kept_from):
            reason = "quotes were lost: the socket was down, silent, or carried what is no quote"
            self._gaps.append(FeedGap("quotes", previous, since or as_of, reason, None))

    def _ascending(self, taken: list[QuoteRow]) -> list[QuoteRow]:
        """By update id, each once, none older than what an earlier minute carried."""
        rows = sorted({row[0]: row for row in taken}.values())
        if rows != taken:
            self._counts["duplicates"] += len(taken) - len(rows)
            self._counts["out_of_order"] += sum(b[0] < a[0] for a, b in pairwise(taken))
        fresh = [row for row in rows if row[0] > self._last_quote]
        self._counts["late"] += len(rows) - len(fresh)
        return fresh

    def _book(self, as_of: int) -> BookLevels | None:
        data = self._inbox.books.take(as_of)
        if data is None:
            return None
        try:
            book = payloads.book(data)
            for best in (*book.bid_price[:1], *book.ask_price[:1]):
                self._inbox.band.require(float(best))
        except payloads.BAD_ROW as error:
            self._counts["implausible" if isinstance(error, Implausible) else "rejected"] += 1
            return None
        return book

    async def _mark_price(self, as_of: int) -> float | None:
        mark = self._inbox.marks.take(as_of)
        if mark is not None:
            return mark.mark_price
        if self.previous is not None or not self._has("mark_price"):
            return None
        # The first minute may be over before its socket was open; whether it was must not show.
        try:
            asked = await self._history.mark_price()
        except ExchangeUnavailable:
            return None
        return asked[1] if asked is not None and as_of - MINUTE <= asked[0] < as_of else None

    async def _funding(self, as_of: int) -> FundingRates:
        if not self._has("funding"):
            return FundingRates.empty()
        try:
            return await self._settlements.newly_known(as_of)
        except ExchangeUnavailable as error:
            reason = f"settlements: {error}"
            self._gaps.append(FeedGap("funding", as_of - MINUTE, as_of, reason, None))
            return FundingRates.empty()

    async def _open_interest(self, as_of: int) -> MinuteReadings:
        if not self._has("open_interest"):
            return MinuteReadings(OpenInterest.empty(), gaps=())
        if self._info.lockstep:  # the market waits, and its clock with it
            await self._poll.ask()
        return self._poll.newly_known(as_of)
