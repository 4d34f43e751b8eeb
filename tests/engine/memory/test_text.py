"""Any text becomes words, or is refused with its reason."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babingepet.errors import InputError
from babingepet.memory.text import (
    MOST_CHARACTERS,
    MOST_TOKENS,
    as_token,
    clean,
    fingerprint,
    tokens,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"BTC" OR NEAR(eth*) -col:x ^a', ["btc", "or", "near", "eth", "col", "x", "a"]),
        ("vpin_regime_high", ["vpin_regime_high"]),
        ("Café CAFÉ cafe", ["cafe"]),
        ("\x00\x1b[31mred\x7f", ["31mred"]),
        ("比特币 \ud800", []),
        ("", []),
    ],
)
def test_a_query_is_words_and_nothing_else(text, words):
    assert tokens(text) == words


@given(st.text(max_size=300))
def test_no_text_leaves_anything_but_words(text):
    assert all(re.fullmatch("[a-z0-9_]+", one) for one in tokens(text))


def test_a_query_of_too_many_words_is_cut_and_one_of_a_megabyte_is_refused():
    assert len(tokens(" ".join(f"w{n}" for n in range(500)))) == MOST_TOKENS
    with pytest.raises(InputError, match="query: 1,048,576 characters, at most 4,000"):
        tokens("x" * 2**20)


def test_a_text_loses_what_separates_words_and_nothing_else():
    assert clean("a\x00b\r\n\t c\u200b\u2028d é") == "a b c d é"
    assert clean("x" * MOST_CHARACTERS) == "x" * MOST_CHARACTERS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * (MOST_CHARACTERS + 1), "4,001 characters"),
        ("\ufdfa" * 1_000, "characters, at most 4,000"),
        (" \x00\n", "no word"),
    ],
)
def test_a_text_that_cannot_be_kept_is_refused_with_its_reason(text, said):
    with pytest.raises(InputError, match=said):
        clean(text)


def test_the_fingerprint_is_that_of_kind_and_normalised_text():
    expected = hashlib.sha256(b"note|hello cafe").hexdigest()
    assert fingerprint("note", "  HELLO   Café ") == expected
    assert fingerprint("trade", "hello cafe") != expected


def test_several_words_become_one():
    assert as_token("ofi_pressure", "STRONG BUY!") == "ofi_pressure_strong_buy"
