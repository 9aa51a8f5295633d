"""Runs of one act on many orders: how far they are and what became of each order. Everybody sees his own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, and_, func, select

from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.prepared import Reading, number, value
from app.tickets.models import BulkItem, BulkRun, WorkOrder

LATEST = 20
SHOWN = 500  # of the refused orders of a run on its page; the API gives all of them page by page


def _figures() -> Select[Any]:
    """A run with how many of its orders are done and refused: two walks of its items."""

    def some(outcome: str) -> Any:
        return (
            select(func.count())
            .where(
                BulkItem.institution_id == BulkRun.institution_id,
                BulkItem.run_id == BulkRun.id,
                BulkItem.outcome == outcome,
            )
            .correlate(BulkRun)
            .scalar_subquery()
        )

    return select(
        BulkRun.id,
        BulkRun.task,
        BulkRun.total,
        BulkRun.ordered_at,
        BulkRun.stopped_at,
        BulkRun.ended_at,
        some("done").label("done"),
        some("refused").label("refused"),
    ).where(BulkRun.person_id == value("person", BigInteger))


@cache
def _latest() -> Reading:
    return Reading(_figures().order_by(BulkRun.id.desc()).limit(number(LATEST)))


@cache
def _single() -> Reading:
    return Reading(_figures().where(BulkRun.id == value("run", BigInteger)))


@cache
def _running() -> Reading:
    mine = _figures().where(BulkRun.ended_at.is_(None), BulkRun.stopped_at.is_(None))
    return Reading(mine.order_by(BulkRun.id.desc()).limit(number(3)))


def latest(actor: Actor) -> Sequence[Any]:
    """The actor's last runs, the newest first."""
    return _latest().rows({"person": actor.id or 0})


def running(actor: Actor) -> Sequence[Any]:
    """Those that are not over. One statement."""
    return _running().rows({"person": actor.id or 0})


def one(actor: Actor, run_id: int) -> Any:
    """A run of the actor's. Raises NotFound."""
    return of_person(actor.id or 0, run_id)


def of_person(person_id: int, run_id: int) -> Any:
    """A run that person ordered. Raises NotFound."""
    row = _single().first({"person": person_id, "run": run_id})
    if row is None:
        raise NotFound
    return row


def refused(run_id: int) -> Sequence[Any]:
    """The refused orders of a run with the reason of each: (id, number, why), by reason; at most SHOWN."""
    return db.session.execute(_refused(run_id).order_by(BulkItem.why, BulkItem.id).limit(SHOWN)).all()


def refused_page(run_id: int, cursor: str | None, limit: int) -> paging.Page[Any]:
    """A page of them in the order in which they were tried. One statement."""
    return paging.page(_refused(run_id), [("item", BulkItem.id.asc())], cursor, limit)


def _refused(run_id: int) -> Any:
    return (
        select(WorkOrder.id, WorkOrder.number, BulkItem.why, BulkItem.id.label("item"))
        .join(BulkItem, and_(BulkItem.institution_id == WorkOrder.institution_id, BulkItem.order_id == WorkOrder.id))
        .where(BulkItem.run_id == run_id, BulkItem.outcome == "refused")
    )
