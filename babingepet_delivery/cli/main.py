"""The ``babingepet`` command: finds the command, runs it, and turns every error into an exit code.

Belongs here: the list of commands and how a program ends. What a command does belongs to a
service; the heavy libraries are imported inside of the commands, so that --help takes no time.
"""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Callable, Sequence

from cyclopts import App, CycloptsError, Parameter

from babingepet import __version__
from babingepet.errors import BabingepetError, InputError
from babingepet_delivery.cli import output
from babingepet_delivery.cli.backfill import backfill
from babingepet_delivery.cli.db import database_commands
from babingepet_delivery.cli.demo import demo
from babingepet_delivery.cli.doctor import doctor
from babingepet_delivery.cli.explain import explain
from babingepet_delivery.cli.gaps import gaps
from babingepet_delivery.cli.import_files import import_command
from babingepet_delivery.cli.jobs import jobs
from babingepet_delivery.cli.likeness import likeness
from babingepet_delivery.cli.lookahead import lookahead
from babingepet_delivery.cli.memory import memory_commands
from babingepet_delivery.cli.minutes import minutes
from babingepet_delivery.cli.parity import parity
from babingepet_delivery.cli.performance import performance
from babingepet_delivery.cli.record import record
from babingepet_delivery.cli.replay import replay_commands
from babingepet_delivery.cli.replay_cycle import replay_cycle
from babingepet_delivery.cli.replays import replays
from babingepet_delivery.cli.run import run
from babingepet_delivery.cli.signals import signals
from babingepet_delivery.cli.swarm import swarm_commands
from babingepet_delivery.cli.sweep import sweep

COMMANDS: dict[str, Callable[..., int]] = {
    "run": run,
    "demo": demo,
    "import": import_command,
    "backfill": backfill,
    "gaps": gaps,
    "minutes": minutes,
    "record": record,
    "explain": explain,
    "replay-cycle": replay_cycle,
    "parity": parity,
    "replays": replays,
    "performance": performance,
    "sweep": sweep,
    "lookahead": lookahead,
    "likeness": likeness,
    "signals": signals,
    "jobs": jobs,
    "doctor": doctor,
}
"""Commands by name, in the order of --help."""


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


def build_app() -> App:
    """The command line with all of its commands."""
    app = App(
        name="babingepet",
        help="A paper-trading research platform whose every number can be explained.",
        version=__version__,
        default_parameter=Parameter(negative=(), show_default=False),
        console=output.console(),
        help_format="plaintext",
        help_epilogue="Settings are read from BABINGEPET_* variables; options win over them.",
        suppress_keyboard_interrupt=False,
        verbose=False,
    )
    for order, (name, command) in enumerate(COMMANDS.items()):
        app.command(command, name=name, sort_key=order)
    app.command(replay_commands())
    app.command(memory_commands())
    app.command(swarm_commands())
    app.command(database_commands())
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows the program's name; None for those of this process.

    Returns:
        The exit code: 0, 1 for a failure, 2 for bad input, 130 after Ctrl-C.
    """
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in tokens
    # A script reads stderr for the one object that tells of an error; nothing may stand beside it.
    logging.basicConfig(level=logging.CRITICAL if as_json else logging.ERROR)
    try:
        code = build_app()(
            tokens, exit_on_error=False, print_error=False, result_action="return_value"
        )
        sys.stdout.flush()
    except BrokenPipeError:
        output.drop_stdout()
        return output.BROKEN_PIPE
    except (CycloptsError, BabingepetError, KeyboardInterrupt) as error:
        return _end(error, as_json=as_json)
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return _end_without_room(error, as_json=as_json)
        if not as_json:
            raise  # a defect of ours: the traceback is what its report needs
        output.print_error(f"{type(error).__name__}: {error}", "Defect", as_json=True)
        return output.FAILED
    return code if isinstance(code, int) else output.OK


def _end_without_room(error: OSError, *, as_json: bool) -> int:
    if error.filename is None:
        output.drop_stdout()
    where = error.filename or "the file that standard output goes to"
    output.print_error(f"{where}: no space is left on its disk.", "DiskFull", as_json=as_json)
    return output.FAILED


def _end(error: BaseException, *, as_json: bool) -> int:
    kind = type(error).__name__
    if isinstance(error, KeyboardInterrupt):
        output.print_error("interrupted", "Interrupted", as_json=as_json)
        return output.INTERRUPTED
    if isinstance(error, CycloptsError):
        sentence = " ".join(str(error).split())
        output.print_error(f"{sentence} See babingepet --help.", "UsageError", as_json=as_json)
        return output.BAD_INPUT
    output.print_error(str(error), kind, as_json=as_json)
    return output.BAD_INPUT if isinstance(error, InputError) else output.FAILED
