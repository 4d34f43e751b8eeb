"""The replay, measured as its peers are: every signal that bars can feed, the vote, the account.

Called with the bars, the report, the number of threads and of warm calls.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from babingepet.compiled import ENGINE_VERSION
from babingepet.market.frames import Candles, FundingRates
from babingepet.replay.market import BAR_FEEDS, BASE_RULES, ReplayMarket
from babingepet.replay.result import Replay
from babingepet.replay.run import replay
from scripts.bench.peers.bars import Bars
from scripts.bench.peers.measured import Measured, peak_mb, timed

TRADES_A_MINUTE = 200.0
FUNDING_HOURS = 8.0


def market_of(bars: Bars) -> ReplayMarket:
    """The bars as a recorded market."""
    return ReplayMarket(
        symbol="BTCUSDT",
        source="simulated",
        minutes=Candles(
            open_time=bars.open_time,
            open=bars.open,
            high=bars.high,
            low=bars.low,
            close=bars.close,
            base_volume=bars.base_volume,
            quote_volume=bars.base_volume * bars.close,
            trade_count=np.full(len(bars.close), TRADES_A_MINUTE),
            taker_buy_base_volume=bars.taker_buy_base_volume,
        ),
        hours=Candles.empty(),
        funding=FundingRates(
            funding_time=bars.funding_time,
            funding_rate=bars.funding_rate,
            interval_hours=np.full(len(bars.funding_time), FUNDING_HOURS),
            derived=np.zeros(len(bars.funding_time), np.bool_),
        ),
        feeds=BAR_FEEDS,
    )


def real_trades(result: Replay) -> int:
    """Closed trades of the account, without the shadow's."""
    return int(np.count_nonzero(~result.trades.shadow))


def main(bars_file: Path, report: Path, threads: int, warm_calls: int) -> None:
    """Measure and report."""
    imports_mb = peak_mb()
    market = market_of(Bars.load(bars_file))
    seconds, result = timed(lambda: replay(market, threads=threads), warm_calls)
    Measured(
        version=ENGINE_VERSION,
        bars=len(market.minutes),
        first_seconds=seconds[0],
        warm_seconds=seconds[1:],
        peak_mb=peak_mb(),
        imports_mb=imports_mb,
        trades=real_trades(result),
        final_over_start=float(result.minutes.equity[-1]) / BASE_RULES.capital,
        ledger_sha256=result.ledger_sha256,
    ).write(report)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
