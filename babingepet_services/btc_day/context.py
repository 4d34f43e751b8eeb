"""What the reports of context have in common: whether today is asked, what came, hostile text.

Belongs here: what headlines, their tone and daily figures say alike. Does not belong here: asking
feeds (``babingepet_services.context``), and what each asset reports (``btc_day.news`` and beside it).

A feed tells what is so now. Only today's report asks; a day that is over shows what was filed then.
"""

from __future__ import annotations

from sqlalchemy import Connection

from babingepet.market.intervals import iso
from babingepet_resources.clients.clock import Clock
from babingepet_resources.warehouse import context_feeds
from babingepet_services.btc_day.day import Cell, DayScope
from babingepet_services.context.report import FeedReport

MARKET = "BTC"
"""Under which headlines, their tone and flows are filed."""
NOBODY = (
    "nobody was asked: a feed tells of today only, and what was not filed on its day cannot be "
    "fetched again"
)


def is_today(scope: DayScope, clock: Clock) -> bool:
    """Whether the day is the one of this machine's clock."""
    return scope.start <= clock.now() < scope.end


def told(report: FeedReport | None, prefix: str = "") -> dict[str, Cell]:
    """What asking came to; counts only of an answer.

    Args:
        report: None when nobody was asked.
        prefix: Before each name, where an asset has two feeds.
    """
    if report is None:
        return {f"{prefix}fetched": NOBODY}
    numbers: dict[str, Cell] = {"fetched": f"{report.state}: {report.detail}"}
    if report.state == "ok":
        numbers |= {
            "rows_new": report.outcome.written,
            "rows_already_there": report.outcome.already_there,
            "rows_conflicting": report.outcome.conflicts,
            "rows_dropped": sum(report.dropped.values()),
            "dropped": ", ".join(f"{count} {why}" for why, count in report.dropped.items()) or None,
        }
    return {f"{prefix}{name}": value for name, value in numbers.items()}


def attempts(
    connection: Connection, scope: DayScope, feed: str, prefix: str = ""
) -> dict[str, Cell]:
    """How often a feed was asked that day, and what came of the last attempts."""
    checks = context_feeds.read(connection, feed, MARKET, scope.start, scope.end)
    answers = [check for check in checks if check.ok]
    failures = [check for check in checks if not check.ok]
    return {
        f"{prefix}asked": len(checks),
        f"{prefix}failed": len(failures),
        f"{prefix}last_answer": f"{iso(answers[-1].checked_at)}: {answers[-1].detail}"
        if answers
        else None,
        f"{prefix}last_failure": f"{iso(failures[-1].checked_at)}: {failures[-1].detail}"
        if failures
        else None,
    }


def as_code(text: str, limit: int = 160) -> str:
    """Hostile text of one line as Markdown that shows it and does nothing else.

    In a code span no markup, no HTML and no bare address comes to life; backslashes alone do not
    stop a renderer that looks for addresses once more. What would end the span or a table's cell is
    shown as its neighbour: a backtick as an apostrophe, a bar as a broken one.

    Example:
        >>> as_code("a | b `c` https://example.org")
        "`a ¦ b 'c' https://example.org`"
    """
    shown = text if len(text) <= limit else f"{text[: limit - 1]}…"
    harmless = shown.replace("`", "'").replace("|", "\N{BROKEN BAR}").strip()
    return f"`{harmless}`" if harmless else "-"
