"""Backup, destroy, restore: identical checksums (quality.md, Reliable)."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from flask import Flask
from psycopg.conninfo import conninfo_to_dict

from app import create_app
from app.core import backup
from config import Config
from tests import ground


@pytest.fixture
def site(servers: ground.Ground, tmp_path: Path) -> Iterator[Flask]:
    """An application on a database and a folder of its own, with some rows and blobs."""
    name = ground.clone(
        servers.addresses.sockets, ground.template(servers.addresses.sockets), f"backup_{servers.database[-12:]}"
    )
    own = replace(servers, database=name, folder=tmp_path)
    app = create_app(Config.from_env(own.environment()))
    with psycopg.connect(own.owner_url.replace("+psycopg", "")) as connection:
        connection.execute(
            "INSERT INTO place (institution_id, kind, code, name, lang, path, initials, search, sort_key, public) "
            "SELECT 1, 'outdoor', 'P' || n, '桃园' || n, 'zh-CN', '', '', '', '', true FROM generate_series(1, 500) n"
        )
    blob = tmp_path / "blobs" / "1" / "2026" / "11" / "photo"
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"photo" * 1000)
    with app.app_context():
        yield app
    ground.drop(servers.addresses.sockets, name)


def test_backup_destroy_restore_gives_identical_checksums(site: Flask, tmp_path: Path) -> None:
    target = tmp_path / "houqin.backup"
    manifest = backup.write(target)
    assert int(manifest["tables"]["place"][0]) == 500
    assert target.stat().st_mode & 0o077 == 0

    with psycopg.connect(backup.owner_url(), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    (tmp_path / "blobs" / "1" / "2026" / "11" / "photo").unlink()

    assert backup.restore(target, replace=False) == manifest
    assert (tmp_path / "blobs" / "1" / "2026" / "11" / "photo").read_bytes() == b"photo" * 1000
    with psycopg.connect(backup.owner_url()) as connection:
        assert backup.checksums(connection) == manifest["tables"]
        secured = connection.execute("SELECT relrowsecurity FROM pg_class WHERE relname = 'place'").fetchone()
        granted = connection.execute("SELECT has_table_privilege('houqin_web', 'place', 'INSERT')").fetchone()
    assert secured == granted == (True,)


def test_restore_refuses_to_overwrite_without_being_told(site: Flask, tmp_path: Path) -> None:
    backup.write(tmp_path / "one.backup")
    with pytest.raises(backup.BackupError, match="--replace"):
        backup.restore(tmp_path / "one.backup", replace=False)
    backup.restore(tmp_path / "one.backup", replace=True)


@pytest.mark.parametrize("content", [b"", b"not a tar", b"\x00" * 20000])
def test_what_is_no_backup_is_refused_in_words(site: Flask, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "strange"
    path.write_bytes(content)
    with pytest.raises(backup.BackupError, match="not a backup") as refused:
        backup.restore(path, replace=True)
    assert "\n" not in str(refused.value)


def test_a_damaged_blob_is_found_before_anything_is_touched(site: Flask, tmp_path: Path) -> None:
    backup.write(tmp_path / "good.backup")
    with tarfile.open(tmp_path / "good.backup") as archive:
        backup.unpack(archive, tmp_path / "inside")
    (tmp_path / "inside" / "blobs" / "1" / "2026" / "11" / "photo").write_bytes(b"other")
    with tarfile.open(tmp_path / "bad.backup", "w") as archive:
        for path in sorted((tmp_path / "inside").rglob("*")):
            if path.is_file():
                archive.add(path, path.relative_to(tmp_path / "inside").as_posix())
    with pytest.raises(backup.BackupError, match="damaged"):
        backup.restore(tmp_path / "bad.backup", replace=True)
    with psycopg.connect(backup.owner_url()) as connection:
        assert backup.checksums(connection)["place"][0] == "500"


@pytest.mark.parametrize(
    "member",
    [
        {"name": "../out"},
        {"name": "/out"},
        {"name": "link", "type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"name": "link", "type": tarfile.LNKTYPE, "linkname": "../out"},
    ],
)
def test_an_archive_leads_nowhere_but_into_its_folder(tmp_path: Path, member: dict[str, Any]) -> None:
    found = tarfile.TarInfo()
    for name, value in member.items():
        setattr(found, name, value)
    with tarfile.open(tmp_path / "hostile", "w") as archive:
        archive.addfile(found)
    with tarfile.open(tmp_path / "hostile") as archive, pytest.raises(tarfile.TarError):
        backup.unpack(archive, tmp_path / "inside")
    assert not (tmp_path / "inside").exists()


def test_files_joined_in_an_archive_are_read_and_a_lost_one_is_said(app: Flask, tmp_path: Path) -> None:
    joined = tarfile.TarInfo("blobs/twin")
    joined.type, joined.linkname = tarfile.LNKTYPE, "blobs/photo"
    (tmp_path / "photo").write_bytes(b"photo")
    for name, kept in (("whole", True), ("lost", False)):
        with tarfile.open(tmp_path / name, "w") as archive:
            if kept:
                archive.add(tmp_path / "photo", "blobs/photo")
            archive.addfile(joined)
    with tarfile.open(tmp_path / "whole") as archive:
        backup.unpack(archive, tmp_path / "inside")
    assert (tmp_path / "inside" / "blobs" / "twin").read_bytes() == b"photo"
    with app.app_context(), pytest.raises(backup.BackupError, match="damaged"):
        backup.restore(tmp_path / "lost", replace=True)


@pytest.mark.parametrize("noted", [True, False])
def test_a_damaged_database_is_found_before_anything_is_touched(site: Flask, tmp_path: Path, noted: bool) -> None:
    """By its checksum, and in a backup of before the checksum was noted by reading it whole."""
    backup.write(tmp_path / "good.backup")
    inside = tmp_path / "inside"
    with tarfile.open(tmp_path / "good.backup") as archive:
        backup.unpack(archive, inside)
    dump = bytearray((inside / "database.dump").read_bytes())
    dump[len(dump) // 2 :] = b"\0" * (len(dump) - len(dump) // 2)
    (inside / "database.dump").write_bytes(dump)
    if not noted:
        manifest = orjson.loads((inside / "manifest.json").read_bytes())
        del manifest["dump"]
        (inside / "manifest.json").write_bytes(orjson.dumps(manifest))
    with tarfile.open(tmp_path / "bad.backup", "w") as archive:
        for path in sorted(inside.rglob("*")):
            if path.is_file():
                archive.add(path, path.relative_to(inside).as_posix())
    with pytest.raises(backup.BackupError, match="cannot be read whole"):
        backup.restore(tmp_path / "bad.backup", replace=True)
    with psycopg.connect(backup.owner_url()) as connection:
        assert backup.checksums(connection)["place"][0] == "500"


@pytest.mark.parametrize("content", [b"[", b"\xff", b"[]", b"null", b'{"format": 1, "tables": {}, "blobs": []}'])
def test_a_manifest_that_is_none_is_said(app: Flask, tmp_path: Path, content: bytes) -> None:
    for name, text in (("manifest.json", content), ("database.dump", b"")):
        (tmp_path / name).write_bytes(text)
    with tarfile.open(tmp_path / "bad.backup", "w") as archive:
        for name in ("manifest.json", "database.dump"):
            archive.add(tmp_path / name, name)
    with app.app_context(), pytest.raises(backup.BackupError, match="what it holds cannot be read"):
        backup.restore(tmp_path / "bad.backup", replace=True)


def test_files_that_are_one_on_the_disk_are_two_in_the_archive(site: Flask, tmp_path: Path) -> None:
    """Whoever joins equal files of the blob folder must not learn at the restore that it cannot be read."""
    blob = next(path for path in backup.blob_folder().rglob("*") if path.is_file())
    os.link(blob, blob.with_name("twin"))
    backup.write(tmp_path / "one.backup")
    with tarfile.open(tmp_path / "one.backup") as archive:
        assert not [member.name for member in archive if member.islnk()]
        backup.unpack(archive, tmp_path / "inside")
    assert (tmp_path / "inside" / "blobs" / blob.with_name("twin").relative_to(backup.blob_folder())).is_file()


def test_no_program_is_called_with_the_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a program is called with, anybody on the host may read."""
    monkeypatch.setattr(backup, "owner_url", lambda: "postgresql://houqin_owner:p%3Aa%5Css@db.example/houqin")
    said = backup.address_without_password(tmp_path)
    (file,) = tmp_path.iterdir()
    assert file.read_text() == "*:*:*:*:p\\:a\\\\ss\n"
    assert file.stat().st_mode & 0o077 == 0
    own = {"user": "houqin_owner", "host": "db.example", "dbname": "houqin", "passfile": str(file)}
    assert conninfo_to_dict(said) == own


@pytest.mark.parametrize("where", ["houqin.backup/x.backup", "houqin.backup/deeper/x.backup"])
def test_a_place_that_cannot_be_made_is_said(app: Flask, tmp_path: Path, where: str) -> None:
    (tmp_path / "houqin.backup").write_bytes(b"a file, no folder")
    with app.app_context(), pytest.raises(backup.BackupError, match="Name a file in another folder"):
        backup.write(tmp_path / where)
