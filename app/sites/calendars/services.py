"""Changing calendars: a draft is edited, published as a version that is never changed (tickets-rules 13, 14, 19)."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from app.audit import services as audit
from app.core import outbox, settings
from app.core.actor import Actor
from app.core.db import constraint_error, current_institution, db
from app.core.errors import Conflict, Rejected, Stale
from app.core.held import held
from app.core.i18n import zone
from app.core.versions.series import refuse
from app.events.sites import CalendarPublished
from app.sites import queries as places
from app.sites.calendars import holidays, queries
from app.sites.calendars.models import HOURS_CLASSES, CalendarDraft, CalendarVersion, CampusHours, WorkingCalendar
from app.sites.calendars.queries import CALENDARS
from app.sites.rules import calendar_data
from app.sites.rules.calendars import Calendar, Interval, Week

COUNTRY = settings.declare(
    "sites.holiday_country",
    "CN",
    kind=str,
    choices=tuple(holidays.COUNTRIES),
    words=_l("The country whose holidays fill working calendars"),
)
YEARS_AHEAD = 2  # a new calendar is filled with the present year and these

_MORNING, _AFTERNOON = (480, 720), (840, 1080)
_DAY: tuple[Interval, ...] = (_MORNING, _AFTERNOON)
OFFICE_WEEK: Week = (_DAY, _DAY, _DAY, _DAY, _DAY, (), ())
DEFAULTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("office", {"zh-CN": "办公时间", "en": "Office hours"}),
    ("always", {"zh-CN": "全天候（24 × 7）", "en": "Round the clock (24 × 7)"}),
)

FAULTS = {
    "zone": _l("This is not a time zone. Example: Asia/Shanghai."),
    "span": _l("A season must not end before it begins."),
    "overlap": _l("Seasons must not overlap. Change the dates."),
    "many": _l("That is more than a calendar holds."),
    "year": _l("Choose a date between 1990 and 2100."),
    "nothing": _l("Enter hours for at least one day of the week."),
}
_HOURS_CHANGED = _l("Somebody else has changed these hours in the meantime. Look at them again.")
constraint_error("uq_campus_hours", lambda: Stale(_HOURS_CHANGED))


def ensure(now: datetime) -> None:
    """Give an institution that has none its calendars: office hours with the country's holidays, and 24 × 7.

    Safe to run in parallel and again; whoever comes second finds them.
    """
    year = places.today(now).year
    for code, name in DEFAULTS:
        content = _default(code, year)
        calendar_id = db.session.scalar(
            insert(WorkingCalendar)
            .values(institution_id=current_institution(), code=code, name=name)
            .on_conflict_do_nothing()
            .returning(WorkingCalendar.id)
        )
        if calendar_id is None:
            continue
        CALENDARS.add(calendar_id, 1, calendar_data.written(content), at=now, by=None)
        db.session.execute(
            insert(CampusHours)
            .values(institution_id=current_institution(), campus_id=None, hours=code, calendar_id=calendar_id)
            .on_conflict_do_nothing()
        )


def _default(code: str, year: int) -> Calendar:
    name = str(zone())
    if code == "always":
        return Calendar(zone=name, always=True)
    years = range(year, year + YEARS_AHEAD + 1)
    return Calendar(zone=name, week=OFFICE_WEEK, days=holidays.days(settings.get(COUNTRY), years))


def create(
    *, actor: Actor, now: datetime, code: str, name: dict[str, str], content: Calendar, note: str | None = None
) -> WorkingCalendar:
    """A new calendar with its first version. Raises Rejected for content that cannot be one."""
    _refuse(content)
    written = calendar_data.written(content)
    made, _version = CALENDARS.create(code, name, written, at=now, by=actor.id, note=note)
    audit.record(actor, "calendar.create", "calendar", made.id, now=now, after={"code": code, "zone": content.zone})
    return made


def save_draft(
    calendar_id: int, *, actor: Actor, now: datetime, content: Calendar, seen: int | None = None
) -> CalendarDraft:
    """Keep what is being made of a calendar; `seen` is the draft's version the editor began from (0: there was none).

    Raises NotFound; Stale where somebody else has edited in the meantime; Rejected for content that cannot be one.
    """
    _refuse(content)
    return CALENDARS.keep(calendar_id, calendar_data.written(content), at=now, by=actor.id, seen=seen)


def discard_draft(calendar_id: int, *, seen: int | None = None) -> None:
    """Forget what was being made of a calendar. Raises NotFound, Stale."""
    CALENDARS.discard(calendar_id, seen=seen)


def publish_draft(
    calendar_id: int, *, actor: Actor, now: datetime, seen: int | None = None, note: str | None = None
) -> CalendarVersion:
    """Publish the draft as the version in force, as `publish` does.

    Raises NotFound, Conflict (no draft), Stale.
    """
    content = calendar_data.read(CALENDARS.take(calendar_id, seen=seen).content)
    return publish(calendar_id, actor=actor, now=now, content=content, note=note)


def publish(
    calendar_id: int,
    *,
    actor: Actor,
    now: datetime,
    content: Calendar,
    note: str | None = None,
    seen: int | None = None,
) -> CalendarVersion:
    """Put content in force as the next version; clocks that are open are judged by it (19).

    `seen` is the number of the version the author looked at. Content that says the same makes no version: the one in
    force is returned. Raises NotFound, Stale, Rejected.
    """
    _calendar, before = CALENDARS.locked(calendar_id, seen)
    _refuse(content)
    made = CALENDARS.follow(before, calendar_data.written(content), at=now, by=actor.id, note=note)
    if made is before:
        return before
    audit.record(
        actor,
        "calendar.publish",
        "calendar",
        calendar_id,
        now=now,
        before={"number": before.number},
        after={"number": made.number, "note": note},
    )
    outbox.publish(CalendarPublished(calendar_id, made.id))
    return made


def set_hours(
    *,
    actor: Actor,
    now: datetime,
    campus_id: int | None,
    hours: str,
    calendar_id: int | None,
    seen: int | None = None,
) -> int:
    """Say which calendar an hours class is on a campus (None: everywhere else); `calendar_id` None takes it back.

    Holds for clocks that begin from now on. Returns its version. Raises Stale, Rejected (fields `campus_id`, `hours`,
    `calendar_id`).
    """
    if hours not in HOURS_CLASSES:
        raise Rejected(fields={"hours": _l("Choose one of the offered values.")})
    if campus_id is not None:
        campus = places.by_id(campus_id)
        if campus is None or campus.kind != "campus":
            raise Rejected(fields={"campus_id": _l("This is not a campus.")})
    if calendar_id is None and campus_id is None and hours != "extended":
        raise Rejected(fields={"calendar_id": _l("The institution needs a calendar for this class.")})
    given = {(row.campus_id, row.hours): row for row in queries.hours_of_campuses()}
    before, version = given.get((campus_id, hours)), queries.NOT_GIVEN
    if seen is not None and seen != (before.version if before else version):
        raise Stale(
            _HOURS_CHANGED,
            current={"state": "changed", "assignee": None, "version": before.version if before else version},
        )
    db.session.execute(
        delete(CampusHours).where(CampusHours.campus_id.is_not_distinct_from(campus_id), CampusHours.hours == hours)
    )
    if calendar_id is not None:
        held(WorkingCalendar, calendar_id, WorkingCalendar.valid_to.is_(None), share=True)  # nobody closes it meanwhile
        made = CampusHours(campus_id=campus_id, hours=hours, calendar_id=calendar_id)
        db.session.add(made)
        db.session.flush()
        version += made.id
    audit.record_change(
        actor,
        "calendar.hours",
        "place",
        campus_id,
        now=now,
        before={hours: before.calendar_id if before else None},
        after={hours: calendar_id},
    )
    return version


def close(calendar_id: int, *, actor: Actor, now: datetime, seen: int | None = None) -> None:
    """Take a calendar out of the list; its versions stay. Raises NotFound, Stale, Conflict while a class uses it."""
    found, _version = CALENDARS.locked(calendar_id, seen)
    if any(row.calendar_id == calendar_id for row in queries.hours_of_campuses()):
        raise Conflict(_l("This calendar is in use. Give its hours classes another one first."))
    CALENDARS.end(found, places.today(now))
    audit.record(actor, "calendar.close", "calendar", calendar_id, now=now)


def _refuse(content: Calendar) -> None:
    refuse(calendar_data.faults(content), FAULTS)
