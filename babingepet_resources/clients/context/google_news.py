"""Headlines of a search of Google News, by its RSS.

Belongs here: the search's address, and from RSS to headlines. Does not belong here: what is said in
them, and storing them. Its text is stored and compared, never followed or executed.

XML is read once by a parser that refuses document types, and with them entities, before the parser
of feeds sees it: an entity that doubles thirty times is a gigabyte.
"""

from __future__ import annotations

import calendar
import io
import re
import urllib.parse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from xml.parsers import expat

from babingepet.errors import FeedUnavailable, InputError
from babingepet.market.intervals import DAY, SECOND
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.context.fetch import FetchLimits, fetch
from babingepet_resources.market_files.titles import plain_text, plain_title

MOST_ITEMS = 100
"""Items that Google answers at most; whatever a feed holds beyond is not looked at."""
OLDEST = 7 * DAY
"""A decision reads headlines of a day; a week covers what became known late."""

UNDATED, FUTURE, OLD = "undated", "dated in the future", "older than 7 days"
UNTITLED, SURPLUS = "untitled", f"beyond the first {MOST_ITEMS}"

_LOCALE = re.compile(r"([a-z]{2})(-[A-Z]{2})?:([A-Z]{2})")


@dataclass(frozen=True)
class NewsSearch:
    """What to search for.

    Attributes:
        market: Under which the headlines are filed: ``BTC``.
        words: Google's search text; ``when:1d`` restricts it to a day.
        edition: Language and country of the edition: ``en-US:US``, ``id:ID``.
    """

    market: str
    words: str
    edition: str = "en-US:US"

    def address(self, base_url: str) -> str:
        """The address of its feed.

        Raises:
            InputError: The edition is none.
        """
        found = _LOCALE.fullmatch(self.edition)
        if found is None:
            raise InputError(f"{self.edition!r} is no edition such as en-US:US or id:ID.")
        language, country = f"{found[1]}{found[2] or ''}", found[3]
        asked = {"q": self.words, "hl": language, "gl": country, "ceid": f"{country}:{found[1]}"}
        separator = "&" if "?" in base_url else "?"
        return f"{base_url}{separator}{urllib.parse.urlencode(asked)}"


BITCOIN = NewsSearch("BTC", "bitcoin when:1d")
BITCOIN_ID = NewsSearch("BTC", "bitcoin when:1d", "id:ID")


class FeedItem(NamedTuple):
    """One headline of a feed.

    Attributes:
        title: Plain text without the outlet.
        outlet: Who published it; may be empty.
        published: UTC ms.
        url: As it stands in the feed, never opened; None without one.
    """

    title: str
    outlet: str
    published: int
    url: str | None


class FeedAnswer(NamedTuple):
    """What a feed answered.

    Attributes:
        items: Headlines that can be used.
        dropped: How many could not, by reason.
    """

    items: tuple[FeedItem, ...]
    dropped: Mapping[str, int]


def fetch_news(
    base_url: str, search: NewsSearch, clock: Clock, limits: FetchLimits | None = None
) -> FeedAnswer:
    """Ask for the headlines of a search.

    Raises:
        FeedUnavailable: No answer, or one that is no feed.
        InputError: The address or the edition is none.
    """
    body = fetch(search.address(base_url), limits)
    return parse_feed(body, clock.now())


def parse_feed(body: bytes, now: int) -> FeedAnswer:
    """Read RSS.

    Args:
        body: As it came.
        now: UTC ms; nothing can have been published later.

    Raises:
        FeedUnavailable: It is no well-formed RSS.
    """
    import feedparser

    _require_plain_xml(body)
    # A stream, since bytes are tried as the name of a file first; its own cleaning of HTML knows
    # titles that are markup only by half.
    parsed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    if not parsed.version:
        raise FeedUnavailable("The news feed answered with something that is no feed.")
    items: list[FeedItem] = []
    dropped: Counter[str] = Counter()
    for entry in parsed.entries[:MOST_ITEMS]:
        item = _item(entry)
        wrong = item if isinstance(item, str) else _untimely(item, now)
        if wrong:
            dropped[wrong] += 1
        elif isinstance(item, FeedItem):
            items.append(item)
    surplus = len(parsed.entries) - MOST_ITEMS
    if surplus > 0:
        dropped[SURPLUS] = surplus
    return FeedAnswer(tuple(items), dropped)


def _item(entry: Mapping[str, Any]) -> FeedItem | str:
    """The headline, or why it is none."""
    outlet = plain_text(str((entry.get("source") or {}).get("title") or ""))
    title = plain_title(str(entry.get("title") or ""), outlet)
    if not title:
        return UNTITLED
    # An Atom entry that says only when it was changed has no date: its text may be years old.
    published = entry.get("published_parsed") if "published_parsed" in entry else None
    if published is None:
        return UNDATED
    link = entry.get("link")
    return FeedItem(title, outlet, calendar.timegm(published) * SECOND, link and str(link))


def _untimely(item: FeedItem, now: int) -> str | None:
    if item.published > now:
        return FUTURE
    return OLD if item.published < now - OLDEST else None


def _require_plain_xml(body: bytes) -> None:
    def refuse(*_: object) -> None:
        raise FeedUnavailable("The news feed declares a document type, which news feeds have not.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)  # noqa: FBT003 (expat's signature)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise FeedUnavailable(f"The news feed is no well-formed XML: {error}.") from error
