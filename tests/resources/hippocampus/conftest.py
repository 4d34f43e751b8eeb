"""A memory of the test's own."""

import pytest

from babingepet_resources.hippocampus.store import Hippocampus


@pytest.fixture
def memory(tmp_path):
    store = Hippocampus(tmp_path / "babingepet_memory.sqlite")
    yield store
    store.close()
