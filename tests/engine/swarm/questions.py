"""Rosters and answers to test with; only what a test names matters."""

from babingepet.swarm.agents import Agent, Group, Roster, Span, Subject, Unit
from babingepet.swarm.answers import Confidence, State, silent, vote
from babingepet.swarm.rosters import BTC


def agent(name, group=Group.PERSONA):
    return Agent(name, group, ("some/model",), "a task")


def roster(*agents, quorum=2, subject=Subject.MARKET):
    span = Span(1, Unit.HOUR)
    return Roster("TEST", span, span, quorum, agents, subject)


def votes(probabilities, of=BTC, confidence=Confidence.MED):
    """Votes in the order of the roster; None abstains."""
    return [
        silent(name, State.ABSTAIN, "no idea")
        if p is None
        else vote(name, p, confidence, "because")
        for name, p in zip(of.names, probabilities, strict=True)
    ]


def about_symbols(count=5, quorum=3):
    return roster(
        *(agent(f"analyst {i}") for i in range(count)), quorum=quorum, subject=Subject.SYMBOLS
    )
