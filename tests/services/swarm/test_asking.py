"""What comes of a round, whatever the models do, and what the ledger holds of it."""

import asyncio
import logging
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from sqlalchemy import text

from babingepet.errors import InputError, WarehouseUnavailable
from babingepet_resources.clients.clock import SystemClock
from babingepet_resources.clients.openrouter.values import Attempt, Status, Usage
from babingepet_resources.settings import load_settings
from babingepet_resources.warehouse import blobs
from babingepet_resources.warehouse.tables import metadata
from babingepet_services.swarm import asking
from babingepet_services.swarm.values import Parts, Stop
from tests.fakes import FakeClock
from tests.openrouter_server import COST, KEY, TEXT
from tests.services.swarm.questions import AS_OF, RICH, question

A, B, C = "openai/gpt-4o-mini", "google/gemini-2.5-flash", "anthropic/claude-3-haiku"
KNOWN = Decimal(str(COST))


@pytest.fixture
def database(warehouse_url, connect):
    """Of the kind that this run is about: what both kinds do is under test elsewhere."""
    return connect(warehouse_url)


def patience(script):
    """Seconds for an attempt: few where one hangs, and more than a busy machine needs elsewhere."""
    return 0.4 if "hang" in script else 10.0


def test_every_agent_gets_a_reply_and_the_ledger_the_bill(ask, calls, database):
    replies = ask(question("momentum", A), question("macro_sage", B))
    assert set(replies) == {"momentum", "macro_sage"}
    reply = replies["momentum"]
    assert (reply.status, reply.text, reply.model) == (Status.ANSWERED, TEXT, A)
    _, call = calls()
    assert (call.status, call.attempt, call.model, call.answered_by) == ("answered", 1, A, A)
    assert (call.cost_usd, call.served_by, call.cached_tokens) == (KNOWN, "NextBit", 100)
    assert call.reserved_usd > call.cost_usd
    assert call.ended_at >= call.started_at
    with database.reading() as connection:
        assert blobs.get(connection, reply.prompt_hash) == b"momentum: up?"
        assert blobs.get(connection, reply.answer_hash) == TEXT.encode()
    assert (call.prompt_hash, call.answer_hash) == (reply.prompt_hash, reply.answer_hash)
    assert reply.answered_at is not None


def test_the_same_prompt_in_one_round_is_paid_for_once(ask, calls, server):
    first = ask(question())["momentum"]
    again = ask(question())["momentum"]
    assert server.count(A) == 1
    assert (again.text, again.model, again.answer_hash) == (first.text, A, first.answer_hash)
    assert again.answered_at == calls()[0].ended_at
    ask(question(minute=20), question("contrarian"))
    ask(question(prompt="Down?"))
    assert server.count(A) == 4


@pytest.mark.parametrize(
    ("script", "status", "requests", "cost"),
    [
        (["429", "fine"], Status.ANSWERED, 2, [0, KNOWN]),
        (["503", "fine"], Status.ANSWERED, 2, [None, KNOWN]),
        (["200 error", "fine"], Status.ANSWERED, 2, [None, KNOWN]),
        (["cut connection", "fine"], Status.ANSWERED, 2, [None, KNOWN]),
        (["hang", "fine"], Status.ANSWERED, 2, [None, KNOWN]),
        (["429"], Status.RATE_LIMITED, 2, [0, 0]),
        (["hang"], Status.TIMEOUT, 2, [None, None]),
        (["503"], Status.PROVIDER_ERROR, 2, [None, None]),
        (["cut connection"], Status.UNREACHABLE, 2, [None, None]),
        (["402"], Status.OUT_OF_CREDIT, 1, [0]),
        (["401"], Status.UNAUTHORIZED, 1, [0]),
        (["404"], Status.NO_SUCH_MODEL, 1, [0]),
        (["null"], Status.NO_CONTENT, 1, [KNOWN]),
        (["cut"], Status.CUT_OFF, 1, [KNOWN]),
        (["refusal"], Status.REFUSED, 1, [KNOWN]),
        (["cut json"], Status.MALFORMED, 1, [None]),
        (["10 MB"], Status.TOO_LARGE, 1, [None]),
        (["1.7"], Status.ANSWERED, 1, [KNOWN]),
        (["no usage"], Status.ANSWERED, 1, [None]),
    ],
)
def test_what_may_pass_is_tried_once_more_and_nothing_else(
    ask, calls, server, script, status, requests, cost
):
    server.script(A, *script)
    reply = ask(question("momentum", A), attempt_s=patience(script))["momentum"]
    assert reply.status is status
    assert (reply.text is None) == (status is not Status.ANSWERED)
    assert bool(reply.detail) == (status is not Status.ANSWERED)
    assert server.count(A) == requests
    assert [call.cost_usd for call in calls()] == cost
    assert calls()[-1].status == status


