"""What rounds are held with: a loop's decisions about a real market, and nine models.

Each analyst has a model of its own, so that a test says what one of them does and no other.
"""

from dataclasses import replace
from pathlib import Path

from babingepet.cycles.settings import BtcSettings, override
from babingepet.market.intervals import MINUTE
from babingepet.swarm.agents import Roster
from babingepet.swarm.rosters import BTC
from babingepet_resources.agents.files import AgentFiles
from babingepet_resources.warehouse.database import Database
from babingepet_services.btc.cycle import BtcProgram
from babingepet_services.btc.loop import BtcLoop, LoopOptions
from scripts.bench.common.market import START, MadeUpFeed
from tests.fakes import FakeClock
from tests.services.conftest import EAGER, made_up_feed

MINUTES = 3
DECIDED = START + MINUTES * MINUTE
SYMBOL, SOURCE = "BTCUSDT", "binance"
MODELS = {name: f"m/{name}" for name in BTC.names}


class RealFeed(MadeUpFeed):
    """The made-up market, which says that it is the real one."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.info = replace(self.info, source=SOURCE)


def decide(database: Database, minutes: int) -> None:
    """Let a loop that leaves the analysts to others decide up to a minute."""
    program = BtcProgram(settings=override(BtcSettings(), EAGER), analysts="models")
    options = LoopOptions("seats", limits=database.limits)
    feed = made_up_feed(minutes, RealFeed)
    list(BtcLoop(feed, database, FakeClock(START + minutes * MINUTE), program, options).run())


def nine_models(folder: Path) -> Roster:
    """The shipped prompts, and a model of its own for each analyst."""
    seated = AgentFiles(folder).seated(BTC)
    agents = tuple(replace(agent, models=(MODELS[agent.name],)) for agent in seated.agents)
    return replace(seated, agents=agents)
