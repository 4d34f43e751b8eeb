"""What the BTC loop decided as assets: signals, decisions, positions, portfolio.

Belongs here: what each asset is, in words, and what it is made from. Their rows are the paper
ledger, which only the loop writes: materializing a day reports it and changes nothing.
"""

import dagster as dg

from babingepet_assets.btc.daily import daily_asset
from babingepet_assets.btc.reporting import asset_key, report_days
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings

Result = dg.MaterializeResult[None]

DAY_BEFORE = dg.AssetDep(
    asset_key("btc/positions"),
    partition_mapping=dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1),
)
"""A position may be held over midnight: the day begins with what the day before left open."""


@daily_asset(
    "signals",
    deps=("btc/candles", "btc/order_flow", "btc/order_book", "btc/funding"),
    kinds={"numpy", "table"},
)
def signals(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Thirteen scores a minute in [-1, 1], or unavailable with the reason.

    Shape: 13 rows a minute in `crypto_signals`, up to 18,720 a day. Unavailable is not zero.
    """
    return report_days(context, settings, clock)


@daily_asset("decisions", deps=("btc/signals",), kinds={"numba", "table"})
def decisions(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """A decision a minute: weighted score in [-1, 1], verdict, grade, every gate that said no.

    Shape: up to 1,440 rows a day in `btc_decisions`. A minute that was missed stays undecided.
    """
    return report_days(context, settings, clock)


@daily_asset("positions", deps=("btc/decisions", DAY_BEFORE), kinds={"table"})
def positions(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Simulated positions held at some time of the day: prices in USDT, quantity in BTC, P&L in R.

    Shape: a row a position in `crypto_sim_positions`; at most one is open, and one shadow.
    """
    return report_days(context, settings, clock)


@daily_asset("portfolio", deps=("btc/positions",), kinds={"table"})
def portfolio(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """The paper account after every decision: cash and equity in USDT, exact to 1e-8.

    Shape: up to 1,440 rows a day in `sim_portfolio`. Drawdown is a fraction, never positive.
    """
    return report_days(context, settings, clock)


ASSETS = (signals, decisions, positions, portfolio)
