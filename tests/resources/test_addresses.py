"""Of an address that may hold a key only the place is shown, and what is a key is known."""

import base64
from urllib.parse import quote

import pytest

from babingepet_resources.addresses import (
    HIDDEN,
    hidden,
    place_of,
    secrets_of,
    user_parts,
    without_secrets,
)

KEY = "a+secret/of=ours"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://data.example", "https://data.example"),
        ("https://data.example:81/", "https://data.example:81"),
        ("https://bob:s3cret@data.example", "https://data.example, the rest is not shown"),
        ("https://data.example/s3cret/feed", "https://data.example, the rest is not shown"),
        ("https://data.example?key=s3cret", "https://data.example, the rest is not shown"),
        ("s3cret", "what is no address"),
        ("http://[s3cret", "what is no address"),
    ],
)
def test_only_the_place_of_an_address_is_shown(url, place):
    assert place_of(url) == place


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("https://api.alternative.me/fng/?limit=30", ()),
        ("https://news.example/rss?q=bitcoin+when:1d+in+all+papers", ()),
        (f"https://bob:{quote(KEY, safe='')}@h/x", (KEY,)),
        (f"https://{quote(KEY, safe='')}@h/x", (KEY,)),
        (f"https://h/x?lang=en&token={quote(KEY, safe='')}", (KEY,)),
        ("http://[", ()),
    ],
)
def test_passwords_and_long_values_are_secrets_and_ordinary_options_are_not(url, secrets):
    assert secrets_of(url) == secrets


def test_user_and_password_are_told_as_they_are_meant():
    assert user_parts("s3://k%2Fey:se%3Acret@bucket/x") == ("k/ey", "se:cret")
    assert user_parts("/a/folder@home") == ()
    assert without_secrets("s3://key:secret@bucket/x?y=1") == "s3://bucket/x"


@pytest.mark.parametrize(
    "form",
    [KEY, quote(KEY), quote(KEY, safe=""), base64.b64encode(KEY.encode()).decode()],
)
def test_a_secret_is_hidden_in_whatever_form_it_is_repeated(form):
    assert hidden(f"you sent {form}!", [KEY]) == f"you sent {HIDDEN}!"
