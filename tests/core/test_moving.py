"""One institution leaves a cell as a file and lives on in another (handbook/scale.md 4.4)."""

from __future__ import annotations

import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from app import create_app
from app.core import backup, institution, moving
from app.core.db import db, institution_bound
from config import Config
from tests import ground
from tests.factories import accounts, world

NUMBER = 7
CODE = "seventh"


@contextmanager
def cell(servers: ground.Ground, name: str, folder: Path) -> Iterator[Flask]:
    """An application on a database and a folder of its own, with institution 1."""
    sockets = servers.addresses.sockets
    folder.mkdir()
    database = ground.clone(sockets, ground.template(sockets), f"{name}_{servers.database[-12:]}")
    app = create_app(Config.from_env(replace(servers, database=database, folder=folder).environment()))
    app.config["OUTBOX_RING"] = False
    try:
        yield app
    finally:
        ground.let_go(app)
        ground.drop(sockets, database)


@pytest.fixture(scope="module")
def here(servers: ground.Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Where an institution with one of everything lives."""
    with cell(servers, "here", tmp_path_factory.mktemp("cells") / "here") as app:
        with app.app_context():
            made = institution.write(backup.owner_url(), code=CODE, name={"en": "S"}, hosts=[], flags={}, number=NUMBER)
            assert made == NUMBER
            with institution_bound(NUMBER):
                world.build()
                db.session.commit()
                db.session.remove()
        yield app


@pytest.fixture(scope="module")
def there(servers: ground.Ground, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Where it goes."""
    with cell(servers, "there", tmp_path_factory.mktemp("cells") / "there") as app:
        yield app


@pytest.fixture(autouse=True)
def _nothing_there_yet(there: Flask) -> Iterator[None]:
    yield
    with there.app_context():
        with psycopg.connect(backup.owner_url()) as connection:
            for table in reversed(moving._tables()):
                where = moving._where(table.name, NUMBER)
                connection.execute(sql.SQL("DELETE FROM {} WHERE {}").format(sql.Identifier(table.name), where))
        shutil.rmtree(backup.blob_folder(), ignore_errors=True)


@pytest.fixture
def exported(here: Flask, tmp_path: Path) -> Path:
    with here.app_context():
        moving.export(CODE, tmp_path / "seventh.houqin")
    return tmp_path / "seventh.houqin"


def counted(number: int) -> dict[str, list[str]]:
    with psycopg.connect(backup.owner_url()) as connection:
        return moving._checksums(connection, number)


def test_it_is_the_same_in_the_other_cell_and_goes_on_there(here: Flask, there: Flask, exported: Path) -> None:
    with here.app_context():
        assert moving.differences(exported) == []
        left = counted(NUMBER)
    with there.app_context():
        others = counted(1)
        assert {"institution", "ticket", "person"} <= set(moving.differences(exported))
        assert moving.take_in(exported)["tables"] == left
        assert moving.differences(exported) == []
        assert counted(1) == others
        assert len(list(backup.blob_sums(backup.blob_folder() / str(NUMBER)))) >= 1
        highest = max_id("person")
        with institution_bound(NUMBER):
            assert accounts.person("student").id > highest
            db.session.rollback()


def max_id(table: str) -> int:
    with psycopg.connect(backup.owner_url()) as connection:
        found = connection.execute(f"SELECT max(id) FROM {table}".encode()).fetchone()  # noqa: S608 - a name of ours
    assert found is not None
    return int(found[0])


def test_it_comes_once_and_never_over_another(there: Flask, exported: Path) -> None:
    with there.app_context():
        moving.take_in(exported)
        before = counted(NUMBER), moving._blobs_of(NUMBER)
        with pytest.raises(backup.BackupError, match="here already"):
            moving.take_in(exported)
        assert (counted(NUMBER), moving._blobs_of(NUMBER)) == before


def test_of_two_who_take_it_in_at_once_the_second_leaves_the_first_its_photos(
    there: Flask, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, copied, go_on = moving._rows_in, threading.Event(), threading.Event()

    def slowly(*of: Any) -> None:
        copied.set()
        assert go_on.wait(30)
        real(*of)

    def take() -> Any:
        with there.app_context():
            return moving.take_in(exported)

    monkeypatch.setattr(moving, "_rows_in", slowly)
    with ThreadPoolExecutor(2) as both:
        first = both.submit(take)
        assert copied.wait(30)
        second = both.submit(take)
        with pytest.raises(TimeoutError):
            second.result(timeout=1)  # it waits while nothing is committed
        go_on.set()
        first.result(timeout=60)
        with pytest.raises(backup.BackupError, match="here already"):
            second.result(timeout=60)
    with there.app_context():
        assert moving.differences(exported) == []


def test_photos_stay_where_only_the_word_of_the_commit_was_lost(
    there: Flask, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = moving._rows_in

    def unheard(connection: psycopg.Connection[Any], *of: Any) -> None:
        real(connection, *of)
        connection.commit()
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(moving, "_rows_in", unheard)
    with there.app_context():
        with pytest.raises(psycopg.OperationalError):
            moving.take_in(exported)
        assert moving.differences(exported) == []


def test_photos_stay_where_nobody_can_tell(there: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with there.app_context():
        assert not moving._may_be_here(NUMBER, CODE)
        nowhere = replace(
            there.config["HOUQIN"], owner_database_url="postgresql+psycopg://nobody@/none?host=/nonexistent"
        )
        monkeypatch.setitem(there.config, "HOUQIN", nowhere)
        assert moving._may_be_here(NUMBER, CODE)


def test_what_changed_since_is_named(there: Flask, exported: Path) -> None:
    with there.app_context():
        moving.take_in(exported)
        with psycopg.connect(backup.owner_url()) as connection:
            connection.execute("UPDATE ticket SET description = 'x' WHERE institution_id = %s", [NUMBER])
        photo = next(iter(moving._blobs_of(NUMBER)))
        (backup.blob_folder() / photo).unlink()
        assert moving.differences(exported) == ["ticket", photo]


def of_another(content: bytes) -> bytes:
    """The first row said to be institution 1's."""
    return content.replace(f"{NUMBER}\t".encode(), b"1\t", 1)


def gone(content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("spoil", [of_another, gone])
def test_a_file_somebody_wrote_in_is_not_taken(
    there: Flask, exported: Path, tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    with tarfile.open(exported) as archive:
        backup.unpack(archive, tmp_path / "inside")
    rows = tmp_path / "inside" / "tables" / "trade"
    rows.write_bytes(spoil(rows.read_bytes()))
    with tarfile.open(exported, "w") as archive:
        for path in sorted((tmp_path / "inside").rglob("*")):
            if path.is_file():
                archive.add(path, path.relative_to(tmp_path / "inside").as_posix())
    with there.app_context():
        others = counted(1)
        with pytest.raises(backup.BackupError, match="Nothing was taken in"):
            moving.take_in(exported)
        assert counted(1) == others
        assert all(rows == ["0", "0"] for rows in counted(NUMBER).values())
        assert moving._blobs_of(NUMBER) == {}


def test_the_commands_say_what_they_did(here: Flask, there: Flask, tmp_path: Path) -> None:
    file = tmp_path / "by-command.houqin"

    def run(app: Flask, *arguments: str) -> Any:
        return app.test_cli_runner().invoke(args=["institution", *arguments])

    done = run(here, "export", CODE, str(file))
    assert done.exit_code == 0, done.output
    assert "1 files" in done.output or "2 files" in done.output
    assert file.stat().st_mode & 0o077 == 0
    assert run(here, "verify", str(file)).output == "Nothing differs.\n"
    assert run(there, "verify", str(file)).exit_code == 1
    assert run(there, "import", str(file)).exit_code == 0
    assert run(there, "import", str(file)).exit_code == 1
    assert "no institution nobody" in run(here, "export", "nobody", str(file)).output
