import numpy as np
import pytest

from babingepet.market.intervals import DAY, MINUTE
from babingepet.market.volume_clock import volume_clock
from babingepet.signals import vpin as v
from tests import factories as f


def days(count, **columns):
    """Whole days of minutes that end at noon's day start."""
    return f.candles(count * 1_440, first=f.WEDNESDAY - count * DAY, **columns)


def score_at(minutes):
    return v.vpin(f.signal_inputs(int(minutes.open_time[-1]) + MINUTE, minutes=minutes))


def buckets(volume, bought, bounds, sizes):
    found, _ = v.signed_buckets(
        np.array(volume, float),
        np.array(bought, float),
        np.array(bounds),
        np.array(sizes, float),
        0,
    )
    return found.tolist()


@pytest.mark.parametrize(
    ("volume", "bought", "bounds", "sizes", "expected"),
    [
        # 6 bought, 6 sold, 6 even, 6 bought in buckets of 4
        ([6, 6, 6, 6], [6, 0, 3, 6], [0, 2, 4], [4, 4], [1, 0, -1, 0, 0.5, 1]),
        # the bucket in progress is dropped when V changes, finished ones stay
        ([6, 6, 6, 6], [6, 0, 3, 6], [0, 2, 4], [5, 4], [1, -0.6, 0, 0.5, 1]),
        # a minute that fills the bucket exactly closes it
        ([4, 4], [4, 0], [0, 2], [4], [1, -1]),
        ([3, 1], [3, 0], [0, 2], [4], [0.5]),
        # one minute may fill many
        ([13], [13], [0, 1], [4], [1, 1, 1]),
        # a minute without volume leaves the clock where it is
        ([4, 0, 0, 4], [4, 0, 0, 0], [0, 4], [4], [1, -1]),
        # before V is known nothing is filled
        ([9, 4], [9, 0], [0, 1, 2], [np.nan, 4], [-1]),
        ([3], [3], [0, 1], [4], []),
    ],
)
def test_minutes_are_poured_into_buckets_of_equal_volume(volume, bought, bounds, sizes, expected):
    assert buckets(volume, bought, bounds, sizes) == pytest.approx(expected, abs=1e-15)


@pytest.mark.timeout(10)
def test_a_market_without_volume_has_no_buckets():
    assert buckets([0, 4], [0, 4], [0, 1, 2], [0, 0]) == []


def test_without_any_volume_there_is_no_score():
    score = score_at(days(23, base_volume=0.0, taker_buy_base_volume=0.0))
    assert score.value is None
    assert score.reason


def bucket_sizes(volumes, minutes_a_day=1_440):
    """V of each day, for days whose minutes trade a volume each."""
    counts = np.broadcast_to(minutes_a_day, len(volumes))
    parts = [
        f.candles(int(counts[d]), first=f.WEDNESDAY + d * DAY, base_volume=float(volume))
        for d, volume in enumerate(volumes)
    ]
    minutes = f.candles(0).concat(parts)
    return v.volume_days(minutes.open_time, minutes.base_volume).sizes


def test_v_is_a_fiftieth_of_the_mean_volume_of_the_thirty_days_before():
    volumes = np.arange(1.0, 36.0)
    sizes = bucket_sizes(volumes)
    assert np.isnan(sizes[:20]).all()
    assert sizes[20] == pytest.approx(volumes[:20].mean() * 1_440 / 50)
    assert sizes[34] == pytest.approx(volumes[4:34].mean() * 1_440 / 50)


@pytest.mark.parametrize(("minutes", "counts"), [(1_379, False), (1_380, True)])
def test_a_day_counts_from_1380_minutes(minutes, counts):
    sizes = bucket_sizes(np.ones(21), [minutes] + [1_440] * 20)
    assert np.isnan(sizes[20]) == (not counts)


