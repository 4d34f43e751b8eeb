"""Questions with boring defaults: a test names only what matters to it."""

from decimal import Decimal
from typing import Any

from babingepet.market.intervals import MINUTE
from babingepet_services.swarm.budget import Budget
from babingepet_services.swarm.values import Question

AS_OF = 1_700_000_040_000
MARKET = "BTC"
RICH = Budget(Decimal(1_000), Decimal(1_000), Decimal(1_000))
SCHEMA = {"type": "object", "properties": {"p_up": {"type": ["number", "null"]}}}


def question(agent: str = "momentum", *models: str, minute: int = 0, **changes: Any) -> Question:
    values: dict[str, Any] = {
        "agent": agent, "models": models or ("openai/gpt-4o-mini",), "prompt": f"{agent}: up?",
        "schema": SCHEMA, "market": MARKET, "as_of": AS_OF + minute * MINUTE,
    }  # fmt: skip
    return Question(**(values | changes))
