"""Models at rest: each change is one statement, the same on both databases."""

from babingepet.market.intervals import HOUR, MINUTE
from babingepet_resources.warehouse import swarm_models
from babingepet_resources.warehouse.records import ModelRecord
from tests.resources.warehouse.builders import START

A, B = "openai/gpt-4o-mini", "google/gemini-2.5-flash"


def test_a_model_goes_from_use_to_rest_to_trial_and_back(database):
    def fail(now):
        swarm_models.fail(connection, A, "503\x00:\nbusy", now=now, most=2, until=now + HOUR)

    def row():
        (found,) = swarm_models.read(connection, [A])
        return found

    with database.writing() as connection:
        fail(START)
        assert row() == ModelRecord(A, 1, None, "503 : busy", START)
        assert not swarm_models.claim_trial(connection, A, now=START + HOUR, until=START + 2 * HOUR)
        fail(START + 1)
        assert row() == ModelRecord(A, 2, START + 1 + HOUR, "503 : busy", START + 1)

        over = START + 1 + HOUR
        trial = {"now": over, "until": over + MINUTE}
        assert not swarm_models.claim_trial(connection, A, now=over - 1, until=over + MINUTE)
        assert swarm_models.claim_trial(connection, A, **trial)
        assert not swarm_models.claim_trial(connection, A, **trial)

        swarm_models.give_back(connection, [A, B], asked_at=over - 1, now=over + 5)
        assert row().open_until == over + MINUTE
        swarm_models.give_back(connection, [A, B], asked_at=over, now=over + 5)
        assert row().open_until == over + 5
        assert swarm_models.claim_trial(connection, A, now=over + 5, until=over + MINUTE)

        late = {"asked_at": over, "now": over + 9}
        assert swarm_models.recover(connection, [A, B], **late) == 0
        assert swarm_models.recover(connection, [A, B], asked_at=over + 5, now=over + 9) == 1
        assert row() == ModelRecord(A, 0, None, "", over + 9)
        assert swarm_models.recover(connection, [A, B], asked_at=over + 9, now=over + 9) == 0


def test_a_single_failure_is_enough_where_that_is_the_rule(database):
    with database.writing() as connection:
        swarm_models.fail(connection, A, "x", now=START, most=1, until=START + HOUR)
        swarm_models.rest(connection, B, "402", now=START, until=START + HOUR)
        swarm_models.rest(connection, B, "402", now=START + 1, until=START + 2 * HOUR)
        one, other = swarm_models.read(connection)
    assert (one.model, one.failures, one.open_until) == (B, 2, START + 2 * HOUR)
    assert (other.model, other.failures, other.open_until) == (A, 1, START + HOUR)
