"""Addresses that may hold a password or a key: what of them is shown, and what is to be hidden.

Belongs here: telling the two apart, for every address that a user may set. Does not belong here:
asking an address anything.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import SplitResult, parse_qsl, quote, quote_plus, unquote, urlsplit

HIDDEN = "[hidden]"
SHORTEST_VALUE = 12
"""Characters from which a value of a query counts as a key: ``limit=30`` and ``lang=english`` do not,
and their words must not vanish from the answers of a feed."""
SHORTEST_PASSWORD = 4


def without_secrets(url: str) -> str:
    """An address without user, password and options; a path of this machine as it is."""
    parts = urlsplit(url)
    if not parts.scheme:
        return url
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}".rstrip("/")


def place_of(url: str) -> str:
    """Scheme, host and port: the rest of an address may hold a key, its path too."""
    parts = _split(url)
    if not parts.netloc:
        return "what is no address"
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return place if url.rstrip("/") == place else f"{place}, the rest is not shown"


def user_parts(url: str) -> tuple[str, ...]:
    """User and password, as they are meant and not as they are quoted; none where there is neither."""
    userinfo = _split(url).netloc.rpartition("@")[0]
    return tuple(unquote(part) for part in userinfo.split(":", 1) if part)


def secrets_of(url: str) -> tuple[str, ...]:
    """What in an address may let somebody in: the password, and long values of the query.

    A user's name counts where there is no password: it is a key then.
    """
    passwords = user_parts(url)[-1:]
    values = [value for _, value in parse_qsl(_split(url).query)]
    return tuple(
        [one for one in passwords if len(one) >= SHORTEST_PASSWORD]
        + [one for one in values if len(one) >= SHORTEST_VALUE and " " not in one]
    )


def forms_of(secret: str) -> tuple[str, ...]:
    """A secret as whoever was told it may repeat it: plain, quoted, in base64; the longest first."""
    encoded = base64.b64encode(secret.encode()).decode()
    forms = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), encoded}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Text without any form of the secrets."""
    for secret in secrets:
        for form in forms_of(secret):
            text = text.replace(form, HIDDEN)
    return text


def _split(url: str) -> SplitResult:
    """The parts of an address; none of what is no address."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")
