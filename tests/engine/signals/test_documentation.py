"""Every signal documents itself, completely, in the file that computes it."""

import pytest

from babingepet.signals.documentation import documentation
from babingepet.signals.registry import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_signal_states_formula_inputs_warm_up_units_and_source(name):
    told = documentation(name)
    assert all(told)
    assert told.summary.endswith(".")
    assert "\n" not in told.summary
    assert "score" in told.formula


def test_parts_are_read_across_line_breaks():
    told = documentation("vpin")
    assert told.inputs == "minutes with taker-buy volume"
    assert told.warm_up == "20 whole days for V, then 150 buckets"
    assert told.source.startswith("Easley, Lopez de Prado, O'Hara")
    assert told.source.endswith("25(5), 2012")
