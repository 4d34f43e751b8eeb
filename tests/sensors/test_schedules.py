"""What is asked for by the wall clock, and when nothing is."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from babingepet_resources.settings import load_settings
from sensors.schedules import nightly_parity

NIGHT = datetime(2025, 5, 11, 0, 30, tzinfo=UTC)


def evaluate(**given):
    with dg.build_schedule_context(scheduled_execution_time=NIGHT) as context:
        return nightly_parity(context, settings=load_settings(**given))


@pytest.mark.parametrize("given", [{"market": "binance"}, {"market": "simulated", "speed": "1"}])
def test_at_half_past_midnight_the_day_before_is_asked_for_once(given):
    request = evaluate(**given)
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == ("2025-05-10", "2025-05-10")


@pytest.mark.parametrize("speed", ["60", "max"])
def test_yesterday_is_not_asked_for_while_the_market_is_accelerated(speed):
    skipped = evaluate(market="recorded", speed=speed)
    assert isinstance(skipped, dg.SkipReason)
    assert f"runs at {speed}x" in skipped.skip_message
