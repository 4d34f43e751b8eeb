"""The provider's words and numbers, read from a body that is hostile until proven otherwise.

Every number may be missing, negative, text, or larger than any; every text may be anything. What
does not belong here: the network, the key, what an answer means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any

import orjson

from babingepet_resources.addresses import hidden
from babingepet_resources.clients.openrouter.catalogue import UNIT
from babingepet_resources.clients.openrouter.values import (
    NOTHING_BILLED,
    Attempt,
    Credit,
    Status,
    Usage,
)

_MOST_TOKENS = 10**9
_MOST_USD = Decimal(10**6)
"""Beyond either the provider has not told us a number."""

DETAIL_LIMIT = 400
"""Characters of a provider's message that are kept."""

_BY_CODE: Mapping[int, Status] = {
    HTTPStatus.UNAUTHORIZED: Status.UNAUTHORIZED,
    HTTPStatus.PAYMENT_REQUIRED: Status.OUT_OF_CREDIT,
    HTTPStatus.FORBIDDEN: Status.REFUSED,
    HTTPStatus.NOT_FOUND: Status.NO_SUCH_MODEL,
    HTTPStatus.REQUEST_TIMEOUT: Status.TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS: Status.RATE_LIMITED,
}

_BY_REASON: Mapping[str, tuple[Status, str]] = {
    "error": (Status.PROVIDER_ERROR, "The host failed while it answered."),
    "length": (Status.CUT_OFF, "The answer ran into its limit of tokens."),
    "content_filter": (Status.REFUSED, "The host's filter withheld the answer."),
}

_ABOUT_PARAMETERS = ("parameter", "response_format", "json_schema", "structured")
"""What the provider's messages about a request it cannot pass on have in common; one of them comes
with 404, as if the model were not there: 'No endpoints found that can handle the requested
parameters'."""


@dataclass(frozen=True)
class Body:
    """A response as it came, and the secrets of ours that it may repeat."""

    code: int
    content: bytes
    hides: tuple[str, ...] = ()


def read_completion(body: Body) -> Attempt:
    """What became of a request for a completion."""
    found = _object(body)
    if body.code != HTTPStatus.OK:
        return _turned_away(body.code, found)
    if found is None:
        return Attempt(Status.MALFORMED, "The body of the answer is not a JSON object.")
    served_by, answered_by = _text(found.get("provider")), _text(found.get("model"))
    usage = _usage(found.get("usage"))
    if (error := found.get("error")) is not None:
        status, detail = Status.PROVIDER_ERROR, _message(error) or "The host failed without a word."
        return Attempt(status, detail, None, answered_by, served_by, usage)
    status, said = _choice(found.get("choices"))
    if status is Status.ANSWERED:
        return Attempt(status, "", said, answered_by, served_by, usage)
    return Attempt(status, said, None, answered_by, served_by, usage)


def read_credit(body: Body) -> Credit:
    """What the key may still spend."""
    found = _object(body)
    if body.code != HTTPStatus.OK:
        refused = _turned_away(body.code, found)
        return Credit(refused.status, refused.detail)
    data = None if found is None else found.get("data")
    if not isinstance(data, dict):
        return Credit(Status.MALFORMED, "The answer does not tell of a key.")
    remaining, used = data.get("limit_remaining"), data.get("usage")
    return Credit(Status.ANSWERED, remaining=_money(remaining, signed=True), used=_money(used))


def _turned_away(code: int, found: Mapping[str, Any] | None) -> Attempt:
    message = _message({} if found is None else found.get("error"))
    detail = f"Status {code}: {message}" if message else f"Status {code}."
    status = _BY_CODE.get(code, Status.PROVIDER_ERROR)
    words = message.lower()
    if code in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
        is_unknown = "model" in words and ("valid" in words or "not found" in words)
        status = Status.NO_SUCH_MODEL if is_unknown else Status.UNSUPPORTED
    elif code == HTTPStatus.NOT_FOUND and any(word in words for word in _ABOUT_PARAMETERS):
        status = Status.UNSUPPORTED
    # Who is turned away at the door does not pay; a host that failed may have worked before.
    is_free = HTTPStatus.BAD_REQUEST <= code < HTTPStatus.INTERNAL_SERVER_ERROR
    is_free = is_free and code != HTTPStatus.REQUEST_TIMEOUT
    return Attempt(status, detail, usage=NOTHING_BILLED if is_free else Usage())


def _choice(choices: object) -> tuple[Status, str]:
    """The first choice: its text, or why there is none in a sentence."""
    if not isinstance(choices, list):
        return Status.MALFORMED, "The body of the answer has no choices."
    choice = choices[0] if choices else {}
    message = choice.get("message") if isinstance(choice, dict) else None
    if choices and not isinstance(message, dict):
        return Status.MALFORMED, "The first choice of the answer has no message."
    reason = choice.get("finish_reason")
    if isinstance(reason, str) and reason in _BY_REASON:
        return _BY_REASON[reason]
    message = message or {}
    if isinstance(refusal := message.get("refusal"), str) and refusal:
        return Status.REFUSED, f"The model declined: {_cut(refusal)}"
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        return Status.NO_CONTENT, "The answer has no content."
    return Status.ANSWERED, content


def _usage(found: object) -> Usage:
    if not isinstance(found, dict):
        return Usage()
    details = found.get("prompt_tokens_details")
    return Usage(
        prompt_tokens=_tokens(found.get("prompt_tokens")),
        completion_tokens=_tokens(found.get("completion_tokens")),
        cached_tokens=_tokens(details.get("cached_tokens") if isinstance(details, dict) else None),
        cost=_money(found.get("cost")),
    )


def _object(body: Body) -> dict[str, Any] | None:
    try:
        found = orjson.loads(body.content)
        if body.hides:  # in the plain form that is made of it: what came may be escaped in any way
            found = orjson.loads(hidden(orjson.dumps(found).decode(), body.hides))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    return found if isinstance(found, dict) else None


def _message(error: object) -> str:
    if not isinstance(error, dict):
        return _cut(error) if isinstance(error, str) else ""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return _cut(": ".join(part for part in (error.get("message"), raw) if isinstance(part, str)))


def _cut(text: str) -> str:
    return " ".join(text[: 4 * DETAIL_LIMIT].split())[:DETAIL_LIMIT]


def _text(value: object) -> str | None:
    return _cut(value) or None if isinstance(value, str) else None


def _tokens(value: object) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS
    return value if is_count else None  # type: ignore[return-value]


def _money(value: object, *, signed: bool = False) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value)[:40])
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) > _MOST_USD or (amount < 0 and not signed):
        return None
    return amount.quantize(UNIT, ROUND_UP)
