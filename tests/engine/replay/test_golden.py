"""One replay whose every unit of money is known: a hundred recorded days, battered.

A change of a rule changes the ledger: then look at what moved, and write the new hash down. Nothing
else may change it: no speed-up, no refactoring, no other machine.
"""

from babingepet.replay.run import replay
from tests.engine.replay import recorded as r

LEDGER = "0af92aaa8bf782295c2999a58da02eb44e1b85341875c6cd70da47d58a3dccaa"
TRADES, CASH = 46, 1019.21738188


def test_a_hundred_battered_days_come_to_the_same_ledger_for_ever(recorded_data):
    market = r.stretched(r.with_holes(r.hundred_days(recorded_data), recorded_data))
    replayed = replay(market, r.EAGER, threads=2)
    real = replayed.trades.where(~replayed.trades.shadow)
    assert (len(real), replayed.state.ledger.cash) == (TRADES, CASH)
    assert replayed.ledger_sha256 == LEDGER
