"""What a recorder asked for besides the streams is served as of the clock."""

import pytest

from babingepet.errors import InputError
from babingepet_resources.exchange.recorded_readings import RecordedReadings

NOON = 1_746_878_400_000
MINUTE, HOUR = 60_000, 3_600_000


def open_interest(time, amount="80123.456"):
    return {"symbol": "BTCUSDT", "openInterest": amount, "time": time}


def settlement(time, rate="0.00010000"):
    return {"symbol": "BTCUSDT", "fundingTime": time, "fundingRate": rate, "markPrice": "97000.1"}


@pytest.fixture
def readings():
    taken = RecordedReadings()
    bodies = [open_interest(NOON + k * MINUTE + 17, f"{80_000 + k}.5") for k in (2, 0, 1)]
    bodies += [settlement(NOON - 8 * HOUR), settlement(NOON), settlement(NOON), open_interest(NOON)]
    assert all(taken.take(body, "BTCUSDT", "file: line 1") for body in bodies)
    return taken


def test_open_interest_is_the_newest_reading_before_the_clock_and_not_an_old_one(readings):
    assert readings.open_interest(NOON) is None
    assert readings.open_interest(NOON + MINUTE + 17).open_interest == "80000.5"
    assert readings.open_interest(NOON + MINUTE + 18).open_interest == "80001.5"
    assert readings.open_interest(NOON + 8 * MINUTE) is None


def test_history_has_the_readings_on_the_grid_only(readings):
    found = readings.open_interest_history(None, NOON + HOUR, 5 * MINUTE, 500)
    assert [reading.time for reading in found] == [NOON]


def test_settlements_are_told_once_and_paged_as_the_exchange_does(readings):
    assert [s.time for s in readings.funding(None, NOON, 10)] == [NOON - 8 * HOUR, NOON]
    assert [s.time for s in readings.funding(None, NOON, 1)] == [NOON]
    assert [s.time for s in readings.funding(0, NOON, 1)] == [NOON - 8 * HOUR]
    assert readings.funding(None, NOON - 1, 10)[-1].rate == "0.00010000"
    assert readings.funding(NOON + 1, NOON + HOUR, 10) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (open_interest(NOON) | {"symbol": "ETHUSDT"}, "belongs to 'ETHUSDT', not to BTCUSDT"),
        (open_interest(NOON, "many"), "is not a reading"),
        (settlement("soon"), "is not a reading"),
        (settlement(NOON, None), "is not a reading"),
    ],
)
def test_what_is_no_reading_is_named_with_its_line(body, said):
    with pytest.raises(InputError, match=f"file: line 7 {said}"):
        RecordedReadings().take(body, "BTCUSDT", "file: line 7")


def test_another_body_is_left_to_others():
    assert not RecordedReadings().take({"lastUpdateId": 1}, "BTCUSDT", "file: line 7")
