"""The recorded days around midnight UTC, as a source."""

import orjson
import pytest

from babingepet_resources.exchange.moments import format_moment

MINUTE = 60_000


def payload(event):
    return event.payload if isinstance(event.payload, bytes) else event.payload()


def test_only_wholly_recorded_minutes_are_candles(stream_2023):
    candles = stream_2023.minutes(0, 2**53)
    assert format_moment(stream_2023.info.start) == "2023-04-04T23:58:20Z"
    opens = [format_moment(time)[11:16] for time in candles.open_time.tolist()]
    assert opens == ["23:59", "00:00", "00:01", "00:02", "00:03", "00:04", "00:05"]
    assert format_moment(stream_2023.info.end) == "2023-04-05T00:06:00Z"


@pytest.mark.slow
def test_what_was_recorded_differs_by_year_and_what_was_derived_is_said(stream_2023, stream_2024):
    assert stream_2023.info.feeds - stream_2024.info.feeds == {"mark_price", "funding"}
    assert stream_2024.info.derived == {"candles", "taker_volume", "trades"}
    assert stream_2023.info.derived == {"candles", "taker_volume", "trades", "funding"}
    assert stream_2023.info.price_tick == "0.10"
    assert stream_2023.info.quantity_step == "0.001"


def test_the_insurance_fund_does_not_print_in_the_market(stream_2023):
    trades = stream_2023.trades(first_id=None, start=0, end=2**53, now=2**53, limit=1_000_000)
    assert not [trade for trade in trades if trade.price == "28722.50"]
    assert stream_2023.minutes(0, 2**53).values[:, 1].max() < 28_200


def test_a_recording_in_nanoseconds_plays_by_the_clock_of_the_exchange(stream_2024):
    events = stream_2024.events(stream_2024.info.start)
    first = next(events)
    assert first.time == orjson.loads(payload(first))["E"] == 1_721_347_022_504


@pytest.mark.slow
def test_events_come_in_order_from_the_start_to_the_end(stream_2023):
    start = stream_2023.info.end - 2 * MINUTE
    times = [event.time for event in stream_2023.events(start)]
    assert times == sorted(times)
    assert start <= times[0]
    assert times[-1] < stream_2023.info.end


def test_trades_sent_in_a_minute_add_up_to_its_candle(stream_2023):
    start, end = 1_680_652_800_000, 1_680_652_860_000
    sent = {"aggTrade": 0.0, "kline_1m": 0.0}
    for event in stream_2023.events(start):
        if event.time >= end:
            break
        if event.channel == "aggTrade":
            sent["aggTrade"] += float(orjson.loads(payload(event))["q"])
        elif event.channel == "kline_1m":
            sent["kline_1m"] += float(orjson.loads(payload(event))["k"]["v"])
    assert sent["aggTrade"] == pytest.approx(sent["kline_1m"], abs=1e-9)
    assert sent["kline_1m"] == 161.927


def test_questions_are_answered_as_of_the_clock(stream_2023):
    now = 1_680_652_800_500
    mark, quote = stream_2023.mark_price(now), stream_2023.quote(now)
    assert (mark.funding_rate, mark.next_funding_time) == ("0.00002760", 1_680_652_800_000)
    assert mark.time < now
    assert quote.time < now
    assert stream_2023.mark_price(now + 1_000).next_funding_time == 1_680_681_600_000
    assert stream_2023.book(20, stream_2023.info.start) is None
    book = stream_2023.book(20, now)
    assert len(book.bids) == len(book.asks) == 20
    assert book.event_time < now
    assert book.bids[0][0] == quote.bid_price


def test_the_forming_minute_holds_the_trades_so_far(stream_2023):
    forming = stream_2023.forming_minute(1_680_652_830_000)
    whole = stream_2023.minutes(1_680_652_800_000, 1_680_652_860_000)
    assert forming.open_time.tolist() == [1_680_652_800_000]
    assert 0 < forming.values[0, 4] < whole.values[0, 4]
    assert len(stream_2023.forming_minute(1_680_652_800_000)) == 0
