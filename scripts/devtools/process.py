"""Start other programs, and turn the ways they fail into sentences.

Here: running, streaming and translating output. Not here: which programs, or when.
"""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.devtools.project import ROOT, VerbError, tool_environment

_LAST_LINES = 15
"""Lines of a failed tool's output that are shown; its cause stands at the end."""

_DISK_FULL = ("no space left on device", "os error 28", "disk quota exceeded")
_NO_NETWORK = (
    "failed to fetch",
    "error sending request",
    "tcp connect error",
    "dns error",
    "failed to establish a new connection",
    "temporary failure in name resolution",
    "network is unreachable",
    "connection refused",
    "read timed out",
    "(from versions: none)",  # all that pip says when its retries are silent
)

DISK_FULL_SENTENCE = (
    "The disk is full: set-up needs about 2.5 GB under {folder}. "
    "Free some space and call the same command again; it goes on where it stopped."
)
NO_NETWORK_SENTENCE = (
    "The package registry does not answer: check the network, or the proxy in HTTPS_PROXY, "
    "and call the same command again."
)


@dataclass(frozen=True)
class Finished:
    """A program that has ended: its exit code, and everything it printed."""

    status: int
    output: str


def run(command: Sequence[str], *, extra: Mapping[str, str] | None = None) -> Finished:
    """Run a program in the repository's root and keep what it prints."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=tool_environment() | dict(extra or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Finished(done.returncode, done.stdout)


def run_step(command: Sequence[str], doing: str, shown: Sequence[str] = ()) -> None:
    """Run one step of set-up, printing the lines that start with one of `shown` as they come.

    Raises:
        VerbError: The program failed; the sentence says why as far as its output tells.
    """
    lines: list[str] = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=tool_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            if line.strip().startswith(tuple(shown)):
                print(f"  {line.strip()}", flush=True)
    if process.returncode != 0:
        raise VerbError(sentence_for_failure(doing, "".join(lines)))


def sentence_for_failure(doing: str, output: str) -> str:
    """Say why a tool failed: a full disk, a missing network, or its own last lines."""
    lowered = output.lower()
    if any(phrase in lowered for phrase in _DISK_FULL):
        return DISK_FULL_SENTENCE.format(folder=ROOT)
    if is_network_failure(output):
        return NO_NETWORK_SENTENCE
    tail = "\n".join(f"  {line}" for line in output.strip().splitlines()[-_LAST_LINES:])
    return f"{doing} failed. Its last lines:\n{tail}"


def is_network_failure(output: str) -> bool:
    """Tell whether a tool failed because the package registry could not be reached."""
    lowered = output.lower()
    return any(phrase in lowered for phrase in _NO_NETWORK)
