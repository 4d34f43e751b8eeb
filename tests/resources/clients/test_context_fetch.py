"""One answer of a feed: from the host that was asked, in time, and no larger than it may be."""

import gzip
import logging
from contextlib import suppress

import httpx
import pytest

from babingepet.errors import ConfigurationError, FeedUnavailable
from babingepet_resources.clients.context.fetch import FetchLimits, fetch, next_address
from tests.loopback_feed import MIB, Answer, served_feed

QUICK = FetchLimits(silence_s=0.2, deadline_s=0.4)


@pytest.fixture
def feed():
    with served_feed() as served:
        yield served


def test_an_answer_comes_as_its_bytes_and_was_asked_for_unpacked(feed):
    feed.answer = Answer(b"\x00news\xff")
    assert fetch(feed.url) == b"\x00news\xff"
    ((path, headers),) = feed.asked
    assert (path, headers["Accept-Encoding"]) == ("/feed", "identity")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(way="hang"), "did not answer: timed out"),
        (Answer(b"x" * 1000, way="drip"), r"did not answer within 0\.4 s"),
        (Answer(b"x" * 1000, way="drip headers"), r"did not answer within 0\.4 s"),
        (Answer(b"x" * 1000, way="drip", headers={"Content-Length": ""}), r"did not answer within 0\.4 s"),
        (Answer(b"x" * 1000, way="cut"), "did not answer: peer closed connection"),
        (Answer(b"x" * 10 * MIB), "answered with more than 2,097,152 bytes"),
        (Answer(gzip.compress(bytes(100 * MIB), 1), headers={"Content-Encoding": "gzip"}), "answered packed"),
        (Answer(b"<html>", status=500), "answered with status 500"),
        (Answer(status=404), "answered with status 404"),
        (Answer(status=304), "answered with status 304"),
        (Answer(status=302, headers={"Location": "https://elsewhere.invalid/feed"}), "redirects to https://elsewhere.invalid"),
        (Answer(status=302, headers={"Location": "/other"}), "redirects to http://127.0.0.1; only https"),
        (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "redirects to file://"),
        (Answer(status=302, headers={"Location": "http://[::1"}), "did not answer: Invalid URL in location header"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)  # fmt: skip
def test_whatever_else_a_server_does_is_a_reason(feed, answer, reason):
    feed.answer = answer
    with pytest.raises(FeedUnavailable, match=f"^127.0.0.1 {reason}"):
        fetch(feed.url, QUICK)
    assert len(feed.asked) == 1


@pytest.mark.parametrize(
    ("location", "goes"),
    [
        ("https://news.example/b", "https://news.example/b"),
        ("https://news.example:8443/b", "https://news.example:8443/b"),
        ("/b?x=1", "https://news.example/b?x=1"),
        ("http://news.example/b", None),
        ("https://www.news.example/b", None),
        ("https://news.example@elsewhere.invalid/b", None),
        ("//elsewhere.invalid/b", None),
    ],
)
def test_a_redirect_is_followed_to_https_on_the_same_host_only(location, goes):
    response = httpx.Response(302, headers={"Location": location})
    address = httpx.URL("https://news.example/a")
    if goes is None:
        with pytest.raises(FeedUnavailable, match="only https on the same host is followed"):
            next_address(address, response)
    else:
        assert str(next_address(address, response)) == goes


def test_nobody_there_is_a_reason():
    with served_feed() as gone:
        address = gone.url
    with pytest.raises(FeedUnavailable, match="did not answer"):
        fetch(address, QUICK)


@pytest.mark.parametrize("url", ["", "feed", "file:///etc/passwd", "https://", "http://[::1", "ftp://h/s3cret"])  # fmt: skip
def test_what_is_no_address_is_refused_without_showing_it(url):
    with pytest.raises(ConfigurationError, match="The address of the feed is none") as refused:
        fetch(url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("status", [200, 302, 500])
def test_a_key_in_an_address_is_in_no_message_and_no_log(feed, caplog, status):
    caplog.set_level(logging.INFO)
    feed.answer = Answer(status=status, headers={"Location": "http://127.0.0.1/?key=s3cret"})
    address = feed.url.replace("http://", "http://user:s3cret@") + "/s3cret?key=s3cret"
    said = ""
    with suppress(FeedUnavailable):
        try:
            fetch(address, QUICK)
        except FeedUnavailable as error:
            said = str(error)
            raise
    assert len(feed.asked) == 1
    assert (status == 200) == (said == "")
    assert "s3cret" not in said + caplog.text
