"""Is a loop there, is it alive, and does it decide: three questions, told apart.

A heartbeat says that a process lives; only a decision says that it works. A loop whose exchange is
gone or whose transactions are refused renews its lease for hours and decides nothing: that is a
fault, and nothing that looks at heartbeats sees it.

Belongs here: the judgement, a pure function. Does not belong here: reading what it is made of, and
telling people (``btc.loop_watch``).

Decisions carry the market's time, which may run sixty times as fast or lie years back; so ages are
reckoned from when rows were written, on this machine's clock, and compared with the market's pace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from babingepet.market.intervals import MINUTE, SECOND
from babingepet_resources.warehouse.records import Lease
from babingepet_services.btc.loop import STALE_AFTER

State = Literal[
    "never_started", "released", "starting", "deciding", "handing_over", "deciding_nothing",
    "dead", "unseen",
]  # fmt: skip

QUIET_MINUTES = 3
"""Minutes of the market without a decision after which a living loop is said to decide nothing."""
LEAST_QUIET = 60 * SECOND
"""The same at any pace, ms of this machine: at 60x three minutes last 3 s, and loading a month 10."""
LOADING = 10 * MINUTE
"""How long a loop may take from the lease to its first decision, ms: two years of hours and four
months of minutes, asked of an exchange that is in no hurry."""
AWAY = 4 * MINUTE
"""How long no loop may live while a platform runs, ms: each kill is made good within this time."""
UNKNOWN = "it does not say why"


@dataclass(frozen=True)
class Circumstances:
    """What is known beside the lease.

    Attributes:
        decided_at: When the newest decision was written, UTC ms of this machine; None before any.
        minute: How long a minute of the market takes here, ms; 0 for as fast as possible.
        watched_since: Since when something runs here that keeps a loop alive; None when nothing
            does, and a loop that stays away is nobody's fault.
        market_over: Whether a recording was played to its end.
        exchange: Why the exchange does not answer; None when it does, or was not asked.
        missed: Why the newest minute was missed, in the loop's own words, if later than any decision.
    """

    decided_at: int | None = None
    minute: float = MINUTE
    watched_since: int | None = None
    market_over: bool = False
    exchange: str | None = None
    missed: str | None = None


@dataclass(frozen=True)
class LoopHealth:
    """How the loop is.

    Attributes:
        state: never_started, released (given back), starting (holds the lease, loads), deciding,
            handing_over, deciding_nothing (alive, but no decision), dead (no heartbeat), unseen
            (the warehouse does not answer whoever looks).
        since: Since when it decides nothing, UTC ms; None while it decides or never ran.
        detail: The state in one sentence.
        is_fault: Whether somebody has to be told.
    """

    state: State
    since: int | None
    detail: str
    is_fault: bool = False


def judge(held: Lease | None, known: Circumstances, now: int) -> LoopHealth:
    """Say how the loop is.

    Args:
        held: The lease as it stands; None when it was never taken.
        known: What is known beside it.
        now: This machine's clock, UTC ms.
    """
    if held is None or held.owner is None:
        return LoopHealth("never_started", None, "no loop ever ran")
    decided_at = known.decided_at if held.decided_at is None else held.decided_at
    who = f"{held.owner}, fence {held.fence}"
    if held.released_at is not None:
        return _released(held, known, now, who)
    if now - held.heartbeat_at >= STALE_AFTER:
        detail = f"{who}: no heartbeat for {_seconds(now - held.heartbeat_at)}"
        away = _is_away(held.heartbeat_at, known, now)
        return LoopHealth("dead", decided_at or held.acquired_at, detail, away)
    return _alive(held, known, decided_at, now, who)


def _released(held: Lease, known: Circumstances, now: int, who: str) -> LoopHealth:
    left = held.released_at or now
    if held.successor_at is not None and now - held.successor_at < STALE_AFTER:
        return LoopHealth("handing_over", left, f"{who} handed over to {held.successor}")
    if known.market_over:
        return LoopHealth("released", left, f"{who} ended: the recorded market is over")
    detail = f"{who} gave the lease back {_seconds(now - left)} ago, and no loop took it"
    return LoopHealth("released", left, detail, _is_away(left, known, now))


def _is_away(since: int, known: Circumstances, now: int) -> bool:
    """Whether a loop has been missing for too long while something was there to launch one."""
    if known.watched_since is None or known.market_over:
        return False
    return now - max(since, known.watched_since) >= AWAY


def _alive(
    held: Lease, known: Circumstances, decided_at: int | None, now: int, who: str
) -> LoopHealth:
    since = max(decided_at or held.acquired_at, held.acquired_at)
    has_decided = decided_at is not None and decided_at >= held.acquired_at
    patience = max(QUIET_MINUTES * known.minute, LEAST_QUIET) if has_decided else LOADING
    # Signs of life since then, not the time: one that was killed in a fast market is not dead for
    # 90 s, and decides nothing either.
    if held.heartbeat_at - since >= patience:
        reason = _reason(held, known, has_decided=has_decided)
        detail = f"{who} is alive and decided nothing for {_seconds(now - since)}: {reason}"
        return LoopHealth("deciding_nothing", since, detail, is_fault=True)
    if held.handover_reason is not None:
        waiting = f"; {held.successor} stands by" if held.successor else ""
        return LoopHealth(
            "handing_over", None, f"{who} is to hand over: {held.handover_reason}{waiting}"
        )
    if not has_decided:
        return LoopHealth("starting", since, f"{who} has loaded for {_seconds(now - since)}")
    return LoopHealth("deciding", None, f"{who}, last decision {_seconds(now - since)} ago")


def _reason(held: Lease, known: Circumstances, *, has_decided: bool) -> str:
    """What is known of why: the exchange's silence, the loop's own word, or what it has not done."""
    if known.exchange is not None:
        return f"the exchange does not answer: {known.exchange}"
    if known.missed is not None:
        return known.missed
    if held.handover_reason is not None:
        waiting = f"{held.successor} stands by" if held.successor else "nobody stands by"
        return f"it was asked to hand over ({held.handover_reason}) and did not; {waiting}"
    return UNKNOWN if has_decided else "its history is not loaded"


def _seconds(ms: int) -> str:
    return f"{ms // SECOND:,} s"
