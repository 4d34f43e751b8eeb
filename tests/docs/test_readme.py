"""The README is true: its commands exist, its links and pictures lead somewhere."""

import re
from pathlib import Path

import pytest

from scripts.devtools import project, verbs

README = project.ROOT / "README.md"
COMMAND = re.compile(r"python3 scripts/dev\.py (\w+)")
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)|<img[^>]*\ssrc=\"([^\"]+)\"")
DOCUMENTS = sorted([*project.ROOT.glob("*.md"), *(project.ROOT / "docs").rglob("*.md")])


def test_the_readme_starts_with_the_two_commands():
    first_block = README.read_text().split("```")[1]
    assert COMMAND.findall(first_block) == ["run", "test"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_of_a_document_is_a_verb(document):
    assert set(COMMAND.findall(document.read_text())) <= set(verbs.VERBS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_relative_link_and_picture_exists(document):
    missing = [target for target in relative_links(document) if not target.exists()]
    assert missing == []


def test_a_link_is_found_in_each_form_markdown_knows(tmp_path):
    document = tmp_path / "page.md"
    document.write_text(
        '[a](one.md) ![b](two.png) <img width="9" src="three.svg"> [c](four.md#part) '
        "[d](https://example.org) [e](#here) [f](mailto:someone@example.org)"
    )
    names = [target.name for target in relative_links(document)]
    assert sorted(names) == ["four.md", "one.md", "three.svg", "two.png"]


def relative_links(document: Path) -> list[Path]:
    """Return what a Markdown file links to inside the repository."""
    targets = [link or picture for link, picture in LINK.findall(document.read_text())]
    outside = ("http://", "https://", "mailto:", "#")
    inside = (target for target in targets if not target.startswith(outside))
    return [(document.parent / target.split("#")[0]).resolve() for target in inside]
