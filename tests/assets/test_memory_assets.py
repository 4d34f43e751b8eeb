"""Days in the memory as assets: remembered once, told once, and compared with the warehouse."""

from contextlib import closing

import dagster as dg
import pytest

from babingepet.market.intervals import DAY, day_key, iso
from babingepet_assets.definitions import build_definitions
from babingepet_assets.memory.remembering import chronicles, engrams
from babingepet_resources.hippocampus.chronicles import ChronicleFilter
from babingepet_resources.hippocampus.store import Hippocampus
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import history
from babingepet_services.market.source import open_warehouse
from babingepet_services.version import code_version
from tests.assets.conftest import DAY as LOOPS_DAY
from tests.databases import tamper
from tests.fakes import FakeClock
from tests.resources.warehouse import builders as b
from tests.services.memorable import decide, decide_a_day

ALWAYS = 2**62
MINUTES = 1_440
SATURDAY, SUNDAY = day_key(b.START), day_key(b.START + DAY)
MIDNIGHT = iso(b.START + DAY)


@pytest.fixture
def recorded(databases, tmp_path):
    """Settings of a recorded market that was seen on a Saturday until 00:09."""
    given = load_settings(market="recorded", **databases.place(tmp_path / "data"))
    with closing(open_warehouse(given, "recorded")) as database:
        decide_a_day(database)
    return given


@pytest.fixture
def warehouse(recorded):
    with closing(open_warehouse(recorded, "recorded")) as database:
        yield database


@pytest.fixture
def memory(recorded):
    with closing(Hippocampus(recorded.memory_file("recorded"))) as store:
        yield store


def called(asset, settings, day=SATURDAY):
    """Metadata of an asset that is called as a function, long after every market of these tests."""
    with dg.build_asset_context(partition_key=day) as context:
        result = asset(context, settings=settings, clock=FakeClock(b.START + 999 * DAY))
    return {name: value.value for name, value in result.metadata.items()}


def night(settings, **how):
    """A run of the job: evaluations by check and day, metadata by asset and day."""
    resources = {"settings": settings, "clock": FakeClock(b.START + 999 * DAY)}
    job = build_definitions(resources=resources).resolve_job_def("memory")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(instance=instance, **how)
        records = [
            record
            for asset in (engrams, chronicles)
            for record in instance.fetch_materializations(asset.key, limit=20).records
        ]
    assert result.success
    checked = {(one.check_name, one.partition): one for one in result.get_asset_check_evaluations()}
    return checked, {
        (one.asset_key.path[-1], one.partition_key): one.asset_materialization.metadata
        for one in records
    }


@pytest.mark.slow
def test_what_a_loop_decided_and_traded_in_a_day_is_remembered_once(settings):
    with closing(open_warehouse(settings, "simulated")) as database, database.reading() as reading:
        rows = history.closed_positions(reading, b.BOOK, 0, ALWAYS)
    trades = [row for row in rows if not row.shadow]
    said = called(engrams, settings, LOOPS_DAY)
    assert said["trades"] == len(trades) >= 3
    assert said["dagster/row_count"] == said["decisions"] + said["trades"]
    assert said["stored"] + said["reinforced"] == said["dagster/row_count"]
    assert said["engrams"] == said["stored"]
    assert said["window"].startswith(LOOPS_DAY)
    assert (said["source"], said["code_version"]) == ("simulated, perpetual", code_version())
    assert said["warning"] == "SIMULATED market: every price is made up."
    assert "| trade " in said["table"]
    again = called(engrams, settings, LOOPS_DAY)
    assert (again["known"], again["engrams"]) == (said["dagster/row_count"], said["engrams"])


def test_what_a_day_leaves_is_shown_by_its_words_with_what_became_of_it(recorded, memory):
    said = called(engrams, recorded)
    assert (said["decisions"], said["trades"], said["stored"], said["reinforced"]) == (4, 1, 4, 1)
    assert (said["known"], said["conflicting"], said["forgotten"]) == (0, 0, 0)
    assert said["file"] == str(recorded.memory_file("recorded"))
    assert "warning" not in said
    first = said["table"].splitlines()[2]
    assert [cell.strip() for cell in first.split("|")[1:3]] == ["2", "decision"]
    assert "BUY refused by HOUR_BLOCK;" in first
    assert memory.health_check().engrams == said["engrams"] == 4


def test_what_the_memory_has_otherwise_is_counted_and_stays(recorded, warehouse, memory):
    called(engrams, recorded)
    before = memory.search_memory("", 99, known_until=ALWAYS)
    assert tamper(warehouse, "UPDATE crypto_sim_positions SET side = 'SHORT' WHERE shadow = false")
    said = called(engrams, recorded)
    assert (said["conflicting"], said["known"], said["stored"]) == (1, 4, 0)
    after = memory.search_memory("", 99, known_until=ALWAYS)
    assert [one.engram for one in after] == [one.engram for one in before]


def test_a_day_without_a_decision_leaves_nothing_and_is_never_told(recorded, memory):
    said = called(engrams, recorded, "2025-05-09")
    assert (said["dagster/row_count"], said["window"]) == (0, "empty")
    told = called(chronicles, recorded, "2025-05-09")
    assert told["day"].startswith("not written: nothing is stored of the day of 2025-05-09")
    assert (told["dagster/row_count"], "story" in told) == (0, False)
    assert memory.get_chronicles(ChronicleFilter(ALWAYS)) == []


