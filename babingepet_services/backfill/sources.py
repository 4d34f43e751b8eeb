"""Where a backfill gets its rows: the archive, and the market's own history.

Belongs here: opening both as the settings name them. Does not belong here: what is asked of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE, iso
from babingepet_resources.clients.archive.client import BinanceArchive
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import MarketFeed
from babingepet_resources.settings import Settings
from babingepet_services.backfill.plan import Only
from babingepet_services.market.source import open_market

LEFT_TO_THE_LOOP = 45 * MINUTE
"""Newest stretch that a backfill does not touch: a loop collects a minute up to 30 minutes late, and
writes it as known at its end. Were it there before, known later, the decision could not be made
again from what is stored."""
KEPT = "archive"
"""Folder of the data folder in which files of the archive are kept."""


@dataclass(frozen=True)
class Sources:
    """What may be asked.

    Attributes:
        archive: None for a market that Binance's archive says nothing about, or when not wanted.
        feed: Starts the market at its first call; None when it is not wanted.
        now: The clock that rows become known by: the market's own, UTC ms.
        left_to_loop: Newest stretch, ms, that is a running loop's; 0 where none can be.
    """

    archive: BinanceArchive | None
    feed: Callable[[], MarketFeed] | None
    now: Callable[[], int]
    left_to_loop: int = LEFT_TO_THE_LOOP


@contextmanager
def open_sources(
    settings: Settings, clock: Clock, source: str, end: int, only: Only | None
) -> Iterator[Sources]:
    """Open what the settings name.

    Args:
        settings: Name the market, the archive's address and the data folder.
        clock: This machine's clock.
        source: Of the market: binance, recorded or simulated.
        end: Where a recorded or simulated market stands when it is asked: the end of what is wanted.
        only: One of the two; None for both.

    Raises:
        InputError: The archive is asked for a market that it does not know.
        ExchangeUnavailable: A recorded or simulated market does not answer.
    """
    with ExitStack() as stack:
        feed = _Feed(settings, clock, source, end, stack)
        if source == "binance":
            archive = None
            if only != "rest":
                archive = stack.enter_context(
                    closing(BinanceArchive(settings.archive_url, settings.data_dir / KEPT, clock))
                )
            yield Sources(archive, None if only == "archive" else feed, clock.now)
            return
        if only == "archive":
            raise InputError(
                f"Binance's archive holds nothing of a {source} market: leave --only archive out"
            )
        yield Sources(None, feed, feed().now, LEFT_TO_THE_LOOP if settings.exchange_url else 0)


class _Feed:
    """A market that is started when it is first asked for."""

    def __init__(
        self, settings: Settings, clock: Clock, source: str, end: int, stack: ExitStack
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._wanted: dict[str, object] = {"market": source}
        if not settings.exchange_url:
            self._wanted["start"] = iso(end)
        self._stack = stack
        self._started: MarketFeed | None = None

    def __call__(self) -> MarketFeed:
        if self._started is None:
            chosen = self._settings.model_copy(update=self._wanted)
            market = self._stack.enter_context(open_market(chosen, self._clock))
            self._stack.callback(market.feed.stop)
            market.feed.start()
            self._started = market.feed
        return self._started
