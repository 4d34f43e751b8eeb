"""How every command ends: exit codes, JSON for scripts, one sentence for a mistake.

Belongs here: what all commands share about standard output and standard error. Tables for people
belong beside their command.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from rich.console import Console

Document = TypeVar("Document", bound=Mapping[str, Any])

OK = 0
FAILED = 1
"""The command was understood and did not succeed."""
BAD_INPUT = 2
"""An argument, a file or a setting must be mended first."""
INTERRUPTED = 130
"""128 + SIGINT: what a shell reports after Ctrl-C."""
BROKEN_PIPE = 141
"""128 + SIGPIPE: what a shell reports when the reader of a pipe left."""

PIPE_WIDTH = 140
"""Columns of a table that goes to a file or another program, where no terminal says how wide."""


class PipeConsole(Console):
    """A console that leaves a closed pipe to the one place that ends the program."""

    def on_broken_pipe(self) -> None:
        """Raise again what the write raised."""
        raise BrokenPipeError


def console() -> Console:
    """Standard output for people."""
    return PipeConsole(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


def print_json(document: Mapping[str, Any]) -> None:
    """Write one JSON document to standard output; nothing else goes there."""
    indent = 2 if sys.stdout.isatty() else None
    sys.stdout.write(json.dumps(document, indent=indent, allow_nan=False) + "\n")
    sys.stdout.flush()


def show(
    document: Document,
    view: Callable[[Console, Document], None],
    *,
    as_json: bool,
) -> int:
    """Write a document for a script, or have its view print it for people; ``OK`` either way."""
    if as_json:
        print_json(document)
    else:
        view(console(), document)
    return OK


def print_error(sentence: str, kind: str, *, as_json: bool) -> None:
    """Say on standard error what went wrong: a sentence, or one JSON object."""
    if as_json:
        sentence = json.dumps({"error": sentence, "kind": kind})
    else:
        sentence = f"babingepet: {sentence}"
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def drop_stdout() -> None:
    """Send what is still buffered nowhere: the reader is gone, and the interpreter would complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
