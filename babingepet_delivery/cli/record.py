"""``babingepet record``: a market as raw messages, in files that the loopback exchange plays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from babingepet_delivery.cli import output
from babingepet_delivery.cli.parameters import Json, MarketOptions, choose_market

if TYPE_CHECKING:
    from babingepet_services.market.record import RecordReport


def record(
    *,
    market: Annotated[
        Literal["auto", "binance", "recorded", "simulated"] | None,
        Parameter(name="--market", help="Which market (default: binance)."),
    ] = None,
    data: Annotated[
        tuple[Path, ...],
        Parameter(name="--data", help="File or folder of a recorded market; may be repeated."),
    ] = (),
    symbols: Annotated[
        tuple[str, ...],
        Parameter(name="--symbol", help="Instrument (default BTCUSDT); may be repeated."),
    ] = (),
    minutes: Annotated[
        int | None,
        Parameter(name="--minutes", help="Minutes of the market (default: until Ctrl-C)."),
    ] = None,
    to: Annotated[
        Path | None,
        Parameter(name="--to", help="Folder of the files (default: recorded in the data folder)."),
    ] = None,
    json: Json = False,
) -> int:
    """Record a market: trades, quotes, book differences, mark prices and liquidations as they come.

    A file a UTC day and instrument, which `babingepet demo` plays. Ctrl-C ends it, a kill loses the
    last two seconds, and a second start goes on with the same files.
    """
    from babingepet_resources.clients.clock import SystemClock
    from babingepet_resources.settings import load_settings
    from babingepet_services.market.record import Recording

    options = MarketOptions(data=data)
    chosen = choose_market(market, options, _default(load_settings().market))
    settings = load_settings(**options.as_settings() | {"market": chosen})
    recording = Recording(
        settings,
        SystemClock(),
        symbols=symbols,
        folder=to or settings.data_dir / "recorded",
        minutes=minutes,
    )
    with _status(shown=not json) as tell:
        report = recording.run(tell)
    if json:
        output.print_json(report.document())
    else:
        _print(report)
    return output.OK


def _default(configured: str) -> str:
    """A market that is made up is recorded by those who ask for it."""
    return "binance" if configured == "auto" else configured


@contextmanager
def _status(*, shown: bool) -> Iterator[Callable[[RecordReport], None]]:
    """One line on standard error that is written over; none where that is not a terminal."""
    from rich.console import Console

    errors = Console(stderr=True)
    if not (shown and errors.is_terminal):
        yield lambda _: None
        return
    with errors.status("connecting") as line:
        yield lambda report: line.update(_line(report))


def _line(report: RecordReport) -> str:
    rate = report.messages / report.seconds if report.seconds else 0.0
    newest = max((one.last_time or "" for one in report.instruments), default="")
    return (
        f"{newest or 'waiting'}  {report.messages:,} messages ({rate:,.0f} a second)  "
        f"{report.size / 1e6:,.1f} MB  Ctrl-C ends it"
    )


def _print(report: RecordReport) -> None:
    from rich.table import Table

    table = Table(
        "instrument", "from", "to", "messages", "books", "rejected", "reconnects", "files"
    )
    for one in report.instruments:
        files = "\n".join(f"{name}, {size / 1e3:,.0f} kB" for name, size in one.files.items())
        table.add_row(
            one.symbol, one.first_time or "-", one.last_time or "-", f"{one.messages:,}",
            str(one.snapshots), str(one.rejected), str(one.reconnects), files or "-",
        )  # fmt: skip
    console = output.console()
    console.print(table)
    console.print(f"{report.folder}: {report.source}, {report.ended}", markup=False)
