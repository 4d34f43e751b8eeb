"""A platform under random kills: who is killed when, and looking on until the day is over.

Belongs here: what is done to a running platform. Does not belong here: starting it, and judging what
it wrote (``scripts.bench.soak``).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from babingepet.errors import WarehouseUnavailable
from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import Clock
from babingepet_resources.warehouse import history
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import DecisionRecord
from scripts.bench.platform import samples
from scripts.devtools.project import VerbError
from tests.faults.platform import Platform

SAMPLE_EVERY = 30.0
LOOK_EVERY = 0.5
PATIENCE = 600.0
"""Seconds without a decision after which the platform has failed."""
QUIET_MINUTES = 10
"""Of market before the first kill and after the last one."""
VICTIMS: Sequence[tuple[str, ...]] = (
    ("worker",),
    ("code server",),
    ("daemon",),
    ("worker", "code server"),
    ("code proxy", "code server"),
    ("worker", "daemon"),
)
"""What is killed together; each once before any comes again."""


@dataclass
class Kill:
    """One kill; ``back_s`` is from it to the next loop's first decision, None when the loop lived."""

    at_s: float
    minute: int
    victims: tuple[str, ...]
    processes: int
    fence: int
    back_s: float | None = None


@dataclass
class Soak:
    """One run under way.

    Attributes:
        platform: The processes.
        database: The warehouse they write.
        kills: Done so far.
        samples: Taken so far.
    """

    platform: Platform
    database: Database
    clock: Clock
    began: float
    kills: list[Kill] = field(default_factory=list)
    samples: list[dict[str, object]] = field(default_factory=list)

    def seconds(self) -> float:
        """Since the first decision."""
        return round(self.clock.monotonic() - self.began, 1)

    def last(self) -> DecisionRecord | None:
        """The newest decision; None too while the database is busy."""
        try:
            with self.database.reading() as connection:
                return history.last_decision(connection, "paper", "BTCUSDT", "simulated")
        except WarehouseUnavailable:
            return None

    def kill(self, victims: tuple[str, ...], newest: DecisionRecord) -> bool:
        """SIGKILL all processes of the roles at once; False when one of the roles is not there."""
        roles = samples.by_role(samples.processes_of(self.platform.settings.data_dir))
        if not all(roles[role] for role in victims):
            return False
        killed = [process for role in victims for process in roles[role]]
        for process in killed:
            process.kill()
        self.kills.append(Kill(self.seconds(), newest.as_of, victims, len(killed), newest.fence))
        return True

    def sample(self, newest: DecisionRecord) -> None:
        """Note what everything takes now."""
        with suppress(WarehouseUnavailable):  # busy: the next look is in half a minute
            self.samples.append(self._look(newest))

    def _look(self, newest: DecisionRecord) -> dict[str, object]:
        roles = samples.by_role(samples.processes_of(self.platform.settings.data_dir))
        home = self.platform.settings.data_dir / "dagster"
        schema = self.platform.settings.schema_beside("dagster")
        return {
            "seconds": self.seconds(),
            "as_of": newest.as_of,
            "roles": {role: asdict(samples.usage(found)) for role, found in roles.items()},
            "tables": samples.table_bytes(self.database),
            "event_log_rows": samples.event_log_rows(self.database, home, schema),
        }


def plan(
    chance: random.Random, start: int, minutes: int, kills: int
) -> list[tuple[int, tuple[str, ...]]]:
    """When, in market time, and whom to kill: random moments, one in each equal part of the day."""
    room = minutes - 2 * QUIET_MINUTES
    at = (QUIET_MINUTES + room * (number + chance.random()) / kills for number in range(kills))
    victims = [VICTIMS[number % len(VICTIMS)] for number in range(kills)]
    chance.shuffle(victims)
    return list(zip((start + int(minute) * MINUTE for minute in at), victims, strict=True))


def soak(one: Soak, minutes: int, kills: int, chance: random.Random) -> None:
    """Kill and look until the minutes have passed.

    Raises:
        VerbError: Nothing was decided for too long.
    """
    first = _first(one)
    one.began = one.clock.monotonic()
    planned = plan(chance, first.as_of, minutes, kills)
    heard, newest, due = one.clock.monotonic(), first, 0.0
    while newest.as_of < first.as_of + minutes * MINUTE:
        found = one.last()
        if found is not None and found.as_of > newest.as_of:
            newest, heard = found, one.clock.monotonic()
            _note_return(one, newest)
            if planned and newest.as_of >= planned[0][0] and one.kill(planned[0][1], newest):
                planned.pop(0)
        if one.clock.monotonic() - heard > PATIENCE:
            raise VerbError(f"nothing was decided for {PATIENCE:.0f} s; see {one.platform.log}")
        if one.seconds() >= due:
            one.sample(newest)
            due += SAMPLE_EVERY
        one.clock.sleep(LOOK_EVERY)
    one.sample(newest)


def _first(one: Soak) -> DecisionRecord:
    deadline = one.clock.monotonic() + PATIENCE
    while one.clock.monotonic() < deadline:
        found = one.last()
        if found is not None:
            return found
        one.clock.sleep(LOOK_EVERY)
    raise VerbError(f"nothing was decided within {PATIENCE:.0f} s; see {one.platform.log}")


def _note_return(one: Soak, newest: DecisionRecord) -> None:
    for kill in one.kills:
        if "worker" in kill.victims and kill.back_s is None and newest.fence > kill.fence:
            kill.back_s = round(one.seconds() - kill.at_s, 1)
