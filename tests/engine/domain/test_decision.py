import hashlib

import pytest

from babingepet.domain.decision import canonical_json, sha256


def test_equal_values_have_equal_bytes_whatever_the_order_of_their_keys():
    one, other = {"b": 1.0, "a": [1, None, "ü"]}, {"a": [1, None, "ü"], "b": 1.0}
    assert canonical_json(one) == canonical_json(other) == '{"a":[1,null,"ü"],"b":1.0}'.encode()


def test_a_float_keeps_every_bit_in_its_shortest_form():
    assert canonical_json(0.1 + 0.2) == b"0.30000000000000004"
    assert canonical_json(-0.0) == b"-0.0"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_never_written(value):
    with pytest.raises(ValueError, match="range"):
        canonical_json({"score": value})


def test_an_address_is_the_hash_of_the_content():
    assert sha256(b"abc") == hashlib.sha256(b"abc").hexdigest()
