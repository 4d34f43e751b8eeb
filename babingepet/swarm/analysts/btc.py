"""The nine embedded analysts of the Bitcoin future.

x of each is a weighted mean (``blend``) of scores of the vote:

    gemini               .5 mtf_alignment + .3 regime + .2 vwap
    claude               .5 whale_flow + .3 vpin + .2 as_fair_value
    gpt                  .4 funding_rate + .3 etf_flow + .3 sentiment
    momentum             .5 mtf_alignment + .5 stretch_1h
    contrarian           .5 fade_4h + .3 funding_rate + .2 ofi_contrarian
    flow_reader          .4 whale_flow + .4 vpin + .2 ofi_contrarian
    risk_manager         mean of all that are there; 0 in a VOLATILE regime or a wild quarter-hour
    macro_sage           .5 etf_flow + .3 funding_rate + .2 sentiment
    conservative_filter  the same mean if at least 4 scores of its sign are .10 or more, else 0

with stretch_1h = clip(ret_1h / (2 rv_1h)) and fade_4h = -clip(ret_4h / (2 rv_4h)): a move against
twice what the market usually moves in the time; 0 while nothing moves. The analysts' own consensus
is no reading of theirs. ``btc_series`` holds the same rules over columns.

Units: scores in [-1, 1]; log returns and realised volatilities of the same hours, as fractions.
Source: ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from babingepet.domain.score import clip1
from babingepet.errors import InputError
from babingepet.swarm.analysts.blend import (
    ANY,
    POSITIVE,
    SCORE,
    SHARE,
    Lean,
    Shares,
    answer,
    blend,
    expect,
)
from babingepet.swarm.answers import Answer
from babingepet.swarm.consensus import ROUNDING

OWN_SCORE = "ai_consensus"
"""The score that is made of these analysts: they do not read it."""

SCORES: tuple[str, ...] = (
    "whale_flow", "vpin", "mtf_alignment", "regime", "ofi_contrarian", "vwap", "funding_rate",
    "etf_flow", "ml_xgboost", "as_fair_value", "hour_seasonality", "sentiment",
)  # fmt: skip
"""The scores they read, in the order in which they are summed."""

STRETCH_1H, FADE_4H = "stretch_1h", "fade_4h"

SHARES: Mapping[str, Shares] = {
    "gemini": ((0.5, "mtf_alignment"), (0.3, "regime"), (0.2, "vwap")),
    "claude": ((0.5, "whale_flow"), (0.3, "vpin"), (0.2, "as_fair_value")),
    "gpt": ((0.4, "funding_rate"), (0.3, "etf_flow"), (0.3, "sentiment")),
    "momentum": ((0.5, "mtf_alignment"), (0.5, STRETCH_1H)),
    "contrarian": ((0.5, FADE_4H), (0.3, "funding_rate"), (0.2, "ofi_contrarian")),
    "flow_reader": ((0.4, "whale_flow"), (0.4, "vpin"), (0.2, "ofi_contrarian")),
    "macro_sage": ((0.5, "etf_flow"), (0.3, "funding_rate"), (0.2, "sentiment")),
}
"""Analysts that are a weighted mean."""
RISK_MANAGER, CONSERVATIVE_FILTER = "risk_manager", "conservative_filter"

USUAL = 2.0
"""A move of this many volatilities is a full stretch."""
WILD = 0.90
"""Percentile of the quarter-hours' range from which the risk manager stands aside."""
FLOOR, VOICES = 0.10, 4
"""Size from which a score is a voice, and how many of them the filter needs."""


@dataclass(frozen=True, slots=True)
class BtcReading:
    """What the analysts read at one moment; None is unavailable.

    Attributes:
        scores: Scores of the vote by name; one that is left out is unavailable.
        ret_1h: Log return of the last hour.
        ret_4h: Of the last four hours.
        rv_1h: Realised volatility of the last hour: root of its summed squared returns.
        rv_4h: Of the last four hours.
        natr_percentile: Of the quarter-hours' average range among the last 500, 0 to 1.
        is_volatile: Whether the confirmed regime is VOLATILE.
    """

    scores: Mapping[str, float | None]
    ret_1h: float | None = None
    ret_4h: float | None = None
    rv_1h: float | None = None
    rv_4h: float | None = None
    natr_percentile: float | None = None
    is_volatile: bool = False

    def __post_init__(self) -> None:
        unknown = sorted(self.scores.keys() - {*SCORES, OWN_SCORE})
        if unknown:
            raise InputError(f"scores: {', '.join(unknown)} is no score of the vote.")
        for name, score in self.scores.items():
            expect(f"scores.{name}", score, SCORE)
        for name, value, within in (
            ("ret_1h", self.ret_1h, ANY),
            ("ret_4h", self.ret_4h, ANY),
            ("rv_1h", self.rv_1h, POSITIVE),
            ("rv_4h", self.rv_4h, POSITIVE),
            ("natr_percentile", self.natr_percentile, SHARE),
        ):
            expect(name, value, within)


def btc_answers(reading: BtcReading) -> tuple[Answer, ...]:
    """The answers of all nine."""
    fade = _stretch(reading.ret_4h, reading.rv_4h)
    readings: dict[str, float | None] = {name: reading.scores.get(name) for name in SCORES}
    readings[STRETCH_1H] = _stretch(reading.ret_1h, reading.rv_1h)
    readings[FADE_4H] = None if fade is None else -fade
    there = [score for name in SCORES if (score := readings[name]) is not None]
    leans = {name: blend(shares, readings) for name, shares in SHARES.items()}
    leans[RISK_MANAGER] = _risk_manager(there, reading)
    leans[CONSERVATIVE_FILTER] = _conservative_filter(there)
    return tuple(answer(name, lean) for name, lean in leans.items())


def _stretch(move: float | None, usual: float | None) -> float | None:
    if move is None or usual is None:
        return None
    return 0.0 if usual == 0.0 else clip1(move / (USUAL * usual))


def _mean(there: list[float]) -> float:
    total = 0.0
    for score in there:
        total += score
    return total / len(there)


def _risk_manager(there: list[float], reading: BtcReading) -> Lean:
    if not there:
        return Lean(None, "nothing to read: no score is there")
    if reading.is_volatile:
        return Lean(0.0, "stands aside, the regime is VOLATILE")
    percentile = reading.natr_percentile
    if percentile is not None and percentile >= WILD - ROUNDING:
        return Lean(0.0, f"stands aside, the range is at percentile {percentile:.2f}")
    return Lean(_mean(there), f"mean of {len(there)} scores {_mean(there):+.2f}")


def _conservative_filter(there: list[float]) -> Lean:
    if not there:
        return Lean(None, "nothing to read: no score is there")
    mean = _mean(there)
    voices = sum(abs(s) >= FLOOR - ROUNDING and s * mean > 0.0 for s in there)
    told = f"{voices} of {len(there)} scores speak for their mean {mean:+.2f}"
    if voices < VOICES:
        return Lean(0.0, f"{told}, {VOICES} are needed")
    return Lean(mean, told)
