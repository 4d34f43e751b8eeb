"""Who is asked about a market, how often, and how many of them must answer.

Values only. The rosters of the three markets are in ``rosters``; reading prompts and models from
files, and asking, belong to resources and services.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum, unique

from babingepet.errors import InputError
from babingepet.market.intervals import HOUR, MINUTE
from babingepet.swarm import prompts

LEAST_QUORUM = 2
"""One answer agrees with itself: it is no consensus."""


@unique
class Group(StrEnum):
    """What an agent is asked to be; the groups weigh 40 and 60 percent."""

    GENERALIST = "generalist"
    PERSONA = "persona"


@unique
class Subject(StrEnum):
    """What one round of questions is about."""

    MARKET = "market"
    """One answer an agent, about the market's one instrument."""
    SYMBOLS = "symbols"
    """A list of answers an agent, one a candidate; its confidence counts as well."""


@unique
class Unit(StrEnum):
    """Units of time that agents think in."""

    MINUTE = "minute"
    HOUR = "hour"
    SESSION = "session"
    """One trading day of the exchange."""
    HALF_SESSION = "half session"
    """What lies before or after the lunch break of a trading day."""


_MILLISECONDS = {Unit.MINUTE: MINUTE, Unit.HOUR: HOUR}


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time, in units that a person would use for it."""

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.count < 1:
            raise InputError(f"count: a span is at least 1 {self.unit}, got {self.count}.")

    @property
    def milliseconds(self) -> int | None:
        """Its length; None when only the exchange's calendar knows it."""
        unit = _MILLISECONDS.get(self.unit)
        return None if unit is None else self.count * unit


@dataclass(frozen=True, slots=True)
class Agent:
    """One analyst.

    Attributes:
        name: Key in answers, tables and pages.
        group: Generalist or persona.
        models: Identifiers of the models that may answer for it, the preferred one first.
        task: What it looks at, in one line; shown beside its answers.
        prompt: Template of its question; empty for an embedded analyst, which is never asked.
    """

    name: str
    group: Group
    models: tuple[str, ...]
    task: str
    prompt: str = ""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise InputError("name: an agent needs a name.")
        if not self.models or not all(model.strip() for model in self.models):
            raise InputError(f"models: agent {self.name} needs at least one model, none unnamed.")
        if len(set(self.models)) < len(self.models):
            raise InputError(f"models: agent {self.name} names {_twice(self.models)} twice.")

    @property
    def prompt_version(self) -> str:
        """Twelve hex digits over the template."""
        return prompts.version(self.prompt)


@dataclass(frozen=True, slots=True)
class Roster:
    """The agents of one market.

    Attributes:
        market: Key of the market, as verdicts are stored under it.
        horizon: How far ahead they look.
        every: How often they are asked.
        quorum: Votes without which there is no consensus.
        agents: In the order in which they are shown and summed.
        subject: Whether they are asked about the market or about a list of symbols.
    """

    market: str
    horizon: Span
    every: Span
    quorum: int
    agents: tuple[Agent, ...]
    subject: Subject

    def __post_init__(self) -> None:
        names = self.names
        if len(set(names)) < len(names):
            raise InputError(f"agents: the {self.market} roster holds {_twice(names)} twice.")
        if not LEAST_QUORUM <= self.quorum <= len(names):
            raise InputError(
                f"quorum: {self.quorum} of the {len(names)} agents of {self.market};"
                f" it must be {LEAST_QUORUM} to {len(names)}."
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the agents, in order."""
        return tuple(agent.name for agent in self.agents)


def names_of(roster: Roster, group: Group) -> tuple[str, ...]:
    """Names of a group, in order."""
    return tuple(agent.name for agent in roster.agents if agent.group is group)


def _twice(names: Iterable[str]) -> str:
    """The first name that comes more than once."""
    return next(name for name, count in Counter(names).items() if count > 1)
