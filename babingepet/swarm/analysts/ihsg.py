"""The five embedded analysts of Indonesian shares, a share at a time.

    value_hunter      .5 clip((15 - PE) / 15) + .5 clip((1.5 - PB) / 1.5), times 1.2 for banks and
                      telcos; a PE or PB that is not positive says nothing
    momentum_trader   .4 mom_5d + .4 mom_20d + .2 volume while RSI is 50-70, else 0
    risk_analyst      -.5 if RSI > 70, -.5 if volatility > 40 %, -.3 if beta > 1.3, together;
                      +.1 if nothing of it; LOW always
    macro_strategist  .6 (2 trend_factor - 1) - .4 clip(usd_idr_change / .03)
    quant_analyst     composite / .40, + .2 if RSI is 35-55, + .2 from twice the usual volume

Weighted means drop what is missing (``blend``). Without an RSI the momentum trader, and without the
composite the quant, abstain.

Units: factors in [-1, 1], RSI 0 to 100, volatility annualised as a fraction. Source: ours, after the
characters in the product's description.
"""

from __future__ import annotations

from dataclasses import dataclass

from babingepet.domain.score import clip1
from babingepet.swarm.analysts.blend import (
    ANY,
    PERCENT,
    POSITIVE,
    SCORE,
    SHARE,
    Lean,
    answer,
    blend,
    expect,
    scored,
    told,
)
from babingepet.swarm.answers import Answer, Confidence
from babingepet.swarm.consensus import ROUNDING

FAIR_PE, FAIR_PB = 15.0, 1.5
"""Price to earnings and to book at which a share is neither cheap nor dear."""
SPECIALITY = 1.2
"""What the value hunter's lean is worth on banks and telcos."""
RISING = (50.0, 70.0)
"""RSI within which momentum is bought."""
SWEET_SPOT = (35.0, 55.0)
"""RSI that the quant likes."""
OVERBOUGHT, WILD, HIGH_BETA = 70.0, 0.40, 1.3
"""RSI, annual volatility and beta above which the risk analyst objects."""
OBJECTION, HIGH_BETA_OBJECTION, NO_OBJECTION = -0.5, -0.3, 0.1
FULL_SLIDE = 0.03
"""Loss of the rupiah in 20 days that counts in full: 3 %."""


@dataclass(frozen=True, slots=True)
class IhsgReading:
    """What the analysts read about one share; None is unavailable.

    Attributes:
        symbol: The share.
        is_bank_or_telco: Whether it is what the value hunter knows best.
        pe: Price to earnings.
        pb: Price to book.
        mom_5d: Momentum of five days as a score.
        mom_20d: Of twenty days.
        volume: Factor: direction with unusual volume.
        composite: Weighted score of all factors.
        rsi: Of 14 days.
        volatility: Garman-Klass, of 20 days, annualised.
        beta: Against the index.
        volume_ratio: Volume of the last day over that of a usual one.
        trend_factor: Of the index, 0 to 1.
        usd_idr_change: Change of rupiah per dollar in 20 days; positive is a weaker rupiah.
    """

    symbol: str
    is_bank_or_telco: bool = False
    pe: float | None = None
    pb: float | None = None
    mom_5d: float | None = None
    mom_20d: float | None = None
    volume: float | None = None
    composite: float | None = None
    rsi: float | None = None
    volatility: float | None = None
    beta: float | None = None
    volume_ratio: float | None = None
    trend_factor: float | None = None
    usd_idr_change: float | None = None

    def __post_init__(self) -> None:
        for name, value, within in (
            *((name, value, SCORE) for name, value in self.scores().items()),
            ("pe", self.pe, ANY),
            ("pb", self.pb, ANY),
            ("rsi", self.rsi, PERCENT),
            ("volatility", self.volatility, POSITIVE),
            ("beta", self.beta, ANY),
            ("volume_ratio", self.volume_ratio, POSITIVE),
            ("trend_factor", self.trend_factor, SHARE),
            ("usd_idr_change", self.usd_idr_change, ANY),
        ):
            expect(f"{self.symbol}: {name}", value, within)

    def scores(self) -> dict[str, float | None]:
        """The readings in [-1, 1], by name."""
        return {
            "mom_5d": self.mom_5d,
            "mom_20d": self.mom_20d,
            "volume": self.volume,
            "composite": self.composite,
        }


def ihsg_answers(reading: IhsgReading) -> tuple[Answer, ...]:
    """The answers of all five about one share."""
    return (
        answer("value_hunter", _value_hunter(reading)),
        answer("momentum_trader", _momentum_trader(reading)),
        answer("risk_analyst", _risk_analyst(reading), Confidence.LOW),
        answer("macro_strategist", _macro_strategist(reading)),
        answer(
            "quant_analyst",
            scored(reading.composite, reading.rsi, SWEET_SPOT, reading.volume_ratio),
        ),
    )


def _cheapness(multiple: float | None, fair: float) -> float | None:
    """clip((fair - multiple) / fair); a loss or a negative book is no bargain, it says nothing."""
    return None if multiple is None or multiple <= 0.0 else clip1((fair - multiple) / fair)


def _value_hunter(reading: IhsgReading) -> Lean:
    cheap = {"PE": _cheapness(reading.pe, FAIR_PE), "PB": _cheapness(reading.pb, FAIR_PB)}
    lean = blend(((0.5, "PE"), (0.5, "PB")), cheap)
    if lean.x is None or not reading.is_bank_or_telco:
        return lean
    return Lean(SPECIALITY * lean.x, f"{lean.because}, a bank or telco")


def _momentum_trader(reading: IhsgReading) -> Lean:
    if reading.rsi is None:
        return Lean(None, "nothing to time momentum by: no RSI")
    low, high = RISING
    if not low - ROUNDING <= reading.rsi <= high + ROUNDING:
        return Lean(0.0, f"RSI {reading.rsi:.0f} is outside of {low:.0f}-{high:.0f}")
    return blend(((0.4, "mom_5d"), (0.4, "mom_20d"), (0.2, "volume")), reading.scores())


def _risk_analyst(reading: IhsgReading) -> Lean:
    looked_at = {"RSI": reading.rsi, "volatility": reading.volatility, "beta": reading.beta}
    if all(value is None for value in looked_at.values()):
        return Lean(None, f"nothing to read: no {', '.join(looked_at)}")
    limits = {
        "RSI": (OVERBOUGHT, OBJECTION),
        "volatility": (WILD, OBJECTION),
        "beta": (HIGH_BETA, HIGH_BETA_OBJECTION),
    }
    objections = {
        name: objection
        for name, (limit, objection) in limits.items()
        if (value := looked_at[name]) is not None and value > limit + ROUNDING
    }
    numbers = told(looked_at, looked_at, ".2f")
    if not objections:
        return Lean(NO_OBJECTION, f"{numbers}, no objection")
    return Lean(sum(objections.values()), f"{numbers}, too high: {', '.join(objections)}")


def _macro_strategist(reading: IhsgReading) -> Lean:
    factor, change = reading.trend_factor, reading.usd_idr_change
    readings = {
        "index_trend": None if factor is None else 2.0 * factor - 1.0,
        "rupiah": None if change is None else -clip1(change / FULL_SLIDE),
    }
    return blend(((0.6, "index_trend"), (0.4, "rupiah")), readings)
