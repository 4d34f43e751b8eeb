"""backtesting.py: indicators as columns (TA-Lib), a Python method per bar.

A call is one ``run``, statistics included. It buys whole coins only, so it starts with ten times
the cash.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import backtesting
import pandas as pd
import talib

from scripts.bench.peers.bars import Bars, Floats
from scripts.bench.peers.measured import Measured, peak_mb, timed
from scripts.bench.peers.strategy import CASH, FAST, FEE, PERIOD, RSI_BELOW, SHARE, SLOW, TRAIL

WARM_CALLS = 3
TEN_TIMES_CASH = 10 * CASH


class CrossAndTrail(backtesting.Strategy):  # type: ignore[misc]  # untyped library
    """The strategy; the stop follows the ATR of each bar."""

    fast: Floats
    slow: Floats
    rsi: Floats
    atr: Floats
    highest: float

    def init(self) -> None:
        """Compute the indicators."""
        close = self.data.Close
        self.fast = self.I(talib.EMA, close, FAST)
        self.slow = self.I(talib.EMA, close, SLOW)
        self.rsi = self.I(talib.RSI, close, PERIOD)
        self.atr = self.I(talib.ATR, self.data.High, self.data.Low, close, PERIOD)
        self.highest = 0.0

    def next(self) -> None:
        """Decide one bar."""
        now, before = self.fast[-1] - self.slow[-1], self.fast[-2] - self.slow[-2]
        close = self.data.Close[-1]
        if self.position:
            self.highest = max(self.highest, close)
            crossed_below = now < 0 <= before
            if crossed_below or close < self.highest - TRAIL * self.atr[-1]:
                self.position.close()
        elif now > 0 >= before and self.rsi[-1] < RSI_BELOW:
            self.buy(size=SHARE)
            self.highest = close


def _without_bar(steps: Iterable[object], **_: object) -> Iterable[object]:
    return steps


def main(bars_file: Path, report: Path) -> None:
    """Measure and report."""
    imports_mb = peak_mb()
    # It has no option to run without a progress bar; drawing it is not the work to be timed.
    backtesting.backtesting._tqdm = _without_bar  # noqa: SLF001
    bars = Bars.load(bars_file)
    frame = pd.DataFrame(
        {
            "Open": bars.open,
            "High": bars.high,
            "Low": bars.low,
            "Close": bars.close,
            "Volume": bars.base_volume,
        },
        index=pd.to_datetime(bars.open_time, unit="ms"),
    )
    backtest = backtesting.Backtest(
        frame,
        CrossAndTrail,
        cash=TEN_TIMES_CASH,
        commission=FEE,
        trade_on_close=True,
        finalize_trades=True,
    )
    seconds, result = timed(backtest.run, WARM_CALLS)
    Measured(
        version=backtesting.__version__,
        bars=len(bars.close),
        first_seconds=seconds[0],
        warm_seconds=seconds[1:],
        peak_mb=peak_mb(),
        imports_mb=imports_mb,
        trades=int(result["# Trades"]),
        final_over_start=float(result["Equity Final [$]"]) / TEN_TIMES_CASH,
    ).write(report)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
