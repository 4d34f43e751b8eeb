"""Reading recordings of streams, and refusing what is wrong in them."""

import gzip
from pathlib import Path

import pytest

from babingepet.errors import InputError
from babingepet_resources.exchange.opening import open_source
from babingepet_resources.exchange.stream_files import find_stretches, read_stretch

T0 = 1_680_652_680_000
NAME = "usdm_btcusdt_20230404.dat.gz"


def line(data, *, stream="btcusdt@bookTicker", local=1):
    return f'{local} {{"stream":"{stream}","data":{data}}}\n'


def quote(time):
    return line(f'{{"e":"bookTicker","E":{time},"b":"1","B":"1","a":"2","A":"1"}}')


def trade(time, number, price="100.0"):
    return line(
        f'{{"e":"trade","E":{time},"T":{time},"t":{number},"p":"{price}","q":"1","X":"MARKET","m":true}}',
        stream="btcusdt@trade",
    )


def depth(time, first, last, previous, channel="depth@0ms"):
    return line(
        f'{{"e":"depthUpdate","E":{time},"T":{time},"U":{first},"u":{last},"pu":{previous},"b":[],"a":[]}}',
        stream=f"btcusdt@{channel}",
    )


def write(folder, text, name=NAME):
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()))
    return path


def minutes_of_trades(minutes, *, skip=()):
    """A trade and a quote each second."""
    seconds = [s for s in range(minutes * 60 + 1) if s not in skip]
    return "".join(trade(T0 + 1000 * s, s + 1) + quote(T0 + 1000 * s + 1) for s in seconds)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (quote(T0) + "1 {broken\n", f"{NAME}: line 2 is not valid JSON"),
        (quote(T0) + "1 [1]\n", f"{NAME}: line 2 is not a JSON object"),
        (quote(T0) + '1 {"a":1}\n', f"{NAME}: line 2 is not a message of a combined stream"),
        (line("[1]"), f"{NAME}: line 1 is not a message of a combined stream"),
        (line('{"u":1}'), f"{NAME}: line 1 has no exchange time E"),
        (
            line('{"E":1}', stream="ethusdt@trade"),
            "line 1 belongs to 'ethusdt@trade', not to BTCUSDT",
        ),
        ("", f"{NAME}: holds no messages"),
        (quote(T0), f"{NAME}: the recording does not reach a single full minute"),
    ],
)
def test_a_wrong_recording_is_refused_naming_file_and_line(tmp_path, text, complaint):
    write(tmp_path, text)
    with pytest.raises(InputError) as refusal:
        open_source("recorded", data=[tmp_path], symbol="BTCUSDT", start=None, seed=0)
    assert complaint in str(refusal.value)


def test_a_cut_off_file_is_refused(tmp_path):
    path = write(tmp_path, minutes_of_trades(2))
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(InputError, match="is cut short or damaged after line"):
        read_stretch([path], "BTCUSDT")


def test_a_file_that_is_not_gzip_is_refused(tmp_path):
    (tmp_path / NAME).write_text("hello")
    with pytest.raises(InputError, match="cannot be read: Not a gzipped file"):
        read_stretch([tmp_path / NAME], "BTCUSDT")


def test_messages_are_ordered_by_the_exchange_not_by_the_recorder(tmp_path):
    path = write(tmp_path, quote(T0 + 20) + quote(T0 + 10) + trade(T0 + 20, 1))
    stretch = read_stretch([path], "BTCUSDT")
    assert [(m.time - T0, m.channel) for m in stretch.messages] == [
        (10, "bookTicker"), (20, "bookTicker"), (20, "trade"),
    ]  # fmt: skip


def test_consecutive_days_are_one_stretch_and_spot_is_another_market():
    names = [
        "usdm_btcusdt_20240719.gz", "usdm_btcusdt_20230405.dat.gz", "usdm_btcusdt_20230404.dat.gz",
        "usdm_btcusdt_20240718.gz", "spot_btcusdt_20230405.dat.gz", "usdm_ethusdt_20240718.gz",
    ]  # fmt: skip
    stretches = find_stretches([Path(name) for name in names], "BTCUSDT")
    assert [[path.name for path in files] for files in stretches] == [
        ["usdm_btcusdt_20230404.dat.gz", "usdm_btcusdt_20230405.dat.gz"],
        ["usdm_btcusdt_20240718.gz", "usdm_btcusdt_20240719.gz"],
    ]


def opened(folder):
    source = open_source("recorded", data=[folder], symbol="BTCUSDT", start=None, seed=0)
    candles = source.minutes(0, 2**53)
    return ((candles.open_time - T0) // 60_000).tolist()


def test_a_minute_with_silence_in_it_is_not_a_candle(tmp_path):
    write(tmp_path, minutes_of_trades(4, skip=range(70, 85)))
    assert opened(tmp_path) == [0, 2, 3]


def test_a_short_pause_is_no_hole(tmp_path):
    write(tmp_path, minutes_of_trades(3, skip=range(70, 75)))
    assert opened(tmp_path) == [0, 1, 2]


def test_a_minute_with_a_lost_book_difference_is_not_a_candle(tmp_path):
    chain = depth(T0, 1, 2, 0) + depth(T0 + 1000, 3, 4, 2)
    broken = depth(T0 + 61_000, 9, 10, 8) + depth(T0 + 62_000, 11, 12, 10)
    write(tmp_path, chain + broken + minutes_of_trades(3))
    assert opened(tmp_path) == [2]


def test_each_recorded_difference_stream_is_a_chain_of_its_own(tmp_path):
    differences = [
        depth(T0, 9, 10, 8),
        depth(T0 + 50, 11, 12, 10),
        depth(T0 + 100, 9, 12, 8, "depth@100ms"),
        depth(T0 + 150, 13, 14, 12),
        depth(T0 + 200, 13, 14, 12, "depth@100ms"),
    ]
    whole = write(tmp_path, "".join(differences))
    assert read_stretch([whole], "BTCUSDT").holes == []
    broken = write(
        tmp_path, "".join(differences[:3] + differences[4:]) + depth(T0 + 250, 15, 16, 14)
    )
    assert read_stretch([broken], "BTCUSDT").holes == [(T0 + 50, T0 + 250)]
