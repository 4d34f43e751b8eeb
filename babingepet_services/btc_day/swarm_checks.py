"""The checks of Bitcoin's analysts: answers, money, time, and whether they are as right as they say.

A failing one is a warning and never stops entries: a verdict fades by itself and the vote goes on
without it; at the limit of a budget nobody is asked any more.

Belongs here: what each check looks at. Does not belong here: the checks of other context
(``btc_day.context_checks``).
"""

from __future__ import annotations

from decimal import Decimal

from babingepet.market.intervals import DAY, HOUR, MINUTE, day_start, iso
from babingepet.signals.ai_consensus import MAX_AGE
from babingepet.swarm.answers import State
from babingepet.swarm.calibration import calibrate, surprise
from babingepet_resources.warehouse import swarm, swarm_calls
from babingepet_services.btc.checks import Finding
from babingepet_services.btc_day.context_checks import Moment, as_known
from babingepet_services.btc_day.swarm import MARKET, SwarmDay, read_day
from babingepet_services.btc_day.warning_checks import WarningCheck
from babingepet_services.swarm.budget import Budget

ASSET = "btc/swarm_verdicts"
MOST_SILENT = 0.25
"""Share of the answers of a day that may be no vote: two of nine in each round."""
DEAR = Decimal("0.8")
"""Share of the day's budget that may be spent before somebody should know."""
CALIBRATED_OVER = 7 * DAY
FEWEST_HOURS = 50
"""Resolved hours from which probabilities are judged."""
MOST_SURPRISE = 3.0
"""Standard deviations: as far as that lies chance once in a year of days."""


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


def is_calibrated(moment: Moment) -> Finding:
    """Over a week what came is within chance of what the consensus promised.

    One round an hour is judged, since the hours of three rounds overlap.
    """
    connection, at, settings = moment
    day = read_day(connection, settings.symbol, at - CALIBRATED_OVER, at + 1)
    provider = day.verdicts[-1].provider if day.verdicts else None
    promised = _one_an_hour(day, provider, at)
    if len(promised) < FEWEST_HOURS:
        detail = (
            f"{len(promised)} hours of the week are resolved, {FEWEST_HOURS} are needed to judge"
        )
        return Finding(passed=True, detail=detail)
    z, brier = surprise(promised), calibrate(promised).brier
    detail = (
        f"{len(promised)} hours by {provider}: what came is {z or 0.0:+.1f} standard deviations from "
        f"what was promised, Brier score {brier:.3f} (0.25 is a coin)"
    )
    return Finding(z is None or abs(z) <= MOST_SURPRISE, detail)


def _one_an_hour(day: SwarmDay, provider: str | None, at: int) -> list[tuple[float, bool]]:
    """Of each hour the first verdict of a provider whose outcome was known, and that outcome."""
    outcomes = {
        (row.as_of, row.provider): row.outcome
        for row in day.answers
        if row.outcome is not None and row.resolved_at is not None and row.resolved_at <= at
    }
    hours: dict[int, tuple[float, bool]] = {}
    for verdict in day.verdicts:
        outcome = outcomes.get((verdict.as_of, verdict.provider))
        if verdict.provider == provider and outcome is not None:
            hours.setdefault(verdict.as_of // HOUR, (verdict.p_up, outcome > 0.0))
    return list(hours.values())


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
        "is_calibrated",
        ASSET,
        "Over a week what came is within chance of what the consensus promised.",
        as_known(is_calibrated),
    ),
    WarningCheck(
        "is_current",
        ASSET,
        "The newest verdict is at most 40 minutes old.",
        as_known(verdict_is_current),
    ),
)
"""Each a warning."""
