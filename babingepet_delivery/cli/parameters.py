"""Options that several commands share, and how they become settings.

Belongs here: names, help texts and the merging with BABINGEPET_* variables. Nothing here opens a
file or imports a market.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from babingepet.errors import InputError

Json = Annotated[
    bool,
    Parameter(name="--json", help="Print one JSON document on standard output, and nothing else."),
]
Warehouse = Annotated[
    Literal["configured", "binance", "recorded", "simulated", "demo"] | None,
    Parameter(
        name="--warehouse",
        help="Look only there. Without it: the configured one, then the others.",
    ),
]

DayAfter = Annotated[
    str | None, Parameter(name="--to", help="The UTC day after the last one. Without it: now.")
]
Book = Annotated[str, Parameter(name="--book", help="The ledger, paper by default.")]
Symbol = Annotated[
    str | None, Parameter(name="--symbol", help="Instrument, such as BTCUSDT (the default).")
]
Source = Annotated[
    str | None,
    Parameter(
        name="--source",
        help="Where its facts came from, where a database holds several: binance, recorded or "
        "simulated. Without it: what was decided on last.",
    ),
]
Workers = Annotated[
    int | None,
    Parameter(
        name="--workers", help="Threads (default: one a core); the result is the same for all."
    ),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class MarketOptions:
    """Which recorded or simulated market, from where, how fast, under which rules."""

    data: Annotated[
        tuple[Path, ...],
        Parameter(name="--data", help="File or folder of a recorded market; may be repeated."),
    ] = ()
    symbol: Symbol = None
    start: Annotated[
        str | None,
        Parameter(name="--from", help="Where to begin, in UTC, such as 2023-04-04T23:58."),
    ] = None
    speed: Annotated[
        str | None, Parameter(name="--speed", help="Minutes of market a minute takes, or max.")
    ] = None
    seed: Annotated[int | None, Parameter(name="--seed", help="Seed of the simulated market.")] = (
        None
    )
    overrides: Annotated[
        tuple[str, ...],
        Parameter(
            name="--set",
            help="Change a trading setting: key=value, such as blocked_hours= ; may be repeated.",
        ),
    ] = ()

    def as_settings(self) -> dict[str, object]:
        """The given options by the name of their setting; None where the environment decides."""
        return {
            "data": tuple(path.absolute() for path in self.data) or None,
            "symbol": self.symbol.upper() if self.symbol else None,
            "start": self.start,
            "speed": self.speed,
            "seed": self.seed,
            "overrides": self.overrides or None,
        }


NO_OPTIONS = MarketOptions()


def choose_market(market: str | None, options: MarketOptions, default: str) -> str:
    """The market that is meant; files without a name for it mean a recorded one.

    Raises:
        InputError: An option belongs to another market.
    """
    chosen = market or ("recorded" if options.data else default)
    if options.data and chosen != "recorded":
        raise InputError(f"--data belongs to a recorded market, not to --market {chosen}")
    if options.seed is not None and chosen not in {"simulated", "auto"}:
        raise InputError(f"--seed belongs to a simulated market, not to --market {chosen}")
    if chosen == "binance" and (options.start or options.speed):
        given = "--from" if options.start else "--speed"
        raise InputError(f"{given} belongs to a recorded or simulated market, not to the exchange")
    return chosen
