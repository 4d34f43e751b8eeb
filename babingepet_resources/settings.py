"""Every environment variable of the product, in one typed place.

Read once by whoever starts a program (a command, a resource, a test) and handed on as a value;
nothing else reads the environment.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from babingepet.errors import ConfigurationError

Market = Literal["auto", "binance", "recorded", "simulated"]


class Settings(BaseSettings):
    """What a user may set; each field is the variable ``BABINGEPET_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="BABINGEPET_", frozen=True, extra="ignore")

    data_dir: Path = Path(".data")
    """Where everything embedded lives. Two folders never share anything."""
    database_url: str | None = Field(default=None, repr=False)
    """A PostgreSQL address; SQLite in the data folder when unset. Never shown: it has a password."""
    database_schema: str | None = None
    """PostgreSQL schema of the tables, when the database is shared with others."""
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
    exchange_url: str | None = None
    """Address of a loopback exchange that runs already."""
    archive_url: str = "https://data.binance.vision"
    """Address of Binance's public archive of past market facts, or of a mirror of it."""
    overrides: Annotated[tuple[str, ...], NoDecode] = ()
    """Trading settings as key=value, separated by semicolons."""
    capture_tape: bool = True
    """Whether each minute's raw trades and quotes are kept with the decision."""
    tape_url: str | None = Field(default=None, repr=False)
    """Folder or fsspec address of the event tape (``s3://bucket/prefix``); the folder ``tape`` in
    the data folder when unset. Never shown: it may have a password."""
    tape_days: int = Field(default=30, ge=3)
    """Days for which the event tape is kept; what the last two days read is in the warehouse too."""
    paused: bool = False
    """Whether entries are forbidden; exits always run."""
    dagster_port: int = 3000

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

    def warehouse_url(self, source: str) -> str:
        """Address of the database that holds facts of one source.

        Embedded, each source has a file of its own, so that real and made-up prices never meet.
        """
        if self.database_url:
            return self.database_url
        name = "babingepet" if source == "binance" else f"babingepet-{source}"
        return f"sqlite:///{(self.data_dir / name).absolute()}.sqlite"


def load_settings(**given: object) -> Settings:
    """Read the environment; ``given`` wins over it.

    Raises:
        ConfigurationError: A variable does not parse; the message names it.
    """
    try:
        return Settings(**{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = (
            f"BABINGEPET_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()
        )
        raise ConfigurationError("; ".join(problems)) from None


def require_files(paths: Sequence[Path]) -> None:
    """Check that named files exist.

    Raises:
        ConfigurationError: One does not; the message names it.
    """
    for path in paths:
        if not path.exists():
            raise ConfigurationError(f"{path}: there is no such file or folder")
