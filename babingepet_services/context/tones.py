"""Headlines read for their tone before they are stored, each with the name of who read it.

Belongs here: whom to ask, and what counts as an answer. Does not belong here: how the lexicon reads
(the engine), or a model (whoever brings it).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from babingepet.market.tone import LexiconReader, Reader, Tone
from babingepet_resources.lexicons.loading import load_lexicon
from babingepet_resources.warehouse.records import NewsRecord


def read_by_lexicon(market: str) -> LexiconReader:
    """The lexicon of a market.

    Raises:
        InputError: Its files are wrong, or know no subjects of the market.
    """
    return LexiconReader(load_lexicon(market))


def with_tones(
    records: Sequence[NewsRecord], lexicon: LexiconReader, reader: Reader | None = None
) -> list[NewsRecord]:
    """Fill in the tones that are missing.

    What a reader leaves out, or answers outside of the ranges, is read by the lexicon; an answer of
    another length than the question is none, since nobody knows which title it is about.

    Args:
        records: Headlines; a tone that is given stays.
        lexicon: Knows something to say about every title.
        reader: Asked first; None for the lexicon alone.
    """
    unread = [one for one in records if one.polarity is None]
    titles = [one.title for one in unread]
    answers = list(reader(titles)) if reader and titles else []
    if reader is None or len(answers) != len(titles):
        answers = [None] * len(titles)
    tones = {one.id: answer for one, answer in zip(unread, answers, strict=True)}
    method = reader.method if reader else lexicon.method
    return [_read(one, tones.get(one.id), method, lexicon) for one in records]


def _read(record: NewsRecord, told: Tone | None, method: str, lexicon: LexiconReader) -> NewsRecord:
    (own,) = lexicon([record.title])
    if record.polarity is not None:
        relevance = own.relevance if record.relevance is None else record.relevance
        return replace(record, relevance=relevance)
    is_usable = told is not None and -1.0 <= told.polarity <= 1.0 and 0.0 <= told.relevance <= 1.0
    tone = told if told is not None and is_usable else own
    return replace(
        record,
        polarity=tone.polarity,
        relevance=tone.relevance if record.relevance is None else record.relevance,
        method=method if is_usable else lexicon.method,
    )
