"""The two places where a tape can be: a folder, and a server that speaks S3's protocol."""

from collections.abc import Iterator

import fsspec
import pytest
import s3fs
from moto.server import ThreadedMotoServer

from babingepet_resources.event_tape.tape import EventTape


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """A server on this machine, at a port of its own."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of this test's own, reached by the variables that Amazon's library reads."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3fs.S3FileSystem.clear_instance_cache()
    filesystem = fsspec.filesystem("s3")
    bucket = f"tape-{id(monkeypatch)}"
    filesystem.mkdir(bucket)
    return f"s3://{bucket}/prefix"


@pytest.fixture(params=["folder", "s3"])
def tape_url(request: pytest.FixtureRequest, tmp_path) -> str:
    """Each test that takes it runs on both."""
    if request.param == "folder":
        return str(tmp_path / "tape")
    url: str = request.getfixturevalue("s3_url")
    return url


@pytest.fixture
def tape(tape_url: str) -> EventTape:
    return EventTape.open(tape_url)
