"""The instruments of one exchange, each opened when somebody first asks for it or listens to it.

Belongs here: which instruments there are, and opening each once. Does not belong here: choosing
files or seeds (opening.py), playing (player.py), answering (rest.py).
"""

from collections.abc import Callable, Mapping, Sequence

from babingepet.errors import InputError
from babingepet_resources.exchange.source import MarketSource

OpenSource = Callable[[], MarketSource]
"""Opens an instrument; may raise InputError, for instance when its file is wrong."""


class Markets:
    """Instruments by symbol.

    Args:
        sources: Instruments that are open already; the first is the primary one, whose length is
            the exchange's and which the status tells about.
        closed: How to open further ones. One that is never asked for costs nothing.
    """

    def __init__(
        self, sources: Sequence[MarketSource], closed: Mapping[str, OpenSource] | None = None
    ) -> None:
        self._sources = {source.info.symbol: source for source in sources}
        self._closed = {
            symbol: opener
            for symbol, opener in (closed or {}).items()
            if symbol not in self._sources
        }
        self._failures: dict[str, InputError] = {}
        self.primary = sources[0]
        self.symbols = (*self._sources, *self._closed)

    def open(self, symbol: str) -> MarketSource | None:
        """The instrument, or None when the exchange does not have it.

        Raises:
            InputError: It has it, but its files cannot be used.
        """
        if symbol in self._failures:
            raise self._failures[symbol]
        opener = self._closed.pop(symbol, None)
        if opener is not None:
            try:
                self._sources[symbol] = opener()
            except InputError as error:
                self._failures[symbol] = error
                raise
        return self._sources.get(symbol)

    def usable(self) -> list[MarketSource]:
        """Every instrument that can be opened, in the order of `symbols`; opens them all."""
        found: list[MarketSource] = []
        for symbol in self.symbols:
            try:
                source = self.open(symbol)
            except InputError:
                continue  # whoever asks for this one by name is told why
            if source is not None:
                found.append(source)
        return found
