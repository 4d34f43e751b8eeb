import numpy as np
import pytest

from babingepet.errors import InputError
from babingepet.market.frames import BookLevels, Candles, FundingRates, Quotes, Trades
from tests import factories as f

FRAMES = [
    f.candles(closes=[100.0, np.nan, 0.1 + 0.2]),
    f.trades((5, 1.5, 2.5, True), (5, 1.5, 2.5, False)),
    f.quotes((5, 1.0, 2.0, 3.0, 4.0)),
    f.funding((0, -1e-4), (8, 1e-4)),
    BookLevels.from_rows([(0, 1.0, 2.0, 3.0, np.nan)]),
]
KINDS = [Candles, Trades, Quotes, FundingRates, BookLevels]
names = pytest.mark.parametrize("frame", FRAMES, ids=lambda frame: type(frame).__name__)


@names
def test_bytes_come_back_as_the_same_frame(frame):
    again = type(frame).from_bytes(frame.to_bytes())
    assert again.equals(frame)
    for name, column in frame.columns().items():
        other = getattr(again, name)
        assert other.dtype == column.dtype
        np.testing.assert_array_equal(other, column)


@names
def test_bytes_are_the_columns_one_after_the_other_in_little_endian(frame):
    columns = [getattr(frame, name) for name in frame.column_names()]
    assert frame.to_bytes() == b"".join(
        c.astype(c.dtype.newbyteorder("<")).tobytes() for c in columns
    )


@names
def test_bytes_that_are_no_whole_rows_are_refused(frame):
    with pytest.raises(InputError, match=f"{type(frame).__name__}.*whole rows"):
        type(frame).from_bytes(frame.to_bytes()[:-1])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_rows_are_an_empty_frame(kind):
    empty = kind.empty()
    assert len(empty) == 0
    for other in (kind.from_rows([]), kind.from_bytes(b""), kind.concat([]), kind.concat([empty])):
        assert other.equals(empty)


@names
def test_a_frame_cannot_be_written_to(frame):
    for column in frame.columns().values():
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[0]


def test_unequal_columns_are_refused_by_name():
    with pytest.raises(InputError, match=r"FundingRates: column derived has shape \(1,\)"):
        FundingRates(np.arange(2), np.zeros(2), np.zeros(2), np.zeros(1, bool))


def test_a_column_of_two_dimensions_is_refused():
    with pytest.raises(InputError, match="funding_time"):
        FundingRates(np.zeros((2, 2)), np.zeros(2), np.zeros(2), np.zeros(2, bool))


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 100, [10, 20, 20, 30]),
        (10, 30, [10, 20, 20]),  # start is in, end is not
        (20, 21, [20, 20]),
        (11, 20, []),
        (31, 99, []),
        (0, 10, []),
    ],
)
def test_between_includes_the_start_and_excludes_the_end(start, end, expected):
    frame = f.trades(*((time, 1.0, 1.0, True) for time in (10, 20, 20, 30)))
    assert frame.between(start, end).event_time.tolist() == expected


def test_rows_and_concat_undo_each_other():
    frame = f.candles(closes=np.arange(1.0, 8.0))
    parts = [frame.rows(0, 3), frame.rows(3, 3), frame.rows(3, 7)]
    assert Candles.concat(parts).equals(frame)


def test_where_keeps_the_rows_of_the_mask():
    frame = f.candles(closes=[1.0, 2.0, 3.0])
    assert frame.where(frame.close > 1.5).close.tolist() == [2.0, 3.0]


def test_frames_differ_by_a_single_bit_and_by_kind():
    frame = f.candles(closes=[1.0])
    assert not frame.equals(f.candles(closes=[np.nextafter(1.0, 2.0)]))
    assert not Candles.empty().equals(Trades.empty())
