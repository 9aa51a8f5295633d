"""The figures of feedback, counted over what the reader may answer: never over what he is named in (P3)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, Text, and_, cast, extract, func, literal, or_, select
from sqlalchemy.orm import aliased

from app.core.actor import Actor
from app.core.db import db
from app.portal.models import Feedback
from app.portal.queries import feedback_viewer as viewer
from app.portal.rules.feedback_figures import By, Tally
from app.sites.models import Place

_campus = aliased(Place)
_FIELDS = tuple(Tally.__dataclass_fields__)


def tallies(
    actor: Actor, by: By, first: date, last: date, now: datetime, zone: str
) -> tuple[Tally, dict[str | None, Tally]]:
    """In all and by group, of what was said from the first to the last day on its campus; two statements.

    Groups are keyed by kind, month (`2026-11`) or the building's id; None: without a building.
    """
    day = cast(func.timezone(func.coalesce(_campus.zone_name, literal(zone)), Feedback.filed_at), Date)
    keys: dict[By, ColumnElement[Any]] = {
        By.KIND: cast(Feedback.kind, Text),
        By.MONTH: func.to_char(day, "YYYY-MM"),
        By.BUILDING: cast(Feedback.building_id, Text),
    }
    said = _between(select(*_sums(now), keys[by].label("key")), day, first, last).where(viewer.handled(actor))
    total = _between(select(*_sums(now)), day, first, last).where(viewer.handled(actor))
    groups = db.session.execute(said.group_by(keys[by])).mappings()
    return _tally(db.session.execute(total).mappings().one()), {row["key"]: _tally(row) for row in groups}


def names(keys: list[str | None]) -> dict[str, str]:
    """The names of buildings by their ids."""
    ids = [int(key) for key in keys if key is not None]
    if not ids:
        return {}
    return {str(row.id): row.name for row in db.session.execute(select(Place.id, Place.name).where(Place.id.in_(ids)))}


def _tally(row: Any) -> Tally:
    given: dict[str, Any] = {name: row[name] for name in _FIELDS}
    for name, length in given.items():
        if name.endswith(("median", "p90")):
            given[name] = None if length is None else float(length)
    return Tally(**given)


def _between(query: Select[Any], day: ColumnElement[Any], first: date, last: date) -> Select[Any]:
    """Said on the days asked for; the index is by instants, a campus may lie on the other side of midnight."""
    edge = timedelta(days=1)
    return query.outerjoin(
        _campus, and_(_campus.institution_id == Feedback.institution_id, _campus.id == Feedback.campus_id)
    ).where(
        Feedback.filed_at >= datetime.combine(first, time(0), UTC) - edge,
        Feedback.filed_at < datetime.combine(last, time(0), UTC) + 2 * edge,
        day.between(first, last),
    )


def _sums(now: datetime) -> list[ColumnElement[Any]]:
    answered = Feedback.first_answered_at.is_not(None)
    kept = or_(
        Feedback.first_due.is_(None), func.date_trunc("minute", Feedback.first_answered_at) <= Feedback.first_due
    )
    raw = (
        extract(
            "epoch",
            func.date_trunc("minute", Feedback.first_answered_at) - func.date_trunc("minute", Feedback.filed_at),
        )
        / 60
    )
    found: list[ColumnElement[Any]] = [
        func.count().label("said"),
        func.count().filter(Feedback.author_id.is_(None)).label("nameless"),
        func.count().filter(answered).label("answered"),
        func.count().filter(answered, kept).label("in_time"),
        func.count().filter(~answered, Feedback.first_due < now).label("overdue"),
        func.count().filter(Feedback.closed_as.in_(["ticket", "notice"])).label("became"),
    ]
    for name, length in (("work", Feedback.first_minutes), ("raw", raw)):
        for what, place in (("median", 0.5), ("p90", 0.9)):
            found.append(func.percentile_cont(place).within_group(length).filter(answered).label(f"{name}_{what}"))
    return found
