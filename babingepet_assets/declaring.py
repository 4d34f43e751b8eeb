"""Declaring what all assets share: a partition, an owner, a version, a pool; and checks and jobs.

Belongs here: how one is declared, whatever it is about. Does not belong here: any asset, and what
it shows (``reporting``).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from babingepet.compiled import ENGINE_VERSION
from babingepet_assets.partitions import DAILY
from babingepet_assets.reporting import asset_key

Deps = Sequence[dg.AssetDep | str]
Job = UnresolvedAssetJobDefinition
"""A job that is resolved with the whole graph; Dagster does not export its type."""
AssetFunction = Callable[..., Any]
Decorated = Callable[[AssetFunction], dg.AssetsDefinition]


@dataclass(frozen=True)
class Group:
    """Assets that belong together.

    Attributes:
        name: First part of their keys, and who owns them: ``team:<name>``.
        pool: Of them one run at a time: the loop keeps a core and a slot of the run queue.
    """

    name: str
    pool: str

    def asset(
        self,
        name: str,
        *,
        deps: Deps = (),
        kinds: Iterable[str] = (),
        pool: str | None = None,
        partitions: dg.PartitionsDefinition[str] = DAILY,
    ) -> Decorated:
        """Declare ``<group>/<name>``; the docstring is its description.

        A backfill is one run over all its days: thirty days took 22 s so, and 260 s as thirty runs.

        Args:
            name: Last part of its key.
            deps: Keys of what it is made from.
            kinds: What it is made with, as the UI shows it.
            pool: Another one than the group's.
            partitions: How it is cut.
        """

        def declare(function: AssetFunction) -> dg.AssetsDefinition:
            with unreleased():
                return dg.asset(
                    key=asset_key(f"{self.name}/{name}"),
                    deps=_deps(deps),
                    partitions_def=partitions,
                    backfill_policy=dg.BackfillPolicy.single_run(),
                    group_name=self.name,
                    kinds=set(kinds),
                    owners=[self._owner],
                    code_version=ENGINE_VERSION,
                    pool=pool or self.pool,
                )(function)

        return declare

    def spec(
        self, name: str, description: str, *, deps: Deps, kinds: Iterable[str]
    ) -> dg.AssetSpec:
        """Say what ``<group>/<name>`` is, for an asset that comes into being together with others."""
        return dg.AssetSpec(
            key=asset_key(f"{self.name}/{name}"),
            description=description,
            deps=_deps(deps),
            group_name=self.name,
            kinds=set(kinds),
            owners=[self._owner],
            code_version=ENGINE_VERSION,
        )

    def assets(self, *specs: dg.AssetSpec) -> Decorated:
        """Declare daily assets that only come into being together; otherwise as ``asset``."""

        def declare(function: AssetFunction) -> dg.AssetsDefinition:
            with unreleased():
                return dg.multi_asset(
                    specs=specs,
                    partitions_def=DAILY,
                    backfill_policy=dg.BackfillPolicy.single_run(),
                    pool=self.pool,
                )(function)

        return declare

    @property
    def _owner(self) -> str:
        return f"team:{self.name}"


def daily_check(
    asset: str, name: str, description: str, *, pool: str, blocking: bool = False
) -> Callable[[AssetFunction], dg.AssetChecksDefinition]:
    """Declare a check of each day of an asset.

    Without days of its own, a check of a partitioned asset leaves a row behind for each run that
    says for ever that it is planned.

    Args:
        asset: Key of the asset.
        name: Of the check.
        description: What passes.
        pool: It waits in.
        blocking: Whether what follows in the run waits for it to pass.
    """

    def declare(function: AssetFunction) -> dg.AssetChecksDefinition:
        with unreleased():
            return dg.asset_check(
                asset=asset_key(asset),
                name=name,
                description=description,
                blocking=blocking,
                partitions_def=DAILY,
                pool=pool,
            )(function)

    return declare


def single_process_job(
    name: str, *assets: dg.AssetsDefinition, max_runtime: int, description: str
) -> Job:
    """Declare the job that makes these assets, their checks with them, in the run's own process.

    Args:
        name: Of the job, and of the schedule that runs it.
        assets: In one run.
        max_runtime: Seconds after which Dagster ends the run.
        description: What it does.
    """
    return dg.define_asset_job(
        name,
        selection=assets,
        executor_def=dg.in_process_executor,
        tags={"dagster/max_runtime": str(max_runtime)},
        description=description,
    )


@contextmanager
def unreleased() -> Iterator[None]:
    """Use what Dagster still calls beta or preview without being told at every import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        yield


def _deps(deps: Deps) -> list[dg.AssetDep | dg.AssetKey]:
    return [dep if isinstance(dep, dg.AssetDep) else asset_key(dep) for dep in deps]
