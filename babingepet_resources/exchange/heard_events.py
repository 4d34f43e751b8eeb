"""The messages of those instruments that somebody listens to, in the order of the exchange's time.

Belongs here: starting, ending and merging the instruments' messages. Does not belong here: when a
message is due (player.py), or who listens (hub.py).
"""

from collections.abc import Collection, Iterator
from heapq import heapify, heappop, heappush, heapreplace
from typing import NamedTuple

from babingepet.errors import InputError
from babingepet_resources.exchange.markets import Markets
from babingepet_resources.exchange.source import Event

LIQUIDATIONS_STREAM = "!forceOrder@arr"
"""The liquidations of all instruments on one stream."""


class _Head(NamedTuple):
    """The next message of an instrument; at equal times the exchange's order of symbols decides.

    `name` is the symbol as streams write it, in small letters.
    """

    time: int
    position: int
    event: Event
    name: str
    rest: Iterator[Event]


class HeardEvents:
    """Merges what is heard; an instrument nobody hears is neither opened nor played.

    Args:
        markets: The instruments.
    """

    def __init__(self, markets: Markets) -> None:
        self._markets = markets
        self._positions = {s.lower(): number for number, s in enumerate(markets.symbols)}
        self._heads: list[_Head] = []
        self._playing: set[str] = set()

    @property
    def next_time(self) -> int | None:
        """Exchange time of the next message, or None while there is none."""
        return self._heads[0].time if self._heads else None

    def tune(self, streams: Collection[str], now: int) -> None:
        """From `now` on play the instruments of these streams, and only them.

        One that was playing goes on where it is.

        Args:
            streams: Full names, such as `btcusdt@aggTrade` or `!forceOrder@arr`.
            now: The exchange's clock.
        """
        if LIQUIDATIONS_STREAM in streams:
            heard = set(self._positions)
        else:
            named = {stream.partition("@")[0] for stream in streams}
            heard = named & self._positions.keys()
        self._heads = [head for head in self._heads if head.name in heard]
        heapify(self._heads)
        for name in sorted(heard - self._playing):
            self._begin(name, now)
        self._playing = heard

    def take(self) -> tuple[str, Event]:
        """The next message and the small-letter symbol it belongs to."""
        head = self._heads[0]
        event = next(head.rest, None)
        if event is None:
            heappop(self._heads)
        else:
            following = _Head(event.time, head.position, event, head.name, head.rest)
            heapreplace(self._heads, following)
        return head.name, head.event

    def _begin(self, name: str, now: int) -> None:
        try:
            source = self._markets.open(name.upper())
        except InputError:
            return  # silent, as every stream without messages; REST tells why
        events = iter(()) if source is None else source.events(now)
        first = next(events, None)
        if first is not None:
            heappush(self._heads, _Head(first.time, self._positions[name], first, name, events))
