"""A round of Bitcoin's models, live: asked beside the loop, so that no decision waits for an answer.

1. the newest decided minute is what they are asked about; when it is too old, nobody is asked, and
   each analyst's answer says so
2. a round of these twenty minutes that is stored is reported; one that died on its way goes on where
   it was: its answers are in the ledger and are not paid for again
3. each question becomes an answer or the state that says why there is none; the votes are put
   together with weights of the models' own record
4. answers, verdict, check of the feed, outcomes of earlier votes: one transaction

Times are those of the market's clock, as the newest decision read it.

Belongs here: the order of things. Does not belong here: what is told (``facts``), how it is asked and
paid for (``asking``), how it is stored (``records``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from babingepet.market.intervals import MINUTE, iso
from babingepet.replay.analysts import EVERY
from babingepet.swarm.answers import Answer, State, read_answer, silent
from babingepet.swarm.consensus import agree
from babingepet.swarm.rosters import BTC
from babingepet_resources.agents.files import AgentFiles
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.openrouter.values import Status
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import (
    blobs,
    history,
    predictions,
    rounds,
    swarm_calls,
    vetting,
)
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import DecisionRecord, ReasoningRecord
from babingepet_services.btc.records import PAPER
from babingepet_services.swarm.asking import ask
from babingepet_services.swarm.facts import recall
from babingepet_services.swarm.records import (
    Origin,
    Round,
    reasoning_record,
    round_record,
    sentence,
)
from babingepet_services.swarm.seating import Table, new_outcomes, own_weights, questions
from babingepet_services.swarm.values import (
    OPENROUTER,
    Parts,
    Question,
    Reply,
    Stop,
    analysts_of,
)

STALE = 5 * MINUTE
"""Age of the newest decision at which nobody is asked: an hour's forecast begins with the price of
now."""
EMBEDDED_ANSWER = (
    "no model was asked: without OPENROUTER_API_KEY, and about any but the real market, the embedded "
    "analysts answer inside of the loop"
)

Came = Literal["asked", "stored", "stale", "embedded", "nothing_decided"]

_STATES: Mapping[Status | Stop, State] = {
    Status.TIMEOUT: State.TIMEOUT,
    Stop.BUDGET: State.BUDGET_STOPPED,
}


@dataclass(frozen=True)
class RoundReport:
    """What holding a round came to.

    Attributes:
        came: ``asked`` now, ``stored`` before, ``stale``: nobody was asked, ``embedded``: the loop
            asks, ``nothing_decided``: there is nothing to ask about.
        detail: The same in a sentence.
        as_of: End of the minute that it is about; None without a round.
    """

    came: Came
    detail: str
    as_of: int | None = None


def hold_round(
    settings: Settings,
    database: Database,
    memory: Hippocampus | None,
    clock: Clock,
    symbol: str,
    source: str,
) -> RoundReport:
    """Ask the models about the newest decided minute, unless these twenty minutes were asked about.

    Args:
        settings: The key, the budgets, and where the user's own prompts are.
        database: The warehouse of the source.
        memory: Of the same source; None when nothing is remembered yet.
        clock: This machine's.
        symbol: The instrument.
        source: Whose facts.

    Raises:
        InputError: A file of models or prompts is wrong; nobody was asked.
        WarehouseUnavailable: The database; what was answered is in the ledger, and is used next time.
    """
    parts = Parts.of(settings, database, clock)
    if parts is None or analysts_of(settings, source) != "models":
        return RoundReport("embedded", EMBEDDED_ANSWER)
    roster = AgentFiles(settings.agents_folder()).seated(BTC)
    return hold(Table(roster, parts, memory, symbol, source))


def hold(table: Table) -> RoundReport:
    """The same with everything at the table; see ``hold_round``."""
    database, clock = table.parts.database, table.parts.clock
    with database.reading() as connection:
        newest = history.last_decision(connection, PAPER, table.symbol, table.source)
        if newest is None:
            return RoundReport("nothing_decided", "nothing is decided yet: start the loop")
        now = _market_time(newest, clock.now())
        is_stale = now - newest.as_of > STALE
        moment = now // MINUTE * MINUTE if is_stale else newest.as_of
        stored = _stored(connection, table, moment, with_stale=is_stale)
        decision = newest if is_stale else _unfinished(connection, table, newest)
    if stored is not None:
        return RoundReport("stored", f"the round of {iso(stored)} is stored", stored)
    if is_stale:
        return _stale(table, newest, moment, now)
    return _asked(table, decision)


def _market_time(decision: DecisionRecord, now: int) -> int:
    """A time of this machine on the market's clock, as the decision read it."""
    return decision.clock + now - decision.decided_at


