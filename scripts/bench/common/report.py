"""How a benchmark prints: a table for people, one JSON object for programs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence

import numpy as np


def wants_json(description: str) -> bool:
    """Parse the arguments that every benchmark takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true")
    return bool(parser.parse_args().json)


def distribution(seconds: Sequence[float]) -> dict[str, float]:
    """Median, 99th percentile and maximum, in milliseconds."""
    values = np.asarray(seconds) * 1e3
    p50, p99 = np.percentile(values, (50, 99))
    return {
        "n": len(values),
        "p50_ms": round(float(p50), 4),
        "p99_ms": round(float(p99), 4),
        "max_ms": round(float(values.max()), 4),
    }


def print_report(title: str, figures: Mapping[str, object], *, as_json: bool) -> None:
    """Print the figures of one run."""
    if as_json:
        print(json.dumps({"bench": title, **figures}))
        return
    print(title)
    for name, value in figures.items():
        print(f"  {name:28s} {value}")
