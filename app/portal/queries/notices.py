"""Reading notices: what concerns somebody now, what is over, what a writer may change."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, false, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from app.accounts.models import Person, Role
from app.core import paging
from app.core.actor import Actor
from app.core.db import db, valid_on
from app.core.held import locking
from app.core.scoped import reached
from app.portal import policies
from app.portal.models import Notice, NoticePlace, NoticeRead, NoticeVersion
from app.portal.queries import readers
from app.portal.queries.readers import Reader
from app.portal.rules.notices import AHEAD, HOME_AHEAD, Kind, Status
from app.sites import queries as sites
from app.sites.models import Place

TARGETS_AT_MOST = 1000
VERSIONS_AT_MOST = 50

_PLACES = (
    select(func.array_agg(aggregate_order_by(Place.name, Place.sort_key, Place.id)))
    .select_from(NoticePlace)
    .join(Place, and_(Place.institution_id == NoticePlace.institution_id, Place.id == NoticePlace.place_id))
    .where(NoticePlace.institution_id == Notice.institution_id, NoticePlace.notice_id == Notice.id)
    .correlate(Notice)
    .scalar_subquery()
)
_COLUMNS: tuple[Any, ...] = (
    Notice.id,
    Notice.kind,
    Notice.utility,
    Notice.title,
    Notice.body,
    Notice.starts_at,
    Notice.ends_at,
    Notice.shown_from,
    Notice.shown_until,
    Notice.roles,
    Notice.everywhere,
    Notice.status,
    Notice.version,
    Notice.published_at,
    Notice.ended_at,
    func.coalesce(_PLACES, literal([], ARRAY(Text))).label("places"),
)
NAMES: tuple[str, ...] = (*(column.key for column in _COLUMNS), "read")


def _read_by(person_id: int | None) -> ColumnElement[bool]:
    """Whether somebody has read what readers have to have read."""
    return (
        select(NoticeRead.id)
        .where(
            NoticeRead.institution_id == Notice.institution_id,
            NoticeRead.person_id == person_id,
            NoticeRead.notice_id == Notice.id,
            NoticeRead.version >= Notice.told_version,
        )
        .exists()
    )


def _seen_by(reader: Reader, *, everywhere: bool = False) -> Select[Any]:
    concerned = true() if everywhere else readers.concerning(reader)
    return select(*_COLUMNS, _read_by(reader.person_id).label("read")).where(readers.for_roles(reader.roles), concerned)


def _shown(now: datetime) -> ColumnElement[bool]:
    return and_(
        Notice.status == Status.PUBLISHED.value,
        or_(Notice.shown_from.is_(None), Notice.shown_from <= now),
        or_(Notice.shown_until.is_(None), Notice.shown_until > now),
    )


def _over(now: datetime) -> ColumnElement[bool]:
    return or_(
        Notice.status == Status.ENDED.value,
        and_(Notice.status == Status.PUBLISHED.value, Notice.shown_until <= now),
    )


_NEWEST: list[tuple[str, ColumnElement[Any]]] = [("published_at", Notice.published_at.desc()), ("id", Notice.id.desc())]


def shown(
    reader: Reader, now: datetime, *, everywhere: bool = False, cursor: str | None = None, limit: int = 50
) -> paging.Page[Any]:
    """What is shown now and concerns the reader (`everywhere`: whatever place it is about), newest first."""
    return paging.page(_seen_by(reader, everywhere=everywhere).where(_shown(now)), _NEWEST, cursor, limit)


def over(reader: Reader, now: datetime, *, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """What concerned the reader and is over, newest first."""
    return paging.page(_seen_by(reader).where(_over(now)), _NEWEST, cursor, limit)


def _pressing(now: datetime, ahead: Any) -> ColumnElement[bool]:
    """Of those shown: what is urgent, and outages that are on or begin soon (`rules.notices.tells` in SQL)."""
    outage = and_(Notice.kind == Kind.OUTAGE.value, Notice.starts_at <= now + ahead, Notice.ends_at > now)
    return or_(Notice.kind == Kind.URGENT.value, outage)


def for_home(reader: Reader, now: datetime, limit: int) -> Sequence[Any]:
    """What the home page shows: what presses, read or not; then what is new."""
    pressing = _pressing(now, HOME_AHEAD)
    query = _seen_by(reader).where(_shown(now), or_(pressing, ~_read_by(reader.person_id)))
    order = case((Notice.kind == Kind.URGENT.value, 0), (pressing, 1), else_=2)
    return db.session.execute(query.order_by(order, Notice.starts_at, Notice.id.desc()).limit(limit)).all()


def at_place(reader: Reader, now: datetime, limit: int = 5) -> Sequence[Any]:
    """What somebody who reports a fault there should know first: urgent notices and outages on or about to begin."""
    query = _seen_by(reader).where(_shown(now), _pressing(now, AHEAD))
    return db.session.execute(query.order_by(Notice.starts_at.nulls_first(), Notice.id.desc()).limit(limit)).all()


def unread(reader: Reader, now: datetime) -> int:
    """How many notices that concern the reader he has not read."""
    query = (
        select(func.count())
        .select_from(Notice)
        .where(
            _shown(now),
            readers.for_roles(reader.roles),
            readers.concerning(reader),
            ~_read_by(reader.person_id),
        )
    )
    return db.session.execute(query).scalar_one()


def one(actor: Actor, notice_id: int, now: datetime) -> Any:
    """A notice the actor may read: one that is or was shown, for everybody or for one of his roles; else None."""
    query = _seen_by(Reader(actor.id, actor.roles, anywhere=True)).where(
        Notice.id == notice_id, or_(_shown(now), _over(now))
    )
    return db.session.execute(query).first()


def writable(actor: Actor) -> ColumnElement[bool]:
    """Notices that lie wholly in the places the actor may write for; those for everywhere need the institution."""
    if actor.holds_everywhere(policies.NOTICES):
        return true()
    if not any(actor.scope_ids(kind, policies.NOTICES) for kind in ("campus", "building")):
        return false()
    there = reached(actor, Place.campus_id, Place.building_id, policies.NOTICES)
    outside = (
        select(NoticePlace.id)
        .join(Place, and_(Place.institution_id == NoticePlace.institution_id, Place.id == NoticePlace.place_id))
        .where(
            NoticePlace.institution_id == Notice.institution_id,
            NoticePlace.notice_id == Notice.id,
            ~func.coalesce(there, false()),
        )
    )
    return and_(~Notice.everywhere, ~outside.exists())


def desk(actor: Actor, now: datetime, view: str, *, cursor: str | None = None, limit: int = 50) -> paging.Page[Any]:
    """The notices somebody writes for: `draft`, `current` (planned and shown) or `over`, last written first."""
    wanted = {
        "draft": Notice.status == Status.DRAFT.value,
        "current": and_(
            Notice.status == Status.PUBLISHED.value,
            or_(Notice.shown_until.is_(None), Notice.shown_until > now),
        ),
        "over": _over(now),
    }[view]
    readers_so_far = (
        select(func.count())
        .select_from(NoticeRead)
        .where(
            NoticeRead.institution_id == Notice.institution_id,
            NoticeRead.notice_id == Notice.id,
            NoticeRead.version >= Notice.told_version,
        )
        .correlate(Notice)
        .scalar_subquery()
    )
    query = select(*_COLUMNS, Notice.created_at, readers_so_far.label("readers")).where(wanted, writable(actor))
    return paging.page(query, [("id", Notice.id.desc())], cursor, limit)


def for_writer(actor: Actor, notice_id: int, *, lock: bool = False) -> Notice | None:
    """A notice the actor may change; `lock`: as it is now, and nobody else changes it."""
    query = select(Notice).where(Notice.id == notice_id, writable(actor))
    return db.session.scalars(locking(query) if lock else query).first()


def place_ids(notice_id: int) -> list[int]:
    """The places a notice is for."""
    rows = db.session.scalars(
        select(NoticePlace.place_id).where(NoticePlace.notice_id == notice_id).order_by(NoticePlace.id)
    )
    return list(rows)


def to_tell(notice_id: int, version: int, now: datetime) -> Any:
    """The notice people are to be told of, where it is shown and this version is still the one they have to read."""
    return db.session.execute(
        select(Notice.id, Notice.kind, Notice.title, Notice.body, Notice.roles, Notice.starts_at, Notice.ends_at).where(
            Notice.id == notice_id, _shown(now), Notice.told_version == version
        )
    ).first()


def versions(notice_id: int) -> Sequence[Any]:
    """What a notice told people, newest first, with who wrote it."""
    return db.session.execute(
        select(
            NoticeVersion.version,
            NoticeVersion.act,
            NoticeVersion.at,
            NoticeVersion.content,
            Person.name.label("who"),
        )
        .outerjoin(
            Person,
            and_(Person.institution_id == NoticeVersion.institution_id, Person.id == NoticeVersion.actor_id),
        )
        .where(NoticeVersion.notice_id == notice_id)
        .order_by(NoticeVersion.version.desc())
        .limit(VERSIONS_AT_MOST)
    ).all()


def targets(actor: Actor, on: Any) -> Sequence[Place]:
    """Campuses, zones and buildings the actor may write for, in the order of the tree."""
    query = select(Place).where(
        Place.kind.in_(("campus", "zone", "building")),
        valid_on(Place, on),
        reached(actor, Place.campus_id, Place.building_id, policies.NOTICES),
    )
    return _in_order(list(db.session.scalars(query.order_by(Place.id).limit(TARGETS_AT_MOST))))


def _in_order(places: list[Place]) -> list[Place]:
    """Each after what it stands in; where that is not among them, at the top."""
    known = {place.id for place in places}
    tops = {place.parent_id for place in places if place.parent_id not in known}
    return [each for top in sorted(tops, key=lambda found: found or 0) for each in sites.in_tree_order(places, top)]


def roles() -> Sequence[Any]:
    """The roles a notice may be meant for."""
    return db.session.execute(
        select(Role.code, Role.name).where(Role.valid_to.is_(None)).order_by(Role.id).limit(200)
    ).all()


def known_roles(codes: Collection[str]) -> set[str]:
    """Those of the codes that are roles."""
    return set(db.session.scalars(select(Role.code).where(Role.code.in_(sorted(codes)), Role.valid_to.is_(None))))
