"""Context rows with boring defaults: a test names only what matters to it."""

from dataclasses import replace
from typing import Any

from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_resources.warehouse import records as r
from tests.resources.warehouse.builders import START

MARKET = "BTC"


def told(day: int = 0, flow_usd: float = 1e6, *, hour: int = 27, **changes: Any) -> r.EtfFlowRecord:
    """The flow of a day, known so many hours after it began."""
    begin = START + day * DAY
    return replace(
        r.EtfFlowRecord(MARKET, begin, "farside", flow_usd, begin + hour * HOUR), **changes
    )


def headline(
    title: str = "Bitcoin climbs", *, minute: int = 0, late: int = 1, **changes: Any
) -> r.NewsRecord:
    """A headline published at a minute, held by us some minutes later."""
    event_time = START + minute * MINUTE
    return replace(
        r.NewsRecord(
            market=MARKET,
            outlet="The Herald",
            title=title,
            event_time=event_time,
            known_at=event_time + late * MINUTE,
            source="google_news",
            url="https://example.org/a?b=%20",
            polarity=0.5,
            relevance=1.0,
            method="lexicon",
        ),
        **changes,
    )


def verdict(minute: int = 0, **changes: Any) -> r.VerdictRecord:
    as_of = START + minute * MINUTE
    return replace(
        r.VerdictRecord(
            market=MARKET,
            as_of=as_of,
            provider="rules",
            p_up=0.61,
            agreement=5 / 9,
            side=1,
            valid=9,
            degraded=False,
            known_at=as_of + 2_000,
            detail={"analysts": {"momentum": {"p_up": 0.7}}},
        ),
        **changes,
    )


def tone(minute: int = 0, **changes: Any) -> r.SentimentRecord:
    """The score of a moment, known two seconds later."""
    as_of = START + minute * MINUTE
    return replace(
        r.SentimentRecord(
            market=MARKET,
            as_of=as_of,
            method="lexicon",
            score=0.25,
            reason=None,
            weight=1.5,
            headlines=3,
            known_at=as_of + 2_000,
            detail={"mean_polarity": 0.75},
        ),
        **changes,
    )


def check(minute: int = 0, **changes: Any) -> r.FeedCheckRecord:
    return replace(r.FeedCheckRecord("news", MARKET, START + minute * MINUTE, ok=True), **changes)
