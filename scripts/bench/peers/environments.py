"""An environment per peer, under ``.venv-peers``: their requirements contradict ours and each other's.

Made once, in seconds to minutes, from the exact versions in ``NAME.lock``; kept until that file or
the Python changes.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
from pathlib import Path

from scripts.devtools import environment
from scripts.devtools.process import run_step
from scripts.devtools.project import ROOT

ENVIRONMENTS = ROOT / ".venv-peers"
_LOCKS = Path(__file__).parent


def python_of(name: str) -> Path:
    """The Python that has the peer, making its environment first when it is not there or not current.

    Raises:
        VerbError: It cannot be made; the sentence says why.
    """
    lock = _LOCKS / f"{name}.lock"
    folder = ENVIRONMENTS / name
    python, stamp = folder / "bin" / "python", folder / ".complete"
    expected = _stamp(lock)
    if stamp.exists() and stamp.read_text() == expected and python.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    create = [environment.uv(), "venv", "--no-project", "--no-config", "--python", sys.executable]
    run_step([*create, str(folder)], f"Creating the environment of {name}")
    sync = [environment.uv(), "pip", "sync", "--compile-bytecode", "--python", str(python)]
    run_step([*sync, str(lock)], f"Installing {name}")
    stamp.write_text(expected)
    return python


def _stamp(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes() + platform.python_version().encode()).hexdigest()