def test_a_missing_day_ages_the_others_all_the_same():
    present = [d for d in range(31) if d != 15]
    minutes = f.candles(0).concat(
        f.candles(1_440, first=f.WEDNESDAY + d * DAY, base_volume=1.0 + d) for d in present
    )
    sizes = v.volume_days(minutes.open_time, minutes.base_volume).sizes
    expected = np.mean([1.0 + d for d in present if d < 30]) * 1_440 / 50
    assert sizes[-1] == pytest.approx(expected)


def test_it_needs_twenty_whole_days_and_a_hundred_earlier_values():
    # 10 a minute are 14,400 a day and V = 288: fifty buckets a day, the 150th at 24:00 of day 23
    whole = days(23, taker_buy_base_volume=8.0)
    assert "149 of 150" in score_at(whole.rows(0, len(whole) - 1)).reason
    score = score_at(whole)
    assert score.reason is None
    assert score.observations == 150
    assert score.raw["bucket_volume"] == 288.0
    assert score.raw["vpin"] == pytest.approx(0.6)
    assert score.raw["direction"] == pytest.approx(0.6)
    assert "19 of 20 days" in score_at(days(20)).reason


def flow_of(last, *, before=0.5):
    """Minutes whose last buckets are bought to a given share; equal halves or so before them."""
    minutes = days(26)
    share = np.where(np.arange(len(minutes)) % 2, before, 1.0 - before)
    share[-len(last) * 144 // 5 :] = np.repeat(last, 144 // 5 + 1)[-len(last) * 144 // 5 :]
    return score_at(f.candles(len(minutes), first=int(minutes.open_time[0]),
                              taker_buy_base_volume=10.0 * share))  # fmt: skip


@pytest.mark.parametrize(("share", "sign"), [(0.9, 1.0), (0.1, -1.0)])
def test_toxic_flow_votes_with_its_direction(share, sign):
    score = flow_of([share] * 12)
    assert score.raw["rank"] == 1.0
    assert score.value == pytest.approx(sign)
    assert score.raw["level"] == "TOXIC"


def test_even_flow_is_never_a_score():
    score = flow_of([0.5] * 12)
    assert score.value == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("signed", "vpins"),
    [
        ([0.5] * 49, []),
        ([0.5] * 50, [0.5]),
        ([-0.5] * 49 + [1.0, 0.0], [0.51, 0.5]),
    ],
)
def test_vpin_is_the_mean_imbalance_of_fifty_buckets(signed, vpins):
    assert v.rolling_vpin(np.array(signed)).tolist() == pytest.approx(vpins)


@pytest.mark.parametrize(
    ("signed", "expected"),
    [
        # 100 earlier values below, d = 1: full strength
        ([0.1] * 149 + [1.0], 1.0 * (1.0 - 0.5) / 0.5 * ((9 * 0.1 + 1.0) / 10 / 0.20)),
        ([-0.1] * 149 + [-1.0], -((9 * 0.1 + 1.0) / 10 / 0.20)),
        # quieter than ever: the rank is 0
        ([0.1] * 149 + [0.0], 0.0),
        # as ever: the rank is the half, which scores nothing
        ([0.1] * 150, 0.0),
    ],
)
def test_the_score_is_direction_times_toxicity(signed, expected):
    score = v._score(np.array(signed), 288.0)
    assert score.value == pytest.approx(expected, abs=1e-12)


def test_the_population_is_the_five_hundred_values_before():
    old, recent = [1.0] * 50, [0.1] * 549
    score = v._score(np.array(old + recent + [0.2]), 288.0)
    # of the 500 values before the newest, those that still hold an old bucket lie above it
    above = sum(1 for k in range(1, 51) if k * 1.0 + (50 - k) * 0.1 > 49 * 0.1 + 0.2)
    values = 599 - 50 + 1  # all earlier values
    kept_above = max(0, above - (values - 500))
    assert score.raw["rank"] == pytest.approx((500 - kept_above) / 500)


@pytest.mark.parametrize(
    ("rank", "level"),
    [(0.0, "LOW"), (0.499, "LOW"), (0.5, "NORMAL"), (0.799, "NORMAL"), (0.8, "HIGH"),
     (0.949, "HIGH"), (0.95, "TOXIC"), (1.0, "TOXIC")],
)  # fmt: skip
def test_levels_begin_at_their_rank(rank, level):
    assert v.vpin_level(rank) == level


