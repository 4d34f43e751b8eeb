"""A folder that fsspec can reach: whole files in, whole files out.

Belongs here: opening an address, putting a file so that nobody ever sees half of it, and turning
what storage libraries raise into errors of ours. Does not belong here: what the files hold.

In a file system a file is written under another name and moved; an object store shows an object
only once its one PUT is complete. Nothing here prints an address as it was given: it may hold a
password.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from babingepet.errors import ConfigurationError, TapeUnavailable
from babingepet_resources.addresses import hidden, user_parts, without_secrets

_OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oci", "oss", "memory"}
"""Protocols whose upload is one step: an object is there as a whole or not at all."""

_UNFINISHED = ".part"
"""End of the name of a file that is being written; never read."""


class Storage:
    """Files under one address.

    Attributes:
        where: The address for people: without user, password and options.
    """

    def __init__(self, filesystem: Any, root: str, url: str) -> None:  # noqa: ANN401 - untyped
        self._fs = filesystem
        self._root = root.rstrip("/")
        self.where = without_secrets(url)
        self._secrets = user_parts(url)
        protocol = filesystem.protocol
        self._protocols = {protocol} if isinstance(protocol, str) else set(protocol)
        self._failures = _failures(self._protocols)

    @classmethod
    def open(cls, url: str) -> Storage:
        """Open an address; nothing is created yet.

        Raises:
            ConfigurationError: There is no such kind of storage, or its library is missing.
            TapeUnavailable: It does not answer.
        """
        shown = without_secrets(url)
        try:
            # Another process may have written or removed files: no list of them is kept.
            filesystem, root = url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise ConfigurationError(
                f"{shown}: needs a library that is not installed (for s3: install babingepet[s3])"
            ) from error
        except ValueError as error:
            raise ConfigurationError(f"{shown}: is no address of a folder or a bucket") from error
        except OSError as error:
            raise TapeUnavailable(f"{shown}: does not answer ({type(error).__name__})") from error
        return cls(filesystem, root, url)

    def get(self, name: str) -> bytes | None:
        """The content of a file; None when there is none.

        Raises:
            TapeUnavailable: The storage does not answer.
        """
        with self._translated(name):
            try:
                content: bytes = self._fs.cat_file(f"{self._root}/{name}")
            except FileNotFoundError:
                return None
            return content

    def put(self, name: str, content: bytes) -> None:
        """Store a file as a whole, in place of one of the same name.

        Raises:
            TapeUnavailable: It could not be stored; nothing half-written is left under the name.
        """
        path = f"{self._root}/{name}"
        with self._translated(name):
            if self._protocols & _OBJECT_STORES:
                self._fs.pipe_file(path, content)
                return
            folder = path.rpartition("/")[0]
            self._fs.makedirs(folder, exist_ok=True)
            unfinished = f"{folder}/.{secrets.token_hex(4)}{_UNFINISHED}"
            try:
                with self._fs.open(unfinished, "wb") as file:
                    file.write(content)
                    if isinstance(self._fs, LocalFileSystem):
                        file.flush()
                        os.fsync(file.fileno())
                self._fs.mv(unfinished, path)
            except BaseException:
                if self._fs.exists(unfinished):
                    self._fs.rm_file(unfinished)
                raise

    def files(self, folder: str) -> dict[str, int]:
        """Names, relative to the address, and sizes in bytes of all finished files in a folder.

        Raises:
            TapeUnavailable: The storage does not answer.
        """
        return {name: size for name, size in self._found(folder).items() if _UNFINISHED not in name}

    def leftovers(self, folder: str) -> list[str]:
        """Names of files that a killed writer left unfinished."""
        return [name for name in self._found(folder) if name.endswith(_UNFINISHED)]

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is fine.

        Raises:
            TapeUnavailable: The storage does not answer.
        """
        with self._translated(name), suppress(FileNotFoundError):
            self._fs.rm_file(f"{self._root}/{name}")

    def remove_empty(self, folder: str) -> None:
        """Remove a folder without files; object stores have none."""
        path = f"{self._root}/{folder}"
        if isinstance(self._fs, LocalFileSystem) and not self._found(folder):
            with self._translated(folder):
                if self._fs.isdir(path):
                    self._fs.rmdir(path)

    def _found(self, folder: str) -> dict[str, int]:
        found: dict[str, Any] = {}
        with self._translated(folder), suppress(FileNotFoundError):
            found = self._fs.find(f"{self._root}/{folder}", detail=True)
        return {
            name[len(self._root) + 1 :]: int(entry["size"]) for name, entry in sorted(found.items())
        }

    @contextmanager
    def _translated(self, name: str) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            said = hidden(getattr(error, "strerror", None) or str(error), self._secrets)
            raise TapeUnavailable(
                f"{self.where}/{name}: cannot be reached or written "
                f"({type(error).__name__}: {said})"
            ) from error


def _failures(protocols: set[str]) -> tuple[type[Exception], ...]:
    """What a storage library raises when the storage does not answer."""
    if protocols & {"s3", "s3a"}:
        from botocore.exceptions import BotoCoreError

        return (OSError, BotoCoreError)
    return (OSError,)
