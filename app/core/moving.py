"""One institution as one file: taken out of one cell, put into another, held against either (handbook/scale.md 4.4).

The file is a tar: `manifest.json`, `tables/<name>` (rows as COPY writes them), `blobs/…`. Rows and checksums are of one
snapshot. Ids stay what they are, so an institution goes only where neither its number nor its code is taken. What
secrets have signed or hashed is of use in the other cell only where it knows them (`SECRET_KEY_FALLBACKS`).
"""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg import sql
from sqlalchemy import Table

from app.core import backup, clock
from app.core.backup import BLOBS, BackupError
from app.core.db import Model
from app.core.institution import Institution, forget_institutions

FORMAT = 1
TABLES = "tables"
CHUNK = 256 * 1024


def export(code: str, target: Path) -> dict[str, Any]:
    """Write the institution `code` to `target`, replaced only when it is whole; returns the manifest."""
    target = target.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".export-") as work:
        (Path(work) / TABLES).mkdir()
        with psycopg.connect(backup.owner_url()) as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            number = _number(connection, code)
            for table in _tables():
                _copy_out(connection, table, number, Path(work) / TABLES / table.name)
            manifest: dict[str, Any] = {
                "format": FORMAT,
                "at": clock.now().isoformat(),
                "institution": {"id": number, "code": code},
                "schema": _schema(connection),
                "tables": _checksums(connection, number),
                "blobs": _blobs_of(number),
            }
        part = Path(work) / "export.tar"
        with tarfile.open(part, "w", dereference=True) as archive:
            backup.add_bytes(archive, "manifest.json", orjson.dumps(manifest), Path(work))
            for table in _tables():
                archive.add(Path(work) / TABLES / table.name, f"{TABLES}/{table.name}")
            for name in manifest["blobs"]:
                archive.add(backup.blob_folder() / name, f"{BLOBS}/{name}", recursive=False)
        backup.put(part, target)
    return manifest


def take_in(source: Path) -> dict[str, Any]:
    """Put an exported institution into this cell, all of it or nothing; returns its manifest.

    Raises BackupError where its number or code is taken here, the schema is another one, or the file is damaged.
    """
    with backup.unpacked(source, TABLES) as folder:
        manifest = _manifest(source, folder)
        backup.check_blobs(source, folder, manifest)
        number, code = manifest["institution"]["id"], manifest["institution"]["code"]
        with _one_at_a_time():
            with psycopg.connect(backup.owner_url()) as connection:
                _refuse_taken(connection, number, code)
                if _schema(connection) != manifest["schema"]:
                    raise BackupError(
                        f"{source} was written by another release. Bring both cells to one release first."
                    )
            # in this order: photos of rows whose commit fails go again
            with (
                _own_blobs(folder / BLOBS, number, code, manifest["blobs"]),
                psycopg.connect(backup.owner_url()) as connection,
            ):
                _rows_in(connection, folder / TABLES, number, manifest["tables"])
    forget_institutions()
    return manifest


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Whoever takes an institution in meanwhile waits, then finds it here: else the two would share their files."""
    with psycopg.connect(backup.owner_url(), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtextextended('institution import', 0))")
        yield  # the lock ends with the connection


def _rows_in(connection: psycopg.Connection[Any], folder: Path, number: int, told: dict[str, list[str]]) -> None:
    """Write the rows of all tables. Raises BackupError where they are not what was told."""
    try:
        taken = {table.name: _copy_in(connection, table, folder / table.name) for table in _tables()}
    except (OSError, psycopg.Error) as error:
        raise BackupError(f"Nothing was taken in; the file is damaged: {str(error).splitlines()[0]}") from error
    found = _checksums(connection, number)
    # as many rows as were written, so that none is of another institution
    wrong = {name for name, rows in taken.items() if str(rows) != found[name][0]} | {*_differing(told, found)}
    if wrong:
        raise BackupError(f"Nothing was taken in: {', '.join(sorted(wrong))} differ from what the file says.")


def differences(source: Path) -> list[str]:
    """Names of tables and files in which this cell's institution is not what the exported file says."""
    with backup.unpacked(source, TABLES) as folder:
        manifest = _manifest(source, folder)
        number = manifest["institution"]["id"]
        with psycopg.connect(backup.owner_url()) as connection:
            found = _checksums(connection, number)
        return _differing(manifest["tables"], found) + _differing(manifest["blobs"], _blobs_of(number))


