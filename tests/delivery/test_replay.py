"""``babingepet replay`` from files to a report, on a made-up market and on recorded minutes."""

import io
import json
import re
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
import pytest
from rich.console import Console

from babingepet.market.intervals import DAY, MINUTE
from babingepet.signals.registry import NAMES
from babingepet_delivery.cli.format import WIDE
from babingepet_delivery.cli.replay_view import print_replay
from babingepet_resources.settings import load_settings
from babingepet_services.replay.baselines import beside
from babingepet_services.replay.book import list_replays
from babingepet_services.replay.report import Timing, report_of
from tests.delivery.conftest import call, run_program
from tests.delivery.markets import PLAY, PLAY_FROM, eager_options
from tests.services import replays

MINUTES = 61
"""Minutes that end at PLAY or later."""
NUMBERS = (
    "win_rate", "profit_factor", "expectancy_r", "net_pnl", "final_equity", "max_drawdown",
    "sharpe_ratio", "sortino_ratio", "calmar_ratio", "fees_paid", "slippage_paid", "funding_paid",
    "bars_per_second",
)  # fmt: skip


def options(file, *more):
    return ("--candles", file, "--from", PLAY_FROM, *eager_options(), *more)


@pytest.fixture(scope="module")
def done(tmp_path_factory, lasting_databases, trending_file):
    """One replay with everything that can be asked for, and where it was kept."""
    folder = tmp_path_factory.mktemp("replay")
    files = ("--html", folder / "report.html", "--export", folder / "out")
    place = lasting_databases.place(folder / "data")
    said = call("replay", *options(trending_file, *files, "--json"), **place)
    assert (said.code, said.err) == (0, "")
    return folder, said.document, place


@pytest.mark.slow
def test_the_document_is_told_in_plain_numbers(done):
    _, document, _ = done
    assert document["market"] == "btc"
    assert document["bars"] == MINUTES
    assert document["start"] == PLAY
    assert document["seconds"] > 0.0
    for name in NUMBERS:
        assert document[name] is None or isinstance(document[name], float)
    assert set(document["signals_available"]) == set(NAMES)
    assert document["trades"] == 2
    assert len(document["ledger_sha256"]) == 64
    assert document["settings"]["min_votes"] == 1


def test_the_trades_are_those_of_the_live_loop_on_the_same_minutes(done, rehearsal):
    """The loop was rehearsed on this market with these settings; prices reached it as text."""
    folder, *_ = done
    replayed = pyarrow.parquet.read_table(folder / "out" / "trades.parquet").to_pylist()
    for ours, live in zip(replayed, rehearsal.document["trades"], strict=True):
        for name in ("side", "entry_time", "exit_time", "quantity", "exit_reason"):
            assert ours[name] == live[name]
        for name in ("entry_price", "exit_price", "net_pnl", "r_multiple"):
            assert ours[name] == pytest.approx(live[name], rel=1e-6)


def test_exported_tables_agree_with_the_document(done):
    folder, document, _ = done
    trades = pyarrow.parquet.read_table(folder / "out" / "trades.parquet")
    decisions = pyarrow.parquet.read_table(folder / "out" / "decisions.parquet")
    assert pc.sum(trades["net_pnl"]).as_py() == pytest.approx(document["net_pnl"], abs=1e-8)
    assert pc.sum(trades["fees"]).as_py() == pytest.approx(document["fees_paid"], abs=1e-8)
    assert len(decisions) == document["bars"]
    assert decisions["as_of"][0].as_py() == PLAY
    counted = {}
    for gates in decisions["blocked_by"].to_pylist():
        for gate in gates:
            counted[gate] = counted.get(gate, 0) + 1
    assert counted == document["vetoes"]
    assert decisions["equity"][-1].as_py() == document["final_equity"]
    missing = decisions["vpin"].null_count / len(decisions)
    assert document["signals_available"]["vpin"] == pytest.approx(1 - missing)


def test_the_run_is_kept_under_its_name_with_its_files(done, trending_file):
    _, document, place = done
    kept = list_replays(load_settings(**place))["replays"]
    assert [run["run_id"] for run in kept] == [document["run_id"]]
    assert document["run_id"].endswith(document["ledger_sha256"][:6])


def test_nothing_is_kept_when_that_is_not_wanted(tmp_path, trending_file):
    said = call("replay", *options(trending_file, "--no-save", "--json"), data_dir=tmp_path / "d")
    assert said.document["run_id"] is None
    assert not (tmp_path / "d").exists()


