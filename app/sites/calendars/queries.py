"""Reading calendars, and the book of their working time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from flask_babel import lazy_gettext as _l
from sqlalchemy import or_, select

from app.audit import labels
from app.core.db import current_institution, db
from app.core.errors import NotFound
from app.core.versions.series import Series
from app.sites.calendars.models import CalendarDraft, CalendarVersion, CampusHours, WorkingCalendar
from app.sites.models import Place
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Calendar
from app.sites.rules.worktime import WorkTime

KEPT = 512  # versions a process keeps as tables; a table of two years is about 100 kB
MOST = 500


CALENDARS: Final = Series(
    WorkingCalendar,
    CalendarVersion,
    CalendarDraft,
    overtaken=_l("Somebody else has published this calendar in the meantime. Look at it again."),
    taken=_l("There is a calendar with this code already."),
)
calendar, draft, desk, named = CALENDARS.head, CALENDARS.draft, CALENDARS.desk, CALENDARS.named
in_force, version, versions = CALENDARS.in_force, CALENDARS.version, CALENDARS.versions


def calendars() -> Sequence[Any]:
    """Every valid calendar with its version in force and its draft."""
    return CALENDARS.listed(by=(WorkingCalendar.id,))


labels.declare(names={"calendar": labels.named_by(WorkingCalendar.id, WorkingCalendar.name)})


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
    query = select(CampusHours.hours, CalendarVersion.id).select_from(CampusHours)
    query = CALENDARS.with_version(query, CampusHours.calendar_id, CampusHours.institution_id)
    rows = db.session.execute(
        query.where(or_(CampusHours.campus_id.is_(None), CampusHours.campus_id == campus_id)).order_by(
            CampusHours.campus_id.asc().nulls_first()
        )
    )
    return {row.hours: row.id for row in rows}


def work_of(hours: str, campus_id: int | None) -> WorkTime | None:
    """The working time an hours class is on a campus now; None where nothing was set up."""
    version_id = version_of(hours, campus_id)
    return None if version_id is None else work(version_id)


class _Kept:
    """Versions this process has turned into tables; they never change, so nothing is ever stale."""

    works: ClassVar[dict[tuple[int, int], tuple[int, WorkTime]]] = {}


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
