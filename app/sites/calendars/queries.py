"""Reading calendars, and the book of their working time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select

from app.core.db import current_institution, db
from app.core.errors import NotFound
from app.sites.calendars.models import CalendarDraft, CalendarVersion, CampusHours, WorkingCalendar
from app.sites.models import Place
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Calendar
from app.sites.rules.worktime import WorkTime

KEPT = 512  # versions a process keeps as tables; a table of two years is about 100 kB
MOST = 500


def _newest() -> Any:
    """The versions in force: of each calendar the one with the highest number."""
    return (
        select(CalendarVersion.calendar_id, func.max(CalendarVersion.number).label("number"))
        .group_by(CalendarVersion.calendar_id)
        .subquery()
    )


def calendars() -> Sequence[Any]:
    """Every valid calendar with its version in force and its draft: (id, code, name, number, published_at, draft)."""
    newest = _newest()
    return db.session.execute(
        select(
            WorkingCalendar.id,
            WorkingCalendar.code,
            WorkingCalendar.name,
            CalendarVersion.id.label("version_id"),
            CalendarVersion.number,
            CalendarVersion.published_at,
            CalendarVersion.content,
            CalendarDraft.id.label("draft_id"),
        )
        .join(newest, newest.c.calendar_id == WorkingCalendar.id)
        .join(
            CalendarVersion,
            and_(
                CalendarVersion.institution_id == WorkingCalendar.institution_id,
                CalendarVersion.calendar_id == WorkingCalendar.id,
                CalendarVersion.number == newest.c.number,
            ),
        )
        .outerjoin(
            CalendarDraft,
            and_(
                CalendarDraft.institution_id == WorkingCalendar.institution_id,
                CalendarDraft.calendar_id == WorkingCalendar.id,
            ),
        )
        .where(WorkingCalendar.valid_to.is_(None))
        .order_by(WorkingCalendar.id)
        .limit(MOST)
    ).all()


def calendar(calendar_id: int) -> WorkingCalendar:
    """A valid calendar; raises NotFound."""
    found = db.session.get(WorkingCalendar, (current_institution(), calendar_id))
    if found is None or found.valid_to is not None:
        raise NotFound
    return found


def in_force(calendar_id: int) -> CalendarVersion:
    """The newest version of a calendar; raises NotFound."""
    found = db.session.scalars(
        select(CalendarVersion)
        .where(CalendarVersion.calendar_id == calendar_id)
        .order_by(CalendarVersion.number.desc())
        .limit(1)
    ).first()
    if found is None:
        raise NotFound
    return found


def version(calendar_id: int, number: int) -> CalendarVersion:
    """A version of a calendar by its number. Raises NotFound."""
    found = db.session.scalars(
        select(CalendarVersion).where(CalendarVersion.calendar_id == calendar_id, CalendarVersion.number == number)
    ).first()
    if found is None:
        raise NotFound
    return found


def versions(calendar_id: int, limit: int = 100) -> Sequence[CalendarVersion]:
    """The versions of a calendar, newest first."""
    return db.session.scalars(
        select(CalendarVersion)
        .where(CalendarVersion.calendar_id == calendar_id)
        .order_by(CalendarVersion.number.desc())
        .limit(limit)
    ).all()


def named(version_ids: Iterable[int]) -> dict[int, Any]:
    """Versions by id: (id, number, name of the calendar)."""
    wanted = sorted(set(version_ids))
    if not wanted:
        return {}
    rows = db.session.execute(
        select(CalendarVersion.id, CalendarVersion.number, WorkingCalendar.name)
        .join(
            WorkingCalendar,
            and_(
                WorkingCalendar.institution_id == CalendarVersion.institution_id,
                WorkingCalendar.id == CalendarVersion.calendar_id,
            ),
        )
        .where(CalendarVersion.id.in_(wanted))
    )
    return {row.id: row for row in rows}


def draft(calendar_id: int, *, lock: bool = False) -> CalendarDraft | None:
    """What is being made of a calendar."""
    query = select(CalendarDraft).where(CalendarDraft.calendar_id == calendar_id)
    return db.session.scalars(query.with_for_update() if lock else query).first()


def hours_of_campuses() -> Sequence[Any]:
    """(campus_id, hours, calendar_id, version) of every class that was given a calendar.

    Each change writes the row anew, so its id says which; NOT_GIVEN is the version of a class without a row.
    """
    return db.session.execute(
        select(
            CampusHours.campus_id,
            CampusHours.hours,
            CampusHours.calendar_id,
            (CampusHours.id + NOT_GIVEN).label("version"),
        ).order_by(CampusHours.campus_id.asc().nulls_first(), CampusHours.id)
    ).all()


NOT_GIVEN = 1


def campuses() -> Sequence[Any]:
    """(id, name, zone_name) of the campuses."""
    return db.session.execute(
        select(Place.id, Place.name, Place.zone_name)
        .where(Place.kind == "campus", Place.valid_to.is_(None))
        .order_by(Place.sort_key, Place.id)
        .limit(MOST)
    ).all()


def version_of(hours: str, campus_id: int | None) -> int | None:
    """The version in force of the calendar an hours class is on a campus; None where nothing was set up."""
    found = in_force_by_class(campus_id)
    return found.get(hours, found.get("office"))


def in_force_by_class(campus_id: int | None) -> dict[str, int]:
    """Hours class → version in force on a campus; what the campus leaves open is that of the institution."""
    newest = _newest()
    rows = db.session.execute(
        select(CampusHours.hours, CalendarVersion.id)
        .join(newest, newest.c.calendar_id == CampusHours.calendar_id)
        .join(
            CalendarVersion,
            and_(
                CalendarVersion.institution_id == CampusHours.institution_id,
                CalendarVersion.calendar_id == CampusHours.calendar_id,
                CalendarVersion.number == newest.c.number,
            ),
        )
        .where(or_(CampusHours.campus_id.is_(None), CampusHours.campus_id == campus_id))
        .order_by(CampusHours.campus_id.asc().nulls_first())
    )
    return {hours: version_id for hours, version_id in rows}  # noqa: C416 - dict() of rows is not typed


def work_of(hours: str, campus_id: int | None) -> WorkTime | None:
    """The working time an hours class is on a campus now; None where nothing was set up."""
    version_id = version_of(hours, campus_id)
    return None if version_id is None else work(version_id)


class _Kept:
    """Versions this process has turned into tables; they never change, so nothing is ever stale."""

    works: dict[tuple[int, int], tuple[int, WorkTime]] = {}  # noqa: RUF012 - one per process is meant


def work(version_id: int) -> WorkTime:
    """The working time of a version. Raises NotFound."""
    return _kept(version_id)[1]


def calendar_of(version_id: int) -> int:
    """The calendar a version is of. Raises NotFound."""
    return _kept(version_id)[0]


def content(version_id: int) -> Calendar:
    """What a version says. Raises NotFound."""
    return _kept(version_id)[1].calendar


def _kept(version_id: int) -> tuple[int, WorkTime]:
    key = (current_institution(), version_id)
    found = _Kept.works.get(key)
    if found is None:
        row = db.session.execute(
            select(CalendarVersion.calendar_id, CalendarVersion.content).where(CalendarVersion.id == version_id)
        ).first()
        if row is None:
            raise NotFound
        if len(_Kept.works) >= KEPT:
            _Kept.works.clear()
        found = (row.calendar_id, WorkTime(calendar_data.read(row.content)))
        _Kept.works[key] = found
    return found
