"""Headlines read for their tone by a model: asked as the analysts are, booked and within the budgets.

1. of the headlines that nobody has read, the newest titles become one question, each title once
2. it is a round of its own in the ledger: what it costs is not taken from a round of the analysts
3. what the model says counts by number (``tone_answers``); everything else is left to the lexicon,
   and why is told

A round is about the moment at which its newest headline was published. A program that died after
the answer asks about the same headlines again when it is started again, finds its answer in the
ledger and pays for it once. When the feed has told another headline meanwhile, it is another
question.

Belongs here: whom to ask, when not to, and what is told of it. Does not belong here: requests and
booking (``swarm.asking``), storing (``news``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from babingepet.errors import InputError, WarehouseUnavailable
from babingepet.market.tone import Tone
from babingepet.swarm import prompts
from babingepet.swarm.agents import Agent
from babingepet.swarm.json_object import NoObjectError
from babingepet_resources.agents.files import AgentFiles
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_resources.warehouse import vetting
from babingepet_resources.warehouse.database import Database
from babingepet_resources.warehouse.records import NewsRecord
from babingepet_services.context.tone_answers import SCHEMA, read_tones
from babingepet_services.swarm.asking import ROUND_S, ask
from babingepet_services.swarm.values import Parts, Question, Reply, analysts_of

MARKET = "TONE"
"""Under which the ledger has these calls, apart from the rounds of every market's analysts; also the
section of the models' file and the folder of the prompts."""
TASK = "Reads headlines for their tone"
METHOD = "model:"
"""Before the model's name, in what is stored as the reader of a headline."""
TITLES = 30
"""Most titles of a call. A feed that is asked every half hour has some ten new ones; the first time
it has 100, of which the older ones weigh least."""
TOKENS_A_TITLE = 40
"""Of the answer: an entry takes some 25."""
TOKENS_AROUND = 200
PLACES = ("count", "headlines")
"""What the template may name; the headlines it must."""
NO_KEY = "no model was asked: BABINGEPET_NEWS_TONE is model, and OPENROUTER_API_KEY is not set"
MADE_UP = "no model was asked: nobody is paid for an opinion beside any but the real market"


@dataclass(frozen=True)
class Told:
    """What a model said of titles; a ``Reader`` that knows these and no other.

    Attributes:
        method: Who said it, as stored with each headline.
        tones: By title.
        why: Why there is no tone, or none of some titles; empty when there are all.
        prompt_version: Of the template; None when nobody was asked.
    """

    method: str = METHOD
    tones: Mapping[str, Tone] = field(default_factory=dict)
    why: str = ""
    prompt_version: str | None = None

    def __call__(self, titles: Sequence[str]) -> list[Tone | None]:
        """One tone a title, in their order; None where nothing was said."""
        return [self.tones.get(title) for title in titles]


ToneModel = Callable[[Sequence[NewsRecord]], Told]
"""Reads headlines as far as it can; it never fails, and says why it did not."""


def tone_model(
    settings: Settings, database: Database, clock: Clock, market: str, source: str
) -> ToneModel | None:
    """The model that the user wants to read a market's headlines; None for the lexicon.

    Args:
        settings: Who is to read, the key, the budgets, and where the user's own prompts are.
        database: Where every call is booked.
        clock: This machine's.
        market: Whose headlines.
        source: Of the market that they are read beside; a made-up one asks no model.

    Raises:
        InputError: A file of models or prompts is wrong; the message names it.
    """
    if settings.news_tone == "lexicon":
        return None
    parts = Parts.of(settings, database, clock)
    if parts is None or analysts_of(settings, source) != "models":
        told = Told(why=NO_KEY if parts is None else MADE_UP)
        return lambda _: told
    files = AgentFiles(settings.agents_folder())
    return AskedModel(parts, reader_of(files, market))


def reader_of(files: AgentFiles, market: str) -> Agent:
    """Who reads a market's headlines, by the files.

    Raises:
        InputError: A file is wrong, or its template names a place that there is not.
    """
    agent = files.alone(MARKET, market.lower(), TASK)
    try:
        prompts.render(agent.prompt, dict.fromkeys(PLACES, ""), optional=("count",))
    except InputError as error:
        raise InputError(f"the prompt that reads the headlines of {market}: {error}") from error
    return agent


@dataclass(frozen=True)
class AskedModel:
    """A model that is asked.

    Attributes:
        parts: What it is asked with.
        agent: The prompt, and the models that may answer.
        seconds: That asking may take.
    """

    parts: Parts
    agent: Agent
    seconds: float = ROUND_S

    def __call__(self, records: Sequence[NewsRecord]) -> Told:
        """Ask about the newest titles; see the module."""
        newest = sorted(records, key=lambda one: (one.event_time, one.id), reverse=True)
        titles = list(dict.fromkeys(one.title for one in newest))
        if not titles:
            return Told()
        asked = titles[:TITLES]
        question = self._question(asked, newest[0].event_time)
        try:
            deadline = self.parts.clock.monotonic() + self.seconds
            reply = ask([question], self.parts, deadline)[self.agent.name]
        except WarehouseUnavailable as error:  # the headlines may find it well again
            return self._told(why=f"no model was asked: {error}")
        return self._read(reply, asked, left_out=len(titles) - len(asked))

    def _question(self, titles: Sequence[str], as_of: int) -> Question:
        lines = [f"{number}. {title}" for number, title in enumerate(titles, 1)]
        facts = {"count": str(len(titles)), "headlines": prompts.quoted(lines, TITLES)}
        prompt = prompts.render(self.agent.prompt, facts, optional=("count",))
        tokens = TOKENS_AROUND + TOKENS_A_TITLE * len(titles)
        return Question(
            self.agent.name, self.agent.models, prompt, SCHEMA, MARKET, as_of, max_tokens=tokens
        )

    def _read(self, reply: Reply, titles: Sequence[str], *, left_out: int) -> Told:
        if reply.text is None:
            return self._told(why=f"{reply.status}: {reply.detail}")
        model = vetting.clean(reply.model or "", vetting.NAME_LIMIT - len(METHOD))
        try:
            tones = read_tones(reply.text, len(titles))
        except NoObjectError as error:
            return self._told(why=f"invalid: {error}")
        said = {title: tone for title, tone in zip(titles, tones, strict=True) if tone is not None}
        missing = (
            (len(titles) - len(said), "answered out of range"),
            (left_out, f"not asked about, being beyond the newest {TITLES}"),
        )
        why = ", ".join(f"{count} {what}" for count, what in missing if count)
        return self._told(METHOD + model, said, why)

    def _told(
        self, method: str = METHOD, tones: Mapping[str, Tone] | None = None, why: str = ""
    ) -> Told:
        return Told(method, tones or {}, vetting.clean(why), self.agent.prompt_version)
