"""Open interest and settlements of a recording of streams: bodies of requests made meanwhile.

Belongs here: what was read when, and asking for it as of a moment. Does not belong here: reading
files (stream_files.py), the wire.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from babingepet.errors import InputError
from babingepet_resources.exchange.source import FundingSettlement, OpenInterestReading

_NEWEST_MS = 5 * 60_000
"""A recorder reads open interest each minute: an older reading is not the present one."""

_Row = TypeVar("_Row", OpenInterestReading, FundingSettlement)


class RecordedReadings:
    """Rows by time, each once, whatever the order they were recorded in."""

    def __init__(self) -> None:
        self._open_interest: dict[int, OpenInterestReading] = {}
        self._settlements: dict[int, FundingSettlement] = {}

    @property
    def has_open_interest(self) -> bool:
        """Whether any was read."""
        return bool(self._open_interest)

    @property
    def has_settlements(self) -> bool:
        """Whether any was read."""
        return bool(self._settlements)

    def take(self, body: Mapping[str, Any], symbol: str, where: str) -> bool:
        """Keep a row of /fapi/v1/openInterest or /fapi/v1/fundingRate.

        Returns:
            Whether it is one.

        Raises:
            InputError: It is one of another instrument, or a value of it is none.
        """
        if not ("openInterest" in body or "fundingRate" in body):
            return False
        if body.get("symbol") != symbol:
            raise InputError(f"{where} belongs to '{body.get('symbol')}', not to {symbol}.")
        try:
            self._keep(body)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{where} is not a reading: {error}.") from error
        return True

    def _keep(self, body: Mapping[str, Any]) -> None:
        if "openInterest" in body:
            time, amount = int(body["time"]), str(body["openInterest"])
            float(amount)
            self._open_interest.setdefault(time, OpenInterestReading(time, amount, ""))
            return
        time, rate = int(body["fundingTime"]), str(body["fundingRate"])
        float(rate)
        mark = str(body.get("markPrice") or "")
        self._settlements.setdefault(time, FundingSettlement(time, rate, mark))

    def open_interest(self, now: int) -> OpenInterestReading | None:
        """The newest reading before `now`; None when it is older than five minutes."""
        known = max((time for time in self._open_interest if time < now), default=None)
        if known is None or known <= now - _NEWEST_MS:
            return None
        return self._open_interest[known]

    def open_interest_history(
        self, start: int | None, end: int, period: int, limit: int
    ) -> list[OpenInterestReading]:
        """Readings that lie on the grid of `period`; none are made up between them."""
        on_grid = (r for time, r in self._open_interest.items() if time % period == 0)
        return _page(on_grid, start, end, limit)

    def funding(self, start: int | None, end: int, limit: int) -> list[FundingSettlement]:
        """Settlements up to and with `end`, from `start` on or the most recent ones."""
        return _page(self._settlements.values(), start, end, limit)


def _page(rows: Iterable[_Row], start: int | None, end: int, limit: int) -> list[_Row]:
    inside = sorted(row for row in rows if (start or 0) <= row.time <= end)
    return inside[-limit:] if start is None else inside[:limit]
