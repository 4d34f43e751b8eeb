"""Models by name: the most they may cost, whether they hold to a schema, how far they have read.

Prices are those of the catalogue of models.dev for OpenRouter as of 2026-07-02. A host that asks
more than ``most`` is not used (``max_price`` of the request), so a reservation is a bound and not a
hope; when prices rise, the model says so by not being found, and the figure here is to be renewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_UP, Decimal
from types import MappingProxyType

import orjson

from babingepet_resources.clients.openrouter.values import Call

UNIT = Decimal("1e-8")
"""The ledger's unit of money."""

_MILLION = 1_000_000

OVERHEAD_TOKENS = 200
"""Tokens around a prompt: roles, separators, and what a host adds to hold an answer to a schema.
Chat templates of the models below take fewer than 50."""

SEVERAL_HOSTS = Decimal("1.5")
"""What a host of an open model may ask above the listed price, which is that of the cheapest:
deepseek-chat was listed at 0.30/1.20 in January 2026 and at 0.20/0.80 in July."""


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens."""

    prompt: Decimal
    completion: Decimal

    def times(self, factor: Decimal) -> Price:
        """So many times as dear."""
        return Price(self.prompt * factor, self.completion * factor)


@dataclass(frozen=True)
class Cutoff:
    """Up to where a model has read, as its maker says.

    Attributes:
        last_day: The last day that it may know; of a month its last.
        source: Where its maker says so.
    """

    last_day: date
    source: str


@dataclass(frozen=True)
class Model:
    """What is known of one model.

    Attributes:
        most: Price above which it is not asked.
        structured: Whether it can be held to a JSON schema.
        cutoff: Of its training; None where its maker does not say, which is never guessed.
    """

    most: Price
    structured: bool
    cutoff: Cutoff | None = None


def _priced(prompt: str, completion: str) -> Price:
    return Price(Decimal(prompt), Decimal(completion))


MODELS: Mapping[str, Model] = MappingProxyType(
    {
        "google/gemini-2.5-flash": Model(
            _priced("0.30", "2.50"),
            structured=True,
            cutoff=Cutoff(
                date(2025, 1, 31), "ai.google.dev/gemini-api/docs/models, gemini-2.5-flash"
            ),
        ),
        "meta-llama/llama-3.3-70b-instruct": Model(
            _priced("0.10", "0.32").times(SEVERAL_HOSTS),
            structured=True,
            cutoff=Cutoff(
                date(2023, 12, 31), "meta-llama/llama-models, models/llama3_3/MODEL_CARD.md"
            ),
        ),
        "openai/gpt-4o-mini": Model(
            _priced("0.15", "0.60"),
            structured=True,
            cutoff=Cutoff(date(2023, 10, 31), "platform.openai.com/docs/models/gpt-4o-mini"),
        ),
        "deepseek/deepseek-chat": Model(
            _priced("0.2002", "0.8001").times(SEVERAL_HOSTS), structured=True
        ),
        "google/gemini-2.0-flash-001": Model(
            _priced("0.10", "0.40"),
            structured=True,
            cutoff=Cutoff(
                date(2024, 8, 31), "ai.google.dev/gemini-api/docs/models/gemini-2.0-flash"
            ),
        ),
        "anthropic/claude-3-haiku": Model(
            _priced("0.25", "1.25"),
            structured=False,
            cutoff=Cutoff(
                date(2023, 8, 31), "docs.anthropic.com, models overview: training data cut-off"
            ),
        ),
    }
)
"""gemini-2.0-flash-001 left the catalogue on 2026-06-01 and stays here with its last price: whoever
still names it is told that there is no such model. deepseek-chat is a name that moves from one
version to the next: its training has no one end."""

_DEAREST = Model(
    Price(
        max(model.most.prompt for model in MODELS.values()),
        max(model.most.completion for model in MODELS.values()),
    ),
    structured=True,
)


def model_named(name: str) -> Model:
    """What is known of a model; of one that is not here, that it may cost as much as the dearest."""
    return MODELS.get(name, _DEAREST)


def most_cost(call: Call) -> Decimal:
    """The most that a call can cost, US dollars, rounded up to eight decimal places.

    No tokenizer makes more tokens than there are bytes; English comes to about a quarter of that,
    rows of figures to half.
    """
    price = model_named(call.model).most
    read = len(call.prompt.encode()) + len(orjson.dumps(dict(call.schema))) + OVERHEAD_TOKENS
    cost = (read * price.prompt + call.max_tokens * price.completion) / _MILLION
    return cost.quantize(UNIT, ROUND_UP)
