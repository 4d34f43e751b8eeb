"""Which recorded market is replayed, when, and under which rules: options of every replaying command.

Belongs here: their names, help texts, and how they become a request. Nothing here opens a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

if TYPE_CHECKING:
    from babingepet_services.replay.inputs import ReplayRequest

ReplayedMarket = Annotated[
    Literal["btc", "altcoin", "ihsg"],
    Parameter(name="--market", help="btc (the default)."),
]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ReplayOptions:
    """The market of a replay: files, or what the warehouse holds."""

    candles: Annotated[
        tuple[Path, ...],
        Parameter(
            name="--candles",
            help="File of minute candles, Parquet or archive CSV; may be repeated. Without it: "
            "the candles of the configured warehouse.",
        ),
    ] = ()
    funding: Annotated[
        tuple[Path, ...],
        Parameter(name="--funding", help="File of settled funding rates; may be repeated."),
    ] = ()
    start: Annotated[
        str | None,
        Parameter(
            name="--from",
            help="First time that is decided, in UTC, such as 2024-01-01; minutes before it warm "
            "the signals up.",
        ),
    ] = None
    end: Annotated[
        str | None, Parameter(name="--to", help="Where to end, in UTC; not decided any more.")
    ] = None
    symbol: Annotated[
        str | None, Parameter(name="--symbol", help="Instrument, such as BTCUSDT (the default).")
    ] = None
    capital: Annotated[
        float | None, Parameter(name="--capital", help="USDT to begin with (default 1000).")
    ] = None
    replay_ai: Annotated[
        Literal["none", "rules", "stored", "complete"],
        Parameter(
            name="--replay-ai",
            help="Whose consensus is heard: nobody's, that of the embedded analysts (rules, the "
            "default), the verdicts stored live, or these with none missing (complete).",
        ),
    ] = "rules"
    overrides: Annotated[
        tuple[str, ...],
        Parameter(
            name="--set",
            help="Change a trading setting: key=value, such as blocked_hours= ; may be repeated.",
        ),
    ] = ()

    def request(self, market: str = "btc") -> ReplayRequest:
        """What is asked for; the environment fills in what was not given.

        Raises:
            InputError: A time cannot be read, or options contradict each other.
            ConfigurationError: A BABINGEPET_* variable does not parse.
        """
        from babingepet.cycles.btc import CAPITAL
        from babingepet_resources.exchange.moments import parse_moment
        from babingepet_resources.settings import load_settings
        from babingepet_services.replay.inputs import ReplayRequest

        return ReplayRequest(
            market=market,
            settings=load_settings(
                symbol=self.symbol.upper() if self.symbol else None,
                overrides=self.overrides or None,
            ),
            candles=tuple(path.absolute() for path in self.candles),
            funding=tuple(path.absolute() for path in self.funding),
            start=None if self.start is None else parse_moment(self.start),
            end=None if self.end is None else parse_moment(self.end, "--to"),
            capital=CAPITAL if self.capital is None else self.capital,
            replay_ai=self.replay_ai,
        )


NO_REPLAY_OPTIONS = ReplayOptions()
