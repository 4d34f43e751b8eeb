"""The performance of an account as it is stored: periods, sources, shadows, and what adds up."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from babingepet.errors import InputError
from babingepet.market.intervals import DAY, MINUTE
from babingepet_resources.warehouse import cycles, history
from babingepet_resources.warehouse.records import CandleBatch, CycleWrite
from babingepet_services.performance.measure import performance
from tests.resources.warehouse import builders as b
from tests.services.conftest import EAGER

DAYS = (1000, 1010, 1005, 990, 1020)
"""Equity at 00:00 of five days, the capital first."""


def decide(database, minute, equity, *, source=b.SOURCE, positions=(), **portfolio):
    """One minute of an account that began with 1,000 and realised what it has."""
    money = Decimal(str(equity))
    account = b.portfolio(
        minute, cash=money, equity=money, unrealized_pnl=Decimal(0), fees_paid=Decimal(0),
        realized_pnl=money - 1000, exposure=0.0, source=source,
    )  # fmt: skip
    candle = CandleBatch(b.SYMBOL, "1m", source, b.candles(first=minute - 1), known_at=b.START)
    write = CycleWrite(
        b.decision(minute, source=source), candles=[candle], portfolio=replace(account, **portfolio),
        positions=positions,
    )  # fmt: skip
    cycles.commit(database, None, write, now=b.START)


def closed(number, pnl, *, minute=1, **changes):
    trade = b.closed(b.position(number, minute=minute), minute)
    values = {"net_pnl": Decimal(str(pnl)), "r_multiple": pnl / 2, "fees_paid": Decimal("0.1")}
    return replace(trade, **(values | {"funding_paid": Decimal("-0.05")} | changes))


@pytest.fixture
def five_days(warehouse):
    """Two minutes a day and a trade closed at each midnight but the last."""
    decide(warehouse, 1, DAYS[0])
    for day, equity in enumerate(DAYS[1:], 1):
        end = day * DAY // MINUTE
        decide(warehouse, end - 60, equity - 50)
        change = equity - DAYS[day - 1]
        decide(warehouse, end, equity, positions=[closed(day, change, minute=end)])
    return warehouse


def test_an_account_is_told_from_its_capital_to_its_last_minute(five_days):
    told = performance(five_days, b.BOOK, b.SYMBOL)
    assert (told.start, told.end) == (b.START, b.START + 4 * DAY)
    assert (told.minutes, told.days, told.silent_days) == (9, 4, 0)
    assert told.account.opening_equity == 1000.0
    assert told.account.closing_equity == 1020.0
    assert told.returns.total_return.value == pytest.approx(0.02, abs=1e-12)
    assert told.returns.sharpe_ratio.n == 4
    assert told.returns.max_drawdown.value == pytest.approx(940 / 1010 - 1, abs=1e-12)
    assert told.drawdown.valley == b.START + 3 * DAY - 60 * MINUTE
    assert told.drawdown.recovery == b.START + 4 * DAY
    assert told.notes == ()


def test_trades_add_up_to_what_the_account_gained(five_days):
    told = performance(five_days, b.BOOK, b.SYMBOL)
    assert (told.trades.count, told.trades.wins, told.trades.losses) == (4, 2, 2)
    assert told.costs.net_pnl.value == told.account.closing_equity - 1000.0
    assert told.costs.fees_paid.value == 0.4
    assert told.costs.funding_paid.value == -0.2
    assert told.costs.gross_pnl.value == 20.2
    assert told.costs.slippage_paid.value == 0.03
    assert told.trades.expectancy_r.value == pytest.approx(2.5, abs=1e-12)


def test_a_period_begins_with_what_the_account_had_then(five_days):
    since, until = b.START + DAY, b.START + 3 * DAY
    told = performance(five_days, b.BOOK, b.SYMBOL, since, until)
    assert (told.start, told.end, told.minutes, told.days) == (since, until, 4, 2)
    assert told.account.opening_equity == 1010.0
    assert told.account.closing_equity == 990.0
    assert [told.trades.wins, told.trades.losses] == [0, 2]
    assert told.costs.net_pnl.value == -20.0


def test_a_period_that_begins_before_the_account_begins_with_its_capital(five_days):
    told = performance(five_days, b.BOOK, b.SYMBOL, b.START - 9 * DAY)
    assert told == performance(five_days, b.BOOK, b.SYMBOL)


def test_the_capital_is_what_the_ledger_implies(warehouse):
    decide(
        warehouse, 1, 995, cash=Decimal("994.5"), unrealized_pnl=Decimal("0.5"),
        realized_pnl=Decimal(-4), fees_paid=Decimal(1), funding_paid=Decimal("0.5"),
    )  # fmt: skip
    told = performance(warehouse, b.BOOK, b.SYMBOL)
    assert told.account.opening_equity == 1000.0
    assert told.returns.total_return.value == pytest.approx(-0.005, abs=1e-12)


def test_an_account_without_trades_says_so(warehouse):
    for minute in (1, 2, 3):
        decide(warehouse, minute, 1000)
    told = performance(warehouse, b.BOOK, b.SYMBOL)
    assert told.notes == ("no trade was closed in this period",)
    assert told.trades.hit_rate.reason == "no closed trades"
    assert told.returns.sharpe_ratio.value is None
    assert told.returns.max_drawdown.value == 0.0
    assert told.drawdown is None


def test_shadows_are_apart_and_never_in_the_money(five_days):
    before = performance(five_days, b.BOOK, b.SYMBOL)
    shadow = closed(9, 77.0, minute=4 * DAY // MINUTE + 1, shadow=True)
    decide(five_days, 4 * DAY // MINUTE + 1, 1020, positions=[shadow])
    told = performance(five_days, b.BOOK, b.SYMBOL)
    assert told.shadows.count == 1
    assert told.shadows.expectancy.value == 77.0
    assert (told.trades, told.costs) == (before.trades, before.costs)


def test_an_open_position_is_named_and_is_in_no_trade(five_days):
    end = 4 * DAY // MINUTE + 1
    decide(
        five_days, end, 1025, cash=Decimal(1020), unrealized_pnl=Decimal(5),
        realized_pnl=Decimal(20), exposure=0.2, detail={"position_id": "position-7"},
        positions=[b.position(7, minute=end)],
    )  # fmt: skip
    told = performance(five_days, b.BOOK, b.SYMBOL)
    assert told.account.open_position == "position-7"
    assert told.account.unrealized_pnl == 5.0
    assert told.trades.count == 4
    assert told.returns.exposure_share.value == 0.1
    assert any("position-7 is open" in note for note in told.notes)


def test_days_without_a_minute_are_counted(warehouse):
    decide(warehouse, 1, 1000)
    decide(warehouse, 3 * DAY // MINUTE, 1010)
    told = performance(warehouse, b.BOOK, b.SYMBOL)
    assert (told.days, told.silent_days) == (3, 1)
    assert any("1 days have no minute" in note for note in told.notes)


def test_accounts_of_several_sources_never_mix(warehouse):
    for minute, (source, equity) in enumerate(
        [("recorded", 1001), ("simulated", 5000), ("recorded", 1002), ("simulated", 900)], 1
    ):
        trade = closed(minute, equity - 1000, minute=minute, source=source)
        decide(warehouse, minute, equity, source=source, positions=[trade])
    newest = performance(warehouse, b.BOOK, b.SYMBOL)
    assert (newest.source, newest.other_sources) == ("simulated", ("recorded",))
    assert newest.account.closing_equity == 900.0
    assert any("from recorded" in note for note in newest.notes)
    told = performance(warehouse, b.BOOK, b.SYMBOL, source="recorded")
    assert (told.minutes, told.account.closing_equity, told.trades.count) == (2, 1002.0, 2)
    assert told.returns.max_drawdown.value == 0.0
    assert told.costs.net_pnl.value == 3.0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("replay", b.SYMBOL), "book replay has no decision about BTCUSDT"),
        ((b.BOOK, "ETHUSDT"), "no decision about ETHUSDT"),
        ((b.BOOK, b.SYMBOL, b.START + 9 * DAY), "its minutes are 2025-05-10T00:01:00Z to 2025-05-14"),
        ((b.BOOK, b.SYMBOL, None, b.START), "has no minute of BTCUSDT from recorded in this period"),
        ((b.BOOK, b.SYMBOL, b.START + DAY, b.START), "not after its start"),
    ],
)  # fmt: skip
def test_what_there_is_is_named_when_there_is_nothing(five_days, arguments, said):
    with pytest.raises(InputError, match=said):
        performance(five_days, *arguments)


def test_an_unknown_source_is_refused_with_those_there_are(five_days):
    with pytest.raises(InputError, match="from mars, only recorded"):
        performance(five_days, b.BOOK, b.SYMBOL, source="mars")


def test_equal_accounts_have_equal_bytes(five_days):
    told = performance(five_days, b.BOOK, b.SYMBOL)
    again = performance(five_days, b.BOOK, b.SYMBOL)
    assert told.canonical() == again.canonical()
    document = json.loads(told.canonical())
    assert document == json.loads(json.dumps(told.document(), allow_nan=False))
    assert document["drawdown"]["recovery"] == b.START + 4 * DAY
    assert document["months"] == [
        {"month": "2025-05", "value": pytest.approx(0.02, abs=1e-12), "is_whole": False}
    ]


@pytest.mark.slow
def test_a_loop_that_traded_gained_what_its_trades_and_its_open_position_gained(
    make_loop, warehouse
):
    list(make_loop(70, settings=(*EAGER, "min_agreement=0")).run())
    told = performance(warehouse, "paper", "BTCUSDT")
    with warehouse.reading() as connection:
        still_open = [p for p in history.open_positions(connection, "paper") if not p.shadow]
        stored = history.last_portfolio(connection, "paper", "BTCUSDT", "simulated")
    assert told.trades.count >= 3
    assert told.minutes == 70
    paid = sum(float(p.fees_paid + p.funding_paid) for p in still_open)
    gained = told.costs.net_pnl.value + told.account.unrealized_pnl - paid
    assert told.account.closing_equity - told.account.opening_equity == pytest.approx(
        gained, abs=1e-8
    )
    assert told.account.open_position == stored.detail["position_id"]
    assert 0.0 < told.returns.exposure_share.value < 1.0
    assert told.returns.max_drawdown.value < 0.0
