"""A session whose every commit is a savepoint of one transaction that is rolled back: no test sees another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, g
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import Session

from app.core.db import bind_institution, bound_institution, db, frame_transactions, institution_bound

_engines: dict[str, Engine] = {}
"""One for all tests of this process: each engine compiles every statement anew."""


def _engine(url: str) -> Engine:
    if url not in _engines:
        _engines[url] = create_engine(url)
        frame_transactions(_engines[url])
    return _engines[url]


def let_go() -> None:
    """Close the connections that are kept."""
    while _engines:
        _engines.popitem()[1].dispose()


@contextmanager
def rolled_back(app: Flask, url: str) -> Iterator[Session]:
    """`db.session` on this address, bound to institution 1 inside an outer transaction that is rolled back.

    Everything the code commits is a savepoint, in `apart()` too.
    """
    with _engine(url).connect() as connection:
        outer = connection.begin()
        apart = app.extensions["houqin_apart"]
        usual = dict(apart.kw)
        with app.app_context():
            engines = db.engines
            before = engines[None]
            engines[None] = connection
            apart.configure(bind=connection, join_transaction_mode="create_savepoint")
            db.session.session_factory.configure(join_transaction_mode="create_savepoint")
            try:
                with institution_bound(1), _scoped():
                    connection.exec_driver_sql("SET LOCAL app.institution = '1'")
                    yield db.session()
            finally:
                db.session.remove()
                db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")
                engines[None] = before
                apart.kw.clear()
                apart.kw.update(usual)
                outer.rollback()


@contextmanager
def _scoped() -> Iterator[None]:
    """Here a session begins with a savepoint: it learns its institution as a transaction learns it by `core.db`."""

    def scope(_session: Session, _transaction: Any, connection: Connection) -> None:
        institution_id = bound_institution()
        if institution_id is not None:
            connection.exec_driver_sql(f"SET LOCAL app.institution = '{institution_id:d}'")

    event.listen(Session, "after_begin", scope)
    try:
        yield
    finally:
        event.remove(Session, "after_begin", scope)


class Browser(FlaskClient):
    """Finds what the test prepared, whatever the request rolls back; leaves institution 1 bound for the test."""

    def open(self, *args: Any, **options: Any) -> Any:
        db.session.commit()
        for name in list(g):  # the test's context is open around the request's: what a request keeps ends with it
            g.pop(name)
        try:
            return super().open(*args, **options)
        finally:
            bind_institution(1)

    @contextmanager
    def session_transaction(self, *args: Any, **options: Any) -> Iterator[Any]:
        with super().session_transaction(*args, **options) as cookie:
            yield cookie
        bind_institution(1)
