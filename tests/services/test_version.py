"""The version says which sources a process loaded."""

import subprocess
from pathlib import Path

import pytest

from babingepet import __version__
from babingepet_services.version import PACKAGES, ROOT, code_version, version_of


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for package in PACKAGES:
        (root / package / "inner").mkdir(parents=True)
        (root / package / "inner" / "module.py").write_text("x = 1\n")
    return root


def git(root: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@y.z", *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def test_a_process_keeps_the_version_that_it_found_first() -> None:
    assert code_version() == version_of(ROOT)
    assert code_version() is code_version()


def test_every_package_of_ours_counts() -> None:
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "scripts"}
    assert set(PACKAGES) == ours


@pytest.mark.parametrize("package", PACKAGES)
def test_an_edit_that_was_not_committed_is_another_version(tree: Path, package: str) -> None:
    before = version_of(tree)
    assert before.startswith(f"{__version__}+")
    (tree / package / "inner" / "module.py").write_text("x = 2\n")
    assert version_of(tree) != before


def test_a_moved_line_between_two_files_is_another_version(tree: Path) -> None:
    folder = tree / "sensors"
    (folder / "a.py").write_text("x = 1\ny = 2\n")
    (folder / "b.py").write_text("")
    before = version_of(tree)
    (folder / "a.py").write_text("x = 1\n")
    (folder / "b.py").write_text("y = 2\n")
    assert version_of(tree) != before


def test_what_is_not_imported_does_not_count(tree: Path) -> None:
    before = version_of(tree)
    (tree / "sensors" / "notes.txt").write_text("x")
    (tree / "docs").mkdir()
    (tree / "docs" / "conf.py").write_text("x")
    assert version_of(tree) == before


@pytest.mark.parametrize("packed", [False, True])
def test_a_clone_and_a_second_working_tree_name_their_commits(tree: Path, *, packed: bool) -> None:
    sources = version_of(tree).partition("+")[2]
    git(tree, "init", "-q")
    git(tree, "add", ".")
    git(tree, "commit", "-q", "-m", "first")
    git(tree, "worktree", "add", "-q", "../second", "-b", "side")
    if packed:
        git(tree, "pack-refs", "--all")
    commit = git(tree, "rev-parse", "HEAD").strip()[:12]
    expected = f"{__version__}+{commit}.{sources}"
    assert version_of(tree) == version_of(tree.parent / "second") == expected
