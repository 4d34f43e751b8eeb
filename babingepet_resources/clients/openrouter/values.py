"""What is asked of a model, and every way in which asking can end.

What does not belong here: whether an answer makes sense (the engine reads it), what to do next
(services).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson


class Status(StrEnum):
    """How one request ended. Only ``ANSWERED`` has a text."""

    ANSWERED = "answered"
    TIMEOUT = "timeout"
    """No whole answer within the time it was given."""
    RATE_LIMITED = "rate_limited"
    OUT_OF_CREDIT = "out_of_credit"
    """The key's credit, or its limit, is used up: true of every model."""
    NO_SUCH_MODEL = "no_such_model"
    """Unknown, retired, or offered by no host at the price that is allowed."""
    UNSUPPORTED = "unsupported"
    """The request was refused as it stands: a parameter that no host of the model knows."""
    REFUSED = "refused"
    """The model, or the provider's moderation, declined."""
    NO_CONTENT = "no_content"
    CUT_OFF = "cut_off"
    """The answer ran into its limit of tokens."""
    PROVIDER_ERROR = "provider_error"
    """The host failed: a status of 5xx, or an error told in an answer with status 200."""
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    """Not an answer: no JSON, or JSON of another shape."""
    UNREACHABLE = "unreachable"
    """No connection, or one that broke."""
    UNAUTHORIZED = "unauthorized"
    """The key is not valid."""


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        model: The provider's name of it: ``openai/gpt-4o-mini``.
        prompt: Told as the user's message; see ``message``.
        schema: JSON schema of the answer.
        structured: Whether the host must hold the answer to the schema; else it is asked for any
            JSON object, and the schema is told in words.
        max_tokens: Of the answer, those of thinking included.
    """

    model: str
    prompt: str
    schema: Mapping[str, Any]
    structured: bool = True
    max_tokens: int = 600

    @property
    def message(self) -> str:
        """What the model is told, word for word."""
        if self.structured:
            return self.prompt
        schema = orjson.dumps(dict(self.schema)).decode()
        return (
            f"{self.prompt}\n\nAnswer with one JSON object that follows this JSON schema:\n{schema}"
        )


@dataclass(frozen=True)
class Usage:
    """What was billed; None where the provider did not say, which is not zero.

    Attributes:
        prompt_tokens: Tokens read.
        completion_tokens: Tokens written.
        cached_tokens: Those read that cost less.
        cost: US dollars, rounded up to eight decimal places; 0 where the request was turned away
            before a model saw it, which is not billed.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    cost: Decimal | None = None


NOTHING_BILLED = Usage(cost=Decimal(0))


@dataclass(frozen=True)
class Attempt:
    """How one request ended.

    Attributes:
        status: In one word.
        detail: In one sentence, without the key; empty for an answer.
        text: The model's answer, as it came.
        answered_by: The model that answered, as the provider says.
        served_by: The host that ran it.
        usage: What it cost.
        latency_ms: From sending the request to its end.
        retry_after_s: Seconds of silence that were asked for.
    """

    status: Status
    detail: str = ""
    text: str | None = None
    answered_by: str | None = None
    served_by: str | None = None
    usage: Usage = field(default_factory=Usage)
    latency_ms: float = 0.0
    retry_after_s: float | None = None


@dataclass(frozen=True)
class Credit:
    """What the key may still spend.

    Attributes:
        status: ``ANSWERED``, or why it is not known.
        detail: In one sentence.
        remaining: US dollars; None when the key has no limit, or it is not known.
        used: US dollars spent with the key so far.
    """

    status: Status
    detail: str = ""
    remaining: Decimal | None = None
    used: Decimal | None = None
