"""The warehouse that every scenario begins with."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from babingepet_resources.warehouse.database import Database
from tests.databases import Databases
from tests.faults.wire.market import prepare


@pytest.fixture(scope="session")
def prepared_url(lasting_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = lasting_databases.upgraded(tmp_path_factory.mktemp("prepared"))
    prepare(url)
    return url


@pytest.fixture
def prepared(
    prepared_url: str, databases: Databases, tmp_path: Path, connect: Callable[..., Database]
) -> Callable[[], Database]:
    """Makes a copy that a scenario may spoil; a test that plays two takes two."""
    made = count()
    return lambda: connect(databases.copy_of(prepared_url, tmp_path, f"scenario-{next(made)}"))
