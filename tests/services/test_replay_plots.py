"""Pictures of a replay, and files that are there whole or not at all."""

import xml.etree.ElementTree as ET

import numpy as np
import pyarrow.parquet
import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import MINUTE
from babingepet_services.replay import plots
from babingepet_services.replay.export import check_destinations, export_tables, write_whole
from babingepet_services.replay.tables import minutes_of, trades_of
from tests.factories import equity_curve
from tests.services import replays

CURVE = equity_curve(np.linspace(1000.0, 1100.0, 500), step=MINUTE)
PICTURES = {
    "equity": lambda: plots.equity_picture(CURVE),
    "growth": lambda: plots.growth_picture(CURVE, CURVE),
    "chance": lambda: plots.chance_picture(np.arange(20.0), 3.0),
    "multiples": lambda: plots.multiples_picture(np.array([-1.0, 0.5, 9.0])),
    "no trades": lambda: plots.multiples_picture(np.empty(0)),
}


@pytest.mark.slow
@pytest.mark.parametrize("draw", PICTURES.values(), ids=PICTURES)
def test_a_picture_is_markup_without_script_or_address_and_always_the_same(draw):
    svg = draw()
    assert svg.startswith("<svg")
    assert svg.endswith("</svg>")
    for foreign in ("http", "<script", "<image", "<?xml", "url(data"):
        assert foreign not in svg
    assert ET.fromstring(svg.replace("xlink:", "")).tag == "svg"
    assert draw() == svg


def test_a_thinned_line_keeps_its_ends_and_every_extreme():
    values = np.random.default_rng(1).normal(size=100_000)
    values[54_321], values[12_345] = 99.0, -99.0
    times, kept = plots.thinned(np.arange(100_000) * MINUTE, values)
    assert len(kept) <= 2 * plots.POINTS + 2
    assert (kept.max(), kept.min()) == (99.0, -99.0)
    assert (kept[0], kept[-1]) == (values[0], values[-1])
    assert (np.diff(times.astype(np.int64)) > 0).all()


def test_a_short_line_is_drawn_as_it_is():
    _, kept = plots.thinned(np.arange(50) * MINUTE, np.arange(50.0))
    assert kept.tolist() == list(range(50))


def test_tables_are_exported_as_they_can_be_read_back(tmp_path):
    replay = replays.replay(300)
    folder = tmp_path / "out"
    export_tables(replay, folder)
    decisions = pyarrow.parquet.read_table(folder / "decisions.parquet")
    trades = pyarrow.parquet.read_table(folder / "trades.parquet")
    assert replays.same_minutes(minutes_of(decisions), replay.minutes)
    assert trades_of(trades).equals(replay.trades)
    assert sorted(path.name for path in folder.iterdir()) == ["decisions.parquet", "trades.parquet"]
    export_tables(replay, folder)


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("before")

    def fails(beside):
        beside.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"page\.html: cannot be written: No space left"):
        write_whole(path, fails)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_takes_its_place_at_once(tmp_path):
    path = tmp_path / "page.html"

    def write(beside):
        assert beside.parent == path.parent
        assert not path.exists()
        beside.write_text("whole")

    write_whole(path, write)
    assert path.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [path]


def test_places_that_cannot_be_written_are_refused_beforehand(tmp_path):
    (tmp_path / "file").touch()
    for page, folder, words in (
        (tmp_path / "no" / "page.html", None, "--html .*: there is no folder .*no"),
        (tmp_path, None, "--html .*: is a folder"),
        (None, tmp_path / "no" / "out", "--export .*: there is no folder .*no"),
        (None, tmp_path / "file", "--export .*: is a file"),
    ):
        with pytest.raises(InputError, match=words):
            check_destinations(page, folder)
    check_destinations(tmp_path / "page.html", tmp_path / "out")
    check_destinations(None, tmp_path)
