"""What must hold in a warehouse after any fault, read as the product itself reads it.

Belongs here: rules about stored facts, one function each, that name what breaks them. Does not
belong here: injecting faults, and what only a running loop can tell.

The rules know of one loop that began with an empty book: the first decision opens the chain.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from babingepet.cycles.btc import CAPITAL
from babingepet.cycles.btc_decision import cycle_id
from babingepet.domain.money import amount
from babingepet.market.intervals import MINUTE, iso
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import PortfolioRecord
from tests.faults.stored import Stored, missed_minutes, read

FRESHNESS = 90_000
"""Oldest market, ms from the minute's end to the exchange's clock, that may be decided on."""
CENT = Decimal("0.00000001")
"""The unit of the ledger."""


@dataclass(frozen=True)
class Work:
    """How much there was to break, so that a test can say that work was done.

    Attributes:
        decided: Minutes with a decision.
        missed: Minutes on record as missed.
        fences: Fences under which something was decided.
        positions: Real positions, open and closed.
        told: Messages in the outbox.
        broken: What does not hold, in words.
    """

    decided: int
    missed: int
    fences: int
    positions: int
    told: int
    broken: tuple[str, ...]


def check(database: Database, *, name: str = "btc", symbol: str = "BTCUSDT") -> Work:
    """Assert every rule, and count what was looked at."""
    work = examine(database, name=name, symbol=symbol)
    assert not work.broken, "\n".join(work.broken[:20])
    return work


def examine(database: Database, *, name: str = "btc", symbol: str = "BTCUSDT") -> Work:
    """Look at every rule.

    Args:
        database: A warehouse that one loop after the other wrote.
        name: The lease.
        symbol: The instrument.
    """
    stored = read(database, name, symbol)
    return Work(
        decided=len(stored.decisions),
        missed=len(missed_minutes(stored)),
        fences=len({decision.fence for decision in stored.decisions}),
        positions=len(stored.positions),
        told=len(stored.told),
        broken=tuple(sentence for rule in RULES for sentence in rule(stored)),
    )


def each_minute_is_decided_at_most_once(stored: Stored) -> Iterator[str]:
    """I1."""
    for what in ("cycle_id", "as_of"):
        counted = Counter(getattr(decision, what) for decision in stored.decisions)
        yield from (f"{key} was decided {n} times" for key, n in counted.items() if n > 1)


def each_minute_is_decided_or_on_record_as_missed(stored: Stored) -> Iterator[str]:
    """From the first decision to the last."""
    missed = missed_minutes(stored)
    decided = {decision.as_of for decision in stored.decisions}
    yield from (
        f"{iso(as_of)} is on record as missed twice" for as_of, n in missed.items() if n > 1
    )
    yield from (
        f"{iso(as_of)} was decided and is missed" for as_of in sorted(decided & set(missed))
    )
    if not decided:
        return
    every = range(min(decided), max(decided) + MINUTE, MINUTE)
    lost = sorted(set(every) - decided - set(missed))
    yield from (f"{iso(as_of)} is lost: not decided, not on record as missed" for as_of in lost)


def each_position_belongs_to_its_decisions(stored: Stored) -> Iterator[str]:
    """I2: an entry and an exit, each by a cycle that was decided; the newest account knows of it."""
    decided = {decision.cycle_id for decision in stored.decisions}
    for one in stored.positions:
        if one.entry_cycle_id not in decided:
            yield f"nobody decided the entry of {one.position_id}"
        if one.status == "CLOSED" and one.exit_cycle_id not in decided:
            yield f"nobody decided the exit of {one.position_id}"
    open_now = [one.position_id for one in stored.positions if one.status == "OPEN"]
    last = stored.decisions[-1].position if stored.decisions else None
    if open_now != ([last["position_id"]] if last else []):
        yield f"open positions are {open_now}, the newest decision holds {last}"


def at_most_one_position_is_open_at_a_time(stored: Stored) -> Iterator[str]:
    """I3."""
    for before, after in pairwise(stored.positions):
        if before.exit_time is None or before.exit_time > after.entry_time:
            yield f"{after.position_id} was opened while {before.position_id} was open"


def the_account_adds_up_to_the_unit(stored: Stored) -> Iterator[str]:
    """I4: cash and open value explain each other, by the account's rows and by the positions'."""
    if [row.cycle_id for row in stored.accounts] != [d.cycle_id for d in stored.decisions]:
        yield "decisions without an account, or accounts without a decision"
    for row in stored.accounts:
        cash = amount(CAPITAL) + row.realized_pnl - row.fees_paid - row.funding_paid
        if (row.cash, row.equity) != (cash, cash + row.unrealized_pnl):
            yield f"the account after {row.cycle_id} does not add up"
    if stored.accounts:
        yield from _agrees_with_positions(stored, stored.accounts[-1])


def _agrees_with_positions(stored: Stored, row: PortfolioRecord) -> Iterator[str]:
    zero = Decimal(0)
    closed = [one for one in stored.positions if one.status == "CLOSED"]
    sums = {
        "realized_pnl": sum((one.gross_pnl or zero for one in closed), zero),
        "fees_paid": sum((one.fees_paid for one in stored.positions), zero),
        "funding_paid": sum((one.funding_paid for one in stored.positions), zero),
    }
    for name, total in sums.items():
        if getattr(row, name) != total:
            yield f"{name} of the newest account is {getattr(row, name)}, of all positions {total}"
    price = stored.closes.get(row.as_of - MINUTE, float("nan"))
    value = sum(
        (1 if one.side == "LONG" else -1) * one.quantity * (price - one.entry_price)
        for one in stored.positions
        if one.status == "OPEN"
    )
    if abs(row.unrealized_pnl - amount(value)) > CENT:
        yield f"open value is {row.unrealized_pnl}, by the positions {value}"


def no_candle_came_after_its_decision(stored: Stored) -> Iterator[str]:
    """I5 and I7: each decision had its own minute, in time; the database keeps candles unique."""
    for decision in stored.decisions:
        known_at = stored.known_at.get(decision.as_of - MINUTE)
        if known_at is None or known_at > decision.clock:
            yield f"{decision.cycle_id} was decided without its own minute's candle"
        if not 0 <= decision.clock - decision.as_of <= FRESHNESS:
            yield f"{decision.cycle_id} was decided {decision.clock - decision.as_of} ms late"


def each_fence_has_one_owner_and_fences_rise(stored: Stored) -> Iterator[str]:
    """Never two writers under one fence, and nobody who was replaced writes again."""
    owners: dict[int, set[str]] = {}
    for decision in stored.decisions:
        owners.setdefault(decision.fence, set()).add(decision.owner)
    yield from (f"fence {fence}: {sorted(who)}" for fence, who in owners.items() if len(who) > 1)
    for before, after in pairwise(stored.decisions):
        if after.fence < before.fence:
            yield f"fence {after.fence} wrote {after.cycle_id} after fence {before.fence}"
    last = stored.decisions[-1] if stored.decisions else None
    if last and (stored.held is None or stored.held.fence < last.fence):
        yield f"the lease is behind the fence of {last.cycle_id}"
    if last and stored.held and stored.held.cycle_id != last.cycle_id:
        yield f"{stored.held.cycle_id} is claimed, {last.cycle_id} is decided"


def each_decision_begins_where_the_one_before_ended(stored: Stored) -> Iterator[str]:
    """The chain of states: nothing was decided on a state that another one had replaced."""
    for before, after in pairwise(stored.decisions):
        if after.state_before_hash != before.state_after_hash:
            yield f"{after.cycle_id} does not begin with the state that {before.cycle_id} left"
    if not stored.has_last_state:
        yield "the state after the newest decision is not stored"


def each_fact_is_told_once(stored: Stored) -> Iterator[str]:
    """I6: one entry and one exit message for each position, and no other.

    An entry is told by the cycle that saw the minute in which the order was filled. Messages about
    the loop itself (``btc.loop_*``) are about faults, not about positions.
    """
    counted = Counter(
        row.key.split(":", 2)[2]
        for row in stored.told
        if row.topic.startswith("btc.") and not row.topic.startswith("btc.loop_")
    )
    expected = Counter(f"{cycle_id(one.entry_time + MINUTE)}:entry" for one in stored.positions)
    expected += Counter(
        f"{one.exit_cycle_id}:exit" for one in stored.positions if one.exit_cycle_id
    )
    for key in sorted(counted.keys() | expected.keys()):
        if counted[key] != expected[key]:
            yield f"{key} happened {expected[key]} times and is told {counted[key]} times"


RULES: tuple[Callable[[Stored], Iterator[str]], ...] = (
    each_minute_is_decided_at_most_once,
    each_minute_is_decided_or_on_record_as_missed,
    each_position_belongs_to_its_decisions,
    at_most_one_position_is_open_at_a_time,
    the_account_adds_up_to_the_unit,
    no_candle_came_after_its_decision,
    each_fence_has_one_owner_and_fences_rise,
    each_decision_begins_where_the_one_before_ended,
    each_fact_is_told_once,
)
