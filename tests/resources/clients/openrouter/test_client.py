"""Whatever a model, a host or the network does comes back as a value, without the key."""

import asyncio
import json
import logging
from decimal import Decimal

import pytest
from pydantic import SecretStr

from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.clients.openrouter import capped
from babingepet_resources.clients.openrouter.client import OpenRouter
from babingepet_resources.clients.openrouter.values import Call, Credit, Status
from tests.fakes import FakeClock
from tests.openrouter_server import COST, KEY, TEXT, openrouter_server

MODEL = "openai/gpt-4o-mini"
SCHEMA = {"type": "object", "properties": {"p_up": {"type": "number"}}}


@pytest.fixture(scope="module")
def shared():
    with openrouter_server() as server:
        yield server


@pytest.fixture
def server(shared):
    shared.reset()
    return shared


def complete(url, model=MODEL, *, timeout_s=5.0, clock=None, **call):
    async def once():
        async with OpenRouter(url, SecretStr(KEY), clock or SystemClock()) as models:
            return await models.complete(Call(model, "Up?", SCHEMA, **call), timeout_s)

    return asyncio.run(once())


def credit(url):
    async def once():
        async with OpenRouter(url, SecretStr(KEY), SystemClock()) as models:
            return await models.credit()

    return asyncio.run(once())


def test_an_answer_comes_with_who_gave_it_and_what_it_cost(server):
    attempt = complete(server.url)
    assert (attempt.status, attempt.text, attempt.detail) == (Status.ANSWERED, TEXT, "")
    assert (attempt.answered_by, attempt.served_by) == (MODEL, "NextBit")
    usage = attempt.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.cached_tokens) == (135, 5, 100)
    assert usage.cost == Decimal("0.0001584")
    assert attempt.latency_ms > 0


def test_the_host_is_held_to_the_schema_and_to_a_price(server):
    complete(server.url, max_tokens=77)
    (sent,) = server.asked
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA},
    }
    assert sent["provider"] == {
        "require_parameters": True,
        "max_price": {"prompt": 0.15, "completion": 0.60},
    }
    assert (sent["model"], sent["max_tokens"], sent["temperature"]) == (MODEL, 77, 0)
    assert sent["messages"] == [{"role": "user", "content": "Up?"}]
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_without_a_schema_the_model_is_told_it_in_words_and_nothing_is_required(server):
    complete(server.url, structured=False)
    (sent,) = server.asked
    assert sent["response_format"] == {"type": "json_object"}
    assert "require_parameters" not in sent["provider"]
    assert sent["messages"][0]["content"].endswith(json.dumps(SCHEMA, separators=(",", ":")))


UNKNOWN, FREE, KNOWN = None, Decimal(0), Decimal(str(COST))


@pytest.mark.parametrize(
    ("step", "status", "cost", "said"),
    [
        ("429", Status.RATE_LIMITED, FREE, "Status 429: Provider returned error"),
        ("402", Status.OUT_OF_CREDIT, FREE, "Insufficient credits"),
        ("404", Status.NO_SUCH_MODEL, FREE, "No endpoints found for this model."),
        ("400 model", Status.NO_SUCH_MODEL, FREE, "not a valid model"),
        ("400 parameter", Status.UNSUPPORTED, FREE, "response_format"),
        ("404 parameter", Status.UNSUPPORTED, FREE, "requested parameters"),
        ("401", Status.UNAUTHORIZED, FREE, "Bearer [hidden]"),
        ("403", Status.REFUSED, FREE, "flagged"),
        ("503", Status.PROVIDER_ERROR, UNKNOWN, "No instances"),
        ("redirect", Status.PROVIDER_ERROR, UNKNOWN, "Status 307"),
        ("200 error", Status.PROVIDER_ERROR, UNKNOWN, "Upstream broke: [hidden]"),
        ("finish error", Status.PROVIDER_ERROR, KNOWN, "failed"),
        ("null", Status.NO_CONTENT, KNOWN, "no content"),
        ("blank", Status.NO_CONTENT, KNOWN, "no content"),
        ("no choices", Status.NO_CONTENT, KNOWN, "no content"),
        ("cut", Status.CUT_OFF, KNOWN, "limit of tokens"),
        ("refusal", Status.REFUSED, KNOWN, "I cannot."),
        ("filtered", Status.REFUSED, KNOWN, "filter"),
        ("odd choices", Status.MALFORMED, KNOWN, "choices"),
        ("cut json", Status.MALFORMED, UNKNOWN, "not a JSON object"),
        ("html", Status.MALFORMED, UNKNOWN, "not a JSON object"),
        ("list", Status.MALFORMED, UNKNOWN, "not a JSON object"),
        ("NaN body", Status.MALFORMED, UNKNOWN, "not a JSON object"),
        ("surrogate", Status.MALFORMED, UNKNOWN, "not a JSON object"),
        ("deep", Status.MALFORMED, UNKNOWN, "not a JSON object"),
        ("gzip", Status.MALFORMED, UNKNOWN, "compressed"),
        ("10 MB", Status.TOO_LARGE, UNKNOWN, "more than 1048576 bytes"),
        ("cut connection", Status.UNREACHABLE, UNKNOWN, "RemoteProtocolError"),
    ],
)
def test_every_way_to_fail_has_its_name_and_its_price(server, step, status, cost, said):
    server.script(MODEL, step)
    attempt = complete(server.url)
    assert (attempt.status, attempt.text, attempt.usage.cost) == (status, None, cost)
    assert said in attempt.detail
    assert server.count(MODEL) == 1  # trying again is not the client's business