@pytest.mark.parametrize("script", [["404"], ["400 model"], ["429"], ["hang"], ["503"]])
def test_a_model_that_is_not_there_or_does_not_answer_makes_way_for_the_next(
    ask, calls, server, script
):
    server.script(A, *script)
    reply = ask(question("momentum", A, B), attempt_s=patience(script))["momentum"]
    assert (reply.status, reply.model) == (Status.ANSWERED, B)
    assert [call.attempt for call in calls()] == list(range(1, len(calls()) + 1))


@pytest.mark.parametrize("script", ["refusal", "null", "cut", "cut json", "401", "402"])
def test_a_model_that_had_its_say_and_a_key_that_is_no_good_end_the_question(ask, server, script):
    server.script(A, script)
    reply = ask(question("momentum", A, B))["momentum"]
    assert reply.text is None
    assert server.counts() == {A: 1}
    assert reply.detail.startswith(f"{A}: ")


@pytest.mark.parametrize("step", ["404 parameter", "400 parameter"])
def test_a_host_that_knows_no_schemas_is_asked_for_any_json(ask, server, calls, database, step):
    server.script(A, step, "fine")
    assert ask(question("momentum", A))["momentum"].status is Status.ANSWERED
    first, second = server.asked
    assert first["response_format"]["type"] == "json_schema"
    assert first["provider"]["require_parameters"] is True
    assert second["response_format"] == {"type": "json_object"}
    with database.reading() as connection:
        kept = [blobs.get(connection, call.sent_hash).decode() for call in calls()]
    assert kept == [sent["messages"][-1]["content"] for sent in server.asked]
    assert kept[1].startswith(kept[0])
    assert "JSON schema" in kept[1]


def test_a_model_without_schemas_is_asked_for_any_json_at_once(ask, server):
    ask(question("risk_manager", C))
    assert [sent["response_format"] for sent in server.asked] == [{"type": "json_object"}]


def test_a_long_silence_that_is_asked_for_sends_us_to_the_next_model(ask, server):
    server.script(A, "429 later")
    reply = ask(question("momentum", A, B))["momentum"]
    assert reply.model == B
    assert server.counts() == {A: 1, B: 1}


def test_as_many_are_asked_at_once_as_was_said(ask, server):
    nine = [question(f"agent-{n}", A, prompt=f"{n}?") for n in range(9)]
    server.slow_s = 0.1
    server.script(A, "slow")
    assert {reply.status for reply in ask(*nine).values()} == {Status.ANSWERED}
    assert 3 < server.most_at_once <= 9
    server.most_at_once = 0
    ask(*(question(f"b-{n}", A) for n in range(6)), concurrency=2)
    assert server.most_at_once == 2


def test_the_round_ends_at_its_deadline_whoever_hangs(ask, calls, server, monkeypatch):
    monkeypatch.setattr(asking, "LEAST_S", 0.3)
    for model in (A, B):
        server.script(model, "hang")
    replies = ask(question("slow", A, B), question("fine", C), seconds=1.2)
    assert replies["slow"].status is Status.TIMEOUT
    assert replies["fine"].status is Status.ANSWERED
    assert server.counts() == {A: 1, C: 1}  # there was no time for more
    assert [call.status for call in calls()] == ["answered", "timeout"]


def test_nobody_is_asked_when_no_time_is_left(ask, calls, server):
    reply = ask(question(), seconds=0.5)["momentum"]
    assert (reply.status, server.asked, calls()) == (Status.TIMEOUT, [], [])


