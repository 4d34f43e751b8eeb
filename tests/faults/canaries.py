"""Every secret of the product set to a text of its own, and a search that finds it wherever it went.

The list is taken from the settings: a new secret has its canary without a word here, or the test of
this list fails.

Belongs here: setting secrets, and looking for them. Does not belong here: the run in between.
"""

import base64
import gzip
import hashlib
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from babingepet_resources.settings import Settings, variable_of

OTHERS = (
    "AWS_SECRET_ACCESS_KEY", "TELEGRAM_BOT_TOKEN", "SUPABASE_ANON_KEY",
)  # fmt: skip
"""Variables that the product names, or that its libraries read."""
WITHOUT = frozenset({"openrouter_url"})
"""Addresses that refuse to hold a secret."""
PREFIX = 12
"""Characters of a secret that already tell which it is."""
_SECRETIVE = re.compile(r"(^|_)(url|dsn|key|token|secret|password|credentials?)(_|$)")


def canary(name: str) -> str:
    """The text that stands for one secret; it has characters that an address must quote."""
    return f"Zq{hashlib.sha256(name.encode()).hexdigest()[:20]}+/="


def is_secret(name: str, field: FieldInfo) -> bool:
    """Whether a setting may hold what nobody may see: by its type, its name, or as it is shown."""
    is_wrapped = SecretStr in (field.annotation, *get_args(field.annotation))
    return is_wrapped or not field.repr or _SECRETIVE.search(name) is not None


def secret_fields() -> list[str]:
    """The settings that may hold a secret."""
    found = [name for name, field in Settings.model_fields.items() if is_secret(name, field)]
    return [name for name in found if name not in WITHOUT]


def planted(place: str) -> dict[str, str]:
    """A value with its canary for every secret, by variable.

    Args:
        place: ``host:port`` of every address.

    Raises:
        LookupError: A setting looks like a secret, and it is not known how to set one.
    """
    fields = Settings.model_fields
    values = {variable_of(name): value_of(name, fields[name], place) for name in secret_fields()}
    return values | {name: canary(name) for name in OTHERS}


def names() -> list[str]:
    """Of all canaries."""
    return [*secret_fields(), *OTHERS]


def value_of(name: str, field: FieldInfo, place: str) -> str:
    """A value of a secret setting that holds its canary; see ``planted``."""
    secret = canary(name)
    quoted = quote(secret, safe="")
    if SecretStr in (field.annotation, *get_args(field.annotation)):
        return secret
    if name.endswith("database_url"):
        return f"postgresql://trader:{quoted}@{place}/nowhere"
    if name == "tape_url":
        return f"s3://trader:{quoted}@bucket/tape"
    if name.endswith("_url"):
        return f"http://trader:{quoted}@{place}/{name}?token={quoted}"
    raise LookupError(f"the setting {name} looks like a secret and has no canary")


@dataclass(frozen=True)
class Leak:
    """A secret that was found.

    Attributes:
        secret: Its name.
        where: The text that holds it.
        around: What stands there.
    """

    secret: str
    where: str
    around: str


def forms(secret: str) -> dict[str, str]:
    """How a secret may look, by the name of the form."""
    found = {
        "plain": secret,
        "beginning": secret[:PREFIX],
        "quoted": quote(secret, safe=""),
        "escaped": secret.replace("/", "\\/"),
    }
    for shift in range(3):  # within a longer text, such as user:password, it begins at any bit
        encoded = base64.b64encode(b"\0" * shift + secret[:PREFIX].encode()).decode()
        found[f"base64, shifted by {shift}"] = encoded.rstrip("=")[(0, 2, 3)[shift] : -1]
    return found


def leaks(texts: Iterable[tuple[str, str]], secrets: Iterable[str]) -> list[Leak]:
    """Every secret that is in one of the texts, in whatever form."""
    wanted = [(name, form) for name in secrets for form in forms(canary(name)).values()]
    found = []
    for where, text in texts:
        for name, form in wanted:
            at = text.find(form)
            if at >= 0:
                found.append(Leak(name, where, text[max(0, at - 80) : at + 80]))
    return found


def folder_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below a folder: as it is, unpacked, and the rows of a database."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        yield str(path), _text(content)
        if content.startswith(b"\x1f\x8b"):
            yield f"{path}, unpacked", _text(gzip.decompress(content))
        if content.startswith(b"SQLite format 3\0"):
            yield from _sqlite_texts(path)


def _sqlite_texts(path: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            rows = database.execute(f'SELECT * FROM "{table}"').fetchall()
            yield f"{path}, {table}", "\n".join(cell_text(cell) for row in rows for cell in row)


def cell_text(cell: Any) -> str:
    """A cell of a row for the search; what is packed is unpacked."""
    if not isinstance(cell, bytes | memoryview):
        return str(cell)
    content = bytes(cell)
    with suppress(zlib.error):
        content = zlib.decompress(content)
    return _text(content)


def error_texts(error: BaseException) -> Iterator[tuple[str, str]]:
    """An exception and what led to it, as text and as code."""
    seen: BaseException | None = error
    while seen is not None:
        yield f"{type(seen).__name__} below {type(error).__name__}", f"{seen} {seen!r} {seen.args}"
        seen = seen.__cause__ or seen.__context__


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
