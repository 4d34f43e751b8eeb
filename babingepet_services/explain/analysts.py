"""The round of the analysts that a decision read, as JSON values.

The decision's manifest names the verdict by the hash of what was read of it; no other one is told
in its place. Of its round: each answer with its weight and the calls behind it, the prompts and
answers word for word, what the memory told.

Does not belong here: rounds that no decision read (``swarm.report``).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from babingepet.cycles.btc_decision import cycle_id
from babingepet.domain.decision import canonical_json, sha256
from babingepet.errors import IntegrityBroken
from babingepet.market.context import Consensus
from babingepet.market.intervals import iso
from babingepet.signals.ai_consensus import NAME
from babingepet.swarm.rosters import BTC, RULES
from babingepet_resources.warehouse import (
    blobs,
    context_feeds,
    history,
    predictions,
    swarm,
    swarm_calls,
)
from babingepet_resources.warehouse.records import (
    CallRecord,
    DecisionRecord,
    PredictionRecord,
    VerdictRecord,
)
from babingepet_services.btc.context import MARKET
from babingepet_services.swarm.records import kind_of
from babingepet_services.swarm.told import answer_told, consensus_told, cost_told, in_order, usd
from babingepet_services.swarm.training import cutoff_of, is_before_cutoff
from babingepet_services.swarm.values import OPENROUTER

Document = dict[str, Any]

GONE = "it is no longer stored"
_CALL = (
    "attempt", "status", "model", "answered_by", "served_by", "prompt_hash", "sent_hash", "answer_hash",
    "prompt_tokens", "completion_tokens", "cached_tokens", "latency_ms", "detail", "started_at",
    "ended_at",
)  # fmt: skip


def analysts_story(
    connection: Connection, record: DecisionRecord, manifest: Mapping[str, Any]
) -> Document:
    """What a decision heard of the analysts, and all that is stored behind it.

    Args:
        connection: Any connection.
        record: The decision.
        manifest: What it read, by hash; empty when that is not stored.

    Returns:
        heard, score and why_not (of the signal), last_check (the newest attempt known to the
        decision; None without any), round (None without one), why_no_round, texts by hash (each
        text, or None and why_none).
    """
    said = json.loads(record.payload)
    checked = context_feeds.latest(connection, "swarm", MARKET, known_until=record.as_of)
    agreed, why_none = _verdict_read(connection, manifest)
    told = None if agreed is None else _round(connection, record, agreed)
    return {
        "heard": said["scores"][NAME] is not None,
        "score": said["scores"][NAME],
        "why_not": said["reasons"].get(NAME),
        "last_check": checked
        and {"checked_at": checked.checked_at, "ok": checked.ok, "detail": checked.detail},
        "why_no_round": why_none,
        "round": told,
        "texts": {} if told is None else _texts(connection, told),
    }


def _verdict_read(
    connection: Connection, manifest: Mapping[str, Any]
) -> tuple[VerdictRecord | None, str | None]:
    """The verdict that was read, or why there is none to be told."""
    if not manifest:
        return None, "what the decision read is not stored"
    named = (manifest.get("context") or {}).get("consensus")
    if named is None:
        return None, "it read no verdict"
    as_of = named["as_of"]
    for verdict in swarm.read(connection, MARKET, as_of, as_of + 1):
        if _hash(verdict) == named["sha256"]:
            return verdict, None
    return None, f"the verdict of {iso(as_of)} that it read is not stored as it was read"


def _hash(verdict: VerdictRecord) -> str:
    """As the manifest of a decision that read it has it."""
    read = Consensus(*(getattr(verdict, name) for name in Consensus._fields))
    return sha256(canonical_json(read._asdict()))


def _round(connection: Connection, record: DecisionRecord, agreed: VerdictRecord) -> Document:
    stored = predictions.of_round(connection, MARKET, agreed.as_of)
    said = in_order(
        row for row in stored if (row.symbol, row.provider) == (record.symbol, agreed.provider)
    )
    own = _own_words(connection, record.book, agreed)
    calls: Sequence[CallRecord] = ()
    if agreed.provider == OPENROUTER:
        calls = swarm_calls.of_round(connection, MARKET, agreed.as_of)
    return {
        "market": MARKET,
        "as_of": agreed.as_of,
        "age_ms": record.as_of - agreed.as_of,
        "provider": agreed.provider,
        "sha256": _hash(agreed),
        **consensus_told(agreed),
        "quorum": BTC.quorum,
        "states": dict(Counter(row.state for row in said)),
        "answers": [_answer(row, agreed, own, calls) for row in said],
        "memory": _memory(connection, agreed, own, said),
        **cost_told(calls),
    }


def _own_words(connection: Connection, book: str, agreed: VerdictRecord) -> Mapping[str, Any]:
    """What the round wrote into the reasoning log; nothing when it did not."""
    kind = kind_of(agreed.provider)
    rows = history.reasoning(connection, book, cycle_id(agreed.as_of))
    return next((row.detail for row in rows if row.kind == kind), {})


def _answer(
    row: PredictionRecord,
    agreed: VerdictRecord,
    own: Mapping[str, Any],
    calls: Sequence[CallRecord],
) -> Document:
    mine = [call for call in calls if call.agent == row.agent]
    used = [call for call in mine if call.answer_hash and call.answer_hash == row.answer_hash]
    cutoff = cutoff_of(row.model)
    versions = {one["agent"]: one.get("prompt_version") for one in own.get("analysts", [])}
    cost = cost_told(mine)
    return {
        **answer_told(row),
        "provider": row.provider,
        "weight": agreed.detail.get("weights", {}).get(row.agent),
        "prompt_version": versions.get(row.agent),
        "cutoff": cutoff and cutoff.last_day.isoformat(),
        "before_cutoff": is_before_cutoff(row.model, row.as_of),
        "cost_usd": cost["cost_usd"],
        "unsettled_usd": cost["unsettled_usd"],
        "latency_ms": used[0].latency_ms if used else None,
        "calls": [_call(call) for call in mine],
    }


def _call(call: CallRecord) -> Document:
    values = asdict(call)
    return {name: values[name] for name in _CALL} | {
        "reserved_usd": usd([call.reserved_usd]),
        "cost_usd": None if call.cost_usd is None else usd([call.cost_usd]),
    }


def _memory(
    connection: Connection,
    agreed: VerdictRecord,
    own: Mapping[str, Any],
    said: Sequence[PredictionRecord],
) -> Document:
    """What the memory told the round, and in whose prompts its words are."""
    nothing: Document = {
        "text": None,
        "remembered": None,
        "alike": None,
        "engrams": [],
        "told_to": [],
    }
    if agreed.provider == RULES:
        return nothing | {"why_none": "the embedded analysts read no memory"}
    told = own.get("memory")
    if told is None:
        return nothing | {"why_none": "what the memory told is not in the reasoning log"}
    prompts = {row.agent: _text(connection, row.prompt_hash)["text"] for row in said}
    heard = [agent for agent, prompt in prompts.items() if prompt and told["text"] in prompt]
    return {**nothing, **told} | {"told_to": heard, "why_none": None}


def _texts(connection: Connection, told: Document) -> dict[str, Document]:
    """Prompts and answers by hash, each once."""
    rows = [row for one in told["answers"] for row in (one, *one["calls"])]
    kinds = ("prompt_hash", "sent_hash", "answer_hash")
    named = {row.get(kind): None for row in rows for kind in kinds}
    return {digest: _text(connection, digest) for digest in named if digest is not None}


def _text(connection: Connection, digest: str | None) -> Document:
    """The text under a hash; None, and why, when it is not what was stored."""
    if digest is None:
        return {"text": None, "why_none": GONE}
    try:
        content = blobs.get(connection, digest)
        text = None if content is None else content.decode()
    except (IntegrityBroken, UnicodeDecodeError) as error:
        return {"text": None, "why_none": str(error)}
    return {"text": text, "why_none": GONE if text is None else None}
