"""A real file system of a few megabytes, that can be filled, emptied, enlarged and made read-only.

``small_disk`` is imported by the tests that use it. Only root may mount: others skip.
"""

import errno
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass
class SmallDisk:
    """A tmpfs that is mounted for the length of a test."""

    path: Path
    filled: int = 0
    """How often it was filled to the last byte."""

    @property
    def _ballast(self) -> Path:
        return self.path / "ballast"

    def fill(self) -> None:
        """Leave no byte free."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
        space = os.statvfs(self.path)
        assert space.f_bavail == 0
        self.filled += 1

    def make_room(self) -> None:
        """Remove what it was filled with."""
        self._ballast.unlink()

    def remount(self, options: str) -> None:
        """Change ``ro``, ``rw`` or ``size=``."""
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True)


MakeDisk = Callable[..., SmallDisk]


@pytest.fixture
def small_disk(request: pytest.FixtureRequest) -> MakeDisk:
    """Mount a file system of a size such as ``8m``."""

    def mounted(size: str) -> SmallDisk:
        # Not in the test's own folder, which only root may enter: a server runs as another user.
        path = Path(tempfile.mkdtemp(prefix="small-disk-"))
        request.addfinalizer(path.rmdir)
        path.chmod(0o755)
        order = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "none", str(path)]
        done = subprocess.run(order, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"a small file system needs root and mount: {done.stderr.strip()}")
        request.addfinalizer(lambda: subprocess.run(["umount", "-l", str(path)], check=True))
        return SmallDisk(path)

    return mounted
