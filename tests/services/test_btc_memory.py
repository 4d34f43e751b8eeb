"""What a decision reads depends on its minute, not on when its loop was started."""

from babingepet.market.intervals import DAY, HOUR, MINUTE
from babingepet_services.btc.context import Context
from babingepet_services.btc.load import load_memory
from scripts.bench.common.market import START
from tests.services.conftest import made_up_feed


def test_the_settlements_of_eight_days_are_read_however_long_the_loop_runs(warehouse):
    """A loop of two days that kept older ones told 23 of them where a restarted one told 22."""
    feed = made_up_feed(2)
    memory = load_memory(feed, warehouse, "paper", START + MINUTE)
    for as_of in (START + MINUTE, START + 8 * HOUR, START + 2 * DAY):
        rates = memory.inputs(as_of, Context()).funding
        assert rates.equals(feed.funding.between(as_of - 8 * DAY, as_of + 1))
    assert len(memory.funding) > len(rates)
