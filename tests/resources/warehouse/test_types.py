from decimal import Decimal

import numpy as np
import pytest

from babingepet.errors import InputError
from babingepet_resources.warehouse import cycles, history
from babingepet_resources.warehouse.types import Money, json_text
from tests.resources.warehouse import builders as b


@pytest.mark.parametrize(
    "amount",
    [
        Decimal("0.1") + Decimal("0.2"),
        Decimal("0.00000001"),
        Decimal("-0.00000001"),
        Decimal("-12345.6789"),
        Decimal("1E+3"),
        Decimal("-0"),
        Decimal("99999999999999999999.99999999"),
    ],
)
def test_money_comes_back_exactly(database, amount):
    write = b.cycle(portfolio=b.portfolio(cash=amount))
    cycles.commit(database, None, write, now=1)
    with database.reading() as connection:
        stored = history.last_portfolio(connection, b.BOOK, b.SYMBOL, b.SOURCE)
    assert stored.cash == amount
    assert isinstance(stored.cash, Decimal)


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1E+3", "1000.00000000"), ("-0", "0.00000000"), ("-0.00000001", "-0.00000001")],
)
def test_money_has_one_text_on_sqlite(sqlite_database, amount, text):
    dialect = sqlite_database.engine.dialect
    assert Money().process_bind_param(Decimal(amount), dialect) == text


@pytest.mark.parametrize(
    "amount", [0.1, "1", Decimal("1e-9"), Decimal("NaN"), Decimal("Infinity"), Decimal("1e20")]
)
def test_what_is_not_exact_money_is_refused_and_nothing_is_written(database, amount):
    with pytest.raises(InputError):
        cycles.commit(database, None, b.cycle(portfolio=b.portfolio(cash=amount)), now=1)
    with database.reading() as connection:
        assert history.decision(connection, b.BOOK, b.cycle_id(1)) is None


def test_equal_values_have_equal_json_text_and_nan_is_null():
    one = json_text({"b": np.float64(1.5), "a": [float("nan")], "c": Decimal("0.10")})
    assert one == '{"a":[null],"b":1.5,"c":"0.10"}'
    assert json_text({"c": frozenset({2, 1})}) == '{"c":[1,2]}'


def test_what_json_has_no_word_for_is_refused():
    with pytest.raises(InputError, match="object"):
        json_text({"a": object()})
