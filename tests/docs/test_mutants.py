"""The list of mutants follows the code, and a mutant counts as killed only when a test failed."""

import pytest

from scripts.devtools import mutants, project, verbs
from scripts.devtools.mutants import KILLED, SURVIVED, UNUSABLE, Mutant

LISTED = mutants.read_list(mutants.LIST)
RULE = "def is_ripe(days):\n    return days >= 5\n"
TEST = """\
import rule

def test_fruit_ripens_in_five_days():
    assert rule.is_ripe(6)
    assert not rule.is_ripe(3)
"""


def test_every_mutant_fits_the_code():
    assert mutants.misfits(LISTED, project.ROOT) == []


def test_no_part_of_the_rules_goes_without_mutants():
    seeded = {mutant.file.removeprefix("babingepet/") for mutant in LISTED}
    voting = {f"voting/{name}.py" for name in ("aggregate", "debounce", "edge", "gates", "grade")}
    paper = {f"paper/{name}.py" for name in ("exits", "fills", "guards", "ledger", "sizing")}
    assert voting | paper | {"cycles/btc_minute.py", "market/funding.py"} <= seeded
    assert len(LISTED) >= 40


def mutant(**given):
    values = {
        "id": "ripe-early", "file": "rule.py", "old": ">= 5", "new": ">= 3",
        "breaks": "Fruit ripens in five days.", "tests": ("test_rule.py",),
    }  # fmt: skip
    return Mutant(**(values | given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"old": ">= 6"}, "found 0 times in rule.py, not once"),
        ({"old": "days"}, "found 2 times"),
        ({"file": "lost.py"}, "found 0 times in lost.py"),
        ({"new": ">= 5"}, "nothing is changed"),
        ({"tests": ("test_lost.py",)}, "there is no test_lost.py"),
    ],
)
def test_a_mutant_that_does_not_fit_is_named(orchard, given, said):
    (sentence,) = mutants.misfits([mutant(**given)], orchard)
    assert sentence.startswith("ripe-early: ")
    assert said in sentence


def test_a_name_is_used_once(orchard):
    assert "more than once" in mutants.misfits([mutant(), mutant(new=">= 4")], orchard)[0]


@pytest.fixture
def orchard(tmp_path):
    """A project of one rule and one test."""
    (tmp_path / "rule.py").write_text(RULE)
    (tmp_path / "test_rule.py").write_text(TEST)
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    return tmp_path


def attempt(folder, *seeded):
    return list(mutants.try_all(seeded, folder, sorted(folder.iterdir())))


@pytest.mark.slow
def test_a_mutant_is_killed_by_a_test_survives_or_is_no_code(orchard):
    noticed, overlooked, broken = attempt(
        orchard, mutant(), mutant(id="ripe-late", new="> 5"), mutant(id="no-code", new=">= (")
    )
    assert (noticed.verdict, noticed.by) == (
        KILLED,
        "test_rule.py::test_fruit_ripens_in_five_days",
    )
    assert (overlooked.verdict, overlooked.by) == (SURVIVED, "")
    assert broken.verdict == UNUSABLE
    assert sorted(path.name for path in orchard.iterdir()) == [
        "pyproject.toml", "rule.py", "test_rule.py",
    ]  # fmt: skip
    assert (orchard / "rule.py").read_text() == RULE


@pytest.mark.slow
def test_where_tests_fail_without_any_mutant_none_is_tried(orchard):
    (orchard / "rule.py").write_text(RULE.replace("5", "7"))
    with pytest.raises(project.VerbError, match="test_fruit_ripens_in_five_days"):
        attempt(orchard, mutant(old=">= 7"))


def test_a_list_that_does_not_fit_is_refused_before_anything_runs(orchard):
    with pytest.raises(project.VerbError, match="follow the code:\nripe-early: its text"):
        attempt(orchard, mutant(old="lost"))


@pytest.mark.parametrize(
    "content", ["[tests", "[[mutant]]\nid = 'x'", "[tests]\n[[mutant]]\nid = 'x'"]
)
def test_what_is_no_list_is_refused(tmp_path, content):
    path = tmp_path / "mutants.toml"
    path.write_text(content)
    with pytest.raises(project.VerbError, match="no list of mutants"):
        mutants.read_list(path)


def test_an_unknown_mutant_is_answered_with_those_that_exist(capsys):
    assert verbs.dispatch(["mutants", "--only", "nonsense"]) == 2
    said = capsys.readouterr().err
    assert "no mutant 'nonsense'" in said
    assert all(listed.id in said for listed in LISTED)


@pytest.mark.parametrize(
    ("tests", "survivors", "status"), [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 1, 1)]
)
def test_the_nightly_run_tries_the_mutants_whatever_the_tests_said(
    monkeypatch, tests, survivors, status
):
    calls = []

    class Done:
        returncode = tests

    def run(command, **_):
        calls.append(command[2])
        return Done

    def run_all():
        calls.append("mutants")
        return survivors

    monkeypatch.setenv("HYPOTHESIS_PROFILE", "fast")
    monkeypatch.setattr(verbs.environment, "ensure", lambda: None)
    monkeypatch.setattr(verbs.subprocess, "run", run)
    monkeypatch.setattr(verbs.mutants, "run_all", run_all)
    assert verbs.dispatch(["nightly"]) == status
    assert calls == ["pytest", "mutants"]
