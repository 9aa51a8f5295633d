"""Where blobs lie, behind five calls; the driver here is a directory, one for all web and worker nodes.

A blob is written whole or not at all (temporary file, fsync, rename). Its row is written after it: what a crash
leaves between the two is a file nobody points to, which the sweep removes.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Protocol

from flask import current_app

CHUNK = 256 * 1024
QUARANTINE = "quarantine/"
_KEY = re.compile(r"^(?:quarantine/)?[0-9]{1,10}/[0-9]{4}/[0-9]{2}/[0-9a-f-]{36}(?:-thumb)?$")


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written."""

    size: int
    sha256: str


class BlobStore(Protocol):
    """A place for blobs. Keys are `[quarantine/]institution/yyyy/mm/uuid[-thumb]`."""

    def put(self, key: str, stream: IO[bytes]) -> Stored:
        """Write the rest of `stream`; an existing blob of the key is replaced."""
        ...

    def open(self, key: str) -> IO[bytes]:
        """The blob for reading. Raises FileNotFoundError."""
        ...

    def url(self, key: str) -> str | None:
        """An address of the store's own that serves the blob for a short time; None where it has none."""
        ...

    def delete(self, key: str) -> None:
        """Remove the blob; one that is not there is no error."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is such a blob."""
        ...

    def written(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Keys below a prefix with the time they were written (aware UTC), for the sweep."""
        ...


class Directory:
    """Blobs as files below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, key: str) -> Path:
        if not _KEY.match(key):
            raise ValueError(f"not a blob key: {key!r}")
        return self.root / key

    def put(self, key: str, stream: IO[bytes]) -> Stored:
        path = self._path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_name(f".{secrets.token_hex(8)}.part")
        digest, size = hashlib.sha256(), 0
        try:
            with partial.open("xb") as out:
                while chunk := stream.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return Stored(size, digest.hexdigest())

    def open(self, key: str) -> IO[bytes]:
        return self._path(key).open("rb")

    def url(self, key: str) -> str | None:
        return None

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def written(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        for folder, _folders, files in os.walk(self.root / prefix):
            for name in files:
                path = Path(folder) / name
                try:
                    at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                except FileNotFoundError:  # gone since the folder was read
                    continue
                yield path.relative_to(self.root).as_posix(), at

    def drop_partial(self, key: str) -> bool:
        """Remove what a killed write left (`.….part`); False where `key` is not of that kind."""
        path = self.root / key
        if not (path.name.startswith(".") and path.suffix == ".part"):
            return False
        path.unlink(missing_ok=True)
        return True


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def store() -> Directory:
    """The store of this process."""
    return Directory(current_app.config["HOUQIN"].blob_dir)
