"""What a look at one thing came to: ok, something to know, or something that must be mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        section: environment, settings, data, database, warehouses, exchange, ports.
        name: What was looked at.
        status: ok, warn or fail.
        detail: What was found.
        advice: What to do; None when there is nothing to do.
    """

    section: str
    name: str
    status: Status
    detail: str
    advice: str | None = None


def ok(section: str, name: str, detail: str) -> Finding:
    """As it should be."""
    return Finding(section, name, "ok", detail)


def warn(section: str, name: str, detail: str, advice: str) -> Finding:
    """It works, but not as one would want."""
    return Finding(section, name, "warn", detail, advice)


def fail(section: str, name: str, detail: str, advice: str) -> Finding:
    """It cannot work."""
    return Finding(section, name, "fail", detail, advice)
