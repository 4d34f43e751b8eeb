"""`python -m babingepet_resources.exchange`: the loopback exchange as a process of its own.

Belongs here: arguments, the ready line, and the ways the process ends. Does not belong here:
anything a test would want to import.

On standard output: one JSON line {"url", "pid"} once requests are answered. On standard error:
one sentence for bad input, with exit code 2.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import orjson

from babingepet.errors import InputError
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.exchange.opening import open_markets, parse_speed
from babingepet_resources.exchange.server import ExchangeServer
from babingepet_resources.exchange.sockets import HOUR_S, SocketRules

_PARENT_POLL_S = 1.0
"""How often the parent is looked for, in seconds."""

_DEFAULT_SYMBOL = "BTCUSDT"


def main() -> int:
    """Serve until a signal or the end of the parent.

    Returns:
        The exit code: 0, or 2 for bad input.
    """
    try:
        arguments = _parser().parse_args()
        server = _server(arguments)
        asyncio.run(_serve(server, arguments.parent_pid))
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="exchange", description=__doc__.splitlines()[0])
    parser.add_argument("--market", choices=("recorded", "simulated"), required=True)
    parser.add_argument("--data", type=Path, action="append", default=[], metavar="FILE|DIR")
    parser.add_argument(
        "--symbol", action="append", metavar="SYMBOL", help="again for more; the first is primary"
    )
    parser.add_argument("--from", dest="start", metavar="ISO", help="UTC, such as 2023-04-04T23:58")
    parser.add_argument("--speed", default="1", metavar="1|60|max")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--parent-pid", type=int, help="end when the parent is no longer this one")
    parser.add_argument("--socket-hours", type=float, default=24.0, help="life of a connection")
    parser.add_argument("--scripted-faults", action="store_true")
    return parser


def _server(arguments: argparse.Namespace) -> ExchangeServer:
    speed = parse_speed(arguments.speed)
    start = None if arguments.start is None else parse_moment(arguments.start)
    markets = open_markets(
        arguments.market,
        data=arguments.data,
        symbols=arguments.symbol or [_DEFAULT_SYMBOL],
        start=start,
        seed=arguments.seed,
    )
    return ExchangeServer(
        markets,
        speed=speed,
        start=start,
        port=arguments.port,
        scripted_faults=arguments.scripted_faults,
        socket_rules=_socket_rules(arguments.socket_hours),
    )


def _socket_rules(hours: float) -> SocketRules:
    if not 0.0 < hours < float("inf"):
        raise InputError(f"--socket-hours {hours} is not a positive number.")
    return SocketRules(lifetime_s=hours * HOUR_S)


async def _serve(server: ExchangeServer, parent_pid: int | None) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)

    def announce() -> None:
        line = orjson.dumps({"url": server.url, "pid": os.getpid()})
        sys.stdout.write(line.decode() + "\n")
        sys.stdout.flush()

    watch = asyncio.create_task(_stop_without_parent(server, parent_pid))
    try:
        await server.run(announce)
    finally:
        watch.cancel()


async def _stop_without_parent(server: ExchangeServer, parent_pid: int | None) -> None:
    while parent_pid in {None, os.getppid()}:
        await asyncio.sleep(_PARENT_POLL_S)
    server.stop()


if __name__ == "__main__":
    sys.exit(main())
