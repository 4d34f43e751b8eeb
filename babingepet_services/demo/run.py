"""A rehearsal: the real loop on a loopback exchange, with a warehouse made anew.

1. what was given is checked, the market opened; nothing is written before
2. ``demo.sqlite`` in the data folder is replaced by an empty one
3. the loop runs until it has decided as often as asked, or the recording is over
4. what happened is told as one document (``demo.report``)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babingepet.domain.decision import Decision
from babingepet.errors import InputError
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.feed import FeedInfo
from babingepet_resources.exchange.moments import format_moment
from babingepet_resources.settings import Settings
from babingepet_services.btc.context import MARKET
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, CycleReport, LoopOptions
from babingepet_services.demo.report import Ended, Timing, demo_document
from babingepet_services.demo.start import lively_start
from babingepet_services.market.source import OpenMarket, open_embedded_or_current, open_market
from babingepet_services.preflight import check_rules
from babingepet_services.swarm.told import newest_verdict
from babingepet_services.warehouse_lookup import demo_file

DEFAULT_CYCLES = 300
"""Decisions of a demo that was not told when to end: five hours of market, five minutes at 60x."""


class Demo:
    """One rehearsal: iterate ``run`` once, then ask for the ``report``.

    Attributes:
        settings: Of a recorded or simulated market; where the database is does not matter.
        decisions: Made so far, in order.
        missed: Minutes that could not be decided so far: (as_of, reason).
    """

    def __init__(self, settings: Settings, clock: Clock, *, max_cycles: int | None = None) -> None:
        cycles = DEFAULT_CYCLES if max_cycles is None else max_cycles
        if cycles < 1:
            raise InputError(f"--cycles {cycles}: at least one decision")
        self.settings = settings.model_copy(update={"exchange_url": None, "database_url": None})
        self.max_cycles = cycles
        self.decisions: list[Decision] = []
        self.missed: list[tuple[int, str]] = []
        self.warehouse: Path = demo_file(settings)
        self._clock = clock
        self._info: FeedInfo | None = None
        self._analysts: dict[str, Any] | None = None
        self._timing = Timing()
        self._ended: Ended = "stopped"

    @property
    def info(self) -> FeedInfo | None:
        """The market; None before its first minute."""
        return self._info

    def run(self) -> Iterator[CycleReport]:
        """Decide minute after minute.

        Raises:
            InputError: Something given is wrong; nothing was written.
            Unavailable: The loopback exchange or the disk broke down.
        """
        self._choose_start()
        rules = check_rules(self.settings)
        program = BtcProgram(
            settings=rules,
            capture_tape=self.settings.capture_tape,
            paused=self.settings.paused,
        )
        self._timing.begun = self._clock.monotonic()
        with open_market(self.settings, self._clock) as market:
            try:
                yield from self._decide(market, program)
            except InputError:
                if not self.decisions:
                    self._remove_warehouse()
                raise
        self._timing.ended = self._clock.monotonic()
        self._ended = "cycles" if len(self.decisions) == self.max_cycles else "market"

    def _choose_start(self) -> None:
        """A simulated market that was not told where to begin does so at a lively hour."""
        if self.settings.market == "simulated" and self.settings.start is None:
            start = format_moment(lively_start(self.settings.seed, self.settings.symbol))
            self.settings = self.settings.model_copy(update={"start": start})

    def report(self) -> dict[str, Any]:
        """What happened, as JSON values; see ``demo_document``."""
        return demo_document(
            self._info,
            self.decisions,
            self.missed,
            self._analysts,
            self._timing,
            self._ended,
            self.warehouse,
        )

    def _decide(self, market: OpenMarket, program: BtcProgram) -> Iterator[CycleReport]:
        self._remove_warehouse()
        database = open_embedded_or_current(f"sqlite:///{self.warehouse}", None)
        try:
            options = LoopOptions(owner="demo", max_cycles=self.max_cycles)
            loop = BtcLoop(market.feed, database, self._clock, program, options)
            for report in loop.run():
                self._info = market.feed.info
                self._note(report)
                yield report
            with database.reading() as connection:
                self._analysts = newest_verdict(connection, MARKET)
        finally:
            database.close()

    def _note(self, report: CycleReport) -> None:
        self._timing.note(report, self._clock.monotonic())
        if report.decision is None:
            self.missed.append((report.as_of, report.missed or "not decided"))
        else:
            self.decisions.append(report.decision)

    def _remove_warehouse(self) -> None:
        try:
            for suffix in ("", "-wal", "-shm"):
                self.warehouse.with_name(self.warehouse.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            raise InputError(f"{self.warehouse}: cannot be replaced: {error.strerror}") from error
