"""What is filed beside the market reaches the vote, is named by hash, and replays."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from babingepet.domain.decision import Decision
from babingepet.errors import IntegrityBroken
from babingepet.market.frames import Candles
from babingepet.market.intervals import DAY, HOUR, MINUTE, month_start
from babingepet_resources.clients.feed import MarketFeed
from babingepet_resources.warehouse import context_feeds, etf_flows, news, swarm
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import (
    EtfFlowRecord,
    FeedCheckRecord,
    NewsRecord,
    VerdictRecord,
)
from babingepet_services.replay.cycle import replay_cycle
from scripts.bench.common.market import START, MadeUpFeed
from tests.services.conftest import LoopMaker, made_up_feed

CONTEXT = ("ai_consensus", "etf_flow", "sentiment")


def file_flows(database: Database, known_at: int | None = None) -> None:
    days = [START // DAY * DAY - back * DAY for back in range(30, 0, -1)]
    flows = [
        EtfFlowRecord("BTC", day, "issuers", 1e6 * (1 + i % 3), known_at or day + 27 * HOUR)
        for i, day in enumerate(days)
    ]
    with database.writing() as connection:
        etf_flows.insert(connection, flows)


def file_news(database: Database, checked_at: int, *, polarity: float = 1.0) -> None:
    headline = NewsRecord(
        "BTC", "Wire", "Bitcoin rises", checked_at - HOUR, checked_at, "rss",
        polarity=polarity, relevance=1.0, method="lexicon",
    )  # fmt: skip
    with database.writing() as connection:
        news.insert(connection, [headline])
        context_feeds.note(connection, [FeedCheckRecord("news", "BTC", checked_at, ok=True)])


def file_verdict(database: Database, known_at: int, **given: Any) -> None:
    values = {"p_up": 0.8, "agreement": 0.75, "side": 1, "valid": 9, "degraded": False} | given
    record = VerdictRecord("BTC", known_at - MINUTE, "rules", known_at=known_at, **values)
    with database.writing() as connection:
        swarm.insert(connection, [record])


def decisions(make_loop: LoopMaker, minutes: int, **given: Any) -> list[Decision]:
    reports = make_loop(minutes, **given).run()
    return [report.decision for report in reports if report.decision is not None]


def test_a_market_without_context_says_that_nothing_was_ever_filed(make_loop: LoopMaker) -> None:
    (decision,) = decisions(make_loop, 1)
    assert {*CONTEXT} & {*decision.capability} == {"ai_consensus"}
    assert decision.reasons["etf_flow"] == "no ETF flows were ever filed"
    assert decision.reasons["sentiment"] == "no headlines were ever filed"
    assert decision.reasons["ai_consensus"] == "the analysts have not agreed on anything yet"
    assert decision.reasons["ml_xgboost"] == "no model has earned its place"


@pytest.mark.slow
def test_what_was_filed_before_the_start_votes_and_replays_byte_for_byte(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    file_flows(warehouse)
    file_news(warehouse, START)
    file_verdict(warehouse, START)
    made = decisions(make_loop, 3)
    for decision in made:
        assert {*CONTEXT} <= {*decision.capability}
        assert all(decision.scores[name] for name in CONTEXT)
        assert replay_cycle(warehouse, "paper", decision.cycle_id).identical


@pytest.mark.slow
def test_a_row_that_became_known_later_is_not_seen_before(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    file_verdict(warehouse, START, p_up=0.8)
    file_verdict(warehouse, START + 3 * MINUTE, p_up=0.3, side=-1)
    made = decisions(make_loop, 4, analysts="none")
    assert [decision.raw["ai_consensus"]["p_up"] for decision in made] == [0.8, 0.8, 0.3, 0.3]
    assert all(replay_cycle(warehouse, "paper", one.cycle_id).identical for one in made)


def test_analysts_that_disagree_forbid_the_entry(make_loop: LoopMaker, warehouse: Database) -> None:
    file_verdict(warehouse, START, agreement=0.3)
    (decision,) = decisions(make_loop, 1)
    assert "AI_AGREEMENT" in {refusal.gate for refusal in decision.blocked_by}


def test_a_feed_that_falls_silent_stays_in_the_mask_and_says_why(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    file_news(warehouse, START - 2 * HOUR)
    (decision,) = decisions(make_loop, 1)
    assert "sentiment" in decision.capability
    assert decision.reasons["sentiment"].startswith("stale: the news feed last answered")


@pytest.mark.slow
def test_context_that_was_changed_afterwards_is_noticed(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    file_news(warehouse, START)
    (decision,) = decisions(make_loop, 1)
    with warehouse.writing() as connection:
        connection.execute(text("UPDATE news SET polarity = -1"))
    with pytest.raises(IntegrityBroken, match="the news in the warehouse"):
        replay_cycle(warehouse, "paper", decision.cycle_id)


class WithYears(MadeUpFeed):
    """The made-up market, which also remembers hours: those at the first minute's hour rose."""

    def candles(self, interval: str, start: int, end: int) -> Candles:
        if interval != "1h":
            return super().candles(interval, start, end)
        open_time = np.arange(-(-start // HOUR), end // HOUR) * HOUR
        rose = open_time // HOUR % 24 == START // HOUR % 24
        opened = np.full(len(open_time), 100.0)
        close = np.where(rose, 101.0, 99.0)
        flat = np.ones(len(open_time))
        return Candles(open_time, opened, opened + 2, opened - 2, close, flat, flat, flat, flat)


@pytest.mark.slow
def test_two_years_of_hours_are_fetched_once_and_make_the_table(
    make_loop: LoopMaker, warehouse: Database
) -> None:
    feed: MarketFeed = made_up_feed(2, WithYears)
    made = decisions(make_loop, 2, feed=feed)
    raw = made[0].raw["hour_seasonality"]
    assert raw["since"] == month_start(START, 24)
    assert raw["significant"]
    assert made[0].scores["hour_seasonality"] == 1.0
    assert all(replay_cycle(warehouse, "paper", one.cycle_id).identical for one in made)
