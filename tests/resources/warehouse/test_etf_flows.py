import csv
import random
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from babingepet.errors import InputError
from babingepet.market.context import EtfFlows
from babingepet.market.intervals import DAY, HOUR
from babingepet_resources.warehouse import etf_flows
from babingepet_resources.warehouse.records import EtfFlowRecord, InsertOutcome
from tests.resources.warehouse.builders import START
from tests.resources.warehouse.context_builders import MARKET, told

ALWAYS = START + 10_000 * DAY


def read(connection, *, until=ALWAYS, known_until=ALWAYS, limit_days=100, symbol=MARKET):
    return etf_flows.read(
        connection, symbol, until=until, known_until=known_until, limit_days=limit_days
    )


def rows(flows):
    return [
        ((day - START) // DAY, flow)
        for day, flow in zip(flows.day.tolist(), flows.flow_usd.tolist(), strict=True)
    ]


def test_an_empty_table_gives_an_empty_frame(database):
    with database.reading() as connection:
        assert read(connection).equals(EtfFlows.empty())


def test_no_rows_write_nothing(database):
    with database.writing() as connection:
        assert etf_flows.insert(connection, []) == InsertOutcome()


def test_flows_come_back_ascending_in_whatever_order_they_were_filed(database):
    batch = [told(2, -3.25e6), told(0, 0.0), told(1, 655.3e6)]
    with database.writing() as connection:
        assert etf_flows.insert(connection, batch) == InsertOutcome(written=3)
        assert rows(read(connection)) == [(0, 0.0), (1, 655.3e6), (2, -3.25e6)]


def test_a_figure_told_again_is_not_stored_again(database):
    with database.writing() as connection:
        etf_flows.insert(connection, [told(0, 5.0), told(1, 6.0)])
        again = [told(0, 5.0, hour=50), told(1, 6.0), told(2, 7.0)]
        outcome = etf_flows.insert(connection, again)
        assert outcome == InsertOutcome(written=1, already_there=2)
        assert rows(read(connection, known_until=told(0).known_at)) == [(0, 5.0)]
        count = connection.exec_driver_sql("SELECT count(*) FROM etf_flows").scalar_one()
    assert count == 3


def test_a_revision_is_seen_from_the_moment_it_became_known(database):
    with database.writing() as connection:
        etf_flows.insert(connection, [told(0, 5.0, hour=22)])
        assert etf_flows.insert(connection, [told(0, 9.0, hour=27)]) == InsertOutcome(written=1)
        revised = told(0, hour=27).known_at
        assert rows(read(connection, known_until=revised - 1)) == [(0, 5.0)]
        assert rows(read(connection, known_until=revised)) == [(0, 9.0)]


def test_a_revision_taken_back_is_a_revision_too(database):
    said = [told(0, 5.0, hour=22), told(0, 9.0, hour=27), told(0, 5.0, hour=30)]
    with database.writing() as connection:
        assert etf_flows.insert(connection, said) == InsertOutcome(written=3)
        assert etf_flows.insert(connection, said) == InsertOutcome(already_there=3)
        assert rows(read(connection)) == [(0, 5.0)]


def test_a_day_known_later_is_not_seen(database):
    with database.writing() as connection:
        etf_flows.insert(connection, [told(0), told(1)])
        assert rows(read(connection, known_until=told(1).known_at - 1)) == [(0, 1e6)]
        assert rows(read(connection, known_until=told(0).known_at - 1)) == []


def test_two_figures_of_one_moment_conflict_and_the_first_stays(database):
    with database.writing() as connection:
        etf_flows.insert(connection, [told(0, 5.0)])
        outcome = etf_flows.insert(connection, [told(0, 6.0), told(1, 7.0), told(1, 8.0)])
        assert outcome == InsertOutcome(written=1, conflicts=2)
        assert rows(read(connection)) == [(0, 5.0), (1, 7.0)]


def test_a_figure_known_earlier_than_the_stored_one_is_filed_under_its_own_time(database):
    with database.writing() as connection:
        etf_flows.insert(connection, [told(0, 5.0, hour=40)])
        assert etf_flows.insert(connection, [told(0, 5.0, hour=27)]) == InsertOutcome(written=1)
        assert rows(read(connection, known_until=told(0, hour=27).known_at)) == [(0, 5.0)]


def test_only_the_newest_days_before_the_end_are_read(database):
    with database.writing() as connection:
        etf_flows.insert(connection, [told(day, float(day)) for day in range(8)])
        etf_flows.insert(connection, [told(6, 66.0, hour=50)])
        newest = read(connection, until=START + 7 * DAY, limit_days=3)
        assert rows(newest) == [(4, 4.0), (5, 5.0), (6, 66.0)]


def test_of_several_sources_the_one_that_spoke_last_is_heard(database):
    said = [
        told(0, 1.0, hour=24, source="b"),
        told(0, 2.0, hour=25, source="a"),
        told(1, 3.0, source="a"),
        told(1, 4.0, source="b"),
    ]
    with database.writing() as connection:
        assert etf_flows.insert(connection, said) == InsertOutcome(written=4)
        assert rows(read(connection)) == [(0, 2.0), (1, 4.0)]
        assert rows(read(connection, known_until=START + 25 * HOUR - 1)) == [(0, 1.0)]


def test_assets_never_meet(database):
    with database.writing() as connection:
        etf_flows.insert(connection, [told(0, 1.0), told(0, 2.0, symbol="ETH")])
        assert rows(read(connection)) == [(0, 1.0)]
        assert rows(read(connection, symbol="ETH")) == [(0, 2.0)]


@pytest.mark.parametrize("seed", range(3))
def test_at_every_moment_the_last_word_about_each_day_is_read(database, seed):
    draw = random.Random(seed)
    hours = sorted(draw.sample(range(24, 24 * 9), 60))
    said = [
        told(day := draw.randrange(hour // 24), float(draw.randrange(3)), hour=hour - day * 24)
        for hour in hours
    ]
    with database.writing() as connection:
        for first in range(0, len(said), 7):
            etf_flows.insert(connection, said[first : first + 7])
        for moment in [START, *(one.known_at for one in said), ALWAYS]:
            last_words = {one.day: one.flow_usd for one in said if one.known_at <= moment}
            expected = [((day - START) // DAY, flow) for day, flow in sorted(last_words.items())]
            assert rows(read(connection, known_until=moment)) == expected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"flow_usd": float("nan")}, "flow_usd is nan"),
        ({"flow_usd": float("inf")}, "flow_usd is inf"),
        ({"flow_usd": -float("inf")}, "flow_usd is -inf"),
        ({"day": START + HOUR}, "day is .*00:00 UTC"),
        ({"day": float("nan")}, "day is nan"),
        ({"day": START * 1_000}, "day is .* milliseconds"),
        ({"known_at": START - 1}, "known_at is .* before the day"),
        ({"known_at": float("inf")}, "known_at is inf"),
        ({"symbol": ""}, "symbol is ''"),
        ({"source": "far\x00side"}, "source is"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_its_field_and_nothing_is_written(
    database, changes, said
):
    with database.writing() as connection:
        with pytest.raises(InputError, match=f"etf_flows: {said}"):
            etf_flows.insert(connection, [told(1), replace(told(0), **changes)])
        assert len(read(connection)) == 0


def test_one_bad_figure_can_be_set_aside_and_the_rest_filed():
    with pytest.raises(InputError, match="flow_usd is nan"):
        etf_flows.vetted(told(0, float("nan")))
    assert etf_flows.vetted(told()) == told()


def test_numbers_of_numpy_are_stored_as_numbers(database):
    record = EtfFlowRecord(
        MARKET, np.int64(START), "farside", np.float64(1.5), np.int64(START + DAY)
    )
    with database.writing() as connection:
        etf_flows.insert(connection, [record])
        assert rows(read(connection)) == [(0, 1.5)]


def test_a_recorded_history_is_filed_in_one_batch(database, recorded_data):
    path = recorded_data / "crypto/etf_flows/btc_spot_etf_flows_farside.csv"
    with path.open(newline="") as file:
        days = [(date, float(total) * 1e6) for date, *_, total in list(csv.reader(file))[1:]]
    history = []
    for date, flow in days:
        day = int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()) * 1_000
        history.append(EtfFlowRecord(MARKET, day, "farside", flow, day + 27 * HOUR))
    with database.writing() as connection:
        assert etf_flows.insert(connection, history) == InsertOutcome(written=len(days))
        assert etf_flows.insert(connection, history) == InsertOutcome(already_there=len(days))
        stored = read(connection, limit_days=1_000)
    assert stored.day.tolist() == sorted(one.day for one in history)
    assert stored.flow_usd.tolist() == [flow for _, flow in sorted(days)]
