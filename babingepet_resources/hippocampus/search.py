"""Finding engrams: by words, by time, and all closed trades of a market.

1. a query is cut into words, and each is quoted: nothing in it can mean anything to FTS5
2. the rarest words choose the engrams that are looked at; all words score them (SQLite's BM25)
3. score times strength is the rank, from the best score down until no later one can come up

Nothing is returned that was not known at the time that is asked about, and no outcome either. How
frequent words are, and how strong an engram is, is told as of today.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, and_, or_, select, text

from babingepet.memory.engrams import Memory
from babingepet.memory.events import TRADE
from babingepet.memory.strength import effective, rank
from babingepet.memory.text import tokens
from babingepet_resources.hippocampus.rows import as_memory
from babingepet_resources.hippocampus.schema import engram as table
from babingepet_resources.hippocampus.schema import engram_fact

MOST_SCORED = 7_500
"""Engrams that one search scores, at 4 to 6 microseconds each: a common word alone would score
every one of a hundred thousand. The engrams of the rarest words are taken, as many words as stay
below; of a rarest word that is too common, the newest engrams."""
MOST_TRADES = 5_000
"""Closed trades that are counted at once, the newest: years of them."""

_FREQUENCY = text("SELECT doc FROM engram_words WHERE term = :word")

_SCORED = """
WITH candidate AS MATERIALIZED (
  SELECT e.id, e.strength, e.last_access, e.known_at
  FROM engram_fts AS f CROSS JOIN engram AS e ON e.id = f.rowid
  WHERE f.engram_fts MATCH :rare AND {condition}
  ORDER BY f.rowid DESC LIMIT :most)
SELECT c.id, c.strength, c.last_access, c.known_at, -bm25(engram_fts) AS fit
FROM engram_fts CROSS JOIN candidate AS c ON c.id = engram_fts.rowid
WHERE engram_fts MATCH :words
ORDER BY bm25(engram_fts)
"""
# CROSS JOIN keeps the order of the tables: the other way round FTS5 begins anew for every row.


@dataclass(frozen=True)
class Wanted:
    """What may be found.

    Attributes:
        known_until: Time that is asked about, UTC ms; strengths are those of then.
        market: Only of this market; None for any.
        kind: Only of this kind; None for any.
        outcomes_closed: Leave out what still waits for its outcome; otherwise it comes without.
        most_scored: Engrams that the search may score.
    """

    known_until: int
    market: str | None = None
    kind: str | None = None
    outcomes_closed: bool = True
    most_scored: int = MOST_SCORED

    @property
    def condition(self) -> str:
        """As SQL about the engram ``e``; its parameters are ``parameters``."""
        parts = ["e.known_at <= :known_until"]
        parts += [
            f"e.{name} = :{name}" for name in ("market", "kind") if getattr(self, name) is not None
        ]
        if self.outcomes_closed:
            parts.append("(NOT e.expects_outcome OR e.outcome_known_at <= :known_until)")
        return " AND ".join(parts)

    @property
    def parameters(self) -> dict[str, object]:
        """Values of the condition."""
        return {"known_until": self.known_until, "market": self.market, "kind": self.kind}


def search(connection: Connection, query: str, k: int, wanted: Wanted) -> list[Memory]:
    """The k engrams that fit a query best, best first, of equals the newest; finding changes none.

    Args:
        connection: Any connection.
        query: Words; none for the newest engrams.
        k: At most so many.
        wanted: What may be found.

    Raises:
        InputError: The query is too long.
    """
    words = tokens(query)
    if not words:
        return _newest(connection, k, wanted)
    best = _best(connection, words, k, wanted)
    found = select(table).where(table.c.id.in_([key for *_, key in best]))
    by_id = {row["id"]: row for row in connection.execute(found).mappings()}
    return [as_memory(by_id[key], wanted.known_until, worth) for worth, _, key in best]


def _best(
    connection: Connection, words: Sequence[str], k: int, wanted: Wanted
) -> list[tuple[float, int, int]]:
    """Rank, known_at and id of the best, best first."""
    used, rare = _chosen(connection, words, wanted.most_scored)
    if not used or k <= 0:
        return []
    # The condition is made of fixed words; every value is a parameter.
    statement = text(_SCORED.format(condition=wanted.condition))
    given = {"words": _any_of(used), "rare": _any_of(rare), "most": wanted.most_scored}
    top: list[tuple[float, int, int]] = []
    for row in connection.execute(statement, given | wanted.parameters):
        if len(top) == k and row.fit < top[0][0]:
            break  # a rank is at most its score: none of the rest can come up
        worth = rank(row.fit, effective(row.strength, wanted.known_until - row.last_access))
        heapq.heappush(top, (worth, row.known_at, row.id))
        if len(top) > k:
            heapq.heappop(top)
    return sorted(top, reverse=True)


def _chosen(connection: Connection, words: Sequence[str], most: int) -> tuple[list[str], list[str]]:
    """The words that occur at all, and the rarest of them that choose what is scored."""
    counts = ((connection.execute(_FREQUENCY, {"word": one}).scalar(), one) for one in words)
    ranked = sorted((int(count), one) for count, one in counts if count)
    rare: list[str] = []
    total = 0
    for count, one in ranked:
        total += count
        if rare and total > most:
            break
        rare.append(one)
    return [one for _, one in ranked], rare


def _any_of(words: Sequence[str]) -> str:
    """An expression of FTS5; words are of a-z, 0-9 and _, and quoted all the same."""
    return " OR ".join(f'"{one}"' for one in words)


def _newest(connection: Connection, k: int, wanted: Wanted) -> list[Memory]:
    query = _known(wanted).order_by(table.c.known_at.desc(), table.c.id.desc()).limit(max(0, k))
    rows = connection.execute(query).mappings()
    return [as_memory(row, wanted.known_until) for row in rows]


def _known(wanted: Wanted) -> Select[tuple[object, ...]]:
    condition = [table.c.known_at <= wanted.known_until]
    if wanted.market is not None:
        condition.append(table.c.market == wanted.market)
    if wanted.kind is not None:
        condition.append(table.c.kind == wanted.kind)
    if wanted.outcomes_closed:
        closed = table.c.outcome_known_at <= wanted.known_until
        condition.append(or_(table.c.expects_outcome.is_(False), closed))
    return select(table).where(and_(*condition))


def facts(connection: Connection, engrams: Collection[int]) -> dict[int, list[str]]:
    """The stored facts that engrams were made of and strengthened by, by engram."""
    named = engram_fact.c
    query = select(named.engram_id, named.fact_id).where(named.engram_id.in_(engrams))
    found: dict[int, list[str]] = {number: [] for number in engrams}
    for number, fact_id in connection.execute(query.order_by(named.fact_id)):
        found[number].append(fact_id)
    return found


def closed_trades(
    connection: Connection, market: str, since: int, known_until: int
) -> list[Memory]:
    """Trades whose outcome became known in [since, known_until], newest first, at most 5,000."""
    query = (
        select(table)
        .where(
            table.c.market == market,
            table.c.kind == TRADE,
            table.c.outcome_known_at >= since,
            table.c.outcome_known_at <= known_until,
            table.c.known_at <= known_until,
        )
        .order_by(table.c.outcome_known_at.desc(), table.c.id.desc())
        .limit(MOST_TRADES)
    )
    return [as_memory(row, known_until) for row in connection.execute(query).mappings()]
