"""What the loop remembers of the market: loaded for its first minute, anew where series break.

Belongs here: when the history is loaded again. Does not belong here: how (``load``), and what is
remembered (``memory``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from babingepet.errors import Unavailable
from babingepet.market.frames import Candles
from babingepet.market.intervals import MINUTE, month_start
from babingepet.market.tape import TapeMinute
from babingepet_resources.clients.feed import CollectedMinute, MarketFeed
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.load import load_memory
from babingepet_services.btc.memory import BtcMemory

log = logging.getLogger(__name__)


class Remembering:
    """The memory of one loop, and whether it can be trusted for the next minute.

    Args:
        feed: The market.
        database: Under limits that let a history be read.
        program: Whose ledger is continued, and which analysts are heard.
        renew: Called between the requests of a load, which can take minutes.

    Attributes:
        memory: None until it was loaded once.
    """

    def __init__(
        self, feed: MarketFeed, database: Database, program: BtcProgram, renew: Callable[[], None]
    ) -> None:
        self._feed = feed
        self._database = database
        self._program = program
        self._renew = renew
        self._has_skipped = False
        self._has_hole = False
        self.memory: BtcMemory | None = None

    def for_minute(self, minute: CollectedMinute) -> BtcMemory:
        """The memory, loaded anew where series begin elsewhere: in another month, after a hole.

        Raises:
            Unavailable: It has to be loaded, and cannot be.
        """
        memory = self.memory
        if memory is None or memory.month != month_start(minute.as_of):
            return self._load(minute)
        if self._has_skipped and not memory.has_decided(minute):
            memory.read_tape(self._database, minute.as_of - MINUTE)
            self._has_skipped = False
        if self._has_hole and memory.last_as_of == minute.as_of - MINUTE:  # no fact waits
            try:
                return self._load(minute)
            except Unavailable as error:
                log.warning("the hole in the history stays for now: %s", error)
        return memory

    def skip(self, minute: CollectedMinute, memory: BtcMemory) -> None:
        """Let a minute join that was decided before; its tape is in the warehouse."""
        memory.skip(minute)
        self._has_skipped = True

    def extend(
        self, minute: CollectedMinute, memory: BtcMemory
    ) -> tuple[list[TapeMinute], Candles]:
        """Let a minute join; see ``BtcMemory.extend``."""
        before = memory.history.end
        reduced, fresh = memory.extend(minute)
        self._has_hole |= bool(len(fresh)) and int(fresh.open_time[0]) > before
        return reduced, fresh

    def _load(self, minute: CollectedMinute) -> BtcMemory:
        before = self.memory
        self.memory = load_memory(
            self._feed, self._database, self._program.book, minute.as_of, self._renew,
            analysts=self._program.analysts,
        )  # fmt: skip
        self._has_hole = False
        if before is not None:
            self.memory.watch = before.watch
        log.info(
            "loaded %d minutes of history from %s",
            len(self.memory.history.minutes(minute.as_of)), self.memory.info.source,
        )  # fmt: skip
        return self.memory