def _manifest(source: Path, folder: Path) -> dict[str, Any]:
    manifest = backup.read_manifest(source, folder)
    named = manifest.get("institution")
    known = isinstance(named, dict) and isinstance(named.get("id"), int) and isinstance(named.get("code"), str)
    if manifest.get("format") != FORMAT or not known:
        raise BackupError(f"{source} is no institution this release reads.")
    return manifest


def _tables() -> list[Table]:
    """The institution's row and every table of its, those that are pointed to first."""
    own = [table for table in Model.metadata.sorted_tables if "institution_id" in table.columns]
    return [Model.metadata.tables[Institution.__tablename__], *own]


def _where(table: str, number: int) -> sql.Composable:
    column = "id" if table == Institution.__tablename__ else "institution_id"
    return sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(number))


def _columns(table: Table) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)


def _copy_out(connection: psycopg.Connection[Any], table: Table, number: int, target: Path) -> None:
    statement = sql.SQL("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT").format(
        _columns(table), sql.Identifier(table.name), _where(table.name, number)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as rows, target.open("wb") as file:
        for piece in rows:
            file.write(piece)


def _copy_in(connection: psycopg.Connection[Any], table: Table, source: Path) -> int:
    """All rows, and the table's numbers go on after the highest of them; returns how many."""
    name = sql.Identifier(table.name)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(name, _columns(table))
    with connection.cursor() as cursor:
        with cursor.copy(statement) as rows, source.open("rb") as file:
            while piece := file.read(CHUNK):
                rows.write(piece)
        written = cursor.rowcount
    connection.execute(
        sql.SQL(
            "SELECT setval(numbers, greatest(highest, pg_sequence_last_value(numbers))) FROM (SELECT "
            "pg_get_serial_sequence({}, 'id')::regclass AS numbers, (SELECT max(id) FROM {}) AS highest) found "
            "WHERE highest IS NOT NULL"
        ).format(sql.Literal(table.name), name)
    )
    return written


def _checksums(connection: psycopg.Connection[Any], number: int) -> dict[str, list[str]]:
    return {str(table.name): backup.checksum(connection, table.name, _where(table.name, number)) for table in _tables()}


def _differing(told: dict[str, Any], found: dict[str, Any]) -> list[str]:
    return sorted(name for name in told.keys() | found.keys() if told.get(name) != found.get(name))


def _schema(connection: psycopg.Connection[Any]) -> list[str]:
    return [row[0] for row in connection.execute("SELECT version_num FROM alembic_version ORDER BY version_num")]


def _number(connection: psycopg.Connection[Any], code: str) -> int:
    row = connection.execute("SELECT id FROM institution WHERE code = %s", [code]).fetchone()
    if row is None:
        raise BackupError(f"There is no institution {code} here: flask institution list")
    return int(row[0])


def _refuse_taken(connection: psycopg.Connection[Any], number: int, code: str) -> None:
    row = connection.execute("SELECT id, code FROM institution WHERE id = %s OR code = %s", [number, code]).fetchone()
    if row is not None:
        raise BackupError(f"Institution {row[1]} (number {row[0]}) is here already; {code} (number {number}) is not.")


def _parts(number: int) -> tuple[str, str]:
    """The folders of an institution's photos, the second of those still in quarantine."""
    return str(number), f"quarantine/{number}"


def _blobs_of(number: int) -> dict[str, str]:
    """Photos of an institution with their checksums."""
    root = backup.blob_folder()
    return {f"{part}/{name}": checksum for part in _parts(number) for name, checksum in backup.blob_sums(root / part)}


@contextmanager
def _own_blobs(source: Path, number: int, code: str, names: dict[str, str]) -> Iterator[None]:
    """Put the files of an institution that is not here in their places; taken away again where the block raises, and
    the institution is not here after all."""
    root = backup.blob_folder()
    homes = [(root / part).resolve() for part in _parts(number)]
    if not all(any((root / name).resolve().is_relative_to(home) for home in homes) for name in names):
        raise BackupError("A file of the archive lies outside its institution's folder.")
    try:
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, root / name)
        yield
    except BaseException:
        if not _may_be_here(number, code):
            for name in names:
                (root / name).unlink(missing_ok=True)
        raise


def _may_be_here(number: int, code: str) -> bool:
    """Whether the institution is here, or nobody can tell: a file too many does less harm than one too few."""
    try:
        with psycopg.connect(backup.owner_url()) as connection:
            return (
                connection.execute("SELECT FROM institution WHERE (id, code) = (%s, %s)", [number, code]).rowcount > 0
            )
    except psycopg.Error:
        return True
