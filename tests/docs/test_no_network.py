"""The guard of tests/conftest.py: it is what lets the suite claim that no test leaves the machine."""

import asyncio
import socket

import pytest


def test_a_test_may_talk_to_its_own_machine():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=2).close()


def test_a_test_may_use_a_unix_socket(tmp_path):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
def test_an_address_elsewhere_is_refused_before_a_packet_leaves(method):
    with socket.socket() as client, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        getattr(client, method)(("192.0.2.1", 80))


def test_a_name_elsewhere_is_not_even_looked_up():
    with pytest.raises(RuntimeError, match=r"exchange\.invalid"):
        socket.create_connection(("exchange.invalid", 443))


def test_an_event_loop_is_guarded_as_well():
    with pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        asyncio.run(asyncio.open_connection("192.0.2.1", 80))
