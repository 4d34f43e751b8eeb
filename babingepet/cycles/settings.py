"""All tunables of the BTC cycle in one value, and how a user overrides one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from babingepet.errors import InputError
from babingepet.market.instruments import ExchangeFilters
from babingepet.paper.exits import ExitRules, liquidation_price
from babingepet.paper.fills import CostRules
from babingepet.paper.guards import GuardRules
from babingepet.paper.sizing import FLOOR_POLICY, VETO_POLICY, SizingRules
from babingepet.voting.rules import VotingRules, hour_set

EDGE_POLICIES = {"floor": FLOOR_POLICY, "veto": VETO_POLICY}
HOUR_SETS = ("blocked_hours", "boosted_hours")
HOURS = 24
LARGEST_LEVERAGE = 5.0

FRACTION, POSITIVE = (0.0, 1.0), (1e-12, 1e12)
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(
        ("buy_threshold", "strong_threshold", "vote_floor", "min_coverage", "min_capability",
         "min_agreement", "least_fraction", "most_fraction", "taker_fee", "arm",
         "maker_fee", "keep", "daily_drawdown", "weekly_drawdown"),
        FRACTION,
    ),
    **dict.fromkeys(
        ("boost", "strong_boost", "target", "max_hold", "kelly_fraction", "quantity_step"), POSITIVE
    ),
    "leverage": (1.0, LARGEST_LEVERAGE),
    "stop_loss": (1e-4, 0.5),
}  # fmt: skip
"""Least and largest value of a setting; one that is not named here must not be negative."""


class BtcSettings(NamedTuple):
    """Rules of every stage; names are unique over all groups."""

    voting: VotingRules = VotingRules()
    exits: ExitRules = ExitRules()
    costs: CostRules = CostRules()
    sizing: SizingRules = SizingRules()
    guards: GuardRules = GuardRules()

    @property
    def by_name(self) -> dict[str, Any]:
        """Every setting by its name, as users write it."""
        flat: dict[str, Any] = {}
        for group in self:
            flat |= group._asdict()
        for name in HOUR_SETS:
            flat[name] = [hour for hour in range(HOURS) if flat[name] >> hour & 1]
        flat["edge_policy"] = next(k for k, v in EDGE_POLICIES.items() if v == flat["edge_policy"])
        return flat


def from_names(settings: BtcSettings, values: Mapping[str, Any]) -> BtcSettings:
    """The settings that ``by_name`` spelled out."""
    return override(settings, [f"{key}={_spell(value)}" for key, value in values.items()])


def with_filters(settings: BtcSettings, filters: ExchangeFilters) -> BtcSettings:
    """The settings with the exchange's own limits in place of ours, where they ask for them."""
    if not settings.sizing.exchange_filters:
        return settings
    return settings._replace(
        sizing=settings.sizing._replace(
            quantity_step=filters.quantity_step,
            min_quantity=filters.min_quantity,
            min_notional=filters.min_notional,
        ),
        costs=settings.costs._replace(price_tick=filters.price_tick),
    )


def _spell(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)


def override(settings: BtcSettings, pairs: Iterable[str]) -> BtcSettings:
    """Apply ``key=value`` pairs.

    Raises:
        InputError: An unknown key or a value that does not parse.

    Example:
        >>> override(BtcSettings(), ["blocked_hours=", "leverage=2"]).sizing.leverage
        2.0
    """
    given: dict[str, str] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator:
            raise InputError(f"--set {pair}: write key=value")
        given[key.strip()] = value.strip()
    changed = BtcSettings(
        _override_group(settings.voting, given),
        _override_group(settings.exits, given),
        _override_group(settings.costs, given),
        _override_group(settings.sizing, given),
        _override_group(settings.guards, given),
    )
    if given:
        known = ", ".join(sorted(settings.by_name))
        raise InputError(f"--set {next(iter(given))}: no such setting; there are {known}")
    _require_consistent(changed)
    return changed


def _require_consistent(settings: BtcSettings) -> None:
    voting, sizing, exits = settings.voting, settings.sizing, settings.exits
    if voting.buy_threshold > voting.strong_threshold:
        raise InputError("--set buy_threshold: must not exceed strong_threshold")
    if sizing.least_fraction > sizing.most_fraction:
        raise InputError("--set least_fraction: must not exceed most_fraction")
    if liquidation_price(1, 1.0, sizing.leverage) >= 1.0 - exits.stop_loss:
        raise InputError("--set leverage: the position would be liquidated before its stop")


Group = TypeVar("Group", VotingRules, ExitRules, CostRules, SizingRules, GuardRules)


def _override_group(group: Group, given: dict[str, str]) -> Group:
    mine: dict[str, Any] = {
        key: _parse(key, given.pop(key), current)
        for key, current in group._asdict().items()
        if key in given
    }
    return group._replace(**mine)


def _parse(key: str, text: str, current: float) -> float:
    try:
        if key in HOUR_SETS:
            return hour_set(_hours(text))
        if key == "edge_policy":
            return EDGE_POLICIES[text]
        if isinstance(current, bool):
            return {"true": True, "false": False}[text.lower()]
        value = type(current)(text)
    except (ValueError, KeyError):
        raise InputError(f"--set {key}={text}: {_expected(key, current)}") from None
    least, largest = RANGES.get(key, (0.0, 1e15))
    if not least <= value <= largest:
        raise InputError(f"--set {key}={text}: must lie in [{least:g}, {largest:g}]")
    return value


def _hours(text: str) -> list[int]:
    hours = [int(part) for part in text.replace(" ", "").split(",") if part]
    if any(not 0 <= hour < HOURS for hour in hours):
        raise ValueError
    return hours


def _expected(key: str, current: float) -> str:
    kinds: Mapping[type, str] = {bool: "true or false", int: "a whole number", float: "a number"}
    if key in HOUR_SETS:
        return "hours from 0 to 23, separated by commas, or nothing"
    if key == "edge_policy":
        return "floor or veto"
    return f"expected {kinds[type(current)]}"
