"""What is refused before anything starts or is written: settings, files, symbol, time.

Belongs here: trying what was given once, in this process, where its mistakes can be said in a
sentence. Does not belong here: whether the exchange or a port is free (whoever starts them).
"""

from __future__ import annotations

from babingepet.cycles.settings import BtcSettings, override
from babingepet.errors import InputError
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.exchange.opening import open_source, parse_speed
from babingepet_resources.settings import Settings, require_files

HIGHEST_PORT = 65_535


def check_rules(settings: Settings) -> BtcSettings:
    """The trading rules, after making sure that speed and start can be read too.

    Raises:
        InputError: A key, value, speed or time is wrong; the message names the option.
    """
    parse_speed(settings.speed)
    if settings.start is not None:
        parse_moment(settings.start)
    return override(BtcSettings(), settings.overrides)


def check_before_start(settings: Settings) -> None:
    """Open a recorded or simulated market once, and let it go again.

    Raises:
        InputError: What was given cannot be run; the message names file, row, column or option.
    """
    check_rules(settings)
    if not 0 < settings.dagster_port <= HIGHEST_PORT:
        raise InputError(f"--port {settings.dagster_port}: a port is 1 to {HIGHEST_PORT}")
    if settings.market in {"auto", "binance"} or settings.exchange_url:
        return
    require_files(settings.data)
    open_source(
        "recorded" if settings.market == "recorded" else "simulated",
        data=settings.data,
        symbol=settings.symbol,
        start=parse_moment(settings.start) if settings.start else None,
        seed=settings.seed,
    )
