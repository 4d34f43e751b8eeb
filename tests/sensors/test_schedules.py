"""What is asked for by the wall clock, and when nothing is."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from babingepet_resources.settings import load_settings
from sensors.context_schedules import half_hourly_news, six_hourly_flows
from sensors.schedules import monthly_seasonality, nightly_memory, nightly_parity, nightly_tape

NIGHT = datetime(2025, 5, 11, 0, 30, tzinfo=UTC)


@pytest.fixture(
    params=[nightly_parity, nightly_tape, nightly_memory], ids=lambda schedule: schedule.name
)
def evaluate(request):
    def ask(**given):
        with dg.build_schedule_context(scheduled_execution_time=NIGHT) as context:
            return request.param(context, settings=load_settings(**given))

    return ask


@pytest.mark.parametrize("given", [{"market": "binance"}, {"market": "simulated", "speed": "1"}])
def test_after_midnight_the_day_before_is_asked_for_once(evaluate, given):
    request = evaluate(**given)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == ("2025-05-10", "2025-05-10")


@pytest.mark.parametrize("speed", ["60", "max"])
def test_yesterday_is_not_asked_for_while_the_market_is_accelerated(evaluate, speed):
    skipped = evaluate(market="recorded", speed=speed)
    assert isinstance(skipped, dg.SkipReason)
    assert f"runs at {speed}x" in skipped.skip_message


@pytest.mark.parametrize("day", [1, 14])  # a tick that is late asks for the same month
def test_on_the_first_of_a_month_its_table_of_hours_is_asked_for_once(day):
    moment = datetime(2025, 5, day, 1, 10, tzinfo=UTC)
    with dg.build_schedule_context(scheduled_execution_time=moment) as context:
        request = monthly_seasonality(context, settings=load_settings(market="binance"))
        skipped = monthly_seasonality(
            context, settings=load_settings(market="recorded", speed="60")
        )
    assert (request.partition_key, request.run_key) == ("2025-05-01", "2025-05-01")
    assert "its month is not ours" in skipped.skip_message


@pytest.fixture(params=[half_hourly_news, six_hourly_flows], ids=lambda schedule: schedule.name)
def tick(request):
    def ask(moment, **given):
        with dg.build_schedule_context(scheduled_execution_time=moment) as context:
            return request.param(context, settings=load_settings(**given))

    return ask


def test_feeds_of_context_are_asked_for_today_at_every_tick(tick):
    first, second = (tick(NIGHT.replace(hour=hour), market="binance") for hour in (0, 23))
    assert first.partition_key == second.partition_key == "2025-05-11"
    assert first.run_key != second.run_key


@pytest.mark.parametrize(
    "given",
    [
        {"market": "simulated"},
        {"market": "recorded", "speed": "1"},
        {"market": "auto"},
    ],
)
def test_beside_made_up_or_recorded_prices_nobody_asks_for_headlines(tick, given):
    skipped = tick(NIGHT, **given)
    assert isinstance(skipped, dg.SkipReason)
    assert "of the real one" in skipped.skip_message
