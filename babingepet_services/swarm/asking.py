"""A round of questions: every agent's own, the models it falls back on, and one deadline for all.

1. calls that a dead program left behind are given up; they may have been billed
2. an agent whose question was answered before, in this round, is told that answer again
3. each of the others asks its first model; after a failure that may pass, the same one once more,
   after a pause; then the next model, while there is time
4. what is in at the deadline is used; what comes later is booked and not used

Belongs here: the order of things. Does not belong here: requests (``clients.openrouter``), what
must hold before and after each (``ledger``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, wait_random

from babingepet.errors import InputError, IntegrityBroken, WarehouseUnavailable
from babingepet_resources.clients.openrouter.catalogue import model_named
from babingepet_resources.clients.openrouter.values import Attempt, Call, Status
from babingepet_services.swarm.ledger import Ledger, Stopped
from babingepet_services.swarm.values import Models, Parts, Question, Reply, Stop

Result = TypeVar("Result")

ROUND_S = 60.0
"""Seconds that a round may take, for whoever sets a deadline."""

ATTEMPTS = 2
"""Of one model for one question."""

PAUSE = wait_random(0.2, 1.0)
"""Seconds before the second, unless the provider asks for more: nine agents must not come again at
the same moment."""

LEAST_S = 1.0
"""Seconds before the deadline at which nothing is begun: the fastest models need about as many."""

_MAY_PASS = {
    Status.TIMEOUT, Status.RATE_LIMITED, Status.PROVIDER_ERROR, Status.UNREACHABLE,
}  # fmt: skip
"""Ends after which the same request may succeed."""

_OTHERS_MAY = {
    Status.TIMEOUT, Status.RATE_LIMITED, Status.PROVIDER_ERROR, Status.NO_SUCH_MODEL,
    Status.UNSUPPORTED, Stop.RESTING,
}  # fmt: skip
"""Ends after which another model may answer."""


@dataclass(frozen=True)
class _Step:
    """How asking one model ended, and, if it answered, the reply."""

    status: Status | Stop
    detail: str
    reply: Reply | None = None
    retry_after_s: float = 0.0


def ask(questions: Sequence[Question], parts: Parts, deadline: float) -> Mapping[str, Reply]:
    """Ask every question, in a loop of its own.

    Args:
        questions: At most one an agent.
        parts: What to ask with.
        deadline: Reading of ``parts.clock.monotonic()`` at which the round is over.

    Returns:
        A reply for each agent, whatever happened.

    Raises:
        InputError: An agent asks twice or asks nobody, or a prompt is no text.
        WarehouseUnavailable: The ledger cannot be opened; nobody was asked.
    """
    _require_sound(questions)
    return asyncio.run(_ask(questions, parts, deadline))


async def _ask(questions: Sequence[Question], parts: Parts, deadline: float) -> Mapping[str, Reply]:
    ledger = Ledger(parts.database, parts.clock, parts.budget)
    # One thread: nine that wait for each other's lock would use up the server's few connections.
    with ThreadPoolExecutor(1, thread_name_prefix="swarm-ledger") as thread:
        async with parts.models() as models:
            asked = _Round(parts, ledger, models, deadline, thread)
            await asked.booked(lambda: ledger.open_round(questions))
            replies = await asyncio.gather(*map(asked.reply, questions))
    return {reply.agent: reply for reply in replies}


class _Round:
    def __init__(
        self,
        parts: Parts,
        ledger: Ledger,
        models: Models,
        deadline: float,
        thread: ThreadPoolExecutor,
    ) -> None:
        self._parts = parts
        self._ledger = ledger
        self._models = models
        self._deadline = deadline
        self._thread = thread
        self._places = asyncio.Semaphore(parts.concurrency)

    async def booked(self, work: Callable[[], Result]) -> Result:
        """Do something to the ledger while others go on asking."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def reply(self, question: Question) -> Reply:
        async with self._places:
            try:
                earlier = await self.booked(lambda: self._ledger.concluded(question))
                return earlier or await self._first_answer(question)
            except (WarehouseUnavailable, IntegrityBroken) as error:
                return _without(question, Stop.LEDGER, str(error))

    async def _first_answer(self, question: Question) -> Reply:
        """Ask one model after the other, until one has its say or nothing more can help."""
        steps: list[_Step] = []
        for model in question.models:
            step = await self._ask_model(question, model)
            if step.reply is not None:
                return step.reply
            steps.append(step)
            if step.status not in _OTHERS_MAY:
                break
        # That a model was not asked says less than what another one did when it was.
        made = [step for step in steps if not isinstance(step.status, Stop)] or steps
        told = " ".join(
            f"{model}: {step.status}. {step.detail}"
            for model, step in zip(question.models, steps, strict=False)
        )
        return _without(question, made[-1].status, told)

    async def _ask_model(self, question: Question, model: str) -> _Step:
        """Ask one model: held to the schema where it can be, else for any JSON object."""
        structured = model_named(model).structured
        step = await self._patiently(question, question.call(model, structured=structured))
        if step.status is Status.UNSUPPORTED and structured:
            step = await self._patiently(question, question.call(model, structured=False))
        return step

    async def _patiently(self, question: Question, call: Call) -> _Step:
        retrying = AsyncRetrying(
            retry=retry_if_result(lambda step: step.status in _MAY_PASS),
            wait=_pause,
            stop=self._is_enough,
            retry_error_callback=_last,
        )
        steps: list[_Step] = []

        async def once() -> _Step:
            steps.append(await self._once(question, call))
            return steps[-1]

        last: _Step = await retrying(once)
        if isinstance(last.status, Stop) and len(steps) > 1:
            asked = steps[-2]  # who was asked once, and not again, was asked
            return replace(asked, detail=f"{asked.detail} Not asked again: {last.detail}")
        return last

    async def _once(self, question: Question, call: Call) -> _Step:
        if self._left() < LEAST_S:
            return _Step(Status.TIMEOUT, "No time was left to ask.")
        reserved = await self.booked(lambda: self._ledger.reserve(question, call))
        if isinstance(reserved, Stopped):
            return _Step(reserved.status, reserved.detail)
        # Booking takes its turn: what is left is looked at again.
        limit = max(0.0, min(self._parts.attempt_s, self._left()))
        attempt = await self._models.complete(call, limit)
        answer_hash = await self.booked(lambda: self._ledger.settle(reserved, attempt))
        if attempt.status is not Status.ANSWERED:
            return _Step(attempt.status, attempt.detail, retry_after_s=attempt.retry_after_s or 0.0)
        if self._left() < 0:
            return _Step(Status.TIMEOUT, "It answered after the deadline.")
        return _Step(attempt.status, "", self._used(question, call, attempt, answer_hash))

    def _used(
        self, question: Question, call: Call, attempt: Attempt, answer_hash: str | None
    ) -> Reply:
        return Reply(
            question.agent, attempt.status, "", question.prompt_hash, attempt.text,
            attempt.answered_by or call.model, answer_hash, self._parts.clock.now(),
        )  # fmt: skip

    def _is_enough(self, state: RetryCallState) -> bool:
        left = self._left() - state.upcoming_sleep
        return state.attempt_number >= ATTEMPTS or left < LEAST_S

    def _left(self) -> float:
        return self._deadline - self._parts.clock.monotonic()


def _pause(state: RetryCallState) -> float:
    return max(PAUSE(state), _last(state).retry_after_s)


def _last(state: RetryCallState) -> _Step:
    if state.outcome is None:  # tenacity asks after an attempt only
        raise RuntimeError("No attempt was made.")
    step: _Step = state.outcome.result()
    return step


def _without(question: Question, status: Status | Stop, detail: str) -> Reply:
    return Reply(question.agent, status, detail, question.prompt_hash)


def _require_sound(questions: Sequence[Question]) -> None:
    agents = [question.agent for question in questions]
    for question in questions:
        if agents.count(question.agent) > 1:
            raise InputError(f"The agent {question.agent} asks twice in one round.")
        if not question.models:
            raise InputError(f"The agent {question.agent} has no model to ask.")
        try:
            question.prompt.encode()
        except UnicodeEncodeError as error:
            raise InputError(f"The prompt of {question.agent} is no text: {error}.") from error
