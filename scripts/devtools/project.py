"""Where things are in the repository, and the error that ends a verb with a sentence.

Not here: what is done with these places (`environment.py`, `checks.py`, `verbs.py`).
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK_FILE = ROOT / "requirements.lock"
PYPROJECT = ROOT / "pyproject.toml"
VENV = ROOT / ".venv"
VENV_BIN = VENV / "bin"
VENV_PYTHON = VENV_BIN / "python"
TOOLS = ROOT / ".venv-tools"
"""Private folder of uv and of the set-up lock; pip puts uv there and nowhere else."""

_MISLEADING_VARIABLES = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",  # set-up compiles on purpose: imports take 3.5 s instead of 7.4
    "PYTHONPYCACHEPREFIX",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
)


class VerbError(Exception):
    """A verb cannot go on; the message is the sentence for the user, `status` the exit code."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def tool_environment() -> dict[str, str]:
    """Return this process's variables without those that point a tool at another Python."""
    return {name: value for name, value in os.environ.items() if name not in _MISLEADING_VARIABLES}
