"""Under which symbol and source the rows of a file are stored; two markets are never mixed.

Belongs here: what is read off options and names. Does not belong here: reading a file's rows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from babingepet.errors import InputError
from babingepet.market.intervals import INTERVALS
from babingepet_resources.exchange.recording import named_product, symbol_of
from babingepet_resources.exchange.source import Product
from babingepet_resources.warehouse.records import MarketFileRecord

RECORDED, RECORDED_SPOT = "recorded", "recorded-spot"
"""Sources of imported facts, unless another is named."""

MARKET_KINDS = frozenset({"candles", "trades", "funding", "open-interest"})
"""Kinds that belong to one market; fund flows, headlines and the index belong to none."""

ASSET = "BTC"
"""Whose funds and headlines they are, unless another asset is named."""

_PRODUCT_OF: dict[str, Product] = {
    "binance": "usdm_perp", "simulated": "usdm_perp", RECORDED_SPOT: "spot",
}  # fmt: skip
"""Sources that hold one market by what they are."""

_SYMBOL = re.compile("[A-Z0-9_]{1,30}")

_SOURCE = re.compile("[a-z0-9][a-z0-9_-]{0,39}")
"""A source is part of the name of an embedded database."""


def check_options(kind: str, symbol: str | None, source: str | None, interval: str | None) -> None:
    """Refuse what can be refused before a file is read.

    Raises:
        InputError: The message names the option.
    """
    if source is not None and not _SOURCE.fullmatch(source):
        raise InputError(f"--source {source!r}: lower-case letters, digits, - and _, at most 40")
    if symbol is not None and not _SYMBOL.fullmatch(symbol):
        raise InputError(f"--symbol {symbol!r}: capitals and digits, at most 30")
    if interval is not None and interval not in INTERVALS:
        raise InputError(f"--interval {interval!r}: use one of {', '.join(INTERVALS)}")
    if interval is not None and kind != "candles":
        raise InputError(f"--interval belongs to candles, not to {kind}")
    if symbol is not None and kind == "fear-greed":
        raise InputError("--symbol: the index of fear and greed belongs to no instrument")


def wanted_symbol(kind: str, path: Path, given: str | None) -> str | None:
    """The symbol that a file is of by option or name; None when its rows may tell.

    Raises:
        InputError: The two differ.
    """
    if kind not in MARKET_KINDS:
        return "" if kind == "fear-greed" else given or ASSET
    named = symbol_of(path)
    if given is not None and named not in {None, given}:
        raise InputError(f"{path}: is a file of {named}, not of {given}.")
    return given or named


def chosen_source(kind: str, path: Path, given: str | None) -> tuple[str, tuple[str, ...]]:
    """The source to stamp, and what must be said about it."""
    if given is not None:
        return given, ()
    if kind in MARKET_KINDS and named_product(path.absolute()) == "spot":
        note = f"named after the spot market: stored as source {RECORDED_SPOT}"
        return RECORDED_SPOT, (note,)
    return RECORDED, ()


def require_same_market(
    kind: str, path: Path, source: str, read_before: Sequence[MarketFileRecord]
) -> None:
    """Refuse a file of another market than the source holds.

    Raises:
        InputError: It is of the other one.
    """
    if kind not in MARKET_KINDS:
        return
    product = named_product(path.absolute())
    held = {_PRODUCT_OF[source]: "the exchange's market"} if source in _PRODUCT_OF else {}
    for one in read_before:
        if one.source == source and one.kind in MARKET_KINDS:
            held[named_product(Path(one.name))] = one.name
    other = held.keys() - {product}
    if other:
        raise InputError(
            f"{path}: is of the {_words(product)} market, and source {source} holds the "
            f"{_words(other.pop())}; the two are never mixed. Name another --source, or leave "
            "it out."
        )


def kept_name(path: Path) -> str:
    """The file's name, with the folders that tell its market where the name does not."""
    full = path.absolute()
    if named_product(Path(full.name)) == named_product(full):
        return full.name
    return "/".join(full.parts[-3:])


def _words(product: Product) -> str:
    return "spot" if product == "spot" else "perpetual"
