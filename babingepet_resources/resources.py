"""Dagster's view of the outside world: configuration that hands back plain objects.

Belongs here: thin wrappers, one a plain object, and the default set. Does not belong here: the
objects themselves, which know no Dagster.

Nothing is read at import. The settings come from the environment of the process that runs the
code, at the time it runs, so that a password never becomes configuration that the UI would show.
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from babingepet_resources.clients.clock import Clock, SystemClock
from babingepet_resources.settings import Settings, load_settings


class SettingsResource(dg.ConfigurableResource[Settings]):
    """The BABINGEPET_* variables as one value."""

    def create_resource(self, context: dg.InitResourceContext) -> Settings:  # noqa: ARG002 (Dagster's signature)
        """Read the environment.

        Raises:
            ConfigurationError: A variable does not parse; the message names it.
        """
        return load_settings()


class ClockResource(dg.ConfigurableResource[Clock]):
    """This machine's clock."""

    def create_resource(self, context: dg.InitResourceContext) -> Clock:  # noqa: ARG002 (Dagster's signature)
        """The one clock that reads the wall."""
        return SystemClock()


def default_resources() -> dict[str, Any]:
    """What the graph runs with unless a test or a program brings its own."""
    return {"settings": SettingsResource(), "clock": ClockResource()}
