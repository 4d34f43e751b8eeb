"""The warehouse that every scenario begins with."""

from pathlib import Path

import pytest

from tests.faults.wire.market import prepare


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("prepared") / "warehouse.sqlite"
    prepare(file)
    return file
