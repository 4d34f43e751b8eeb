"""A database that is away when the loop is to start: nothing is launched, and the reason is said."""

from collections.abc import Callable

import dagster as dg
import pytest

from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse.database import Database
from sensors.btc_loop import btc_loop
from tests.fakes import FakeClock
from tests.faults.database.conftest import behind
from tests.faults.proxy import Proxy

pytestmark = pytest.mark.slow


@pytest.fixture
def tick(data_dir: object, upgraded: str, proxy: Proxy, direct: Database) -> Callable[[], object]:
    """A look of the sensor at a market whose database is behind the proxy."""
    settings = load_settings(market="binance", database_url=behind(proxy, upgraded))
    resources = {"settings": settings, "clock": FakeClock(1_700_000_000_000)}

    def look() -> object:
        with (
            dg.DagsterInstance.ephemeral() as instance,
            dg.build_sensor_context(instance=instance, resources=resources) as context,
        ):
            return btc_loop(context)

    return look


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("refusing", "does not answer"),
        pytest.param("holding", "no connection within 2 s", marks=pytest.mark.nightly),
    ],
)
def test_no_run_is_launched_into_an_outage_and_one_is_as_soon_as_it_ends(
    tick: Callable[[], object], proxy: Proxy, fault: str, said: str
) -> None:
    setattr(proxy, fault, True)
    for _ in range(2):
        skipped = tick()
        assert isinstance(skipped, dg.SkipReason)
        assert said in (skipped.skip_message or "")
    assert proxy.seen["connected"] >= 2
    proxy.heal()
    assert isinstance(tick(), dg.RunRequest)