def test_the_result_does_not_depend_on_threads(done, tmp_path, trending_file):
    _, document, _ = done
    hashes = {
        call(
            "replay", *options(trending_file, "--no-save", "--json", "--threads", threads),
            data_dir=tmp_path,
        ).document["ledger_sha256"]
        for threads in (1, 3)
    }  # fmt: skip
    assert hashes == {document["ledger_sha256"]}


class Page(HTMLParser):
    """Tags, their attributes, and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def test_the_page_needs_nothing_but_itself(done):
    folder, document, _ = done
    source = (folder / "report.html").read_text()
    page = Page(source)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert "://" not in source
    links = [value for name, value in page.attributes if name in {"href", "src", "xlink:href"}]
    assert all(value.startswith("#") for value in links)
    assert page.tags.count("svg") == 4
    assert "prefers-color-scheme: dark" in source
    for words in (
        "40.0% of the weight", "6 of 13 signals", "All 2 closed trades", "buy and hold",
        "needs single trades, which no replay reads", document["ledger_sha256"], "DEBOUNCE",
        "Shadow trades", document["run_id"],
    ):  # fmt: skip
        assert words.replace("40.0%", f"{document['weight_present']:.1%}") in page.text


def test_people_read_first_how_much_of_the_vote_was_there(tmp_path, trending_file):
    shown = call("replay", *options(trending_file), data_dir=tmp_path).out
    head = shown.splitlines()[:5]
    assert "of the weight of the vote was present: 6 of 13 signals; proxies: none" in head[2]
    for words in (
        "BTCUSDT from recorded, replayed", "no funding rates were given", "not given: funding",
        "95 % interval", "buy and hold", "coin flips, 5 to 95 %", "as good", "profit factor",
        "Equity, USDT", "Drawdown, %", "Months", "Costs of closed trades", "only one", "DEBOUNCE",
        "Exits by reason", "TRAIL", "Last 2 of 2 closed trades", "stop loss", "Shadow trades",
        "kept as replay-", "capital 1,000.00 USDT",
    ):  # fmt: skip
        assert words in shown


@pytest.mark.parametrize("width", [80, 140])
def test_no_number_is_cut_off_on_a_terminal(width):
    """Eighty columns get the same tables in parts."""
    replay = replays.replay(600)
    report = report_of(replay, Timing(1.0, 0.1), beside(replay, runs=5))
    written = io.StringIO()
    print_replay(Console(file=written, width=width), report)
    lines = written.getvalue().splitlines()
    assert "…" not in written.getvalue()
    assert max(map(len, lines)) <= width
    assert sum("profit factor" in line for line in lines) >= (2 if width < WIDE else 1)
    assert any("LONG" in line and "2025-05-07 01:30" in line for line in lines)


def test_a_warehouse_is_replayed_like_the_files_that_filled_it(
    done, databases, tmp_path, trending_file
):
    from babingepet_resources.warehouse import candles
    from babingepet_services.market.source import open_warehouse
    from babingepet_services.replay.files import read_files

    _, document, _ = done
    minutes = read_files([trending_file], [], "BTCUSDT").market.minutes
    place = databases.place(tmp_path)
    database = open_warehouse(load_settings(**place), "recorded")
    with database.writing() as connection:
        candles.insert(connection, "BTCUSDT", "1m", "recorded", minutes, known_at=PLAY)
    database.close()
    given = ("--from", PLAY_FROM, *eager_options(), "--json")
    stored = call("replay", *given, market="recorded", **place).document
    assert stored["ledger_sha256"] == document["ledger_sha256"]
    assert "as it stands now" in stored["notes"][0]


MISTAKES = [
    (["--market", "ihsg"], "this version replays btc only"),
    (["--candles", "nothing.parquet"], "nothing.parquet: cannot be read"),
    (["--candles", "MARKET", "--candles", "MARKET"], "row 1 is not after the end of"),
    (["--candles", "ETH"], "ETHUSDT-1m.parquet: is a file of ETHUSDT, not of BTCUSDT"),
    (["--candles", "MARKET", "--candles", "ETH"], "is a file of ETHUSDT"),
    (["--candles", "FUNDING"], "--candles"),
    (["--candles", "MARKET", "--funding", "MARKET"], "--funding"),
    (["--funding", "FUNDING"], "--funding belongs to --candles"),
    (["--candles", "MARKET", "--from", "2025-05-09", "--to", "2025-05-08"], "is not after --from"),
    (["--candles", "MARKET", "--from", "2026-01-01"], "no minute lies in the period"),
    (["--candles", "MARKET", "--from", "yesterday"], "--from 'yesterday' is not a time"),
    (["--candles", "MARKET", "--to", "soon"], "--to 'soon' is not a time"),
    (["--candles", "MARKET", "--set", "colour=red"], "--set colour: no such setting"),
    (["--candles", "MARKET", "--set", "leverage"], "write key=value"),
    (["--candles", "MARKET", "--capital", "-5"], "--capital -5"),
    (["--candles", "MARKET", "--threads", "0"], "--threads 0"),
    (["--candles", "MARKET", "--html", "no/page.html"], "--html no/page.html: there is no folder"),
    (["--candles", "MARKET", "--export", "no/out"], "--export no/out: there is no folder"),
    ([], "no warehouse named binance"),
]


@pytest.mark.parametrize(("arguments", "words"), MISTAKES)
def test_a_mistake_is_one_sentence_that_names_it_and_nothing_is_written(
    tmp_path, trending_file, arguments, words
):
    table = pa.table({"funding_time": [PLAY, PLAY + MINUTE], "funding_rate": [1e-4, 1e-4]})
    files = {"MARKET": trending_file, "FUNDING": tmp_path / "funding.parquet"}
    files["ETH"] = tmp_path / "ETHUSDT-1m.parquet"
    pyarrow.parquet.write_table(table, files["FUNDING"])
    files["ETH"].write_bytes(trending_file.read_bytes())
    given = [files.get(argument, argument) for argument in arguments]
    done = call("replay", *given, "--json", data_dir=tmp_path / "data")
    assert (done.code, done.out) == (2, "")
    said = json.loads(done.err)
    assert words in said["error"]
    assert not (tmp_path / "data").exists()


def test_a_wrong_row_is_named_with_its_file(tmp_path, trending_file):
    table = pyarrow.parquet.read_table(trending_file)
    close = table["close"].to_numpy().copy()
    close[6] = -1.0
    path = tmp_path / "BTCUSDT-bad.parquet"
    place = table.column_names.index("close")
    pyarrow.parquet.write_table(table.set_column(place, "close", pa.array(close)), path)
    done = call("replay", "--candles", path, data_dir=tmp_path / "data")
    assert done.code == 2
    assert "BTCUSDT-bad.parquet: row 7, column 'close': -1 is not a positive price" in done.err


@pytest.fixture(scope="module")
def recorded_week(recorded_data, tmp_path_factory):
    """The week of 2025-05-05 and two weeks before it, cut from the recorded minutes."""
    table = pyarrow.parquet.read_table(
        next((recorded_data / "crypto" / "btc_spot_1m").glob("*.parquet"))
    )
    until = PLAY + 4 * DAY
    times = table["open_time"].to_numpy()
    rows = np.searchsorted(times, (until - 21 * DAY, until))
    folder = tmp_path_factory.mktemp("week")
    pyarrow.parquet.write_table(
        table.slice(rows[0], rows[1] - rows[0]), folder / "BTCUSDT-spot.parquet"
    )
    return folder / "BTCUSDT-spot.parquet"


@pytest.mark.slow
def test_the_real_program_replays_recorded_minutes(recorded_data, recorded_week, tmp_path):
    funding = next((recorded_data / "crypto" / "btc_perp_funding").glob("*funding*.parquet"))
    page = tmp_path / "week.html"
    said = run_program(
        "replay", "--candles", recorded_week, "--funding", funding, "--from", "2025-05-05",
        "--html", page, "--json", data_dir=tmp_path / "data",
    )  # fmt: skip
    assert (said.code, said.err) == (0, "")
    document = said.document
    assert document["capability"] == [
        "vpin", "ai_consensus", "mtf_alignment", "regime", "vwap", "funding_rate", "hour_seasonality",
    ]  # fmt: skip
    assert document["weight_present"] == pytest.approx(0.56 / 0.88)
    assert document["signals_available"]["vwap"] > 0.9
    assert re.search("spot market", " ".join(document["notes"]))
    assert page.read_text().count("<svg") == 4
