"""A day of the analysts in the graph: today's round is held where models are asked, and reported."""

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal

import dagster as dg
import pytest
from pydantic import SecretStr

from babingepet.market.intervals import DAY, MINUTE
from babingepet_assets.btc import loop
from babingepet_assets.btc.swarm import swarm_verdicts
from babingepet_resources.settings import REAL, load_settings
from babingepet_resources.warehouse import history, predictions
from babingepet_services.btc_day.day import DayScope
from babingepet_services.btc_day.swarm_checks import CHECKS
from babingepet_services.btc_day.warning_checks import evaluate
from babingepet_services.market.source import open_warehouse
from scripts.bench.common.market import START
from sensors.context_schedules import rounds_of_analysts
from tests.assets.conftest import DAY as DAY_KEY
from tests.assets.conftest import MINUTES
from tests.fakes import FakeClock
from tests.openrouter_server import KEY, openrouter_server
from tests.services.conftest import made_up_feed
from tests.services.swarm.seats import DECIDED, SYMBOL, RealFeed, decide

END = START + MINUTES * MINUTE


def shown(settings, now):
    with dg.build_asset_context(partition_key=DAY_KEY) as context:
        return swarm_verdicts(context, settings=settings, clock=FakeClock(now)).metadata


def check(name, database, settings, now):
    (spec,) = [one for one in CHECKS if one.name == name]
    scope = DayScope(database, SYMBOL, settings.source, DAY_KEY)
    return evaluate(spec, scope, settings, FakeClock(now))


@pytest.mark.slow
def test_without_a_key_a_day_tells_of_the_embedded_analysts(settings, warehouse):
    told = shown(settings, END + MINUTE)
    assert told["provider"].value == "rules"
    assert told["dagster/row_count"].value == told["rounds"].value == MINUTES // 20 + 1
    assert told["round"].value.startswith("embedded: no model was asked")
    assert (told["calls"].value, told["spend_usd"].value) == (0, 0.0)
    assert "| 11:40" in told["table"].value
    assert "| conservative_filter" in told["table"].value
    assert told["plot"].value.startswith("![plot]")
    assert shown(settings, END + 2 * DAY)["round"].value.startswith("nobody was asked")
    current = check("is_current", warehouse, settings, END + 60 * MINUTE)
    assert (current.passed, "by rules" in current.detail) == (True, True), "the market stands still"
    assert check("within_budget", warehouse, settings, END).passed


@pytest.fixture
def real(databases, tmp_path):
    """A real market of which three minutes are decided."""
    place = databases.place(tmp_path / "real")
    given = load_settings(market=REAL, **place)
    database = open_warehouse(given, REAL)
    decide(database, 3)
    yield given, database
    database.close()


@pytest.mark.slow
def test_with_a_key_today_is_asked_once_and_any_other_day_is_only_reported(real):
    given, database = real
    with openrouter_server(**{"deepseek/deepseek-chat": ["wrong schema"]}) as server:
        settings = given.model_copy(
            update={"openrouter_api_key": SecretStr(KEY), "openrouter_url": server.url}
        )
        told = shown(settings, DECIDED + 5_000)
        assert told["round"].value.startswith("asked: 8 of 9 analysts voted")
        assert (told["provider"].value, told["state_vote"].value) == ("openrouter", 8)
        assert (told["state_invalid"].value, told["calls"].value) == (1, 9)
        assert told["spend_usd"].value == pytest.approx(9 * 0.0001584)
        assert told["abstention_rate"].value == pytest.approx(1 / 9, abs=1e-4)
        again = shown(settings, DECIDED + 65_000)
        assert again["round"].value.startswith("stored: ")
        assert shown(settings, DECIDED + DAY)["round"].value.startswith("nobody was asked")
        assert len(server.asked) == 9
    at = DECIDED + 60_000
    assert check("analysts_answer", database, settings, at).passed
    assert check("within_budget", database, settings, at).passed
    assert check("is_current", database, settings, DECIDED + 40 * MINUTE).passed
    late = check("is_current", database, settings, DECIDED + 41 * MINUTE)
    assert (late.passed, "by openrouter" in late.detail) == (False, True)
    poor = settings.model_copy(update={"swarm_budget_day": Decimal("0.0015")})
    assert not check("within_budget", database, poor, at).passed
    assert KEY not in str(told)


@pytest.mark.slow
def test_nobody_is_paid_for_an_opinion_about_made_up_prices_even_when_it_is_asked_for_by_hand(
    settings,
):
    with openrouter_server() as server:
        keyed = settings.model_copy(
            update={"openrouter_api_key": SecretStr(KEY), "openrouter_url": server.url}
        )
        told = shown(keyed, END + MINUTE)
        assert told["round"].value.startswith("embedded: no model was asked")
        assert (told["provider"].value, told["calls"].value) == ("rules", 0)
        assert server.asked == []


@pytest.mark.slow
def test_analysts_that_do_not_answer_fail_their_check(real):
    given, database = real
    with openrouter_server() as server:
        settings = given.model_copy(
            update={
                "openrouter_api_key": SecretStr(KEY), "openrouter_url": server.url,
                "swarm_budget_cycle": Decimal(0),
            }
        )  # fmt: skip
        shown(settings, DECIDED + 5_000)
    finding = check("analysts_answer", database, settings, DECIDED + 60_000)
    assert (finding.passed, "9 budget_stopped" in finding.detail) == (False, True)
    assert not check("is_current", database, settings, DECIDED + 60_000).passed


@pytest.mark.slow
def test_a_wrong_template_is_a_failure_that_names_what_is_wrong_and_asks_nobody(real, tmp_path):
    given, _ = real
    question = given.agents_folder() / "prompts" / "btc" / "question.md"
    question.parent.mkdir(parents=True)
    question.write_text("What about {{the weather}}?")
    settings = given.model_copy(update={"openrouter_api_key": SecretStr(KEY)})
    with pytest.raises(dg.Failure, match=r"prompt of gemini.*the weather") as failed:
        shown(settings, DECIDED + 5_000)
    assert failed.value.allow_retries is False


@pytest.mark.slow
def test_the_loop_of_the_real_market_leaves_the_analysts_to_the_models_that_a_key_pays_for(
    real, monkeypatch
):
    given, database = real
    settings = given.model_copy(update={"openrouter_api_key": SecretStr(KEY)})
    market = made_up_feed(5, RealFeed), database, REAL, None
    monkeypatch.setattr(loop, "_opened", lambda *_: nullcontext(market))
    with dg.DagsterInstance.ephemeral() as instance:
        done = loop.btc_loop.execute_in_process(
            instance=instance, resources={"settings": settings, "clock": FakeClock(DECIDED + DAY)}
        )
    assert done.success
    with database.reading() as connection:
        newest = history.last_decision(connection, "paper", SYMBOL, REAL)
        rows = predictions.between(connection, "BTC", 0, END)
    assert newest.as_of == START + 5 * MINUTE
    assert "ai_consensus" in json.loads(newest.payload)["capability"]
    assert rows == [], "nobody was asked by the loop"


def test_analysts_are_asked_by_the_clock_about_the_real_market_only():
    tick = datetime(2025, 5, 10, 12, 21, tzinfo=UTC)
    with dg.build_schedule_context(scheduled_execution_time=tick) as context:
        asked = rounds_of_analysts(context, settings=load_settings(market="binance"))
        skipped = rounds_of_analysts(context, settings=load_settings(market="recorded"))
    assert (asked.partition_key, asked.run_key) == ("2025-05-10", tick.isoformat())
    assert isinstance(skipped, dg.SkipReason)