def test_a_played_day_is_over_when_its_market_was_seen_until_then(recorded, warehouse, memory):
    """This machine's clock is years later all along."""
    said = called(chronicles, recorded)
    start = iso(b.START)
    assert said["day"] == f"not written: the day of {start} is not over before {MIDNIGHT}"
    assert memory.get_chronicles(ChronicleFilter(ALWAYS)) == []
    decide(warehouse, MINUTES)
    said = called(chronicles, recorded)
    assert (said["day"], said["dagster/row_count"]) == ("stored", 1)
    assert said["window"] == f"{start} to {MIDNIGHT}"
    assert "week" not in said
    assert said["story"].startswith(
        f"**BTCUSDT, day of {SATURDAY} (recorded facts)**\n\n- Decided "
    )
    (story,) = memory.get_chronicles(ChronicleFilter(ALWAYS))
    assert story.known_at == b.START + DAY
    again = called(chronicles, recorded)
    assert (again["day"], again["known"], again["story"]) == ("known", 1, said["story"])


def test_a_real_day_is_over_by_this_machines_clock(real_place):
    settings = load_settings(**real_place)
    for moment, said in ((b.START + DAY - 1, "is not over"), (b.START + DAY, "nothing is stored")):
        with dg.build_asset_context(partition_key=SATURDAY) as context:
            told = chronicles(context, settings=settings, clock=FakeClock(moment)).metadata
        assert said in told["day"].value


def test_with_a_sunday_its_week_is_told_as_well(recorded, warehouse, memory):
    decide(warehouse, MINUTES + 5)
    decide(warehouse, 2 * MINUTES)
    said = called(chronicles, recorded, SUNDAY)
    assert (said["day"], said["week"], said["dagster/row_count"]) == ("stored", "stored", 2)
    assert said["window"] == f"2025-05-05T00:00:00Z to {iso(b.START + 2 * DAY)}"
    stories = {story.kind: story.body for story in memory.get_chronicles(ChronicleFilter(ALWAYS))}
    assert stories["day"].startswith("Decided 2 minutes: HOLD 2.")
    assert stories["week"].startswith("Decided 11 minutes: HOLD 5, BUY 4, STRONG_BUY 2.")
    assert "closed 1 (TARGET 1)" in stories["week"]
    assert all(body.splitlines()[0] in said["story"] for body in stories.values())


@pytest.mark.slow
def test_the_job_of_the_night_remembers_tells_and_compares(recorded, warehouse):
    decide(warehouse, MINUTES)
    checked, shown = night(recorded, partition_key=SATURDAY)
    assert {name: one.passed for (name, _), one in checked.items()} == {
        "facts_are_remembered": True, "memory_agrees": True, "story_agrees": True,
    }  # fmt: skip
    assert checked["facts_are_remembered", SATURDAY].description == "5 of 5 facts are remembered"
    assert shown["engrams", SATURDAY]["dagster/row_count"].value == 5
    assert shown["chronicles", SATURDAY]["day"].value == "stored"
    tamper(warehouse, "UPDATE crypto_sim_positions SET side = 'SHORT' WHERE shadow = false")
    again, _ = night(recorded, partition_key=SATURDAY)
    failed = again["memory_agrees", SATURDAY]
    assert (failed.passed, failed.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert not failed.blocking


def test_every_day_fades_to_its_own_end_as_in_the_nights(recorded, warehouse, memory):
    """What fades only at the end of a backfill would be stronger words, never new ones."""
    decide(warehouse, 55 * MINUTES + 2, "BUY", ["HOUR_BLOCK"])
    first, quiet, last = (
        called(engrams, recorded, day_key(b.START + n * DAY)) for n in (0, 52, 55)
    )
    assert (first["engrams"], first["forgotten"]) == (4, 0)
    assert (quiet["engrams"], quiet["forgotten"], quiet["dagster/row_count"]) == (1, 3, 0)
    assert (last["stored"], last["reinforced"]) == (1, 0)
    again = called(engrams, recorded, day_key(b.START + 55 * DAY))
    assert (again["known"], again["engrams"], again["forgotten"]) == (1, 2, 0)
    found = {
        one.engram.kind: one for one in memory.search_memory("", 9, known_until=b.START + 56 * DAY)
    }
    assert found["decision"].strength == pytest.approx(0.5 * 2 ** -(1 / 14), abs=1e-3)


@pytest.mark.slow
def test_days_of_one_run_keep_their_own_report_and_checks(recorded, warehouse):
    decide(warehouse, 2 * MINUTES)
    days = {
        "dagster/asset_partition_range_start": SATURDAY,
        "dagster/asset_partition_range_end": SUNDAY,
    }
    checked, shown = night(recorded, tags=days)
    rows = {key: of["dagster/row_count"].value for key, of in shown.items()}
    assert rows == {
        ("engrams", SATURDAY): 5, ("engrams", SUNDAY): 0,
        ("chronicles", SATURDAY): 1, ("chronicles", SUNDAY): 2,
    }  # fmt: skip
    told = {day: one.description for (name, day), one in checked.items() if name == "story_agrees"}
    assert told[SATURDAY] == "the story of the day is that of the warehouse"
    assert told[SUNDAY].endswith("; the story of the week is that of the warehouse")
