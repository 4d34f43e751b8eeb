"""Child processes that are kept alive, and ended by their own ids.

Belongs here: starting, restarting with a growing pause, ending. Does not belong here: which
programs they are (``home``, ``market``).

Each child leads a process group of its own, so that Ctrl-C reaches the supervisor only and the run
workers, which are children of the code server, are ended with it. Where the system can do it, a
child is told to end when the supervisor is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from babingepet_resources.clients.clock import Clock

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
"""Seconds between the death of a child and its restart, doubling from the first to the longest."""
STEADY = 60.0
"""Seconds after which a child counts as healthy, and its next pause is the first one again."""
PATIENCE = 30.0
"""Seconds a child has to end: the loop finishes a cycle in one and writes its last reports in five."""
WHOLE_EVERY = 5.0
"""Seconds between two looks whether a program has all that it needs: 10 ms over 200 processes."""
LOOK_EVERY = 0.1
"""Seconds between two looks at a child that is ending."""

_PR_SET_PDEATHSIG = 1
"""Linux: the signal a process gets when its parent dies; see prctl(2)."""


class Child:
    """One program and every process it started.

    Args:
        name: For people, and the name of its log.
        command: Made anew for each start.
        environment: All of its variables.
        log: Where its output goes.
        clock: This machine's clock.
        is_whole: Whether the process of an id has all that it needs. One that had and lost it is
            killed, to be restarted; one that still starts is left alone.
    """

    def __init__(
        self,
        name: str,
        command: Callable[[], Sequence[str]],
        environment: Mapping[str, str],
        log: Path,
        clock: Clock,
        is_whole: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment
        self._clock = clock
        self._is_whole = is_whole
        self._was_whole = False
        self._looked_at = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []
        self._started_at = 0.0
        self._pause = FIRST_PAUSE
        self._restart_at: float | None = None

    @property
    def pid(self) -> int | None:
        """Process id; None while it is not running."""
        return self._process.pid if self._process and self._process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start the program; its output is appended to the log."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 (the command is built here, no shell)
                list(self._command()),
                env=dict(self._environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent(),  # noqa: PLW1509 (it makes one system call)
            )
        self._groups.append(self._process.pid)
        self._started_at = self._clock.monotonic()
        self._restart_at = None
        self._was_whole = False

    def tend(self) -> str | None:
        """Restart the program when it is dead and its pause is over; says what was done."""
        code = self.exit_code
        if code is None:
            return self._tend_living()
        now = self._clock.monotonic()
        if self._restart_at is None:
            steady = now - self._started_at >= STEADY
            self._pause = FIRST_PAUSE if steady else min(LONGEST_PAUSE, self._pause * 2)
            self._restart_at = now + self._pause
            return f"{self.name} ended ({_how(code)}); restarting it in {self._pause:.0f} s"
        if now >= self._restart_at:
            self.start()
            return f"{self.name} restarted"
        return None

    def _tend_living(self) -> str | None:
        now = self._clock.monotonic()
        if self._process is None or now - self._looked_at < WHOLE_EVERY:
            return None
        self._looked_at = now
        is_whole = self._is_whole(self._process.pid)
        if self._was_whole and not is_whole:
            self._process.kill()
            self._process.wait()
            return f"{self.name} lost a process that it needs and was ended"
        self._was_whole = is_whole
        return None

    def stop(self) -> None:
        """End the program and its children: a polite signal, patience, then an end."""
        self._signal(signal.SIGTERM)
        deadline = self._clock.monotonic() + PATIENCE
        while self._is_running() and self._clock.monotonic() < deadline:
            self._clock.sleep(LOOK_EVERY)
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def _is_running(self) -> bool:
        """Whether any process of the groups is left; a worker can outlive its code server."""
        if self._process is not None:
            self._process.poll()
        return any(_exists(group) for group in self._groups)

    def _signal(self, number: int) -> None:
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, number)


def has_child(pid: int) -> bool:
    """Whether a process has a living child."""
    try:
        below = psutil.Process(pid).children()
        return any(child.status() != psutil.STATUS_ZOMBIE for child in below)
    except psutil.NoSuchProcess:
        return False


def _exists(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _end_with_parent() -> Callable[[], object] | None:
    """What a child does before it becomes its program; the library is loaded before the fork."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
