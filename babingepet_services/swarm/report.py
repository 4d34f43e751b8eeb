"""The analysts as they are told: who they are, a round, and what asking cost, as JSON values.

Belongs here: which rows are meant, and their documents. Nothing here asks anybody or writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from babingepet.errors import InputError
from babingepet.market.intervals import DAY
from babingepet.swarm.agents import Agent, Roster
from babingepet.swarm.rosters import ALTCOIN, BTC, IHSG
from babingepet_resources.agents.files import MODELS, AgentFiles
from babingepet_resources.clients.clock import Clock
from babingepet_resources.exchange.moments import parse_moment
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import context_feeds, predictions, swarm, swarm_calls
from babingepet_resources.warehouse.records import PredictionRecord, SpendRecord
from babingepet_services.btc.records import PAPER
from babingepet_services.context.tone_model import MARKET as TONE
from babingepet_services.context.tone_model import reader_of
from babingepet_services.swarm.budget import Budget, periods
from babingepet_services.swarm.told import (
    NEVER,
    answer_told,
    consensus_told,
    cost_told,
    in_order,
    usd,
)
from babingepet_services.swarm.values import analysts_of
from babingepet_services.warehouse_lookup import account_place

ROSTERS = (BTC, ALTCOIN, IHSG)


def agents_report(settings: Settings) -> dict[str, Any]:
    """Who is asked, with which models and prompts, and from which files those come.

    Returns:
        heard (``rules`` or ``models``), folder, models_file, agents[] (market, agent, group, task,
        models, prompt_version, prompt_file, edited), headlines_read_by (``lexicon`` or ``model``),
        reader (the same of the model that may read headlines).

    Raises:
        InputError: A file is wrong; the message begins with its path.
    """
    files = AgentFiles(settings.agents_folder())
    return {
        "heard": analysts_of(settings, settings.source),
        "folder": str(files.folder),
        "models_file": str(files.place(MODELS)),
        "agents": [agent for roster in ROSTERS for agent in _agents(files, roster)],
        "headlines_read_by": settings.news_tone,
        "reader": _agent(files, TONE, reader_of(files, BTC.market)),
    }


def _agents(files: AgentFiles, roster: Roster) -> Iterator[dict[str, Any]]:
    for agent in files.seated(roster).agents:
        yield _agent(files, roster.market, agent) | {"group": agent.group.value}


def _agent(files: AgentFiles, market: str, agent: Agent) -> dict[str, Any]:
    own = files.place(f"prompts/{market.lower()}/{agent.name}.md")
    return {
        "market": market,
        "agent": agent.name,
        "task": agent.task,
        "models": list(agent.models),
        "prompt_version": agent.prompt_version,
        "prompt_file": str(own),
        "edited": own.is_relative_to(files.folder),
    }


def copy_report(settings: Settings) -> dict[str, Any]:
    """Copy models and prompts to where a user may edit them; what is there stays.

    Returns:
        folder, written[] (paths).

    Raises:
        InputError: The folder cannot be written.
    """
    files = AgentFiles(settings.agents_folder())
    return {"folder": str(files.folder), "written": [str(path) for path in files.copy()]}


def spend_report(
    settings: Settings, clock: Clock, first: str | None, last: str | None, warehouse: str | None
) -> dict[str, Any]:
    """What calls of models came to, by market, agent and model.

    Args:
        settings: Where to look, and the budgets.
        clock: This machine's.
        first: First UTC day; None for the first of this month.
        last: The UTC day after the last one; None for all until now.
        warehouse: Name of the one place to look at; None for the first that has an account.

    Returns:
        warehouse, start, end, calls, answered, cost_usd, unsettled_usd, budget (cycle, day, month),
        agents[] (market, agent, model, calls, answered, prompt_tokens, completion_tokens,
        cached_tokens, cost_usd, unsettled_usd). Amounts are decimals as text; unsettled is what was
        reserved for calls whose cost nobody told.

    Raises:
        InputError: A day cannot be read or the days are in the wrong order, or there is no account.
    """
    now = clock.now()
    start = periods(now)[1] if first is None else parse_moment(first, "--from")
    end = now + 1 if last is None else parse_moment(last, "--to")
    if end <= start:
        raise InputError("--to: must be later than --from")
    with _account(settings, warehouse) as (connection, name):
        rows = swarm_calls.spend(connection, start, end)
    return {
        "warehouse": name,
        "start": start,
        "end": end,
        **_totals(rows),
        "budget": {name: str(limit) for name, limit in asdict(Budget.of(settings)).items()},
        "agents": [_spend(row) for row in rows],
    }


def _totals(rows: Sequence[SpendRecord]) -> dict[str, Any]:
    """Calls and costs together; amounts as text."""
    return {
        "calls": sum(row.calls for row in rows),
        "answered": sum(row.answered for row in rows),
        "cost_usd": usd(row.cost_usd for row in rows),
        "unsettled_usd": usd(row.unsettled_usd for row in rows),
    }


def _spend(row: SpendRecord) -> dict[str, Any]:
    amounts = {"cost_usd": usd([row.cost_usd]), "unsettled_usd": usd([row.unsettled_usd])}
    return asdict(row) | amounts


def round_report(settings: Settings, as_of: str | None, warehouse: str | None) -> dict[str, Any]:
    """The newest round of Bitcoin's analysts that was held by a time, whoever answered.

    Args:
        settings: Where to look, and the instrument.
        as_of: Time that is asked about; None for the newest of all.
        warehouse: Name of the one place to look at; None for the first that has an account.

    Returns:
        warehouse, market, symbol, as_of, providers[] (provider, consensus or null, why_none,
        answers[] (agent, state, p_up, confidence, reason, model, prompt_hash, answer_hash, known_at,
        outcome)), calls, cost_usd, unsettled_usd. ``as_of`` is null without any round.

    Raises:
        InputError: The time cannot be read, or there is no account.
    """
    until = None if as_of is None else parse_moment(as_of, "--as-of")
    with _account(settings, warehouse) as (connection, name):
        found = _newest(connection, settings.symbol, until)
        told = {"warehouse": name, "market": BTC.market, "symbol": settings.symbol}
        if not found:
            return told | {"as_of": None, "providers": [], **cost_told(())}
        moment = found[0].as_of
        calls = swarm_calls.of_round(connection, BTC.market, moment)
        names = sorted({row.provider for row in found})
        providers = [_provider(connection, found, name) for name in names]
        return told | {"as_of": moment, "providers": providers, **cost_told(calls)}


def _newest(connection: Connection, symbol: str, until: int | None) -> list[PredictionRecord]:
    before = NEVER if until is None else until + 1
    rows = predictions.page(connection, BTC.market, before=before, rounds=1)
    return [row for row in rows if row.symbol == symbol]


def _provider(
    connection: Connection, rows: Sequence[PredictionRecord], provider: str
) -> dict[str, Any]:
    said = in_order([row for row in rows if row.provider == provider])
    as_of = said[0].as_of
    verdicts = swarm.read(connection, BTC.market, as_of, as_of + 1)
    agreed = next((one for one in verdicts if one.provider == provider), None)
    return {
        "provider": provider,
        "consensus": agreed and consensus_told(agreed),
        "why_none": None if agreed else _why_none(connection, said),
        "answers": [answer_told(row) for row in said],
    }


def _why_none(connection: Connection, said: Sequence[PredictionRecord]) -> str:
    """What the check of the feed said when the round was stored."""
    answered = max(row.known_at for row in said)  # before it, another provider may have checked
    checks = context_feeds.read(connection, "swarm", BTC.market, answered, answered + DAY)
    return next((check.detail for check in checks if not check.ok), "there was no quorum")


@contextmanager
def _account(settings: Settings, warehouse: str | None) -> Iterator[tuple[Connection, str]]:
    place = account_place(settings, PAPER, warehouse)
    with closing(place.open()) as database, database.reading() as connection:
        yield connection, place.name
