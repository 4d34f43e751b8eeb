import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, HOUR
from babingepet_resources.warehouse import fear_greed
from babingepet_resources.warehouse.records import FearGreedRecord, InsertOutcome
from tests.resources.warehouse.builders import START

MIDNIGHT = START - START % DAY
ALWAYS = START + 10_000 * DAY


def told(day=0, value=30, known_at=None, source="alternative"):
    time = MIDNIGHT + day * DAY
    return FearGreedRecord(time, source, value, time + HOUR if known_at is None else known_at)


def values(connection, *, until=ALWAYS, known_until=ALWAYS, limit_days=100):
    frame = fear_greed.read(connection, until=until, known_until=known_until, limit_days=limit_days)
    return frame.value.tolist()


def test_days_are_read_in_order_and_only_what_was_known(database):
    with database.writing() as connection:
        outcome = fear_greed.insert(connection, [told(2, 50), told(0, 30), told(1, 40)])
        assert outcome == InsertOutcome(3)
    with database.reading() as connection:
        assert values(connection) == [30, 40, 50]
        assert values(connection, limit_days=2) == [40, 50]
        assert values(connection, until=MIDNIGHT + 2 * DAY) == [30, 40]
        assert values(connection, known_until=MIDNIGHT + DAY + HOUR) == [30, 40]


def test_a_revision_is_a_row_more_and_a_repetition_none(database):
    later = MIDNIGHT + 5 * DAY
    with database.writing() as connection:
        fear_greed.insert(connection, [told(0, 30)])
        assert fear_greed.insert(connection, [told(0, 30, later)]) == InsertOutcome(already_there=1)
        assert fear_greed.insert(connection, [told(0, 33, later)]) == InsertOutcome(1)
        assert fear_greed.insert(connection, [told(0, 34, later)]) == InsertOutcome(conflicts=1)
        assert values(connection) == [33]
        assert values(connection, known_until=later - 1) == [30]


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (told(value=101), "value is 101"),
        (told(value=-1), "value is -1"),
        (FearGreedRecord(MIDNIGHT + 1, "a", 5, ALWAYS), "must be 00:00 UTC"),
        (told(known_at=MIDNIGHT - 1), "before the day"),
        (told(source=""), "source is ''"),
    ],
)
def test_a_day_that_cannot_be_true_is_refused_and_nothing_is_written(database, record, complaint):
    with pytest.raises(InputError, match=complaint), database.writing() as connection:
        fear_greed.insert(connection, [told(1), record])
    with database.reading() as connection:
        assert values(connection) == []
