"""The fifteen jobs of the system's description and what runs each of them here, and our own jobs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

LOOP = "sensor btc_loop, job btc_loop"
SWARM = "schedule btc_swarm with OPENROUTER_API_KEY, else the loop"
ABSENT = "not in this version"


@dataclass(frozen=True)
class DescribedJob:
    """One job, of the description or of our own.

    Attributes:
        job_id: Its name there; one of our own is named as its schedule.
        when: When it runs, as described; times are UTC.
        purpose: What it is for.
        runs_as: What runs it here.
    """

    job_id: str
    when: str
    purpose: str
    runs_as: str = ABSENT

    @property
    def available(self) -> bool:
        """Whether this version runs it."""
        return self.runs_as != ABSENT


JOBS: tuple[DescribedJob, ...] = (
    DescribedJob("btc_collector", "every 60 s", "exchange data", LOOP),
    DescribedJob("btc_signals", "every 60 s", "signal computation", LOOP),
    DescribedJob("btc_simulator", "every 60 s", "paper trading cycle", LOOP),
    DescribedJob("btc_ai", "every 20 min", "swarm of nine analysts", SWARM),
    DescribedJob("ihsg_session_1", "01:50", "Indonesian shares, first session"),
    DescribedJob("ihsg_session_2", "06:20", "Indonesian shares, second session"),
    DescribedJob("ihsg_price_check", "every 30 min", "exits of Indonesian shares"),
    DescribedJob("altcoin_analysis", "every 4 h", "altcoin full cycle"),
    DescribedJob("altcoin_price_check", "every 30 min", "exits of altcoins"),
    DescribedJob("health_daily", "23:30", "daily health report"),
    DescribedJob("health_weekly", "Saturday 01:00", "weekly search for anomalies"),
    DescribedJob("health_alerts", "every 15 min", "alerts"),
    DescribedJob("factor_ic_weekly", "Sunday 00:05", "information coefficients of factors"),
    DescribedJob("walk_forward_weekly", "Sunday 00:20", "out-of-sample validation"),
    DescribedJob("auth_password_rotate", "23:00", "daily rotation of the password"),
)


def _own(job_id: str, when: str, purpose: str) -> DescribedJob:
    return DescribedJob(job_id, when, purpose, f"schedule {job_id}")


OWN_JOBS: tuple[DescribedJob, ...] = (
    _own("btc_news", "every 30 min", "headlines about bitcoin, and their tone"),
    _own("btc_swarm", "1, 21 and 41 min past the hour", "a round of models about bitcoin"),
    _own("btc_etf_flow", "03:20, 09:20, 15:20, 21:20", "fund flows, fear and greed"),
    _own("live_replay_parity", "00:30", "yesterday's live cycles made again, every byte"),
    _own("btc_tape", "00:50", "yesterday's raw trades and quotes as files"),
    _own("memory", "01:20", "yesterday remembered and told; after a Sunday the week as well"),
    _own("hour_seasonality", "1st of a month, 01:10", "table of hours for the month that begins"),
    _own("event_log_retention", "03:20", "old runs, evaluations and messages deleted"),
)
"""What runs by the clock and the description does not name."""


def as_document() -> dict[str, Any]:
    """All jobs as JSON values."""
    return {
        "jobs": [asdict(job) | {"available": job.available} for job in JOBS],
        "own_jobs": [asdict(job) for job in OWN_JOBS],
    }
