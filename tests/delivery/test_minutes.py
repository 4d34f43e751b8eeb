"""``babingepet minutes`` as people and scripts see it."""

from tests.delivery.conftest import call
from tests.delivery.markets import CYCLES


def test_every_minute_of_a_rehearsal_is_accounted_for(rehearsal):
    known = {"data_dir": rehearsal.data_dir, "market": "recorded"}
    cycles = rehearsal.document["cycles"]
    first = cycles[0]["open_time"]
    document = call("minutes", "--json", **known).document
    assert (document["warehouse"], document["source"]) == ("demo", "recorded")
    assert document["decided"] == CYCLES == sum(document["fences"].values())
    assert document["minutes"] == document["decided"] + document["missed"] + document["unknown"]
    assert (document["from"], document["minutes"], document["stretches"]) == (first, CYCLES, [])
    shown = call("minutes", **known).out
    assert f"{CYCLES} decided, 0 missed" in " ".join(shown.split())


def test_an_account_that_is_not_there_is_bad_input(tmp_path):
    assert call("minutes", "--json", data_dir=tmp_path).code == 2
