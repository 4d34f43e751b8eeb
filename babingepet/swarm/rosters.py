"""The rosters of the three markets, manned by the embedded analysts.

Models take the same seats: ``dataclasses.replace(BTC, agents=...)`` with the agents read from the
prompt files. Names, groups and tasks are those of the product's description.
"""

from __future__ import annotations

from babingepet.swarm.agents import Agent, Group, Roster, Span, Subject, Unit

RULES = "rules"
"""Model and provider of an embedded analyst, wherever its answers are shown."""


def _generalist(name: str, task: str) -> Agent:
    return Agent(name, Group.GENERALIST, (RULES,), task)


def _persona(name: str, task: str) -> Agent:
    return Agent(name, Group.PERSONA, (RULES,), task)


BTC = Roster(
    market="BTC",
    horizon=Span(60, Unit.MINUTE),
    every=Span(20, Unit.MINUTE),
    quorum=5,
    subject=Subject.MARKET,
    agents=(
        _generalist("gemini", "Trend over four intervals, the regime, and the distance to VWAP"),
        _generalist("claude", "Large trades, informed flow, and the fair value of the book"),
        _generalist("gpt", "Funding, ETF flows, and the tone of the headlines"),
        _persona("momentum", "Follows trends that are aligned and still moving"),
        _persona("contrarian", "Fades stretched moves, crowded funding and one-sided flow"),
        _persona("flow_reader", "Reads who trades: whales, informed flow, pressure on the book"),
        _persona("risk_manager", "Weighs everything; stands aside when the market is wild"),
        _persona("macro_sage", "ETF flows, funding and headlines over days"),
        _persona("conservative_filter", "Speaks only when four readings agree"),
    ),
)
"""Nine analysts of the Bitcoin future."""

ALTCOIN = Roster(
    market="ALTCOIN",
    horizon=Span(24, Unit.HOUR),
    every=Span(4, Unit.HOUR),
    quorum=3,
    subject=Subject.SYMBOLS,
    agents=(
        _persona("defi_analyst", "Strength against Bitcoin in DeFi and L1; wary of meme coins"),
        _persona("momentum_hunter", "Momentum that volume confirms; ignores fundamentals"),
        _persona("risk_sentinel", "Extremes of funding, meme coins; never more than LOW"),
        _persona("macro_crypto", "Bitcoin's regime and the appetite for altcoins"),
        _persona("quant_scorer", "The composite score, RSI 50-65, twice the usual volume"),
    ),
)
"""Five equal analysts of the altcoin futures."""

IHSG = Roster(
    market="IHSG",
    horizon=Span(5, Unit.SESSION),
    every=Span(1, Unit.HALF_SESSION),
    quorum=3,
    subject=Subject.SYMBOLS,
    agents=(
        _persona("value_hunter", "Low price to earnings and book; banks and telcos"),
        _persona("momentum_trader", "Five and twenty days of momentum while RSI is 50-70"),
        _persona("risk_analyst", "Overbought, wild or high-beta shares; never more than LOW"),
        _persona("macro_strategist", "The index's trend and the rupiah"),
        _persona("quant_analyst", "The composite score, RSI 35-55, twice the usual volume"),
    ),
)
"""Five equal analysts of Indonesian shares."""
