"""What every BTC asset has in common: a UTC day, an owner, a version, a pool.

Belongs here: declaring one, or several that are made together. Does not belong here: any asset.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg

from babingepet.compiled import ENGINE_VERSION
from babingepet_assets.btc.reporting import asset_key
from babingepet_assets.partitions import DAILY

OWNERS = ("team:btc",)
REPORT_POOL = "btc_reports"
"""Reports run one at a time: the loop keeps a core and a slot of the run queue."""
CONTEXT_POOL = "btc_context"
"""Feeds are asked one run at a time, but behind no report: what a feed says now is not said again,
and a backfill may take an hour."""


Deps = Sequence[dg.AssetDep | str]
Decorated = Callable[[Callable[..., Any]], dg.AssetsDefinition]


def daily_asset(
    name: str, *, deps: Deps = (), kinds: Iterable[str] = (), pool: str = REPORT_POOL
) -> Decorated:
    """Declare ``btc/<name>``, one partition a UTC day; the docstring is its description.

    A backfill is one run over all its days: thirty days took 22 s so, and 260 s as thirty runs.
    """
    with _betas():
        return dg.asset(
            key=asset_key(f"btc/{name}"),
            deps=_deps(deps),
            partitions_def=DAILY,
            backfill_policy=dg.BackfillPolicy.single_run(),
            group_name="btc",
            kinds=set(kinds),
            owners=list(OWNERS),
            code_version=ENGINE_VERSION,
            pool=pool,
        )


def daily_spec(name: str, description: str, *, deps: Deps, kinds: Iterable[str]) -> dg.AssetSpec:
    """Say what ``btc/<name>`` is, for an asset that comes into being together with others."""
    return dg.AssetSpec(
        key=asset_key(f"btc/{name}"),
        description=description,
        deps=_deps(deps),
        group_name="btc",
        kinds=set(kinds),
        owners=list(OWNERS),
        code_version=ENGINE_VERSION,
    )


def daily_assets(*specs: dg.AssetSpec) -> Decorated:
    """Declare assets that only come into being together; otherwise as ``daily_asset``."""
    with _betas():
        return dg.multi_asset(
            specs=specs,
            partitions_def=DAILY,
            backfill_policy=dg.BackfillPolicy.single_run(),
            pool=REPORT_POOL,
        )


def _deps(deps: Deps) -> list[dg.AssetDep | dg.AssetKey]:
    return [dep if isinstance(dep, dg.AssetDep) else asset_key(dep) for dep in deps]


@contextmanager
def _betas() -> Iterator[None]:
    """Use what Dagster still calls beta without being told at every import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        yield
