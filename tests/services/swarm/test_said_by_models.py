"""A round that models were asked in comes back from the store as it was agreed on."""

import pytest

from babingepet.market.intervals import HOUR
from babingepet.swarm.rosters import BTC
from babingepet_resources.warehouse import swarm
from babingepet_services.swarm.rounds import hold
from babingepet_services.swarm.said import said_live
from babingepet_services.swarm.training import models_of
from tests.services.swarm.seats import DECIDED, MODELS, SYMBOL


@pytest.fixture
def database(decided_url, databases, connect, tmp_path):
    """A copy of the decided warehouse, of the kind that this run is about."""
    return connect(databases.copy_of(decided_url, tmp_path))


@pytest.mark.slow
def test_a_round_of_models_comes_to_the_verdict_that_was_stored(seats, server, database):
    server.script(MODELS["momentum"], "1.7")
    assert hold(seats()).came == "asked"
    asked = len(server.asked)
    with database.reading() as connection:
        found = said_live(connection, SYMBOL, DECIDED, DECIDED + HOUR)
        (stored,) = swarm.read(connection, BTC.market, DECIDED, DECIDED + HOUR)
    told = found.answers.verdicts()
    assert (told.p_up[0], told.agreement[0], told.side[0], told.known_at[0]) == (
        stored.p_up, stored.agreement, stored.side, stored.known_at,
    )  # fmt: skip
    assert (found.unlike, found.left_out, found.providers) == (0, 0, ("openrouter",))
    states = dict(zip(BTC.names, found.states[:, 0], strict=True))
    assert states == dict.fromkeys(BTC.names, "vote") | {"momentum": "invalid"}
    models = models_of(found, found.within(DECIDED, DECIDED + HOUR))
    assert {one["model"] for one in models} == {*MODELS.values()} - {MODELS["momentum"]}
    assert len(server.asked) == asked
