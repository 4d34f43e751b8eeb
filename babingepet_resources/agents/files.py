"""Models and prompts read from files, and copied to where a user may edit them.

Belongs here: files and their mistakes. Does not belong here: which facts a prompt may name (the
services that fill it), and whom the seats belong to (``babingepet.swarm.rosters``).

    models.toml                  models per market and analyst, the preferred one first
    prompts/btc/question.md      what every analyst of the market is asked, with {{places}} for facts
    prompts/btc/momentum.md      who one of them is asked to be
    prompts/tone/btc.md          how the headlines of a market are read: a task of one, all in one file
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from babingepet.errors import InputError
from babingepet.swarm.agents import Agent, Group, Roster

SHIPPED = Path(__file__).parent
MODELS = "models.toml"
QUESTION = "question"
LONGEST = 20_000
"""Characters of a file: five times the longest shipped one; each is paid for 72 times a day."""


@dataclass(frozen=True)
class AgentFiles:
    """The shipped files, and the user's where there are any.

    Attributes:
        folder: The user's; need not exist.
    """

    folder: Path

    def seated(self, roster: Roster) -> Roster:
        """The roster with the models and prompts of the files.

        Raises:
            InputError: A file is missing, no text, too long, or names other analysts; the message
                begins with its path.
        """
        models = self._models(roster.market, roster.names)
        question = self.text(_prompt(roster.market, QUESTION))
        return replace(
            roster,
            agents=tuple(
                self._seated(agent, roster, models[agent.name], question) for agent in roster.agents
            ),
        )

    def alone(self, section: str, name: str, task: str) -> Agent:
        """Who is asked alone, by a question that is one file.

        Args:
            section: Of the models' file, and folder of the prompt.
            name: Key in both.
            task: What is asked for, in one line.

        Raises:
            InputError: As ``seated`` does.
        """
        models = self._models(section, (name,))
        prompt = self.text(_prompt(section, name))
        return self._agent(lambda: Agent(name, Group.PERSONA, models[name], task, prompt))

    def place(self, name: str) -> Path:
        """Which file counts: the user's, else the shipped one."""
        own = self.folder / name
        return own if own.is_file() else SHIPPED / name

    def text(self, name: str) -> str:
        """The text of a file.

        Raises:
            InputError: It cannot be read, is empty or too long.
        """
        path = self.place(name)
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read as text: {error}") from error
        if not text or len(text) > LONGEST:
            raise InputError(f"{path}: has {len(text):,} characters, needed are 1 to {LONGEST:,}")
        return text

    def copy(self) -> list[Path]:
        """Copy the shipped files to the user's folder; those that are there stay as they are.

        Returns:
            The files that were written.

        Raises:
            InputError: The folder cannot be written.
        """
        written: list[Path] = []
        for name in shipped_names():
            target = self.folder / name
            if target.exists():
                continue
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes((SHIPPED / name).read_bytes())
            except OSError as error:
                raise InputError(f"{target}: cannot be written: {error.strerror}") from error
            written.append(target)
        return written

    def _models(self, section: str, names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        path = self.place(MODELS)
        try:
            named = tomllib.loads(self.text(MODELS)).get(section)
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{path}: is no TOML: {error}") from error
        if not isinstance(named, dict) or set(named) != set(names):
            raise InputError(
                f"{path}: [{section}] must name these analysts and no other: {', '.join(names)}"
            )
        return {name: _models_of(path, name, models) for name, models in named.items()}

    def _seated(
        self, agent: Agent, roster: Roster, models: tuple[str, ...], question: str
    ) -> Agent:
        prompt = f"{self.text(_prompt(roster.market, agent.name))}\n\n{question}"
        return self._agent(lambda: replace(agent, models=models, prompt=prompt))

    def _agent(self, made: Callable[[], Agent]) -> Agent:
        try:
            return made()
        except InputError as error:
            raise InputError(f"{self.place(MODELS)}: {error}") from error


def shipped_names() -> list[str]:
    """Names of the shipped files, relative to their folder."""
    found = [SHIPPED / MODELS, *sorted(SHIPPED.glob("prompts/*/*.md"))]
    return [path.relative_to(SHIPPED).as_posix() for path in found]


def _prompt(section: str, name: str) -> str:
    return f"prompts/{section.lower()}/{name}.md"


def _models_of(path: Path, name: str, models: Any) -> tuple[str, ...]:  # noqa: ANN401
    if not isinstance(models, list) or not all(isinstance(model, str) for model in models):
        raise InputError(f'{path}: {name} must be a list of models: {name} = ["a", "b"]')
    return tuple(models)
