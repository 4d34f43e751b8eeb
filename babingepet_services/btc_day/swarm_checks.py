"""The checks of Bitcoin's analysts: do they answer, are they in time, is there money left.

A failing one is a warning and never stops entries: a verdict fades by itself and the vote goes on
without it; at the limit of a budget nobody is asked any more.

Belongs here: what each check looks at. Does not belong here: the checks of other context
(``btc_day.context_checks``).
"""

from __future__ import annotations

from decimal import Decimal

from babingepet.market.intervals import MINUTE, day_start, iso
from babingepet.signals.ai_consensus import MAX_AGE
from babingepet.swarm.answers import State
from babingepet_resources.warehouse import swarm, swarm_calls
from babingepet_services.btc.checks import Finding
from babingepet_services.btc_day.context_checks import Moment, as_known
from babingepet_services.btc_day.swarm import MARKET, read_day
from babingepet_services.btc_day.warning_checks import WarningCheck
from babingepet_services.swarm.budget import Budget

ASSET = "btc/swarm_verdicts"
MOST_SILENT = 0.25
"""Share of the answers of a day that may be no vote: two of nine in each round."""
DEAR = Decimal("0.8")
"""Share of the day's budget that may be spent before somebody should know."""


def analysts_answer(moment: Moment) -> Finding:
    """At most a quarter of the day's answers are no vote."""
    connection, at, settings = moment
    day = read_day(connection, settings.symbol, day_start(at), at + 1)
    if not day.answers:
        return Finding(passed=True, detail="nobody was asked that day")
    silent = len(day.answers) - day.states[State.VOTE]
    share = silent / len(day.answers)
    others = ", ".join(
        f"{count} {state}" for state, count in day.states.most_common() if state != State.VOTE
    )
    detail = f"{silent} of {len(day.answers)} answers are no vote ({share:.0%})"
    return Finding(share <= MOST_SILENT, f"{detail}{': ' + others if others else ''}")


def within_budget(moment: Moment) -> Finding:
    """At most four fifths of the day's budget are spent."""
    connection, at, settings = moment
    limit = Budget.of(settings).day
    # Of every market: whoever reads the headlines draws on the same day.
    spend = swarm_calls.spend(connection, day_start(at), at + 1)
    spent = sum((row.cost_usd + row.unsettled_usd for row in spend), Decimal(0))
    detail = f"{spent:f} of {limit:f} USD are spent or reserved"
    return Finding(spent == 0 or spent <= limit * DEAR, detail)


def verdict_is_current(moment: Moment) -> Finding:
    """The newest verdict is at most 40 minutes old: an older one is not heard."""
    connection, at, _ = moment
    newest = swarm.latest(connection, MARKET, known_until=at)
    if newest is None:
        return Finding(passed=False, detail="there never was a verdict")
    age = (at - newest.as_of) // MINUTE
    detail = f"the newest verdict, by {newest.provider}, is of {iso(newest.as_of)}, {age} min old"
    return Finding(at - newest.as_of <= MAX_AGE, detail)


CHECKS = (
    WarningCheck(
        "analysts_answer",
        ASSET,
        "At most a quarter of the day's answers are no vote.",
        as_known(analysts_answer),
    ),
    WarningCheck(
        "within_budget",
        ASSET,
        "At most four fifths of the day's budget are spent.",
        as_known(within_budget),
    ),
    WarningCheck(
        "is_current",
        ASSET,
        "The newest verdict is at most 40 minutes old.",
        as_known(verdict_is_current),
    ),
)
"""Each a warning."""
