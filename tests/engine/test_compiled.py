import numba
import numpy as np

from babingepet import compiled
from babingepet.compiled import ENGINE_VERSION, cache_folder, rule


@rule
def _sum_in_order(values):
    total = 0.0
    for value in values:
        total += value
    return total


@rule
def _ratio(a, b):
    return a / b


def test_any_change_of_the_sources_is_another_engine_version(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "_PACKAGE", tmp_path)
    source = tmp_path / "paper" / "exits.py"
    source.parent.mkdir()
    versions = []
    for content in ("a = 1", "a = 2", "a = 1"):
        source.write_text(content)
        versions.append(compiled.engine_digest())
    source.rename(tmp_path / "exits.py")
    versions.append(compiled.engine_digest())
    assert versions[0] == versions[2]
    assert len(set(versions)) == 3
    assert all(len(version) == 16 for version in versions)


def test_machine_code_is_kept_per_engine_version():
    assert cache_folder().name == f"compiled-{ENGINE_VERSION}"
    assert str(cache_folder()) == numba.config.CACHE_DIR


def test_a_rule_adds_in_source_order_as_plain_python_does():
    values = np.array([1e16, 1.0, -1e16, 1.0] * 25)  # any reordering changes the sum
    assert _sum_in_order(values) == _sum_in_order.py_func(values) != values[::-1].sum()


def test_a_rule_divides_by_zero_as_ieee_says():
    assert np.isinf(_ratio(1.0, 0.0))
    assert np.isnan(_ratio(0.0, 0.0))
