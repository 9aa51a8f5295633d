"""One file with database and blobs, and back again with identical checksums.

The file is a tar: `manifest.json`, `database.dump` (pg_dump's own format, compressed), `blobs/…`. Dump and
checksums are taken in one snapshot; blobs are written before the rows that name them and swept after, so every
blob a row of the snapshot names is there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import orjson
import psycopg
from flask import current_app
from flask.cli import with_appcontext
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from app.core import clock, embedded
from app.core.db import driver_address

FORMAT = 1
BLOBS = "blobs"
EVERYTHING = sql.SQL("true")


class BackupError(click.ClickException):
    """Backup or restore cannot go on; the message says what to do."""


def owner_url() -> str:
    """The owner's address for libpq; raises BackupError where this node does not have it."""
    url = current_app.config["HOUQIN"].owner_database_url
    if not url:
        raise BackupError("OWNER_DATABASE_URL is not set here. Run this where migrations are run.")
    return driver_address(url)


def address_without_password(folder: Path) -> str:
    """The same for PostgreSQL's programs, the password in a file of `folder`: what a program is called with, anybody on
    the host may read."""
    parts = conninfo_to_dict(owner_url())
    password = parts.pop("password", None)
    if password is not None:
        file = folder / "passfile"
        file.touch(mode=0o600)
        file.write_text("*:*:*:*:" + str(password).replace("\\", "\\\\").replace(":", "\\:") + "\n")
        parts["passfile"] = str(file)
    return make_conninfo("", **parts)


def blob_folder() -> Path:
    folder: Path = current_app.config["HOUQIN"].blob_dir
    return folder


def program(name: str) -> str:
    """pg_dump or pg_restore: PostgreSQL's own on the path, else the embedded one."""
    found = shutil.which(name)
    if found and _major(found) >= 18:
        return found
    try:
        return embedded.program(name)
    except embedded.ServerError as error:
        raise BackupError(f"{name} 18 is needed: install PostgreSQL's client programs.") from error


def _major(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603 - a program of PostgreSQL's by its path, no input
    digits = said.rsplit(" ", 1)[-1].split(".")[0].strip()
    return int(digits) if digits.isdigit() else 0


def write(target: Path) -> dict[str, Any]:
    """Write the backup to `target` (replaced only when it is whole); returns the manifest. Raises BackupError."""
    target = target.absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-")
    except OSError as error:
        raise BackupError(f"{target} cannot be written ({error.strerror}). Name a file in another folder.") from error
    with folder as work:
        dump = Path(work) / "database.dump"
        with psycopg.connect(owner_url()) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = _one(connection, "SELECT pg_export_snapshot()")
            to = f"--dbname={address_without_password(Path(work))}"
            _run(program("pg_dump"), "-Fc", f"--snapshot={snapshot}", f"--file={dump}", to)
            tables = checksums(connection)
        manifest: dict[str, Any] = {
            "format": FORMAT,
            "at": clock.now().isoformat(),
            "tables": tables,
            "blobs": dict(blob_sums(blob_folder())),
            "dump": _sum(dump),
        }
        part = Path(work) / "backup.tar"
        with tarfile.open(part, "w", dereference=True) as archive:
            add_bytes(archive, "manifest.json", orjson.dumps(manifest), Path(work))
            archive.add(dump, "database.dump")
            for name in manifest["blobs"]:
                archive.add(blob_folder() / name, f"{BLOBS}/{name}", recursive=False)
        put(part, target)
    return manifest


def restore(source: Path, *, replace: bool) -> dict[str, Any]:
    """Put a backup back and check it; returns its manifest. Raises BackupError and leaves the old state where it can.

    `replace` is needed where the database already holds data. Stop web and workers first.
    """
    with unpacked(source, "database.dump") as folder:
        manifest = read_manifest(source, folder)
        if manifest.get("format") != FORMAT:
            raise BackupError(f"{source} has format {manifest.get('format')}; this release reads {FORMAT}.")
        check_blobs(source, folder, manifest)
        _check_dump(source, folder, manifest)
        with psycopg.connect(owner_url(), autocommit=True) as connection:
            if checksums(connection) and not replace:
                raise BackupError("The database already holds data. Add --replace to put the backup in its place.")
            connection.execute("SET lock_timeout = '5s'")
            try:
                connection.execute("DROP SCHEMA public CASCADE")
            except psycopg.errors.LockNotAvailable as error:
                raise BackupError("The database is in use. Stop web and workers, then repeat the command.") from error
            connection.execute("CREATE SCHEMA public")
            connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")
            connection.execute("CREATE EXTENSION btree_gist")  # not part of a schema's dump
        _run(
            program("pg_restore"),
            "--no-owner",
            "--exit-on-error",
            "--schema=public",
            f"--dbname={address_without_password(folder)}",
            str(folder / "database.dump"),
        )
        _put_blobs(folder / BLOBS)
        with psycopg.connect(owner_url()) as connection:
            found = checksums(connection)
        if found != manifest["tables"]:
            wrong = sorted(name for name in manifest["tables"] if found.get(name) != manifest["tables"][name])
            raise BackupError(f"Restored, but these tables differ from the backup: {', '.join(wrong)}.")
    return manifest


def checksums(connection: psycopg.Connection[Any]) -> dict[str, list[str]]:
    """Rows and an order-free checksum of each table, as the owner sees them (no row-level security)."""
    names = [
        row[0]
        for row in connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
            "AND NOT relispartition ORDER BY relname"
        )
    ]
    return {name: checksum(connection, name) for name in names}


