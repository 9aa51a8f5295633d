"""Reading the log, newest first, by keyset."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, false, func, or_, select

from app.audit.models import AuditEntry
from app.core import paging
from app.core.db import db

Meant = Sequence[tuple[str | None, Collection[int]]]


def is_id(typed: str) -> bool:
    """Whether what somebody typed can be an id."""
    return typed.isdecimal() and typed.isascii() and len(typed) < 19


@dataclass(frozen=True, slots=True)
class Filters:
    """What to show: `actor` an id or a part of a name, `since` and `until` instants ([since, until)).

    `actors`: people meant by `actor` as a number or an account name. `meant`: ids by the kind of thing (None: of any);
    an empty list is of nothing there is.
    """

    actor: str = ""
    actors: Collection[int] = ()
    verb: str | None = None
    object_kind: str | None = None
    object_id: int | None = None
    meant: Meant | None = None
    since: datetime | None = None
    until: datetime | None = None
    refused: bool = False


def _filtered(filters: Filters) -> Any:
    query = select(AuditEntry)
    if filters.actor:
        named = func.lower(AuditEntry.actor_name).contains(filters.actor.lower(), autoescape=True)
        by_id = [int(filters.actor)] if is_id(filters.actor) else []
        known = AuditEntry.actor_id.in_([*by_id, *filters.actors])
        query = query.where(known if by_id else or_(named, known))
    if filters.verb:
        query = query.where(AuditEntry.verb == filters.verb)
    if filters.object_kind:
        query = query.where(AuditEntry.object_kind == filters.object_kind)
    if filters.object_id is not None:
        query = query.where(AuditEntry.object_id == filters.object_id)
    if filters.meant is not None:
        query = query.where(or_(false(), *(_of(kind, ids) for kind, ids in filters.meant)))
    if filters.since is not None:
        query = query.where(AuditEntry.at >= filters.since)
    if filters.until is not None:
        query = query.where(AuditEntry.at < filters.until)
    if filters.refused:
        query = query.where(AuditEntry.success.is_(False))
    return query


def _of(kind: str | None, ids: Collection[int]) -> Any:
    one = AuditEntry.object_id.in_(ids)
    return one if kind is None else and_(AuditEntry.object_kind == kind, one)


def entries(filters: Filters, cursor: str | None, limit: int = paging.DEFAULT_LIMIT) -> paging.Page[AuditEntry]:
    """One page of the log; one statement."""
    return paging.page(_filtered(filters), [("id", AuditEntry.id.desc())], cursor, limit, scalars=True)


def latest(
    object_kind: str, object_id: int | None, verbs: Collection[str], since: datetime | None = None
) -> AuditEntry | None:
    """The newest act of one of these kinds (none given: of any) done to an object, not before `since`."""
    query = select(AuditEntry).where(
        AuditEntry.object_kind == object_kind, AuditEntry.object_id == object_id, AuditEntry.success
    )
    if verbs:
        query = query.where(AuditEntry.verb.in_(verbs))
    if since is not None:
        query = query.where(AuditEntry.at >= since)
    return db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(1)).first()


def every(filters: Filters, most: int) -> Iterator[AuditEntry]:
    """Entries page by page, at most `most`."""
    cursor: str | None = None
    given = 0
    while given < most:
        found = entries(filters, cursor, min(500, most - given))
        yield from found.items
        given += len(found.items)
        if found.next is None:
            return
        cursor = found.next
        db.session.expunge_all()


def count(filters: Filters, most: int) -> int:
    """How many entries fit, counted up to `most` + 1."""
    some = _filtered(filters).with_only_columns(AuditEntry.id).limit(most + 1).subquery()
    return db.session.execute(select(func.count()).select_from(some)).scalar_one()
