"""The nightly run asks every property a thousand times; no test asks for fewer."""

import os
import subprocess
import sys
from pathlib import Path

import hypothesis
import pytest

from scripts.devtools.verbs import _NIGHTLY

PRODUCT = Path(__file__).resolve().parents[2]
NIGHTLY_EXAMPLES = 1_000


def test_the_nightly_profile_has_a_thousand_examples_and_no_deadline():
    slow = hypothesis.settings.get_profile("slow")
    assert slow.max_examples >= NIGHTLY_EXAMPLES
    assert slow.deadline is None


def test_no_property_sets_its_own_number_of_examples():
    sources = {path: path.read_text() for path in (PRODUCT / "tests").rglob("*.py")}
    own = {path.name for path, text in sources.items() if "max_examples" in text}
    assert own == {"conftest.py", Path(__file__).name}


def properties_in(*options):
    """Tests of this folder that pytest selects."""
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", *options, "tests/properties"],
        cwd=PRODUCT, env={**os.environ, "HYPOTHESIS_PROFILE": "slow"}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return {line for line in listed.stdout.splitlines() if "::" in line}


@pytest.mark.slow
def test_the_nightly_run_selects_every_property():
    every = properties_in("-m", "hypothesis")
    assert len(every) > 40
    assert every <= properties_in("-m", _NIGHTLY)
