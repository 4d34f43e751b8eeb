"""Rows of the analysts' ledger with boring defaults: a test names only what matters to it."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from babingepet.market.intervals import HOUR, MINUTE
from babingepet_resources.warehouse import records as r
from tests.resources.warehouse.builders import START

MARKET = "BTC"
PROMPT = "a" * 64


def call(agent: str = "momentum", attempt: int = 1, *, minute: int = 0, **changes: Any):
    """A call that was begun a second after its round's moment."""
    as_of = START + minute * MINUTE
    return replace(
        r.CallRecord(
            MARKET, as_of, agent, attempt, "in_flight", "openai/gpt-4o-mini",
            answered_by=None, served_by=None, prompt_hash=PROMPT, sent_hash=PROMPT, answer_hash=None,
            prompt_tokens=None, completion_tokens=None, cached_tokens=None,
            reserved_usd=Decimal("0.01"), cost_usd=None, latency_ms=None, detail="",
            started_at=as_of + 1_000, ended_at=None,
        ),
        **changes,
    )  # fmt: skip


def end(status: str = "answered", *, minute: int = 0, **changes: Any) -> r.CallEnd:
    return replace(
        r.CallEnd(
            status, START + minute * MINUTE + 3_000, "", "openai/gpt-4o-mini", "Azure", "b" * 64,
            135, 40, 100, Decimal("0.00015840"), 1_999.5,
        ),
        **changes,
    )  # fmt: skip


def prediction(minute: int = 0, agent: str = "momentum", **changes: Any) -> r.PredictionRecord:
    """A vote about the next hour, in two seconds after the moment."""
    as_of = START + minute * MINUTE
    return replace(
        r.PredictionRecord(
            market=MARKET, as_of=as_of, symbol="BTCUSDT", agent=agent, provider="openrouter",
            state="vote", p_up=0.61, confidence="MED", reason="Higher highs.",
            model="openai/gpt-4o-mini", prompt_hash=PROMPT, answer_hash="b" * 64,
            horizon_end=as_of + HOUR, known_at=as_of + 2_000,
        ),
        **changes,
    )  # fmt: skip


def outcome(minute: int = 0, value: float = 0.01, **changes: Any) -> r.OutcomeRecord:
    """What became of the votes of a moment, known a minute after their horizon."""
    as_of = START + minute * MINUTE
    end_of_horizon = as_of + HOUR
    return replace(
        r.OutcomeRecord(MARKET, as_of, "BTCUSDT", end_of_horizon, value, end_of_horizon + MINUTE),
        **changes,
    )
