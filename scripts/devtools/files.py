"""Which files may be in the repository: small ones, no recorded data, no secrets.

Run by `dev.py check`, by pre-commit (`python3 -m scripts.devtools.files`) and by the tests.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from scripts.devtools.project import ROOT

LONGEST_MODULE = 400
"""Lines of a Python file, the hard stop."""
LONG_MODULE = 250
"""Lines of a Python file from which a split is suggested."""
LARGEST_FILE = 1024 * 1024
"""Bytes of any file."""
LARGEST_PICTURE = 1536 * 1024
"""Bytes of a picture under docs/."""

_PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp"}
_DATA = {".parquet", ".sqlite", ".db", ".feather", ".h5", ".pkl", ".joblib", ".zip", ".gz", ".zst"}
_SECRETS = re.compile(r"^(\.env(?!\.example$).*|id_(rsa|ed25519|ecdsa)|.*\.(pem|key|p12|pfx))$")
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def repository_files() -> list[Path]:
    """List what is or would be committed, as git sees it, in a stable order."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = (ROOT / name for name in listed.split("\0") if name)
    return sorted({path for path in paths if path.is_file()})


def problems(paths: Iterable[Path]) -> list[str]:
    """Say in a sentence each what must not be committed as it is."""
    return [sentence for path in paths for sentence in _problems_of(path)]


def long_modules(paths: Iterable[Path]) -> list[str]:
    """Name the Python files that are allowed but long enough to consider a split."""
    counted = ((path, _lines(path)) for path in paths if path.suffix == ".py")
    return [
        f"{_shown(path)}: {lines} lines; above {LONG_MODULE}, consider a split"
        for path, lines in counted
        if LONG_MODULE < lines <= LONGEST_MODULE
    ]


def _problems_of(path: Path) -> list[str]:
    found = []
    name = _shown(path)
    if path.suffix == ".py" and (lines := _lines(path)) > LONGEST_MODULE:
        found.append(
            f"{name}: {lines} lines, at most {LONGEST_MODULE}: split it by what it is about"
        )
    if (size := path.stat().st_size) > (limit := _limit(path)):
        found.append(f"{name}: {size / 1024:.0f} KiB, at most {limit // 1024} KiB")
    if path.suffix in _DATA:
        found.append(
            f"{name}: data files are not committed; tests find them by BABINGEPET_TEST_DATA"
        )
    if _SECRETS.match(path.name):
        found.append(f"{name}: looks like a file of secrets")
    elif _PRIVATE_KEY.search(path.read_bytes()):
        found.append(f"{name}: holds a private key")
    return found


def _limit(path: Path) -> int:
    is_documentation = path.is_relative_to(ROOT / "docs")
    return LARGEST_PICTURE if is_documentation and path.suffix in _PICTURES else LARGEST_FILE


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


if __name__ == "__main__":
    broken = problems(repository_files())
    print("\n".join(broken))
    sys.exit(1 if broken else 0)
