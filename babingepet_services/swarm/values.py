"""What is asked in a round, and what comes of each question.

What does not belong here: whether an answer makes sense (the engine reads it).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, Protocol

from babingepet_resources.clients.clock import Clock
from babingepet_resources.clients.openrouter.values import Attempt, Call, Status
from babingepet_resources.settings import REAL, Settings
from babingepet_resources.warehouse.database import Database
from babingepet_services.swarm.budget import Budget

OPENROUTER = "openrouter"
"""Provider of a model's answer, wherever it is shown."""

Analysts = Literal["rules", "models", "none"]
"""Who is heard: the embedded analysts, which the loop asks; models, asked by a program of their own
so that no decision waits for one; or nobody."""


def analysts_of(settings: Settings, source: str) -> Analysts:
    """Who is heard about the market of a source: models about the real one, when there is a key.

    Nobody is paid for an opinion about made-up prices, or about a recording that plays again.
    """
    return "models" if settings.openrouter_api_key is not None and source == REAL else "rules"


class Stop(StrEnum):
    """Why a call was not made."""

    BUDGET = "budget_stopped"
    RESTING = "resting"
    LEDGER = "ledger_unavailable"
    """What cannot be booked is not asked, and an answer that could not be is not used."""


@dataclass(frozen=True)
class Question:
    """What one agent asks in a round.

    Attributes:
        agent: Who asks; once a round.
        models: Whom, in this order: the next when one cannot be asked or does not answer.
        prompt: The whole of it.
        schema: JSON schema of the answer.
        market: Whose price: ``BTC``.
        as_of: End of the minute whose facts the prompt tells.
        max_tokens: Of the answer; a list of symbols needs more than one probability.
    """

    agent: str
    models: Sequence[str]
    prompt: str
    schema: Mapping[str, Any]
    market: str
    as_of: int
    max_tokens: int = 600

    @cached_property
    def prompt_hash(self) -> str:
        """Under which the prompt is stored."""
        return hashlib.sha256(self.prompt.encode()).hexdigest()

    def call(self, model: str, *, structured: bool) -> Call:
        """The question as a request."""
        return Call(model, self.prompt, self.schema, structured, self.max_tokens)


@dataclass(frozen=True)
class Recalled:
    """What the memory tells all analysts about a moment.

    Attributes:
        text: As it stands in the prompts.
        remembered: Closed trades that were looked at.
        alike: Those among them that were counted.
        engrams: Those that have a line of their own: number, and the facts each was made of.
    """

    text: str
    remembered: int = 0
    alike: int = 0
    engrams: Mapping[int, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What came of one question.

    Attributes:
        agent: Who asked.
        status: How it ended; only ``answered`` has a text.
        detail: In a sentence: why there is no answer, with what each model said.
        prompt_hash: Of the blob that holds the prompt.
        text: The answer, word for word.
        model: That answered, as the provider says.
        answer_hash: Of the blob that holds the answer.
        answered_at: When it was in, UTC ms.
    """

    agent: str
    status: Status | Stop
    detail: str
    prompt_hash: str
    text: str | None = None
    model: str | None = None
    answer_hash: str | None = None
    answered_at: int | None = None


class Models(Protocol):
    """Whom to ask: ``clients.openrouter``."""

    async def complete(self, call: Call, timeout_s: float) -> Attempt:
        """Ask once; whatever happens comes back as a value."""
        ...


@dataclass(frozen=True)
class Parts:
    """What a round is asked with.

    Attributes:
        database: Where every call is booked.
        clock: This machine's clock.
        budget: How much may be spent.
        models: Opens the connection to the models, in the loop that asks.
        concurrency: Questions asked at once.
        attempt_s: Seconds that one attempt may take.
    """

    database: Database
    clock: Clock
    budget: Budget
    models: Callable[[], AbstractAsyncContextManager[Models]]
    concurrency: int = 9
    attempt_s: float = 20.0

    @classmethod
    def of(cls, settings: Settings, database: Database, clock: Clock) -> Parts | None:
        """What the user set; None without a key: the analysts are rules then."""
        key = settings.openrouter_api_key
        if key is None:
            return None
        from babingepet_resources.clients.openrouter.client import OpenRouter  # takes a second

        def models() -> OpenRouter:
            return OpenRouter(settings.openrouter_url, key, clock)

        return cls(database, clock, Budget.of(settings), models, settings.swarm_concurrency)
