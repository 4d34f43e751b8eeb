"""What a model answers about numbered headlines, and what of it counts.

The numbers must be 1 to n, each once: a model that leaves one out, or begins to count at zero, may
have moved all of the others to the wrong headline, so nothing of its answer is used. A value that
is no number, or out of its range, costs its own headline only. Nothing is mended.

Belongs here: the schema and its reading. Does not belong here: asking (``tone_model``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babingepet.market.tone import Tone
from babingepet.swarm.json_object import NoObjectError, the_object

KEYS = ("number", "polarity", "relevance")

SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "tones": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "number": {"type": "integer", "description": "Of the headline."},
                    "polarity": {"type": "number", "description": "From -1 to 1."},
                    "relevance": {"type": "number", "description": "From 0 to 1."},
                },
                "required": list(KEYS),
                "additionalProperties": False,
            },
        }
    },
    "required": ["tones"],
    "additionalProperties": False,
}
"""JSON schema of the answer; ranges are in words, because strict providers refuse their keywords."""


def read_tones(text: str, count: int) -> tuple[Tone | None, ...]:
    """The tones of headlines 1 to ``count``, in that order; None where a value is out of range.

    Args:
        text: What a model wrote.
        count: How many headlines it was asked about.

    Raises:
        NoObjectError: The answer cannot be used at all; the message says why.

    Example:
        >>> read_tones('{"tones": [{"number": 1, "polarity": -0.5, "relevance": 1}]}', 1)
        (Tone(polarity=-0.5, relevance=1.0),)
    """
    found = the_object(text)
    listed = found.get("tones")
    if set(found) != {"tones"} or not isinstance(listed, list):
        raise NoObjectError("the answer is not one list of tones")
    if len(listed) != count:
        raise NoObjectError(f"the answer has {len(listed)} tones, {count} headlines were asked")
    tones: dict[int, Tone | None] = {}
    for entry in listed:
        if not isinstance(entry, dict) or set(entry) != set(KEYS):
            raise NoObjectError(f"a tone of the answer has not the keys {', '.join(KEYS)}")
        number = entry["number"]
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= count:
            raise NoObjectError(f"a number of the answer is not one of 1 to {count}")
        if number in tones:
            raise NoObjectError(f"the answer has the number {number} twice")
        tones[number] = _tone(entry)
    return tuple(tones[number] for number in range(1, count + 1))


def _tone(entry: Mapping[str, object]) -> Tone | None:
    polarity = _within(entry["polarity"], -1.0)
    relevance = _within(entry["relevance"], 0.0)
    return None if polarity is None or relevance is None else Tone(polarity, relevance)


def _within(value: object, low: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if low <= value <= 1.0 else None  # NaN is not
