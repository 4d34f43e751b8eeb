"""What a program measured of itself, and how it tells the benchmark that started it.

Standard library only: every environment reads it.
"""

from __future__ import annotations

import json
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

MEGABYTE = 1e6
_STATUS = Path("/proc/self/status")
_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB$", re.MULTILINE)


@dataclass(frozen=True)
class Measured:
    """One program, one process.

    Attributes:
        version: Of the library.
        bars: Minutes per call.
        first_seconds: Of the first call, in which libraries load or compile.
        warm_seconds: Of each further call.
        peak_mb: Largest memory of the process, megabytes.
        imports_mb: Largest memory before the data was read.
        trades: Entries, or closed trades where the program counts those.
        final_over_start: Equity at the end over that at the beginning.
        apart: Seconds, by name, of work that the calls do not include.
        ledger_sha256: Of all money, where the program says it.
    """

    version: str
    bars: int
    first_seconds: float
    warm_seconds: list[float]
    peak_mb: float
    imports_mb: float
    trades: int
    final_over_start: float
    apart: dict[str, float] = field(default_factory=dict)
    ledger_sha256: str = ""

    @property
    def seconds(self) -> float:
        """Median of the warm calls."""
        return statistics.median(self.warm_seconds)

    @property
    def first_call_extra_seconds(self) -> float:
        """What the first call of a process costs more than the others."""
        return self.first_seconds - self.seconds

    def write(self, path: Path) -> None:
        """Hand over to the benchmark."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Measured:
        """Take what ``write`` handed over."""
        return cls(**json.loads(path.read_text()))

    def figures(self) -> dict[str, object]:
        """For the report."""
        return {
            "version": self.version,
            "calls": len(self.warm_seconds),
            "seconds": round(self.seconds, 4),
            "fastest_seconds": round(min(self.warm_seconds), 4),
            "slowest_seconds": round(max(self.warm_seconds), 4),
            "first_seconds": round(self.first_seconds, 4),
            "bars_per_second": round(self.bars / self.seconds),
            "peak_mb": round(self.peak_mb, 1),
            "imports_mb": round(self.imports_mb, 1),
            "trades": self.trades,
            "final_over_start": round(self.final_over_start, 6),
            **{f"{name}_seconds": round(seconds, 4) for name, seconds in self.apart.items()},
            **({"ledger_sha256": self.ledger_sha256} if self.ledger_sha256 else {}),
        }


def clocked(work: Callable[[], T]) -> tuple[float, T]:
    """Seconds of one call, and what it returned."""
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def timed(work: Callable[[], T], warm_calls: int) -> tuple[list[float], T]:
    """Seconds of the first call and of the warm ones, and what the last returned.

    One result is alive at a time, so that memory is that of a single call.
    """
    taken, result = clocked(work)
    seconds = [taken]
    for _ in range(warm_calls):
        del result
        taken, result = clocked(work)
        seconds.append(taken)
    return seconds, result


def peak_mb() -> float:
    """Largest resident memory of this process so far, megabytes.

    Linux hands a parent's peak on to the children it starts in what ``getrusage`` says, but not in
    the status of the process.
    """
    found = _PEAK.search(_STATUS.read_text()) if _STATUS.exists() else None
    if found:
        return int(found[1]) * 1024 / MEGABYTE
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (largest if sys.platform == "darwin" else largest * 1024) / MEGABYTE
