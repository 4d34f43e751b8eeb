"""Bodies that OpenRouter sent, and what models may cost."""

import re
from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from babingepet_resources.clients.openrouter.body import Body, read_completion
from babingepet_resources.clients.openrouter.catalogue import MODELS, most_cost
from babingepet_resources.clients.openrouter.values import Call, Status


def test_a_recorded_answer_is_read(recorded_data):
    fixture = recorded_data / "idx" / "fixtures" / "openrouter_chat_200_json_object.json"
    attempt = read_completion(Body(200, fixture.read_bytes()))
    assert (attempt.status, attempt.text) == (Status.ANSWERED, '{"ok": true}')
    assert attempt.answered_by == "deepseek/deepseek-v4-pro-0813"
    assert attempt.served_by == "NextBit"
    assert attempt.usage.cost == Decimal("0.0001584")
    assert (attempt.usage.prompt_tokens, attempt.usage.cached_tokens) == (135, 0)


def test_a_recorded_storm_is_read_with_what_the_host_said(recorded_data):
    fixture = recorded_data / "idx" / "fixtures" / "openrouter_chat_429.json"
    attempt = read_completion(Body(429, fixture.read_bytes()))
    assert (attempt.status, attempt.usage.cost) == (Status.RATE_LIMITED, 0)
    assert "temporarily rate-limited upstream" in attempt.detail


def test_every_recorded_body_is_read(recorded_data):
    ends = {200: Status.ANSWERED, 429: Status.RATE_LIMITED}
    bodies = sorted((recorded_data / "idx" / "fixtures").glob("openrouter_*"))
    assert len(bodies) >= 2
    for path in bodies:
        code = int(re.search(r"_(\d{3})", path.stem)[1])
        assert read_completion(Body(code, path.read_bytes())).status is ends[code], path.name


@pytest.mark.parametrize("before", range(380, 410))
def test_a_key_at_the_end_of_what_is_kept_leaves_no_half_behind(before):
    key = "sk-or-v1-0123456789abcdef"
    content = orjson.dumps({"error": {"message": f"{'x' * before} {key} is not known"}})
    attempt = read_completion(Body(500, content, hides=(key,)))
    assert key[:6] not in attempt.detail


def test_a_key_is_hidden_however_a_body_spells_it():
    escaped = "".join(f"\\u{ord(character):04x}" for character in "sk-or-v1/x")
    body = Body(500, f'{{"error": {{"message": "{escaped}"}}}}'.encode(), hides=("sk-or-v1/x",))
    assert read_completion(body).detail == "Status 500: [hidden]"


CALL = Call("openai/gpt-4o-mini", "x" * 1_000, {}, max_tokens=500)


def test_the_most_a_call_can_cost_is_a_token_for_each_byte_and_every_token_of_the_answer():
    # 1,000 of the prompt, 2 of the schema, 200 around them, at 0.15; 500 at 0.60 USD per million
    assert most_cost(CALL) == Decimal("0.0004803")
    wide = replace(CALL, prompt="\N{HEAVY CHECK MARK}" * 1_000)
    assert most_cost(wide) - most_cost(CALL) == Decimal("2000") * Decimal("0.15") / 1_000_000


def test_a_model_that_is_not_in_the_catalogue_may_cost_as_much_as_the_dearest():
    unknown = most_cost(replace(CALL, model="who/knows"))
    assert unknown >= max(most_cost(replace(CALL, model=name)) for name in MODELS)
    # deepseek-chat's dearest host for the prompt, gemini-2.5-flash for the answer
    assert unknown == Decimal("0.00161097")


@pytest.mark.parametrize("content", [b"", b"null", b"7", b"\xff\xfe", b"{", b'{"error":7}'])
@pytest.mark.parametrize("code", [200, 302, 400, 404, 418, 429, 500, 599])
def test_no_body_is_beyond_reading(code, content):
    attempt = read_completion(Body(code, content))
    assert attempt.status is not Status.ANSWERED
    assert attempt.detail