def checksum(connection: psycopg.Connection[Any], table: str, where: sql.Composable = EVERYTHING) -> list[str]:
    """How many rows of a table there are, of those where a condition holds, and their order-free checksum."""
    row = connection.execute(
        sql.SQL(
            "SELECT count(*)::text, coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text FROM {} t WHERE {}"
        ).format(sql.Identifier(table), where)
    ).fetchone()
    return list(row or ())


def _one(connection: psycopg.Connection[Any], statement: str) -> str:
    row = connection.execute(statement).fetchone()
    return str(row[0]) if row else ""


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a program of PostgreSQL's by its path, no input
    if done.returncode != 0:
        raise BackupError(f"{Path(command[0]).name} failed:\n{done.stderr.strip()[-2000:]}")


def put(part: Path, target: Path) -> None:
    """Put a file that is whole now in its place, safe on the disk and for its owner alone."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.chmod(0o600)
    part.replace(target)


def check_blobs(source: Path, folder: Path, manifest: dict[str, Any]) -> None:
    """Raise BackupError where a file of the unpacked archive is not what its manifest says."""
    for name, expected in manifest["blobs"].items():
        if _sum(folder / BLOBS / name) != expected:
            raise BackupError(f"{source} is damaged: {name} does not have its checksum. Take another backup.")


def _check_dump(source: Path, folder: Path, manifest: dict[str, Any]) -> None:
    """Raise BackupError where the dump is not what was written, before the present database goes."""
    dump, reader = folder / "database.dump", program("pg_restore")
    damaged = f"{source} is damaged: its database cannot be read whole. Take another backup."
    if manifest.get("dump") not in (None, _sum(dump)):  # backups of before have no checksum of it
        raise BackupError(damaged)
    try:
        _run(reader, f"--file={os.devnull}", str(dump))
    except BackupError as error:
        raise BackupError(f"{damaged} ({error})") from error


def _sum(path: Path) -> str:
    if not path.is_file():
        return "missing"
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def blob_sums(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file below a folder with its checksum."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.is_symlink() and not path.name.endswith(".part"):
            yield path.relative_to(folder).as_posix(), _sum(path)


def add_bytes(archive: tarfile.TarFile, name: str, content: bytes, work: Path) -> None:
    """Add a file of this content to an archive; `work` is a folder for it."""
    path = work / name
    path.write_bytes(content)
    archive.add(path, name)


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Extract plain files and folders as one's own. Raises TarError for anything else, or a way out of the folder.

    What Python's own filter refuses is refused here, too: Python before 3.11.4 has none.
    """
    for member in archive.getmembers():
        inside = _stays_inside(member.name) and (not member.islnk() or _stays_inside(member.linkname))
        if not (member.isreg() or member.isdir() or member.islnk()) or not inside:
            raise tarfile.TarError(member.name)
        member.mode = 0o700 if member.isdir() else 0o600
        member.uid, member.gid, member.uname, member.gname = os.geteuid(), os.getegid(), "", ""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
    else:
        archive.extractall(folder)  # noqa: S202 - looked at above


def _stays_inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in Path(name).parts


@contextmanager
def unpacked(source: Path, needed: str) -> Iterator[Path]:
    """The archive's files in a temporary folder. Raises BackupError where it is none, or has no file `needed`."""
    if not source.is_file():
        raise BackupError(f"There is no file {source}.")
    with tempfile.TemporaryDirectory(dir=current_app.config["HOUQIN"].data_dir, prefix=".restore-") as folder:
        try:
            with tarfile.open(source, "r") as archive:
                unpack(archive, Path(folder))
        except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError, KeyError) as error:
            why = str(error).partition("\n")[0].rstrip(":")  # tarfile adds a line for each way it tried
            raise BackupError(f"{source} is not a backup of Houqin, or it is damaged ({why}).") from error
        if not (Path(folder) / "manifest.json").is_file() or not (Path(folder) / needed).exists():
            raise BackupError(f"{source} is not a backup of Houqin of this kind.")
        yield Path(folder)


def read_manifest(source: Path, folder: Path) -> dict[str, Any]:
    """What an unpacked archive says it holds. Raises BackupError where that cannot be read."""
    try:
        found = orjson.loads((folder / "manifest.json").read_bytes())
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(found.get(part), dict) for part in ("tables", "blobs")):
        raise BackupError(f"{source} is damaged: what it holds cannot be read. Take another backup.")
    return found


def _put_blobs(source: Path) -> None:
    """Put the backup's blobs in the place of the present ones; the old folder goes only when the new one stands."""
    target = blob_folder()
    old = target.with_name(f"{BLOBS}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    if source.is_dir():
        shutil.move(source, target)
    else:
        target.mkdir(parents=True)
    shutil.rmtree(old, ignore_errors=True)


def summary(manifest: dict[str, Any]) -> str:
    """How much a manifest names, in a few words."""
    rows = sum(int(each[0]) for each in manifest["tables"].values())
    return f"{len(manifest['tables'])} tables, {rows} rows, {len(manifest['blobs'])} files"


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def backup_command(target: Path) -> None:
    """Write database and files into one FILE."""
    click.echo(f"Written {target}: {summary(write(target))}.")


@click.command("restore")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Put the backup in the place of what is there.")
@with_appcontext
def restore_command(source: Path, replace: bool) -> None:
    """Put a backup FILE back and check it against its checksums. Stop web and workers first."""
    click.echo(f"Restored {source}: {summary(restore(source, replace=replace))}; all checksums are identical.")
