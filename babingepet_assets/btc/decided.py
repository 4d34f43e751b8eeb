"""What was decided about BTC as assets: signals, decisions, positions, portfolio.

Belongs here: what each asset is, in words, and what it is made from. The loop writes their rows
into the paper book and reports them itself. Materializing days, from the UI, in a backfill or by a
command, decides them again into a run of the replay book: the paper book stays as it is.

Decisions and positions are made together: a gate asks what is held, and what is held was decided.
It is also what keeps a backfill in one run: Dagster puts an asset that depends on its own past into
a run of its own, after its parents, unless they cannot be made apart.
"""

import dagster as dg

from babingepet_assets.btc.group import BTC
from babingepet_assets.btc.replaying import replay_days
from babingepet_assets.reporting import Result, asset_key
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings

DAY_BEFORE = dg.AssetDep(
    asset_key("btc/positions"),
    partition_mapping=dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1),
)
"""A position may be held over midnight: the day begins with what the day before left open."""


@BTC.asset(
    "signals",
    deps=(
        "btc/candles",
        "btc/order_flow",
        "btc/order_book",
        "btc/funding",
        "btc/open_interest",
        "btc/news",
        "btc/etf_flow",
    ),
    kinds={"numpy", "table"},
)
def signals(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """Thirteen scores a minute in [-1, 1], or unavailable with the reason.

    Shape: 13 rows a minute in `crypto_signals`, up to 18,720 a day. Unavailable is not zero.

    Materialized days are replayed from bars into `replay_days`: what needs single trades, quotes,
    headlines or analysts is unavailable there.
    """
    (result,) = replay_days(context, settings, clock, "btc/signals")
    return result


DECISIONS = BTC.spec(
    "decisions",
    """A decision a minute: weighted score in [-1, 1], verdict, grade, every gate that said no.

Shape: up to 1,440 rows a day in `btc_decisions`. A minute that was missed stays undecided.

Materialized days are replayed into `replay_days`, together with the positions.
""",
    deps=("btc/signals",),
    kinds={"numba", "table"},
)
POSITIONS = BTC.spec(
    "positions",
    """Simulated positions held at some time of the day: prices in USDT, quantity in BTC, P&L in R.

Shape: a row a position in `crypto_sim_positions`; at most one is open, and one shadow.

Materialized days are replayed in order, in one run, into `replay_trades`: the first day begins with
a new account, each other one with what the day before left open.
""",
    deps=("btc/decisions", DAY_BEFORE),
    kinds={"table"},
)


@BTC.assets(DECISIONS, POSITIONS)
def decisions_and_positions(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> tuple[Result, Result]:
    """Decide each minute in view of what is held."""
    decisions, positions = replay_days(context, settings, clock, "btc/decisions", "btc/positions")
    return decisions, positions


@BTC.asset("portfolio", deps=("btc/positions",), kinds={"table"})
def portfolio(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    clock: dg.ResourceParam[Clock],
) -> Result:
    """The account after every decision: cash and equity in USDT, exact to 1e-8.

    Shape: up to 1,440 rows a day in `sim_portfolio`. Drawdown is a fraction, never positive.

    Materialized days are replayed into `replay_days` with a new account from the first of them on.
    """
    (result,) = replay_days(context, settings, clock, "btc/portfolio")
    return result


ASSETS = (signals, decisions_and_positions, portfolio)
