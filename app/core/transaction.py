"""One commit per request or job, and the two exceptions (architecture.md rule 3).

`transaction()` is used by the framework alone: the HTTP edge, the delivery runner, commands.
`apart()` is for what must survive a rollback or a GET. `steps()` is for long jobs that commit after each
idempotent step. An architecture test keeps every other commit out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app
from sqlalchemy.orm import Session

from app.core.db import db

AFTER_COMMIT = "houqin_after_commit"


def after_commit(callback: Callable[[], None]) -> None:
    """Run `callback` once the present transaction has committed; dropped when it rolls back."""
    db.session().info.setdefault(AFTER_COMMIT, []).append(callback)


def finish() -> None:
    """Commit, then run what waited for the commit. Called by the framework only."""
    session = db.session()
    try:
        session.commit()
    except BaseException:
        session.info.pop(AFTER_COMMIT, None)
        session.rollback()
        raise
    for callback in session.info.pop(AFTER_COMMIT, []):
        callback()


def abandon() -> None:
    """Roll back and forget what waited for the commit."""
    session = db.session()
    session.info.pop(AFTER_COMMIT, None)
    session.rollback()


@contextmanager
def transaction() -> Iterator[None]:
    """Commit at the end of the block, roll back when it raises."""
    try:
        yield
    except BaseException:
        abandon()
        raise
    finish()


@contextmanager
def apart() -> Iterator[Session]:
    """A second, short transaction on a small pool of its own.

    For refusals, failed sign-ins, view and export log, last-seen, job progress: what must stay although the
    request rolls back or is a GET. Never for business rows.
    """
    factory: Any = current_app.extensions["houqin_apart"]
    with factory() as session, session.begin():
        yield session


@contextmanager
def steps() -> Iterator[Callable[[], None]]:
    """Long jobs: the block gets `step()`, which commits what was done so far.

    Each step must be idempotent, since a killed job runs again from its last step.
    """
    try:
        yield finish
    except BaseException:
        abandon()
        raise
    finish()


@contextmanager
def attempt() -> Iterator[None]:
    """One of several things done in a transaction: raised out of the block, it leaves no trace and the others stand."""
    with db.session.begin_nested():
        yield