class LateModel:
    """Answers, and the deadline has passed."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    async def complete(self, call, timeout_s):
        self.clock.advance(61)
        return Attempt(Status.ANSWERED, "", TEXT, A, "h", Usage(1, 1, 0, KNOWN), 1.0)


def opened(models):
    @asynccontextmanager
    async def once():
        yield models

    return once


def test_an_answer_after_the_deadline_is_booked_and_not_used(database, calls):
    clock = FakeClock(AS_OF)
    parts = Parts(database, clock, RICH, opened(LateModel(clock)))
    reply = asking.ask([question()], parts, clock.monotonic() + 60)["momentum"]
    assert (reply.status, reply.text) == (Status.TIMEOUT, None)
    assert "after the deadline" in reply.detail
    assert [(call.status, call.cost_usd) for call in calls()] == [("answered", KNOWN)]


class Meddler:
    """Answers well, and does something to the database before or after."""

    def __init__(self, meddle) -> None:
        self.meddle = meddle
        self.asked = 0

    async def complete(self, call, timeout_s):
        self.asked += 1
        await asyncio.to_thread(self.meddle)
        return Attempt(Status.ANSWERED, "", TEXT, A, "h", Usage(1, 1, 0, KNOWN), 1.0)


def drop(database):
    with database.writing() as connection:
        metadata.tables["swarm_models"].drop(connection)
        metadata.tables["swarm_calls"].drop(connection)


def test_an_answer_that_cannot_be_booked_is_not_used(database):
    models = Meddler(lambda: drop(database))
    parts = Parts(database, FakeClock(AS_OF), RICH, opened(models))
    reply = asking.ask([question()], parts, parts.clock.monotonic() + 60)["momentum"]
    assert (reply.status, reply.text, models.asked) == (Stop.LEDGER, None, 1)


def test_what_cannot_be_booked_is_not_asked(database):
    drop(database)
    models = Meddler(lambda: None)
    parts = Parts(database, FakeClock(AS_OF), RICH, opened(models))
    with pytest.raises(WarehouseUnavailable):
        asking.ask([question()], parts, parts.clock.monotonic() + 60)
    assert models.asked == 0


def test_an_answer_that_was_changed_behind_our_back_is_not_used(ask, database, server):
    ask(question())
    with database.writing() as connection:
        connection.execute(text("UPDATE blobs SET content = :c"), {"c": b"other"})
    reply = ask(question())["momentum"]
    assert (reply.status, reply.text, server.count(A)) == (Stop.LEDGER, None, 1)


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ([question(), question()], "momentum asks twice"),
        ([question(models=())], "momentum has no model"),
        ([question(prompt="\ud800")], "no text"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused_by_name(ask, server, questions, said):
    with pytest.raises(InputError, match=said):
        ask(*questions)
    assert server.asked == []


def test_the_user_s_settings_are_all_it_takes_and_without_a_key_nobody_is_asked(server, database):
    clock = SystemClock()
    assert Parts.of(load_settings(), database, clock) is None
    settings = load_settings(
        openrouter_api_key=KEY, openrouter_url=server.url, swarm_concurrency=2, swarm_budget_day=0
    )
    parts = Parts.of(settings, database, clock)
    assert parts.concurrency == 2
    reply = asking.ask([question()], parts, clock.monotonic() + 10)["momentum"]
    assert reply.status is Stop.BUDGET
    parts = Parts.of(settings.model_copy(update={"swarm_budget_day": 1}), database, clock)
    reply = asking.ask([question()], parts, clock.monotonic() + 10)["momentum"]
    assert (reply.status, KEY in repr(parts)) == (Status.ANSWERED, False)


def test_a_hostile_host_writes_plain_text_into_the_ledger(ask, calls, server):
    server.script("evil/model", "evil")
    ask(question("momentum", "evil/model"))
    (call,) = calls()
    assert (call.answered_by, call.served_by) == ("a b", "x" * 200)


def test_the_key_is_in_no_reply_no_row_and_no_log(ask, database, server, caplog):
    caplog.set_level(logging.DEBUG)
    agents = {"echo": "echo", "no": "401", "broken": "200 error", "cut": "cut connection"}
    for agent, step in agents.items():
        server.script(f"m/{agent}", step)
    replies = ask(*(question(agent, f"m/{agent}") for agent in agents))
    assert replies["echo"].status is Status.ANSWERED
    with database.reading() as connection:
        rows = [repr(connection.execute(table.select()).all()) for table in metadata.sorted_tables]
        stored = blobs.get(connection, replies["echo"].answer_hash)
    assert server.headers[0]["Authorization"].endswith(KEY)
    assert KEY not in caplog.text + repr(replies) + "".join(rows) + stored.decode()
