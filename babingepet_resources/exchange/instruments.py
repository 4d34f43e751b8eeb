"""The perpetuals that can be simulated: their rules at the exchange and what they are like.

Belongs here: facts of the 31 instruments. Does not belong here: making a market up of them.

Source: Binance's exchangeInfo and fundingInfo of 2025-08 (ticks, steps, smallest orders, hours),
and statistics of recorded four-hour candles from 2024-02 to 2025-08 (the rest). Open interest is
of early 2026.
"""

from collections.abc import Iterable
from typing import NamedTuple

from babingepet.errors import InputError


class Instrument(NamedTuple):
    """One perpetual.

    Attributes:
        symbol: The exchange's name.
        price_tick: Price increment as the exchange writes it.
        quantity_step: Quantity increment in base units.
        min_notional: Smallest order in USDT.
        typical_price: Median price in USDT.
        daily_volatility: Standard deviation of a day's log return.
        beta: Slope of its returns on those of BTCUSDT; 1 for BTCUSDT itself.
        daily_volume: Median turnover of a day in millions of USDT.
        trades: Aggregate trades a minute here. The exchange has about twice as many: half of them
            keep the shape of the flow at half of the cost.
        open_interest: Typical open interest in millions of USDT.
        funding_hours: Hours between two settlements.
    """

    symbol: str
    price_tick: str
    quantity_step: str
    min_notional: str
    typical_price: float
    daily_volatility: float
    beta: float
    daily_volume: float
    trades: int
    open_interest: float
    funding_hours: int

    def prices(self, ticks: Iterable[int]) -> list[str]:
        """Ticks as the exchange writes prices."""
        return _decimals(ticks, self.ticks_per_unit, self.price_tick)

    def quantities(self, steps: Iterable[int]) -> list[str]:
        """Steps as the exchange writes quantities."""
        return _decimals(steps, self.steps_per_unit, self.quantity_step)

    @property
    def ticks_per_unit(self) -> int:
        """Ticks in one USDT."""
        return round(1 / float(self.price_tick))

    @property
    def steps_per_unit(self) -> int:
        """Steps in one base unit."""
        return round(1 / float(self.quantity_step))


def _decimals(counts: Iterable[int], per_unit: int, increment: str) -> list[str]:
    places = len(increment.partition(".")[2])
    if not places:
        return list(map(str, counts))
    scale = 10**places // per_unit
    return [f"{n // per_unit}.{n % per_unit * scale:0{places}d}" for n in counts]


BTC = "BTCUSDT"
"""The instrument whose returns all others share."""

_ROWS = (
    (BTC, "0.10", "0.001", "100", 60_000, 0.026, 1.0, 8_000, 560, 5_400, 8),
    ("ETHUSDT", "0.01", "0.001", "20", 3_010, 0.037, 1.13, 8_700, 480, 3_600, 8),
    ("SOLUSDT", "0.01", "0.01", "5", 159, 0.046, 1.34, 2_700, 430, 830, 8),
    ("BNBUSDT", "0.01", "0.01", "5", 603, 0.03, 0.79, 400, 200, 310, 8),
    ("ADAUSDT", "0.0001", "1", "5", 0.637, 0.052, 1.41, 320, 180, 82, 8),
    ("AVAXUSDT", "0.001", "1", "5", 26, 0.051, 1.4, 250, 160, 73, 8),
    ("DOTUSDT", "0.001", "0.1", "5", 4.78, 0.047, 1.24, 130, 90, 45, 8),
    ("NEARUSDT", "0.001", "1", "5", 4.43, 0.057, 1.47, 150, 90, 49, 8),
    ("APTUSDT", "0.0001", "0.1", "5", 6.83, 0.053, 1.25, 110, 130, 29, 8),
    ("SUIUSDT", "0.0001", "0.1", "5", 2.26, 0.061, 1.45, 550, 340, 87, 8),
    ("ATOMUSDT", "0.001", "0.01", "5", 4.93, 0.045, 1.12, 56, 60, 27, 8),
    ("TIAUSDT", "0.0001", "1", "5", 4.93, 0.063, 1.37, 140, 170, 13, 4),
    ("SEIUSDT", "0.0001", "1", "5", 0.343, 0.061, 1.48, 82, 70, 13, 8),
    ("INJUSDT", "0.001", "0.1", "5", 19.8, 0.06, 1.58, 93, 110, 15, 8),
    ("ARBUSDT", "0.0001", "0.1", "5", 0.564, 0.054, 1.37, 120, 80, 23, 8),
    ("OPUSDT", "0.0001", "0.1", "5", 1.55, 0.057, 1.37, 120, 110, 21, 8),
    ("POLUSDT", "0.00001", "1", "5", 0.257, 0.048, 1.29, 28, 60, 17, 4),
    ("AAVEUSDT", "0.01", "0.1", "5", 165, 0.055, 1.36, 150, 120, 44, 8),
    ("UNIUSDT", "0.001", "1", "5", 7.99, 0.055, 1.39, 110, 90, 87, 8),
    ("JUPUSDT", "0.0001", "1", "5", 0.799, 0.064, 1.52, 63, 70, 12, 4),
    ("LINKUSDT", "0.001", "0.01", "20", 14.7, 0.05, 1.34, 230, 140, 76, 8),
    ("FILUSDT", "0.001", "0.1", "5", 3.71, 0.05, 1.33, 140, 80, 32, 8),
    ("FETUSDT", "0.0001", "1", "5", 1.22, 0.064, 1.55, 120, 140, 20, 8),
    ("RENDERUSDT", "0.001", "0.1", "5", 4.61, 0.06, 1.73, 44, 60, 9.4, 4),
    ("DOGEUSDT", "0.00001", "1", "5", 0.17, 0.056, 1.62, 980, 420, 160, 8),
    ("1000PEPEUSDT", "0.0000001", "1", "5", 0.00994, 0.076, 1.89, 950, 480, 71, 8),
    ("1000SHIBUSDT", "0.000001", "1", "5", 0.0164, 0.056, 1.44, 180, 140, 28, 8),
    ("WIFUSDT", "0.0001", "0.1", "5", 1.65, 0.087, 1.98, 480, 360, 20, 4),
    ("XRPUSDT", "0.0001", "0.1", "5", 1.73, 0.047, 1.09, 1_000, 340, 370, 8),
    ("LTCUSDT", "0.01", "0.001", "20", 86.2, 0.044, 1.06, 200, 100, 68, 8),
    ("BCHUSDT", "0.01", "0.001", "20", 415, 0.048, 1.19, 140, 120, 170, 8),
)

INSTRUMENTS: dict[str, Instrument] = {row[0]: Instrument(*row) for row in _ROWS}
"""All of them by symbol, BTCUSDT first."""


def instrument(symbol: str) -> Instrument:
    """The facts of a symbol.

    Raises:
        InputError: It is not one that can be simulated.
    """
    found = INSTRUMENTS.get(symbol)
    if found is None:
        raise InputError(
            f"--symbol {symbol}: is not simulated; {BTC} and {len(INSTRUMENTS) - 1} altcoins are, "
            "such as ETHUSDT and 1000PEPEUSDT."
        )
    return found