def _stored(connection: Connection, table: Table, moment: int, *, with_stale: bool) -> int | None:
    """The moment of the round of the same twenty minutes; one that asked nobody may not count."""
    start = moment // EVERY * EVERY
    return max(
        (
            row.as_of
            for row in predictions.between(connection, BTC.market, start, start + EVERY)
            if row.symbol == table.symbol
            and row.provider == OPENROUTER
            and (with_stale or row.state != State.STALE_INPUT)
        ),
        default=None,
    )


def _unfinished(connection: Connection, table: Table, newest: DecisionRecord) -> DecisionRecord:
    """The decision that a round which died was about; the newest one when there is none."""
    start = newest.as_of // EVERY * EVERY
    begun = swarm_calls.newest_round(connection, BTC.market, start, start + EVERY)
    if begun is None:
        return newest
    found = history.last_decision(connection, PAPER, table.symbol, table.source, until=begun)
    return found if found is not None and found.as_of == begun else newest


def _stale(table: Table, newest: DecisionRecord, moment: int, now: int) -> RoundReport:
    why = f"the newest decision is of {iso(newest.as_of)}, {(now - newest.as_of) // MINUTE} min ago"
    answers = tuple(silent(name, State.STALE_INPUT, why) for name in table.roster.names)
    nobody = {name: Origin() for name in table.roster.names}
    held = Round(moment, answers, agree(table.roster, answers, {}), {}, {}, OPENROUTER, nobody)
    _write(table, held, newest, (), is_stale=True)
    return RoundReport("stale", f"nobody was asked: {why}", moment)


def _asked(table: Table, decision: DecisionRecord) -> RoundReport:
    parts, as_of = table.parts, decision.as_of
    remembered = recall(decision, table.memory)
    with parts.database.reading() as connection:
        asking = questions(connection, table, decision, remembered.text)
        fresh = new_outcomes(connection, table, as_of)
        weighed = own_weights(connection, table, as_of, fresh)
    replies = ask(asking, parts, parts.clock.monotonic() + table.seconds)
    answers = tuple(answer_of(replies[one.agent]) for one in asking)
    origins = {name: _origin(reply, decision) for name, reply in replies.items()}
    agreed = agree(table.roster, answers, weighed)
    held = Round(as_of, answers, agreed, weighed, fresh, OPENROUTER, origins, remembered)
    _write(table, held, decision, asking, is_stale=False)
    return RoundReport("asked", sentence(held.agreed), as_of)


def answer_of(reply: Reply) -> Answer:
    """What a reply means: an answer, or the state that says why there is none."""
    if reply.text is not None:
        return read_answer(reply.agent, reply.text)
    return silent(reply.agent, _STATES.get(reply.status, State.UNAVAILABLE), reply.detail)


def _origin(reply: Reply, decision: DecisionRecord) -> Origin:
    at = reply.answered_at
    answered_at = None if at is None else _market_time(decision, at)
    # Whoever answers says his own name: what cannot be stored must not cost the round.
    model = None if reply.model is None else vetting.clean(reply.model, vetting.NAME_LIMIT) or None
    return Origin(model, reply.prompt_hash, reply.answer_hash, answered_at)


def _write(
    table: Table,
    held: Round,
    decision: DecisionRecord,
    asking: Sequence[Question],
    *,
    is_stale: bool,
) -> None:
    """Store a round whole, unless another program was faster."""
    now = table.parts.clock.now()
    record = round_record(held, table.symbol, _market_time(decision, now))
    reasoning = [] if is_stale else [_reasoning(table, held)]
    # Of a question that nobody was allowed to be asked, the ledger has no prompt.
    packed = [blobs.pack(one.prompt.encode(), now) for one in asking]

    def work(connection: Connection) -> None:
        if _stored(connection, table, held.as_of, with_stale=is_stale) is None:
            blobs.put(connection, packed)
            rounds.write(connection, record, reasoning)

    table.parts.database.transact(work)


def _reasoning(table: Table, held: Round) -> ReasoningRecord:
    versions = {agent.name: agent.prompt_version for agent in table.roster.agents}
    return reasoning_record(held, PAPER, versions)
