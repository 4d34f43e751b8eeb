"""nautilus_trader: an event engine with a simulated venue, indicators fed bar by bar.

A call is one ``run`` of an engine that has its data; making bars and adding them is told apart. The
venue fills a market order at the close up to a quarter of the bar's volume, the rest a tick worse.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nautilus_trader
import pandas as pd
from nautilus_trader.backtest.config import BacktestEngineConfig
from nautilus_trader.backtest.engine import BacktestEngine
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators import (
    AverageTrueRange,
    ExponentialMovingAverage,
    MovingAverageType,
    RelativeStrengthIndex,
)
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import Bar, BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import TraderId
from nautilus_trader.model.objects import Money, Quantity
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.portfolio.base import PortfolioFacade
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

from scripts.bench.peers.bars import Bars
from scripts.bench.peers.measured import Measured, clocked, peak_mb
from scripts.bench.peers.strategy import CASH, FAST, FEE, PERIOD, RSI_BELOW, SHARE, SLOW, TRAIL

WARM_CALLS = 2
INSTRUMENT = TestInstrumentProvider.btcusdt_binance()
BAR_TYPE = BarType.from_str(f"{INSTRUMENT.id}-1-MINUTE-LAST-EXTERNAL")
RSI_LIMIT = RSI_BELOW / 100
"""Its RSI is a fraction."""


class CrossAndTrail(Strategy):  # type: ignore[misc]  # untyped library
    """The strategy; the stop follows the ATR of each bar."""

    def __init__(self) -> None:
        super().__init__(StrategyConfig(strategy_id="CROSS-1"))
        self.fast = ExponentialMovingAverage(FAST)
        self.slow = ExponentialMovingAverage(SLOW)
        self.rsi = RelativeStrengthIndex(PERIOD, MovingAverageType.WILDER)
        self.atr = AverageTrueRange(PERIOD, MovingAverageType.WILDER)
        self.before = 0.0
        self.highest = 0.0
        self.held: Quantity | None = None
        self.entries = 0

    def on_start(self) -> None:
        """Have the indicators fed, then the strategy."""
        for indicator in (self.fast, self.slow, self.rsi, self.atr):
            self.register_indicator_for_bars(BAR_TYPE, indicator)
        self.subscribe_bars(BAR_TYPE)

    def on_bar(self, bar: Bar) -> None:
        """Decide one bar."""
        if not self.indicators_initialized():
            return
        now, before = self.fast.value - self.slow.value, self.before
        self.before = now
        close = float(bar.close)
        if self.held is not None:
            self.highest = max(self.highest, close)
            crossed_below = now < 0 <= before
            if crossed_below or close < self.highest - TRAIL * self.atr.value:
                self._order(OrderSide.SELL, self.held)
                self.held = None
        elif now > 0 >= before and self.rsi.value < RSI_LIMIT:
            self.held = INSTRUMENT.make_qty(SHARE * cash(self.portfolio) / close)
            self.highest = close
            self.entries += 1
            self._order(OrderSide.BUY, self.held)

    def _order(self, side: OrderSide, quantity: Quantity) -> None:
        self.submit_order(self.order_factory.market(INSTRUMENT.id, side, quantity))


def cash(portfolio: PortfolioFacade) -> float:
    """USDT in the venue's account."""
    return float(portfolio.account(INSTRUMENT.id.venue).balance_total(USDT))


def engine_with(bars: list[Bar]) -> tuple[BacktestEngine, CrossAndTrail]:
    """A venue with a cash account, the bars in it, and the strategy."""
    engine = BacktestEngine(
        BacktestEngineConfig(
            trader_id=TraderId("BENCH-1"),
            logging=LoggingConfig(bypass_logging=True),
            run_analysis=False,
        )
    )
    engine.add_venue(
        venue=INSTRUMENT.id.venue,
        oms_type=OmsType.NETTING,
        account_type=AccountType.CASH,
        starting_balances=[Money(CASH, USDT)],
        base_currency=None,
    )
    engine.add_instrument(INSTRUMENT)
    engine.add_data(bars)
    strategy = CrossAndTrail()
    engine.add_strategy(strategy)
    return engine, strategy


def nautilus_bars(bars: Bars) -> list[Bar]:
    """Its own objects, one a minute."""
    frame = pd.DataFrame(
        {
            "open": bars.open,
            "high": bars.high,
            "low": bars.low,
            "close": bars.close,
            "volume": bars.base_volume,
        },
        index=pd.to_datetime(bars.open_time, unit="ms", utc=True),
    )
    made: list[Bar] = BarDataWrangler(BAR_TYPE, INSTRUMENT).process(frame)
    return made


def main(bars_file: Path, report: Path) -> None:
    """Measure and report."""
    if float(INSTRUMENT.taker_fee) != FEE:
        raise SystemExit(f"the instrument's fee is {INSTRUMENT.taker_fee}, not {FEE}")
    imports_mb = peak_mb()
    columns = Bars.load(bars_file)
    make_bars, bars = clocked(lambda: nautilus_bars(columns))
    seconds, adding, final, entries = [], 0.0, 0.0, 0
    for _ in range(1 + WARM_CALLS):
        adding, (engine, strategy) = clocked(lambda: engine_with(bars))
        taken, _nothing = clocked(engine.run)
        seconds.append(taken)
        final, entries = cash(engine.portfolio), strategy.entries
        engine.dispose()
    Measured(
        version=nautilus_trader.__version__,
        bars=len(columns.close),
        first_seconds=seconds[0],
        warm_seconds=seconds[1:],
        peak_mb=peak_mb(),
        imports_mb=imports_mb,
        trades=entries,
        final_over_start=final / CASH,
        apart={"make_bars": make_bars, "add_bars": adding},
    ).write(report)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
