"""The five embedded analysts of the altcoin futures, a coin at a time.

    defi_analyst     .5 btc_alpha + .5 volume for DEFI and L1, half of it elsewhere, -.5 for MEME
    momentum_hunter  .6 momentum + .4 volume when both have one sign, else 0
    risk_sentinel    -.6 from 5 basis points of funding, -.3 for MEME, else .2 composite; LOW always
    macro_crypto     .6 btc_regime + .4 btc_alpha
    quant_scorer     composite / .40, + .2 if RSI is 50-65, + .2 from twice the usual volume

Weighted means drop what is missing (``blend``). A rule about two readings together abstains without
one of them, and so does the quant without the composite: a bonus alone is no score.

Units: factors in [-1, 1], funding per 8 hours as a fraction, RSI 0 to 100. Source: ours, after the
characters in the product's description.
"""

from __future__ import annotations

from dataclasses import dataclass

from babingepet.swarm.analysts.blend import (
    ANY,
    PERCENT,
    POSITIVE,
    SCORE,
    Lean,
    answer,
    blend,
    expect,
    missing,
    scored,
    told,
)
from babingepet.swarm.answers import Answer, Confidence
from babingepet.swarm.consensus import ROUNDING

MEME = "MEME"
HOME_SECTORS = frozenset({"DEFI", "L1_MAJOR", "L1_NEXT"})
"""Sectors the DeFi analyst knows."""
ABROAD = 0.5
"""What its lean is worth elsewhere."""
WARY = -0.5
"""Its lean on a meme coin, whatever the numbers."""
EXTREME_FUNDING = 5e-4
"""Funding per 8 hours, of either sign, that the sentinel calls extreme: 5 basis points."""
ALARM, DISTRUST, TRUST = -0.6, -0.3, 0.2
"""The sentinel's lean at extreme funding, on a meme coin, and its share of the composite."""
SWEET_SPOT = (50.0, 65.0)
"""RSI that the quant likes."""


@dataclass(frozen=True, slots=True)
class AltcoinReading:
    """What the analysts read about one coin; None is unavailable.

    Attributes:
        symbol: The coin.
        sector: One of the nine sectors, as the factors name them.
        btc_alpha: Factor: return beyond what Bitcoin explains.
        volume: Factor: direction with unusual volume.
        momentum: Factor.
        composite: Weighted score of all factors.
        funding_r8: Funding rate per 8 hours.
        rsi: Of 14 hours.
        volume_ratio: Volume of the last day over that of a usual one.
        btc_regime: Bitcoin's regime score.
    """

    symbol: str
    sector: str
    btc_alpha: float | None = None
    volume: float | None = None
    momentum: float | None = None
    composite: float | None = None
    funding_r8: float | None = None
    rsi: float | None = None
    volume_ratio: float | None = None
    btc_regime: float | None = None

    def __post_init__(self) -> None:
        for name, value in self.scores().items():
            expect(f"{self.symbol}: {name}", value, SCORE)
        expect(f"{self.symbol}: funding_r8", self.funding_r8, ANY)
        expect(f"{self.symbol}: rsi", self.rsi, PERCENT)
        expect(f"{self.symbol}: volume_ratio", self.volume_ratio, POSITIVE)

    def scores(self) -> dict[str, float | None]:
        """The readings in [-1, 1], by name."""
        return {
            "btc_alpha": self.btc_alpha,
            "volume": self.volume,
            "momentum": self.momentum,
            "composite": self.composite,
            "btc_regime": self.btc_regime,
        }


def altcoin_answers(reading: AltcoinReading) -> tuple[Answer, ...]:
    """The answers of all five about one coin."""
    return (
        answer("defi_analyst", _defi_analyst(reading)),
        answer("momentum_hunter", _momentum_hunter(reading)),
        answer("risk_sentinel", _risk_sentinel(reading), Confidence.LOW),
        answer(
            "macro_crypto",
            blend(((0.6, "btc_regime"), (0.4, "btc_alpha")), reading.scores()),
        ),
        answer(
            "quant_scorer",
            scored(reading.composite, reading.rsi, SWEET_SPOT, reading.volume_ratio),
        ),
    )


def _defi_analyst(reading: AltcoinReading) -> Lean:
    if reading.sector == MEME:
        return Lean(WARY, "a meme coin")
    lean = blend(((0.5, "btc_alpha"), (0.5, "volume")), reading.scores())
    if lean.x is None or reading.sector in HOME_SECTORS:
        return lean
    return Lean(ABROAD * lean.x, f"{lean.because}, halved outside DeFi and L1")


def _momentum_hunter(reading: AltcoinReading) -> Lean:
    readings, names = reading.scores(), ("momentum", "volume")
    lacking = missing(readings, names)
    if lacking:
        return Lean(None, f"volume must confirm momentum: no {', '.join(lacking)}")
    if (reading.momentum or 0.0) * (reading.volume or 0.0) <= 0.0:
        return Lean(0.0, f"{told(readings, names)}, not of one sign")
    return blend(((0.6, "momentum"), (0.4, "volume")), readings)


def _risk_sentinel(reading: AltcoinReading) -> Lean:
    funding = reading.funding_r8
    if funding is not None and abs(funding) >= EXTREME_FUNDING - ROUNDING:
        return Lean(ALARM, f"funding of {funding:+.4%} in 8 hours is extreme")
    if reading.sector == MEME:
        return Lean(DISTRUST, "a meme coin")
    lean = blend(((1.0, "composite"),), reading.scores())
    if lean.x is None:
        return lean
    unknown = " (funding unknown)" if funding is None else ""
    return Lean(TRUST * lean.x, f"a fifth of {lean.because}{unknown}")
