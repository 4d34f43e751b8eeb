"""What is asked for by the wall clock, and when nothing is."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from babingepet_resources.settings import load_settings
from sensors.schedules import nightly_parity, nightly_tape

NIGHT = datetime(2025, 5, 11, 0, 30, tzinfo=UTC)


@pytest.fixture(params=[nightly_parity, nightly_tape], ids=lambda schedule: schedule.name)
def evaluate(request):
    def ask(**given):
        with dg.build_schedule_context(scheduled_execution_time=NIGHT) as context:
            return request.param(context, settings=load_settings(**given))

    return ask


@pytest.mark.parametrize("given", [{"market": "binance"}, {"market": "simulated", "speed": "1"}])
def test_at_half_past_midnight_the_day_before_is_asked_for_once(evaluate, given):
    request = evaluate(**given)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == ("2025-05-10", "2025-05-10")


@pytest.mark.parametrize("speed", ["60", "max"])
def test_yesterday_is_not_asked_for_while_the_market_is_accelerated(evaluate, speed):
    skipped = evaluate(market="recorded", speed=speed)
    assert isinstance(skipped, dg.SkipReason)
    assert f"runs at {speed}x" in skipped.skip_message
