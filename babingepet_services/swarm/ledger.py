"""What must hold before and after each call, in one transaction each.

1. before: what is spent leaves room for the most it can cost, and its model is not at rest; then
   the call is written, with that reservation, before anybody is asked
2. after: the answer is stored, the call is settled with its cost, and counts for its model
3. a call that a dead program left behind may have been billed: its reservation stays

What does not belong here: the network, and what comes next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from babingepet.market.intervals import MINUTE
from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.openrouter.catalogue import most_cost
from babingepet_resources.clients.openrouter.values import Attempt, Call, Status
from babingepet_resources.warehouse import blobs, swarm_calls
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.limits import CYCLE
from babingepet_resources.warehouse.records import CallEnd, CallKey, CallRecord
from babingepet_services.swarm import resting
from babingepet_services.swarm.budget import Budget, periods
from babingepet_services.swarm.values import Question, Reply, Stop

CONCLUSIVE = frozenset(
    {
        Status.ANSWERED, Status.REFUSED, Status.NO_CONTENT, Status.CUT_OFF, Status.TOO_LARGE,
        Status.MALFORMED,
    }
)  # fmt: skip
"""Ends at which a model had its say: the same prompt is not paid for again in its round."""

GONE = 5 * MINUTE
"""Age of a call, ms, at which its program must be gone: a round has one minute."""


@dataclass(frozen=True)
class Reserved:
    """A call that is written and may be made."""

    key: CallKey
    model: str
    started_at: int


@dataclass(frozen=True)
class Stopped:
    """A call that must not be made."""

    status: Stop
    detail: str


class Ledger:
    """The books of one round. Every method is a transaction, short enough to be waited for.

    Args:
        database: The warehouse.
        clock: This machine's clock.
        budget: How much may be spent.
    """

    def __init__(self, database: Database, clock: Clock, budget: Budget) -> None:
        self._database = database.within(CYCLE)
        self._clock = clock
        self._budget = budget

    def open_round(self, questions: Sequence[Question]) -> None:
        """Give up on calls that nobody can be waiting for, before the same agents ask again.

        Raises:
            WarehouseUnavailable: Nothing was changed.
        """
        agents: dict[tuple[str, int], list[str]] = {}
        for one in questions:
            agents.setdefault((one.market, one.as_of), []).append(one.agent)
        now = self._clock.now()

        def work(connection: Connection) -> None:
            for (market, as_of), asking in agents.items():
                swarm_calls.abandon(connection, market, as_of, asking, now=now, age=GONE)

        self._database.transact(work)

    def concluded(self, question: Question) -> Reply | None:
        """What this question was answered before, in this round; None when it was not.

        Raises:
            WarehouseUnavailable: It cannot be read.
            IntegrityBroken: The stored answer is not what was stored.
        """
        with self._database.reading() as connection:
            call = swarm_calls.concluded(
                connection, question.market, question.as_of, question.agent,
                question.prompt_hash, CONCLUSIVE,
            )  # fmt: skip
            if call is None:
                return None
            stored = call.answer_hash and blobs.get(connection, call.answer_hash)
        status, model = Status(call.status), call.answered_by or call.model
        if status is not Status.ANSWERED:
            return Reply(question.agent, status, call.detail, question.prompt_hash)
        if not isinstance(stored, bytes):
            detail = "It was answered before, and the answer is no longer stored."
            return Reply(question.agent, Stop.LEDGER, detail, question.prompt_hash)
        return Reply(
            question.agent, status, "It was answered before.", question.prompt_hash,
            stored.decode(), model, call.answer_hash, call.ended_at,
        )  # fmt: skip

    def reserve(self, question: Question, call: Call) -> Reserved | Stopped:
        """Write a call that is about to be made, unless it must not be.

        Raises:
            WarehouseUnavailable: It is not known whether it was written: do not make it.
        """
        now, most = self._clock.now(), most_cost(call)
        day, month = periods(now)
        texts = [blobs.pack(text.encode(), now) for text in (call.prompt, call.message)]

        def work(connection: Connection) -> Reserved | Stopped:
            swarm_calls.lock(connection)
            spent = swarm_calls.spent(
                connection, question.market, question.as_of, day=day, month=month
            )
            if refusal := self._budget.refusal(spent, most):
                return Stopped(Stop.BUDGET, refusal)
            if refusal := resting.refusal(connection, call.model, now):
                return Stopped(Stop.RESTING, refusal)
            attempt = swarm_calls.next_attempt(
                connection, question.market, question.as_of, question.agent
            )
            key = CallKey(question.market, question.as_of, question.agent, attempt)
            blobs.put(connection, texts)
            hashes = [text.hash for text in texts]
            swarm_calls.begin(connection, _in_flight(key, call, hashes, most, now))
            return Reserved(key, call.model, now)

        return self._database.transact(work)

    def settle(self, reserved: Reserved, attempt: Attempt) -> str | None:
        """Book how a call ended; returns the hash of its answer, if it has one.

        Raises:
            WarehouseUnavailable: It is not known whether it is booked: do not use the answer.
        """
        now = self._clock.now()
        answer = None if attempt.text is None else blobs.pack(attempt.text.encode(), now)
        usage = attempt.usage
        end = CallEnd(
            attempt.status, now, attempt.detail, attempt.answered_by, attempt.served_by,
            answer.hash if answer else None, usage.prompt_tokens, usage.completion_tokens,
            usage.cached_tokens, usage.cost, attempt.latency_ms,
        )  # fmt: skip

        def work(connection: Connection) -> None:
            if not swarm_calls.settle(connection, reserved.key, end):
                return
            blobs.put(connection, [answer] if answer else [])
            resting.note(connection, reserved.model, attempt, asked_at=reserved.started_at, now=now)

        self._database.transact(work)
        return end.answer_hash


def _in_flight(
    key: CallKey, call: Call, hashes: Sequence[str], most: Decimal, now: int
) -> CallRecord:
    prompt_hash, sent_hash = hashes
    return CallRecord(
        key.market, key.as_of, key.agent, key.attempt, swarm_calls.IN_FLIGHT, call.model,
        answered_by=None, served_by=None, prompt_hash=prompt_hash, sent_hash=sent_hash, answer_hash=None,
        prompt_tokens=None, completion_tokens=None, cached_tokens=None,
        reserved_usd=most, cost_usd=None, latency_ms=None, detail="", started_at=now, ended_at=None,
    )  # fmt: skip
