"""What the analysts were worth, as one document under stable keys.

Belongs here: what is told, and the words of its warnings. Does not belong here: computing it
(``value``), how it looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from babingepet.performance.confidence import mean_interval
from babingepet.swarm.agents import Group, names_of
from babingepet.swarm.answers import State
from babingepet.swarm.rosters import BTC
from babingepet_services.replay.report import MARKET
from babingepet_services.swarm.calibrated import CONSENSUS
from babingepet_services.swarm.training import UNKNOWN, models_of
from babingepet_services.swarm.value import SMALLEST, Account, Worth

BASIS_POINTS = 10_000

Document = Mapping[str, Any]


def document(worth: Worth) -> dict[str, Any]:
    """As JSON values; times are UTC ms, money USDT, costs USD."""
    made, said = worth.ablation, worth.said
    within = said.within(made.start, made.end)
    models, agents = models_of(said, within), [_agent(worth, name) for name in BTC.names]
    effect = worth.with_all.net_pnl - worth.with_none.net_pnl
    return {
        "market": MARKET,
        "symbol": made.market.symbol,
        "source": made.market.source,
        "start": made.start,
        "end": made.end,
        "bars": len(made.columns.open_time),
        "capital": made.rules.capital,
        "replay_ai": worth.request.replay_ai,
        "providers": sorted(
            {one for one, is_in in zip(said.providers, within, strict=True) if is_in}
        ),
        "calls": 0,
        "read_seconds": worth.inputs.read_seconds,
        "seconds": worth.seconds,
        "rounds": {
            "held": int(within.sum()),
            "with_quorum": worth.judged[CONSENSUS].votes,
            "left_out": said.left_out,
            "unlike": said.unlike,
        },
        "with_all": _account(worth, worth.with_all),
        "with_none": _account(worth, worth.with_none),
        "effect": _money(worth, effect)
        | {"trades": worth.with_all.trades - worth.with_none.trades},
        "interaction": _money(worth, worth.interaction),
        "agents": agents,
        "groups": [_group(worth, group) for group in Group],
        "consensus": worth.judged[CONSENSUS].document(),
        "models": models,
        "settings": made.rules.settings.by_name,
        "notes": [*worth.inputs.notes, *_notes(worth, models, agents)],
    }


def _money(worth: Worth, units: int) -> dict[str, float]:
    usdt = units / SMALLEST
    return {"net_pnl": usdt, "net_bps": usdt / worth.ablation.rules.capital * BASIS_POINTS}


def _account(worth: Worth, account: Account) -> dict[str, Any]:
    return {
        **_money(worth, account.net_pnl),
        "trades": account.trades,
        "ledger_sha256": account.ledger_sha256,
    }


def _marginal(worth: Worth, name: str, members: Sequence[str], units: int) -> dict[str, Any]:
    """What is lost without an analyst or a group, and how far chance may carry it.

    The interval takes the days' differences as independent; None with fewer than two whole days, or
    where no day differs from another.
    """
    without, money = worth.without[name], _money(worth, units)
    days = worth.with_all.days - without.days
    low, high = mean_interval(days)
    half = None if low is None or high is None else (high - low) / 2 * len(days)
    return {
        **money,
        "low": None if half is None else money["net_pnl"] - half,
        "high": None if half is None else money["net_pnl"] + half,
        "days": len(days),
        "trades": worth.with_all.trades - without.trades,
        "quorum_lost": _quorum_lost(worth, members),
    }


def _quorum_lost(worth: Worth, members: Sequence[str]) -> int:
    """Rounds that have a consensus, and would have none without these."""
    answers, made = worth.said.answers, worth.ablation
    lost = np.isnan(answers.agree(members).p_up) & ~np.isnan(answers.agree().p_up)
    return int((lost & worth.said.within(made.start, made.end)).sum())


def _agent(worth: Worth, name: str) -> dict[str, Any]:
    group = next(agent.group for agent in BTC.agents if agent.name == name)
    marginal = _marginal(worth, name, [name], worth.marginals[name])
    return {
        "agent": name,
        "group": group.value,
        "states": _states(worth, [name]),
        **worth.judged[name].document(),
        "marginal": marginal,
        **_cost(worth, [name], marginal["net_bps"]),
    }


def _group(worth: Worth, group: Group) -> dict[str, Any]:
    members = names_of(BTC, group)
    units = worth.with_all.net_pnl - worth.without[group.value].net_pnl
    marginal = _marginal(worth, group.value, members, units)
    return {
        "group": group.value,
        "agents": list(members),
        "states": _states(worth, members),
        **worth.judged[group.value].document(),
        "marginal": marginal,
        **_cost(worth, members, marginal["net_bps"]),
    }


def _states(worth: Worth, names: Sequence[str]) -> dict[str, int]:
    """How often each state was answered; those that never were too."""
    said, made = worth.said, worth.ablation
    rows = [BTC.names.index(name) for name in names]
    found = Counter(said.states[rows][:, said.within(made.start, made.end)].ravel().tolist())
    return {state.value: found[state.value] for state in State}


def _cost(worth: Worth, names: Sequence[str], net_bps: float) -> dict[str, Any]:
    """Known costs, reservations of calls whose cost nobody said, and both by what they brought."""
    mine = [one for one in worth.spend if one.agent in names]
    cost = sum((one.cost_usd for one in mine), Decimal())
    unsettled = sum((one.unsettled_usd for one in mine), Decimal())
    reason = None
    if net_bps <= 0.0:
        reason = "its marginal is not above 0: no price buys what it brings"
    return {
        "calls_made": sum(one.calls for one in mine),
        "cost_usd": float(cost),
        "unsettled_usd": float(unsettled),
        "usd_per_bp": None if reason else float(cost + unsettled) / net_bps,
        "usd_per_bp_reason": reason,
    }


def _notes(worth: Worth, models: Sequence[Document], agents: Sequence[Document]) -> list[str]:
    said = worth.said
    before = sum(one["votes_before_cutoff"] or 0 for one in models)
    names = ", ".join(one["model"] for one in models if one["votes_before_cutoff"])
    unknown = ", ".join(one["model"] for one in models if one["before_cutoff"] == UNKNOWN)
    others = [one["agent"] for one in agents if not one["votes"]]
    marginals = [one["marginal"] for one in agents]
    lost = max(one["quorum_lost"] for one in marginals)
    intervals = [(one["low"], one["high"]) for one in marginals if one["low"] is not None]
    is_luck = bool(intervals) and all(low <= 0.0 <= high for low, high in intervals)
    texts = {
        f"{before:,} votes of {names} are about hours BEFORE the end of the model's training: it may "
        "know what came, and neither its skill nor its worth here says anything of the future": before
        > 0,
        f"the end of training of {unknown} is not known: its votes may know what came": bool(
            unknown
        ),
        "no model was asked: the answers are those of the embedded analysts or of the store": True,
        f"never voted in this period: {', '.join(others)}": bool(others),
        f"{said.left_out} stored verdicts have no stored answers and cannot be taken apart: they are "
        "heard in none of these replays": said.left_out > 0,
        f"{said.unlike} rounds come to another verdict than the one that is stored": said.unlike
        > 0,
        f"in up to {lost:,} rounds one silent analyst means no quorum: there a marginal is that of the "
        "whole consensus": lost > 0,
        "the 95 % interval of every marginal holds 0: luck may explain them all": is_luck,
        "rounds of every 20 minutes judge an hour each and overlap: intervals of hit rates are too "
        "narrow": True,
        "a marginal is what is lost when one analyst is silent and the others are not; it is not what "
        "it would earn alone": True,
    }
    return [text for text, applies in texts.items() if applies]
