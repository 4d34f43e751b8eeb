"""Numbers of one BTC minute into the decision that is stored and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from babingepet.compiled import ENGINE_VERSION
from babingepet.cycles.btc_values import AccountMinute, BtcState, Vote
from babingepet.cycles.refusals import Situation, refusals
from babingepet.cycles.settings import BtcSettings
from babingepet.domain.codes import ExitReason, Grade, Regime, Side, Verdict
from babingepet.domain.decision import Decision, canonical_json, sha256
from babingepet.domain.money import round8
from babingepet.domain.score import Score
from babingepet.market.funding import Settlement
from babingepet.market.intervals import MINUTE, to_datetime
from babingepet.paper.position import ClosedTrade, Order, Position
from babingepet.signals.registry import NAMES

Section = Mapping[str, Any]

NO_EDGE_NOTICE = "the record shows no edge; a live account should not trade"
LAPSED_NOTICE = "the order of the minute before lapsed: this minute did not follow it"
ASSUMED_NOTICE = "a funding rate was missing: the last known one was paid"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything one minute came to."""

    symbol: str
    source: str
    close_price: float
    scores: tuple[Score, ...]
    capability: tuple[bool, ...]
    weights: tuple[float, ...]
    weights_version: str
    settlements: tuple[Settlement, ...]
    account: AccountMinute
    situation: Situation


def cycle_id(as_of: int) -> str:
    """Name of the cycle that decides at ``as_of``; sorts by time.

    Example:
        >>> cycle_id(1746835260000)
        'btc-20250510T0001Z'
    """
    return f"btc-{to_datetime(as_of):%Y%m%dT%H%MZ}"


def position_id(entry_time: int, *, shadow: bool) -> str:
    """Name of the position that was filled at ``entry_time``.

    Example:
        >>> position_id(1746835260000, shadow=False)
        'btc-20250510T0001Z-trade'
    """
    return f"{cycle_id(entry_time)}-{'shadow' if shadow else 'trade'}"


@lru_cache(maxsize=8)
def settings_hash(settings: BtcSettings) -> str:
    """Content address of a set of rules."""
    return sha256(canonical_json(settings.by_name))


def build_decision(outcome: Outcome) -> Decision:
    """Put the numbers into words."""
    situation, account = outcome.situation, outcome.account
    vote, after, as_of = situation.vote, situation.state, situation.as_of
    return Decision(
        cycle_id=cycle_id(as_of),
        symbol=outcome.symbol,
        source=outcome.source,
        as_of=as_of,
        open_time=as_of - MINUTE,
        close_price=outcome.close_price,
        scores={score.signal: score.value for score in outcome.scores},
        reasons={s.signal: s.reason for s in outcome.scores if s.reason is not None},
        raw={score.signal: score.raw for score in outcome.scores},
        observations={score.signal: score.observations for score in outcome.scores},
        weights=dict(zip(NAMES, outcome.weights, strict=True)),
        capability=tuple(n for n, able in zip(NAMES, outcome.capability, strict=True) if able),
        coverage=vote.coverage,
        score=vote.score,
        verdict=Verdict(vote.verdict).name,
        votes=vote.votes,
        thresholds={"buy": vote.buy_threshold, "strong": vote.strong_threshold},
        regime=Regime(situation.market.regime).name,
        grade=Grade(vote.grade).name,
        grade_points=vote.points,
        edge=vote.edge._asdict(),
        size=vote.size._asdict(),
        blocked_by=refusals(situation),
        order=_order(after.order),
        shadow_order=_order(after.shadow_order),
        fill=_fill(account, after.position),
        funding=tuple(due._asdict() for due in outcome.settlements),
        funding_paid=account.funding,
        closed=_trade(account.closed, shadow=False),
        shadow_closed=_trade(account.shadow_closed, shadow=True),
        position=_position(after.position, outcome.close_price, shadow=False),
        shadow=_position(after.shadow, outcome.close_price, shadow=True),
        account=_account(account, after),
        notices=_notices(account, vote, outcome.settlements),
        settings_hash=settings_hash(situation.settings),
        weights_version=outcome.weights_version,
        engine_version=ENGINE_VERSION,
    )


def _order(order: Order) -> Section | None:
    if not order.side:
        return None
    return {
        **order._asdict(),
        "side": Side(order.side).name,
        "grade": Grade(order.grade).name,
    }


def _fill(account: AccountMinute, position: Position) -> Section | None:
    if not account.filled:
        return None
    filled: Position | ClosedTrade = position if position.side else account.closed
    return {
        "side": Side(filled.side).name,
        "quantity": filled.quantity,
        "entry_time": filled.entry_time,
        "entry_price": filled.entry_price,
    }


def _position(position: Position, mark: float, *, shadow: bool) -> Section | None:
    if not position.side:
        return None
    unrealized = position.side * position.quantity * (mark - position.entry_price)
    return {
        **position._asdict(),
        "position_id": position_id(position.entry_time, shadow=shadow),
        "side": Side(position.side).name,
        "stop_reason": ExitReason(position.stop_reason).name,
        "grade": Grade(position.grade).name,
        "mark_price": mark,
        "unrealized_pnl": float(round8(unrealized)),
    }


def _trade(trade: ClosedTrade, *, shadow: bool) -> Section | None:
    if not trade.side:
        return None
    return {
        **trade._asdict(),
        "position_id": position_id(trade.entry_time, shadow=shadow),
        "side": Side(trade.side).name,
        "exit_reason": ExitReason(trade.exit_reason).name,
        "grade": Grade(trade.grade).name,
    }


def _account(account: AccountMinute, after: BtcState) -> Section:
    guards = after.guards
    return {
        **after.ledger._asdict(),
        "unrealized_pnl": account.unrealized_pnl,
        "equity": account.equity,
        "losses_in_a_row": guards.losses,
        "day_anchor": guards.day_anchor,
        "week_anchor": guards.week_anchor,
        "day_hit": guards.day_hit,
        "week_hit": guards.week_hit,
    }


def _notices(
    account: AccountMinute, vote: Vote, settlements: tuple[Settlement, ...]
) -> tuple[str, ...]:
    notices = {
        NO_EDGE_NOTICE: vote.edge.expected <= 0.0,
        LAPSED_NOTICE: account.lapsed,
        ASSUMED_NOTICE: account.funding != 0.0 and any(due.assumed for due in settlements),
    }
    return tuple(text for text, applies in notices.items() if applies)
