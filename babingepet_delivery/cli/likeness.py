"""``babingepet likeness``: is the simulated market like the recorded one?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json


def likeness(
    *,
    data: Annotated[
        tuple[Path, ...],
        Parameter(
            name="--data",
            help="Recordings: minute-candle files, or folders of streams or candles; may be "
            "repeated.",
        ),
    ] = (),
    symbol: Annotated[
        str, Parameter(name="--symbol", help="Instrument, default BTCUSDT.")
    ] = "BTCUSDT",
    seed: Annotated[
        int, Parameter(name="--seed", help="Seed of the simulated market (default 0).")
    ] = 0,
    days: Annotated[
        int, Parameter(name="--days", help="Simulated days of minutes (default 24).")
    ] = 24,
    start: Annotated[
        str | None, Parameter(name="--from", help="First simulated day, default 2025-01-01.")
    ] = None,
    json: Json = False,
) -> int:
    """Compare a simulated market with recordings: tails, memories, trades, spread and depth.

    A statistic is alike when it lies in the band of the recordings and the tolerance of its row.
    Ends with exit code 0 whatever comes out; --json names what lies outside. Nothing is kept.
    """
    from babingepet_delivery.cli.likeness_view import print_likeness
    from babingepet_resources.exchange.moments import parse_moment
    from babingepet_services.likeness.compare import LikenessOptions, compare

    document = compare(
        LikenessOptions(
            data=data,
            symbol=symbol.upper(),
            seed=seed,
            days=days,
            start=None if start is None else parse_moment(start),
        )
    )
    return output.show(document, print_likeness, as_json=json)
