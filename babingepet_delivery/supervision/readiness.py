"""Waiting for the databases before anything is started that would die without them.

A database that is away comes back: it is waited for, so that neither a boot order nor a restart
leaves a pile of dead processes. What only a person can mend is refused at once.
"""

from __future__ import annotations

from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception

from babingepet.errors import WarehouseUnavailable
from babingepet_resources.clients.clock import Clock
from babingepet_resources.settings import Settings
from babingepet_services.market.source import open_warehouse
from babingepet_services.orchestration.storage import prepare_storage

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds between two attempts, doubling."""
LOOK_EVERY = 0.25
"""Seconds between two looks at the stop signals."""
FINAL = ("password authentication failed", "does not exist", "no pg_hba.conf entry", "permission denied", "refuses the user")  # fmt: skip
"""What a server says, in its own words, that no waiting changes; it gives no code before sign-in."""


def wait_for_databases(
    settings: Settings,
    clock: Clock,
    is_stop_asked: Callable[[], bool],
    say: Callable[[str], object],
) -> None:
    """Bring the warehouse of the market and Dagster's tables in place, waiting while they are away.

    Returns early, with nothing in place, when it is asked to stop.

    Args:
        settings: With the market resolved.
        clock: This machine's clock.
        is_stop_asked: Whether a signal came.
        say: Takes each line for people.

    Raises:
        ConfigurationError: The tables are those of another version, or somebody else's.
        WarehouseUnavailable: The server refuses us.
    """

    def tell(attempt: RetryCallState) -> None:
        error = attempt.outcome and attempt.outcome.exception()
        say(f"{error} Waiting for it; the next attempt is in {attempt.upcoming_sleep:.0f} s.")

    def pause(seconds: float) -> None:
        until = clock.monotonic() + seconds
        while clock.monotonic() < until and not is_stop_asked():
            clock.sleep(LOOK_EVERY)

    def attempt_once() -> None:
        if not is_stop_asked():
            _prepare(settings)

    Retrying(
        retry=retry_if_exception(_may_pass),
        wait=lambda attempt: min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt.attempt_number - 1)),
        sleep=pause,
        before_sleep=tell,
        reraise=True,
    )(attempt_once)


def _prepare(settings: Settings) -> None:
    open_warehouse(settings, settings.market).close()
    prepare_storage(settings)


def _may_pass(error: BaseException) -> bool:
    said = str(error)
    return isinstance(error, WarehouseUnavailable) and not any(words in said for words in FINAL)
