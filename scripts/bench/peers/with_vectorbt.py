"""vectorbt: indicators as columns, then one pass over the signals.

Called with the bars, the report, and which of its two sets of compiled kernels it is to use: numba
or rust. A call is indicators, signals, portfolio, equity at the end and number of trades. The
distance of the trailing stop is that of the entry's ATR and does not change during a trade.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import vectorbt as vbt

from scripts.bench.peers.bars import Bars
from scripts.bench.peers.measured import Measured, peak_mb, timed
from scripts.bench.peers.strategy import CASH, FAST, FEE, PERIOD, RSI_BELOW, SHARE, SLOW, TRAIL

WARM_CALLS = 7
WILDER = 2 * PERIOD - 1
"""The span of the exponential average whose factor is Wilder's 1 / PERIOD."""


def final_and_trades(bars: Bars) -> tuple[float, int]:
    """One call: equity at the end, entries."""
    index = pd.to_datetime(bars.open_time, unit="ms")
    close, high, low = (pd.Series(c, index) for c in (bars.close, bars.high, bars.low))
    fast = vbt.MA.run(close, FAST, ewm=True).ma
    slow = vbt.MA.run(close, SLOW, ewm=True).ma
    rsi = vbt.RSI.run(close, WILDER, ewm=True).rsi
    atr = vbt.ATR.run(high, low, close, WILDER, ewm=True).atr
    portfolio = vbt.Portfolio.from_signals(
        close,
        (fast > slow) & (fast.shift() <= slow.shift()) & (rsi < RSI_BELOW),
        (fast < slow) & (fast.shift() >= slow.shift()),
        sl_stop=(TRAIL * atr / close).bfill(),
        sl_trail=True,
        fees=FEE,
        init_cash=CASH,
        size=SHARE,
        size_type="percent",
        freq="1min",
    )
    return float(portfolio.value().iloc[-1]), int(portfolio.trades.count())


def main(bars_file: Path, report: Path, engine: str) -> None:
    """Measure and report."""
    imports_mb = peak_mb()
    vbt.settings["engine"] = engine
    bars = Bars.load(bars_file)
    seconds, (final, trades) = timed(lambda: final_and_trades(bars), WARM_CALLS)
    Measured(
        version=f"{vbt.__version__} ({engine})",
        bars=len(bars.close),
        first_seconds=seconds[0],
        warm_seconds=seconds[1:],
        peak_mb=peak_mb(),
        imports_mb=imports_mb,
        trades=trades,
        final_over_start=final / CASH,
    ).write(report)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
