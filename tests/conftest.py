"""What every test gets: no network, its own data folder, and the recorded data when it is there.

Add a fixture here only when tests of several folders need it. Values to build from belong into
factories, stand-ins for the outside world into fakes.
"""

import ipaddress
import os
import socket
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

pytest_plugins = ["tests.databases", "tests.loopback_feed"]

PRODUCT = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI") == "true"

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "fast")
"""``fast`` every day, ``slow`` at night."""

hypothesis.settings.register_profile(
    "fast", max_examples=50, deadline=None, derandomize=IN_CI, print_blob=True
)
hypothesis.settings.register_profile("slow", max_examples=1000, deadline=None, print_blob=True)
hypothesis.settings.load_profile(PROFILE)


@pytest.hookimpl(tryfirst=True)  # before the markers choose what runs
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With a thousand examples every property takes its time: it is part of the nightly run."""
    if PROFILE != "slow":
        return
    for item in items:
        if hypothesis.is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker(pytest.mark.nightly)
            item.add_marker(pytest.mark.timeout(1800))


class NetworkBlocked(RuntimeError):
    """A test reached for an address outside this machine; only tests marked `live` may."""


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tests reach this machine only; libraries that bypass Python's sockets are not seen."""
    if request.node.get_closest_marker("live") is not None:
        return
    for method in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, method, _guarded(getattr(socket.socket, method)))
    monkeypatch.setattr(socket, "getaddrinfo", _guarded_look_up(socket.getaddrinfo))


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """The folder of recorded market data: BABINGEPET_TEST_DATA, or shared/data beside the product."""
    folder = Path(os.environ.get("BABINGEPET_TEST_DATA", PRODUCT.parent / "shared" / "data"))
    if folder.is_dir():
        return folder
    sentence = f"no recorded data in {folder}; name its folder in BABINGEPET_TEST_DATA"
    if IN_CI:
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, configured: None) -> Path:
    """An empty data folder of this test's own, named in BABINGEPET_DATA_DIR."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("BABINGEPET_DATA_DIR", str(folder))
    return folder


def _guarded(connect: Callable[..., object]) -> Callable[..., object]:
    def connect_on_this_machine(self: socket.socket, address: object) -> object:
        if self.family != socket.AF_UNIX and not _is_this_machine(address[0]):
            raise NetworkBlocked(f"a test tried to connect to {address}")
        return connect(self, address)

    return connect_on_this_machine


def _guarded_look_up(look_up: Callable[..., object]) -> Callable[..., object]:
    def look_up_on_this_machine(host: object, *args: object, **kwargs: object) -> object:
        if not _is_this_machine(host):
            raise NetworkBlocked(f"a test tried to look up {host!r}")
        return look_up(host, *args, **kwargs)

    return look_up_on_this_machine


def _is_this_machine(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False
