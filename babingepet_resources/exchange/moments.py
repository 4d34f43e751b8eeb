"""Times as people write them: ISO 8601, always UTC.

Belongs here: between text and UTC milliseconds. Does not belong here: any clock.
"""

from datetime import UTC, datetime

from babingepet.errors import InputError


def parse_moment(text: str, option: str = "--from") -> int:
    """UTC milliseconds of `2025-05-10`, `2023-04-04T23:58` or the like, with Z, +00:00 or nothing.

    Args:
        text: What the user wrote.
        option: Where, for the message.

    Raises:
        InputError: It is not such a time, or names another zone than UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{option} '{text}' is not a time such as 2025-05-10 or 2023-04-04T23:58 (UTC)."
        ) from error
    if moment.utcoffset():
        raise InputError(f"{option} '{text}' names another time zone; times are UTC.")
    return int(moment.replace(tzinfo=UTC).timestamp() * 1000)


def format_moment(time: int) -> str:
    """UTC milliseconds as `2023-04-04T23:58:20Z`, whole seconds."""
    return datetime.fromtimestamp(time // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
