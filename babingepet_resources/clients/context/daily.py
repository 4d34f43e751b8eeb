"""Daily figures at an address: flows of the funds, and the index of fear and greed.

Belongs here: asking, and an answer that is none. What the answers may look like is what files of
these kinds may (``market_files``): Farside's table and JSON, alternative.me's JSON.
Source of the index: https://alternative.me/crypto/fear-and-greed-index/#api
"""

from __future__ import annotations

from typing import Protocol

from babingepet.errors import FeedUnavailable, InputError
from babingepet.market.context import EtfFlows
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.context.fetch import FetchLimits, fetch
from babingepet_resources.market_files.content import FileContent
from babingepet_resources.market_files.etf_flows import read_etf_flows
from babingepet_resources.market_files.fear_greed import FearGreed, read_fear_greed
from babingepet_resources.market_files.rows import FileRows, SomeFrame


class _ReadDays(Protocol[SomeFrame]):
    def __call__(
        self, content: FileContent, name: str, *, until: int | None = None
    ) -> FileRows[SomeFrame]: ...


def fetch_etf_flows(
    url: str, clock: Clock, limits: FetchLimits | None = None
) -> FileRows[EtfFlows]:
    """Ask for the flows of the funds.

    Raises:
        FeedUnavailable: No answer, or one without a single usable day.
        ConfigurationError: The address is none.
    """
    return _fetch_days(read_etf_flows, "the feed of fund flows", url, clock, limits)


def fetch_fear_greed(
    url: str, clock: Clock, limits: FetchLimits | None = None
) -> FileRows[FearGreed]:
    """Ask for the index.

    Raises:
        FeedUnavailable: As ``fetch_etf_flows``.
        ConfigurationError: The address is none.
    """
    return _fetch_days(read_fear_greed, "the feed of fear and greed", url, clock, limits)


def _fetch_days(
    read: _ReadDays[SomeFrame], name: str, url: str, clock: Clock, limits: FetchLimits | None
) -> FileRows[SomeFrame]:
    body = fetch(url, limits)
    try:
        rows = read(body, name, until=clock.now())
    except InputError as error:
        raise FeedUnavailable(f"The answer cannot be used: {error}") from error
    if not len(rows.frame) and rows.rejects:
        first = rows.rejects[0]
        raise FeedUnavailable(
            f"The answer cannot be used: {name}: none of {rows.rows_read:,} rows; "
            f"row {first.row}: {first.reason}."
        )
    return rows
