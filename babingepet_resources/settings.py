"""Every environment variable of the product, in one typed place.

Read once by whoever starts a program (a command, a resource, a test) and handed on as a value;
nothing else reads the environment.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, HttpUrl, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from babingepet.errors import ConfigurationError

Usd = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=8)]
Market = Literal["auto", "binance", "recorded", "simulated"]
NewsTone = Literal["lexicon", "model"]

REAL = "binance"
"""The one source whose facts are not made up or played again."""
SCHEMA = "babingepet"
"""What PostgreSQL schemas beside the tables of the real market begin with, unless one is named."""


@dataclass(frozen=True)
class Address:
    """Where the tables of one source are.

    Attributes:
        url: Of the database. Never shown: it may have a password.
        schema: PostgreSQL schema; None for the server's default.
    """

    url: str = field(repr=False)
    schema: str | None = None

    @property
    def file(self) -> Path | None:
        """The file of an embedded database; None of a server's."""
        path = self.url.removeprefix("sqlite:///")
        return None if path == self.url else Path(path)


class Settings(BaseSettings):
    """What a user may set; each field is the variable ``BABINGEPET_<NAME>``, unless it says so."""

    model_config = SettingsConfigDict(env_prefix="BABINGEPET_", frozen=True, extra="ignore")

    data_dir: Path = Path(".data")
    """Where everything embedded lives. Two folders never share anything."""
    database_url: str | None = Field(default=None, repr=False)
    """A PostgreSQL address; SQLite in the data folder when unset. Never shown: it has a password."""
    database_schema: str | None = None
    """PostgreSQL schema of the real market's tables, when the database is shared with others; what
    the schemas of other sources and of Dagster begin with."""
    dagster_database_url: str | None = Field(default=None, repr=False)
    """PostgreSQL address for Dagster's storage, where the first one leads to a pooler in transaction
    mode; the same database when unset. Never shown: it has a password."""
    market: Market = "auto"
    """Where the market comes from; auto is the real exchange when reachable, else simulated."""
    symbol: str = "BTCUSDT"
    data: Annotated[tuple[Path, ...], NoDecode] = ()
    """Files or folders of a recorded market, separated like PATH."""
    start: str | None = None
    """Where a recorded or simulated market begins, ISO 8601 in UTC."""
    speed: str = "1"
    """Minutes of market a minute takes, or max."""
    seed: int = 0
    """Seed of the simulated market."""
    exchange_url: str | None = Field(default=None, repr=False)
    """Address of a loopback exchange that runs already. No address is shown whole: each may hold a
    password or a key."""
    archive_url: str = Field(default="https://data.binance.vision", repr=False)
    """Address of Binance's public archive of past market facts, or of a mirror of it."""
    news_url: str = Field(default="https://news.google.com/rss/search", repr=False)
    """Address of Google News' searches as RSS, or of what answers in their place."""
    news_tone: NewsTone = "lexicon"
    """Who reads headlines for their tone: our lists of words, or a model where one may be asked."""
    etf_flows_url: str | None = Field(default=None, repr=False)
    """Address of daily flows of the funds, as JSON or CSV; without one there is no such feed."""
    fear_greed_url: str = Field(default="https://api.alternative.me/fng/?limit=30", repr=False)
    """Address of the index of fear and greed, as alternative.me answers it."""
    overrides: Annotated[tuple[str, ...], NoDecode] = ()
    """Trading settings as key=value, separated by semicolons."""
    capture_tape: bool = True
    """Whether each minute's raw trades and quotes are kept with the decision."""
    tape_url: str | None = Field(default=None, repr=False)
    """Folder or fsspec address of the event tape (``s3://bucket/prefix``); the folder ``tape`` in
    the data folder when unset. Never shown: it may have a password."""
    tape_days: int = Field(default=30, ge=3)
    """Days for which the event tape is kept; what the last two days read is in the warehouse too."""
    events_per_run: int = Field(default=1_000, ge=1)
    """Events after which the loop's run asks for a successor at the end of a market day: Dagster's
    log is pruned by whole runs."""
    paused: bool = False
    """Whether entries are forbidden; exits always run."""
    dagster_port: int = 3000
    openrouter_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("OPENROUTER_API_KEY", "openrouter_api_key")
    )
    """Key of the models' provider, in the variable OPENROUTER_API_KEY; without one the analysts are
    rules. Never shown."""
    openrouter_url: str = Field(default="https://openrouter.ai/api/v1", repr=False)
    """Address of OpenRouter's API, or of what speaks like it."""
    swarm_budget_cycle: Usd = Decimal("0.05")
    """US dollars that one round of a market's analysts may cost; at the limit no model is asked."""
    swarm_budget_day: Usd = Decimal("1.00")
    """US dollars that all rounds of a UTC day may cost together."""
    swarm_budget_month: Usd = Decimal("20.00")
    """US dollars that all rounds of a UTC month may cost together."""
    swarm_concurrency: int = Field(default=9, ge=1, le=100)
    """Models asked at once."""

    @field_validator("openrouter_url")
    @classmethod
    def _require_an_address(cls, value: str) -> str:
        try:
            url = HttpUrl(value)
        except ValidationError:
            raise ValueError("an address begins with https:// or http://, and has a host") from None
        if url.username or url.password or url.query:
            # A user would take the place of the key, and a query that of the path.
            raise ValueError("the address has neither user nor query: the key has its own variable")
        return value.rstrip("/")

    @field_validator("openrouter_api_key")
    @classmethod
    def _require_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        # It travels in a header. What cannot be one would be shown whole by the error that says so.
        key = "" if value is None else value.get_secret_value().strip()
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise ValueError("a key has neither spaces nor characters beyond ASCII")
        return SecretStr(key) if key else None

    @field_validator("data", mode="before")
    @classmethod
    def _split_paths(cls, value: object) -> object:
        return tuple(filter(None, value.split(os.pathsep))) if isinstance(value, str) else value

    @field_validator("overrides", mode="before")
    @classmethod
    def _split_pairs(cls, value: object) -> object:
        return tuple(filter(None, value.split(";"))) if isinstance(value, str) else value

    def tape_address(self) -> str:
        """Where the event tape is."""
        return self.tape_url or str((self.data_dir / "tape").absolute())

    def agents_folder(self) -> Path:
        """Where a user's own models and prompts are, if there are any."""
        return (self.data_dir / "agents").absolute()

    @property
    def source(self) -> str:
        """Whose facts are meant before the market is opened: auto hopes for the real exchange."""
        return REAL if self.market == "auto" else self.market

    @property
    def names_exchange(self) -> bool:
        """Whether there is an exchange to ask: the real one, or a loopback one that runs."""
        return self.market == REAL or self.exchange_url is not None

    def warehouse(self, source: str) -> Address:
        """Where the facts of one source are.

        Real and made-up prices never meet: embedded, each source has a file of its own; on
        PostgreSQL, each but the real market has a schema of its own. A SQLite file that is named
        holds what is put into it.
        """
        if self.database_url:
            named = Address(self.database_url, self.database_schema)
            is_apart = source != REAL and not self.database_url.startswith("sqlite")
            return Address(named.url, self.schema_beside(source)) if is_apart else named
        name = "babingepet" if source == REAL else f"babingepet-{source}"
        file = (self.data_dir / name).absolute()
        return Address(f"sqlite:///{file}.sqlite", self.database_schema)

    def memory_file(self, source: str) -> Path:
        """Where what is remembered of the facts of one source is: a file each, as embedded facts."""
        name = "babingepet_memory" if source == REAL else f"babingepet_memory-{source}"
        return (self.data_dir / f"{name}.sqlite").absolute()

    def schema_beside(self, name: str) -> str:
        """The PostgreSQL schema of what is kept apart from the real market's tables."""
        return f"{self.database_schema or SCHEMA}_{name.replace('-', '_')}"


def load_settings(**given: object) -> Settings:
    """Read the environment; ``given`` wins over it.

    Raises:
        ConfigurationError: A variable does not parse; the message names it.
    """
    try:
        return Settings(**{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = (
            f"{variable_of('_'.join(map(str, e['loc'])))}: {e['msg']}" for e in error.errors()
        )
        raise ConfigurationError("; ".join(problems)) from None


def variable_of(field: str) -> str:
    """The environment variable of a field."""
    name = field.upper()
    return name if name == "OPENROUTER_API_KEY" else f"BABINGEPET_{name}"


def require_files(paths: Sequence[Path]) -> None:
    """Check that named files exist.

    Raises:
        ConfigurationError: One does not; the message names it.
    """
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"{path}: there is no such file or folder")
