"""The circumstances under which a trade was entered, by the five keys that patterns are made of.

A key that was not measured has no value, and resembles nothing: unavailable is not neutral.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from babingepet.market.intervals import hour_of_day
from babingepet.memory.text import as_token

SESSIONS = ((0, "ASIA"), (7, "EU"), (13, "US"), (21, "LATE"))
"""First UTC hour and name of each part of a trading day."""


def session_of(time: int) -> str:
    """The part of the trading day that a time, UTC ms, falls into."""
    hour = hour_of_day(time)
    return next(name for first, name in reversed(SESSIONS) if hour >= first)


@dataclass(frozen=True, slots=True)
class Conditions:
    """Circumstances of an entry; None is what was not measured.

    Attributes:
        vpin_regime: LOW, NORMAL, HIGH or the like, as the signal named it.
        ofi_pressure: STRONG_BUY to STRONG_SELL.
        entry_grade: A to D.
        session: ASIA, EU, US or LATE.
        regime: State of the market over 15-minute bars.
    """

    vpin_regime: str | None = None
    ofi_pressure: str | None = None
    entry_grade: str | None = None
    session: str | None = None
    regime: str | None = None

    @classmethod
    def of(cls, values: Mapping[str, str | None]) -> Conditions:
        """Conditions by name; names of others are passed over."""
        return cls(**{field.name: values.get(field.name) for field in fields(cls)})

    @property
    def known(self) -> dict[str, str]:
        """Those that were measured, by name."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value for name, value in values if value is not None}

    @property
    def tags(self) -> tuple[str, ...]:
        """The known ones as words that can be searched: ``vpin_regime_high``."""
        return tuple(as_token(name, value) for name, value in self.known.items())

    def alike(self, other: Conditions) -> int:
        """How many known conditions are the same."""
        return len(self.known.items() & other.known.items())

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.known.items())
