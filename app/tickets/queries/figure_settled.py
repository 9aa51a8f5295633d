"""Which rows of figures are kept (`models.figures`), and of which requests something happened since.

A row is made of the events of its request, its orders, clocks and rating, and none of those changes without an event of
the request. So the kept rows are true but for requests with an event told since the mark: those are read from the
history. It is nothing that waits: with the mark a day old, or none, a report says the same and takes longer.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from app.core import institution
from app.core.db import current_institution, db
from app.core.i18n import DEFAULT_ZONE
from app.sites.models import Place
from app.tickets.models import FigureMark, TicketEvent
from app.tickets.queries.figure_sources import columns

MOST_UNSETTLED: Final = 5_000
"""Requests read from the history one by one; where more are unsettled, the whole time asked for is read from it."""
ELSEWHERE: Final = "0"
"""The key of what has no campus, among the zones."""


def zone_here() -> str:
    """The zone of the institution, where no request says it."""
    here = next(each for each in institution.institutions() if each.id == current_institution())
    zone: str = here.flags.get("zone", DEFAULT_ZONE)
    return zone


def zones(zone: str) -> dict[str, str]:
    """The zone of each campus by its id, which says on what day something ended; `zone` is the institution's."""
    campuses = db.session.execute(select(Place.id, Place.zone_name).where(Place.kind == "campus"))
    return {ELSEWHERE: zone, **{str(row.id): row.zone_name or zone for row in campuses}}


def same_days(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether days that were worked out by the zones of before still hold: a campus more changes none."""
    return before.items() <= now.items()


def unsettled(zone: str) -> list[int] | None:
    """The requests whose kept rows may be of yesterday; None: nothing kept may be used. At most three statements."""
    mark = db.session.execute(select(FigureMark.until, FigureMark.zones)).first()
    if mark is None or mark.until is None or not same_days(mark.zones, zones(zone)):
        return None
    since = select(TicketEvent.ticket_id).where(TicketEvent.at >= mark.until).distinct().limit(MOST_UNSETTLED + 1)
    found = list(db.session.scalars(since))
    return found if len(found) <= MOST_UNSETTLED else None


def kept(source: str) -> str:
    """The kept rows of a source on the days asked for, those of unsettled requests left out."""
    return f"""
    SELECT {columns(source, "f")}
    FROM figure_row f
    WHERE f.source = '{source}' AND f.day BETWEEN :first AND :last AND f.ticket_id <> ALL (:unsettled)"""  # noqa: S608 - fragments of our own; values are parameters
