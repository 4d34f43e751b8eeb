"""VPIN against a plain Python volume clock written from the paper, on recorded minutes."""

from __future__ import annotations

import pytest

from babingepet.market.intervals import DAY, MINUTE
from babingepet.signals import vpin as v
from tests import factories as f
from tests.parity.recorded import spot_minutes

FIRST = 1_709_251_200_000  # 2024-03-01: the anchor of decisions in May 2024
LEAD = 30


class VolumeClock:
    """Buckets of equal volume; what one minute traded has one buy share throughout."""

    def __init__(self) -> None:
        self.size: float | None = None
        self.buckets: list[tuple[float, float, float]] = []
        self.bought = self.sold = 0.0

    def resize(self, size: float | None) -> None:
        if size != self.size:
            self.size, self.bought, self.sold = size, 0.0, 0.0

    def trade(self, volume: float, bought: float) -> None:
        if self.size is None or volume == 0.0:
            return
        share = bought / volume
        while volume > 0.0:
            room = self.size - (self.bought + self.sold)
            part = min(volume, room)
            self.bought += part * share
            self.sold += part * (1.0 - share)
            volume -= part
            if part == room:
                self.buckets.append((self.bought, self.sold, self.size))
                self.bought = self.sold = 0.0


def reference(minutes, anchor):
    """(VPIN, rank, direction, score) after the last minute, by the text."""
    by_day: dict[int, list[tuple[float, float]]] = {}
    for row in range(len(minutes)):
        day = int(minutes.open_time[row]) // DAY
        pair = (float(minutes.base_volume[row]), float(minutes.taker_buy_base_volume[row]))
        by_day.setdefault(day, []).append(pair)
    clock = VolumeClock()
    for day in sorted(by_day):
        if day * DAY < anchor:
            continue
        earlier = [by_day[d] for d in range(day - 30, day) if len(by_day.get(d, [])) >= 1_380]
        volumes = [sum(volume for volume, _ in rows) for rows in earlier]
        enough = len(volumes) >= 20
        clock.resize(sum(volumes) / len(volumes) / 50 if enough else None)
        for volume, bought in by_day[day]:
            clock.trade(volume, bought)
    imbalance = [abs(b - s) / size for b, s, size in clock.buckets]
    history = [sum(imbalance[k - 50 : k]) / 50 for k in range(50, len(imbalance) + 1)]
    current, before = history[-1], history[-501:-1]
    below = sum(x < current - 1e-13 for x in before)
    equal = sum(abs(x - current) <= 1e-13 for x in before)
    rank = (below + equal / 2) / len(before)
    direction = sum((b - s) / size for b, s, size in clock.buckets[-10:]) / 10
    score = max(-1.0, min(1.0, direction / 0.20)) * max(0.0, (rank - 0.5) / 0.5)
    return current, rank, direction, score


@pytest.mark.slow
@pytest.mark.parametrize(("day", "minute"), [(12, 1), (20, 0), (20, 701), (67, 333)])
def test_vpin_is_that_of_a_plain_volume_clock(recorded_data, day, minute):
    minutes = spot_minutes(recorded_data, FIRST - LEAD * DAY, LEAD + 70)
    as_of = FIRST + day * DAY + minute * MINUTE
    begin = FIRST if day > 61 else FIRST - LEAD * DAY
    known = minutes.between(begin - LEAD * DAY, as_of)
    score = v.vpin(f.signal_inputs(as_of, minutes=known))
    current, rank, direction, value = reference(known, FIRST - LEAD * DAY)
    assert score.raw["vpin"] == pytest.approx(current, abs=1e-9)
    assert score.raw["rank"] == pytest.approx(rank, abs=1e-9)
    assert score.raw["direction"] == pytest.approx(direction, abs=1e-9)
    assert score.value == pytest.approx(value, abs=1e-9)


def test_beginning_at_a_later_day_gives_the_same_buckets(recorded_data):
    minutes = spot_minutes(recorded_data, FIRST - LEAD * DAY, LEAD + 70)
    days = v.volume_days(minutes.open_time, minutes.base_volume)
    columns = (minutes.base_volume, minutes.taker_buy_base_volume, days.bounds, days.sizes)
    late = v.first_day_needed(days, 0)
    assert 0 < late < len(days.sizes) - 5
    (whole, ends), (short, late_ends) = (v.signed_buckets(*columns, day) for day in (0, late))
    assert len(short) >= 550
    assert ends[-550:].tolist() == late_ends[-550:].tolist()
    assert whole[-550:].tobytes() == short[-550:].tobytes()
