"""The decorator of every path-dependent rule, and where its machine code is kept.

A rule is one function over numbers and named tuples of numbers; the live cycle and the replay call
the same compiled code. numba's own cache looks only at the file of the outermost function, so a
changed rule in another file would go on running as old machine code. The cache folder therefore
carries a digest of all engine sources: any change starts an empty one.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])

_PACKAGE = Path(__file__).parent


def engine_digest() -> str:
    """Sixteen hex digits over all engine sources: the code version stamped on every decision."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


ENGINE_VERSION = engine_digest()
"""Digest of the sources this process runs."""


def cache_folder() -> Path:
    """Where compiled rules of exactly these sources are kept."""
    root = _PACKAGE / "__pycache__"
    root = root if os.access(_PACKAGE, os.W_OK) else Path(tempfile.gettempdir()) / "babingepet"
    return root / f"compiled-{ENGINE_VERSION}"


numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]


def rule(function: F) -> F:
    """Compile a rule on first use; IEEE arithmetic in source order, so every caller gets the same bits."""
    return _compiled(function, inline="never")


def stage(function: F) -> F:
    """Compile a rule into every rule that calls it: for those that take and give whole states.

    A call passes each of a state's seventy numbers one by one; without the calls between its stages
    a replayed minute takes 131 ns instead of 677.
    """
    return _compiled(function, inline="always")


def _compiled(function: F, inline: Literal["never", "always"]) -> F:
    compile_rule = numba.njit(
        cache=True, nogil=True, fastmath=False, error_model="numpy", inline=inline
    )
    return cast("F", compile_rule(function))