@pytest.mark.parametrize("step", ["1.7", "NaN", "wrong schema"])
def test_nonsense_is_an_answer_for_others_to_judge(server, step):
    server.script(MODEL, step)
    attempt = complete(server.url)
    assert attempt.status is Status.ANSWERED
    assert attempt.text.startswith("{")


@pytest.mark.parametrize("step", ["no usage", "odd usage", "negative cost", "endless cost"])
def test_a_cost_that_nobody_told_is_not_zero(server, step):
    server.script(MODEL, step)
    attempt = complete(server.url)
    assert (attempt.status, attempt.usage.cost) == (Status.ANSWERED, None)
    assert attempt.usage.completion_tokens is None


def test_a_cost_beyond_all_bounds_is_told_as_it_is(server):
    server.script(MODEL, "x100")
    assert complete(server.url).usage.cost == Decimal(5)


@pytest.mark.parametrize("step", ["hang", "dribble"])
def test_an_answer_that_never_ends_is_waited_for_so_long_and_no_longer(server, step):
    server.script(MODEL, step)
    attempt = complete(server.url, timeout_s=0.12)
    assert (attempt.status, attempt.usage.cost) == (Status.TIMEOUT, None)
    assert attempt.latency_ms > 0


@pytest.mark.parametrize("model", [MODEL, "host/500"])
def test_a_body_is_cut_off_while_it_is_read(server, model):
    server.script(model, "10 MB")
    attempt = complete(server.url, model)
    assert attempt.status is Status.TOO_LARGE
    # What the sockets of both sides hold is on its way when we hang up.
    assert server.sent < capped.LARGEST + 8 * (1 << 20)


def test_nobody_there_costs_nothing():
    with openrouter_server() as gone:
        url = gone.url
    attempt = complete(url)
    assert (attempt.status, attempt.usage.cost) == (Status.UNREACHABLE, 0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("Tue, 14 Nov 2023 22:14:05 GMT", 5.0),
        ("soon", None),
        ("", None),
        ("Tue, 99 Foo 99999 99:99:99 GMT", None),
        ("9" * 400, float("inf")),
        ("Tue, 14 Nov 2023 22:13:05 GMT", 0.0),
    ],
)
def test_silence_is_asked_for_in_seconds_or_until_a_date(header, seconds):
    clock = FakeClock(1_700_000_040_000)  # 22:14:00
    assert OpenRouter("http://x", SecretStr(KEY), clock)._silence(header) == seconds


def test_the_key_is_in_no_answer_no_log_and_no_name(server, caplog):
    for logger in (None, "httpx"):  # which other clients keep quiet
        caplog.set_level(logging.DEBUG, logger)
    for step in ("fine", "echo", "401", "200 error", "cut connection", "503"):
        server.script(MODEL, step)
        attempt = complete(server.url)
        assert KEY not in repr(attempt)
    server.script(MODEL, "echo")
    assert "[hidden]" in complete(server.url).text
    assert [header["Authorization"] for header in server.headers] == [f"Bearer {KEY}"] * 7
    assert any(record.name.startswith("openai") for record in caplog.records)
    assert any(record.name.startswith("httpx") for record in caplog.records)
    assert KEY not in caplog.text
    assert all(KEY not in repr(record.__dict__) for record in caplog.records)
    assert KEY not in repr(OpenRouter(server.url, SecretStr(KEY), SystemClock()))


@pytest.mark.parametrize(
    ("told", "credit_of_key"),
    [
        ({"data": {"limit_remaining": 4.5, "usage": 0.5}},
         Credit(Status.ANSWERED, "", Decimal("4.5"), Decimal("0.5"))),
        ({"data": {"limit_remaining": -0.25, "usage": 0.5}},
         Credit(Status.ANSWERED, "", Decimal("-0.25"), Decimal("0.5"))),
        ({"data": {"limit_remaining": None, "usage": 0}},
         Credit(Status.ANSWERED, "", None, Decimal(0))),
        ([], Credit(Status.MALFORMED, "The answer does not tell of a key.")),
        (401, Credit(Status.UNAUTHORIZED, "Status 401: [hidden]")),
    ],
)  # fmt: skip
def test_the_credit_of_the_key_is_told_or_why_it_is_not(server, told, credit_of_key):
    server.credit = told
    assert credit(server.url) == credit_of_key
