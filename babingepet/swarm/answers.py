"""What an analyst answers: a vote, or the state that says why there is none.

An answer that breaks the schema is invalid with its reason; it is never mended and never becomes a
neutral vote, which would dilute the agreement. Asking, and what a call cost, belong to services.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique

from babingepet.errors import InputError
from babingepet.swarm.json_object import NoObjectError, the_object
from babingepet.swarm.text import one_line

SUREST = 0.99
"""Votes are clamped to [1 - SUREST, SUREST]: a single one never outweighs a group."""
LONGEST_REASON = 600
"""Characters of a reason."""
_SHOWN = 40
"""Characters of a hostile value that are repeated in a reason."""


@unique
class State(StrEnum):
    """What became of a question."""

    VOTE = "vote"
    ABSTAIN = "abstain"
    """It answered that it cannot tell."""
    INVALID = "invalid"
    """It answered something that is not an answer."""
    TIMEOUT = "timeout"
    BUDGET_STOPPED = "budget_stopped"
    """It was not asked: the money was spent."""
    STALE_INPUT = "stale_input"
    """It was not asked: the facts were too old."""
    UNAVAILABLE = "unavailable"
    """No model gave an answer: refused, out of credit, at rest, unknown, out of reach."""


@unique
class Confidence(StrEnum):
    """How sure an analyst is."""

    LOW = "LOW"
    MED = "MED"
    HIGH = "HIGH"


@dataclass(frozen=True, slots=True)
class Answer:
    """One analyst's answer about one instrument.

    Attributes:
        agent: Name of the analyst.
        state: Only a vote counts.
        p_up: Probability in [.01, .99] that the price is higher at the horizon; votes only.
        confidence: Votes only.
        reason: Its own words for a vote; else what became of the question, in a sentence.
    """

    agent: str
    state: State
    p_up: float | None
    confidence: Confidence | None
    reason: str

    def __post_init__(self) -> None:
        votes = self.state is State.VOTE
        if votes != (self.p_up is not None) or votes != (self.confidence is not None):
            raise InputError(
                f"p_up: a vote, and nothing else, has a probability and a confidence; {self.agent}"
                f" is {self.state} with {self.p_up} and {self.confidence}."
            )
        if self.p_up is not None and not 0.0 <= self.p_up <= 1.0:
            raise InputError(f"p_up: {self.agent} votes {self.p_up}, which is no probability.")


def vote(agent: str, p_up: float, confidence: Confidence, reason: str) -> Answer:
    """A vote, clamped."""
    return Answer(
        agent, State.VOTE, min(max(p_up, 1.0 - SUREST), SUREST), confidence,
        one_line(reason, LONGEST_REASON),
    )  # fmt: skip


def silent(agent: str, state: State, reason: str) -> Answer:
    """An answer that is no vote, and why."""
    return Answer(agent, state, None, None, one_line(reason, LONGEST_REASON))


def read_answer(agent: str, text: str) -> Answer:
    """Read one answer; text that is none gives an invalid one, never an error.

    Example:
        >>> read_answer("gpt", '{"p_up": 1.7, "confidence": "LOW", "reason": ""}').reason
        'p_up is 1.7, not a probability from 0 to 1'
    """
    try:
        return _answer(agent, the_object(text), _KEYS)
    except NoObjectError as wrong:
        return silent(agent, State.INVALID, str(wrong))


def read_answers(agent: str, text: str, symbols: Sequence[str]) -> Mapping[str, Answer]:
    """Read a list of answers: one for each symbol that was asked for, in that order.

    A symbol that is answered twice is invalid, one that is left out abstains; the others count.
    What is said about symbols that nobody asked for is passed over.
    """
    try:
        listed = _listed(the_object(text))
    except NoObjectError as wrong:
        return {symbol: silent(agent, State.INVALID, str(wrong)) for symbol in symbols}
    by_symbol: dict[str, list[dict[str, object]]] = {symbol: [] for symbol in symbols}
    for entry in listed:
        symbol = entry.get("symbol") if isinstance(entry, dict) else None
        if isinstance(symbol, str) and symbol in by_symbol:
            by_symbol[symbol].append(entry)
    return {symbol: _only(agent, symbol, entries) for symbol, entries in by_symbol.items()}


def _listed(found: dict[str, object]) -> list[dict[str, object]]:
    _expect_keys(found, frozenset({"answers"}))
    listed = found["answers"]
    if not isinstance(listed, list):
        raise NoObjectError("answers is no list")
    return listed


def _only(agent: str, symbol: str, entries: Sequence[dict[str, object]]) -> Answer:
    if not entries:
        return silent(agent, State.ABSTAIN, f"it said nothing about {symbol}")
    if len(entries) > 1:
        return silent(agent, State.INVALID, f"it answered {len(entries)} times about {symbol}")
    try:
        return _answer(agent, entries[0], _LIST_KEYS)
    except NoObjectError as wrong:
        return silent(agent, State.INVALID, str(wrong))


def _answer(agent: str, found: dict[str, object], keys: frozenset[str]) -> Answer:
    """The answer in an object of the schema."""
    _expect_keys(found, keys)
    p_up, confidence, reason = _p_up(found), _confidence(found), _reason(found)
    if p_up is None:
        return silent(agent, State.ABSTAIN, reason or "it cannot tell")
    return vote(agent, p_up, confidence, reason)


def _expect_keys(found: dict[str, object], keys: frozenset[str]) -> None:
    missing, extra = sorted(keys - found.keys()), sorted(found.keys() - keys)
    if missing:
        raise NoObjectError(f"the key {missing[0]} is missing")
    if extra:
        raise NoObjectError(f"the key {_show(extra[0])} does not belong there")


def _p_up(found: dict[str, object]) -> float | None:
    p_up = found["p_up"]
    if p_up is None:
        return None
    if isinstance(p_up, bool) or not isinstance(p_up, int | float):
        raise NoObjectError(f"p_up is {_show(p_up)}, not a number")
    if not 0 <= p_up <= 1:
        raise NoObjectError(f"p_up is {_show(p_up)}, not a probability from 0 to 1")
    return float(p_up)


def _confidence(found: dict[str, object]) -> Confidence:
    confidence = found["confidence"]
    if not isinstance(confidence, str) or confidence not in Confidence.__members__:
        raise NoObjectError(f"confidence is {_show(confidence)}, not LOW, MED or HIGH")
    return Confidence(confidence)


def _reason(found: dict[str, object]) -> str:
    reason = found["reason"]
    if not isinstance(reason, str):
        raise NoObjectError(f"reason is {_show(reason)}, not text")
    if len(reason) > LONGEST_REASON:
        raise NoObjectError(f"reason has {len(reason)} characters, at most {LONGEST_REASON}")
    return reason


def _show(value: object) -> str:
    """A hostile value, short enough for a reason."""
    return one_line(repr(value), _SHOWN)


_KEYS = frozenset({"p_up", "confidence", "reason"})
_LIST_KEYS = _KEYS | {"symbol"}


def _closed_object(properties: Mapping[str, object]) -> dict[str, object]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


_PROPERTIES: Mapping[str, object] = {
    "p_up": {
        "type": ["number", "null"],
        "description": "Probability from 0 to 1 that the price is higher at the horizon;"
        " null if you cannot tell.",
    },
    "confidence": {"type": "string", "enum": [level.value for level in Confidence]},
    "reason": {
        "type": "string",
        "description": f"At most {LONGEST_REASON} characters.",
    },
}

ANSWER_SCHEMA: Mapping[str, object] = _closed_object(_PROPERTIES)
"""JSON schema of one answer for structured output; limits of numbers and lengths are in words,
because strict providers refuse the keywords for them."""


def answers_schema(symbols: Sequence[str]) -> Mapping[str, object]:
    """JSON schema of a list of answers about exactly these symbols."""
    one = _closed_object({"symbol": {"type": "string", "enum": list(symbols)}, **_PROPERTIES})
    return _closed_object({"answers": {"type": "array", "items": one}})