def test_a_recent_hole_or_no_taker_volume_is_unavailable():
    whole = days(23)
    holed = f.without(whole, range(len(whole) - 10, len(whole) - 6))
    assert "missing" in score_at(holed).reason
    assert "never recorded" in score_at(days(23, taker_buy_base_volume=np.nan)).reason


def test_days_that_are_not_whole_are_not_counted_in_the_reason():
    minutes = days(25)
    thin = f.without(minutes, range(0, len(minutes) - 1_440, 20))  # 1,368 minutes a day
    assert "0 of 20 days" in score_at(thin).reason


def test_an_old_hole_does_not_silence_it():
    whole = days(24)
    assert score_at(f.without(whole, range(5_000, 5_030))).value is not None


def test_a_minute_without_taker_volume_makes_it_unavailable_not_neutral():
    bought = np.full(24 * 1_440, 8.0)
    bought[-3] = np.nan
    score = score_at(days(24, taker_buy_base_volume=bought))
    assert score.value is None
    assert score.reason == "taker-buy volume is missing in some minutes"


def test_the_bucket_volume_of_a_day_is_that_of_the_score():
    volume = np.repeat(np.arange(1.0, 25.0), 1_440)
    minutes = days(24, base_volume=volume, taker_buy_base_volume=0.8 * volume)
    in_force = v.bucket_volume(minutes, f.WEDNESDAY - 1)
    assert in_force == score_at(minutes).raw["bucket_volume"]
    assert in_force == np.arange(1.0, 24.0).mean() * 1_440 / 50
    # the next day reads all 24, and no minute of its own
    following = v.bucket_volume(minutes, f.WEDNESDAY)
    assert following == pytest.approx(np.arange(1.0, 25.0).mean() * 1_440 / 50)
    later = f.candles(7, first=f.WEDNESDAY, base_volume=1e9)
    assert v.bucket_volume(f.candles(0).concat([minutes, later]), f.NOON) == following


@pytest.mark.parametrize(("count", "as_of"), [(19, f.NOON), (0, f.NOON), (30, f.NOON + 11 * DAY)])
def test_the_bucket_volume_is_unknown_without_twenty_of_the_thirty_days_before(count, as_of):
    assert np.isnan(v.bucket_volume(days(count), as_of))
    assert v.bucket_volume(days(30), as_of - 2 * DAY) == 288.0


def with_clock(signed, open_time=f.WEDNESDAY - MINUTE):
    """A market of buckets four fifths bought, and a tape whose clock finished these buckets."""
    clock = volume_clock(288.0)._replace(recent=np.array(signed))
    minutes = days(23, taker_buy_base_volume=8.0)
    tape = (f.tape_minute(open_time, volume_clock=clock),)
    return v.vpin(f.signal_inputs(f.WEDNESDAY, minutes=minutes, tape=tape))


def test_what_single_trades_say_stands_beside_the_score():
    score = with_clock([0.5, -0.5] * 20 + [0.1] * 10)
    assert score.raw["tape_vpin"] == pytest.approx((40 * 0.5 + 10 * 0.1) / 50)
    assert score.raw["tape_direction"] == pytest.approx(0.1)
    alone = score_at(days(23, taker_buy_base_volume=8.0))
    assert (score.value, score.raw["vpin"]) == (alone.value, alone.raw["vpin"])
    assert alone.raw["tape_vpin"] is alone.raw["tape_direction"] is None


@pytest.mark.parametrize(("buckets", "age"), [(49, 1), (50, 2)])
def test_before_fifty_buckets_or_with_an_old_tape_single_trades_say_nothing(buckets, age):
    score = with_clock([0.5] * buckets, f.WEDNESDAY - age * MINUTE)
    assert score.value is not None
    assert score.raw["tape_vpin"] is score.raw["tape_direction"] is None
