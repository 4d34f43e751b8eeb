"""``babingepet likeness``: a document for scripts, a table for people."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from tests.delivery.conftest import call

START = 1_700_000_040_000
KEYS = {"symbol", "seed", "days", "recordings", "statistics", "alike", "outside"}
ROW_KEYS = {"name", "meaning", "recorded", "simulated", "band", "is_alike"}


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("likeness") / "BTCUSDT-perp-1m.parquet"
    close = 30_000 * np.exp(np.cumsum(np.random.default_rng(1).standard_t(3, 4_320) * 0.0004))
    columns = dict.fromkeys(("open", "high", "low", "close"), close)
    table = {"open_time": START + 60_000 * np.arange(4_320)} | columns | {"volume": close * 0 + 1}
    pyarrow.parquet.write_table(pa.table(table), path)
    return path


def test_the_document_has_exactly_the_promised_keys(recording):
    result = call("likeness", "--data", recording, "--days", 2, "--seed", 3, "--json")
    assert (result.code, result.err) == (0, "")
    document = json.loads(result.out)
    assert set(document) == KEYS
    assert {frozenset(row) for row in document["statistics"]} == {frozenset(ROW_KEYS)}
    assert (document["symbol"], document["seed"], document["days"]) == ("BTCUSDT", 3, 2)


def test_people_see_each_statistic_with_its_band_and_verdict(recording):
    out = call("likeness", "--data", recording, "--days", 2).out
    assert "statistics are alike" in out
    assert "hill_index" in out
    assert "OUTSIDE" in out


@pytest.mark.parametrize("given", [(), ("--data", "/nowhere.parquet"), ("--days", 0)])
def test_what_cannot_be_compared_ends_with_2(given):
    result = call("likeness", *given, "--json")
    assert result.code == 2
    assert json.loads(result.err)["kind"] == "InputError"
