"""Keeping the rows of figures: those of every request something happened to are made anew from its history.

One request twice is the same as once, and a broken-off step is done again: nothing is added up. The mark moves once all
requests with an event before it are in; what was told late enough to slip below it would be missed, so it stays
`LATEST` behind the clock, which no transaction outlives. Each step holds the mark and begins where it stands: of two
copies one makes a request's rows at a time, and what was forgotten meanwhile is not taken for settled.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Text, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.core.db import current_institution, db
from app.tickets.models import FigureMark, FigureRow, TicketEvent
from app.tickets.queries import figure_settled
from app.tickets.queries.figure_sources import COMMON, DATED, SOURCES, columns, derived
from app.tickets.rules.figures import PROVISIONAL

LATEST: Final = timedelta(minutes=30)
STRIDE: Final = timedelta(days=7)
"""How much of the history a step takes up where much is to be made: after an upgrade, or anew."""
AT_ONCE: Final = 1_000
_INSERTS: Final = tuple(
    text(
        f"""
        INSERT INTO figure_row (institution_id, source, {", ".join((*COMMON, *DATED, *SOURCES[source].values))})
        SELECT :institution, '{source}', {columns(source)} FROM ({derived(source, tickets="tickets")}) r"""  # noqa: S608 - fragments of our own; values are parameters
    ).bindparams(bindparam("tickets", type_=ARRAY(BigInteger)), bindparam("zone", type_=Text))
    for source in SOURCES
)


def settle(now: datetime) -> Iterator[datetime]:
    """Go on from the mark to the present, a step at a time; each may be committed. Yields up to when it is settled.

    A mark that stands still says that the step took up a part of what lies between it and the next.
    """
    zones = _begin()
    edge = now - LATEST
    while True:
        until = _marked()
        since = until or db.session.scalar(select(func.min(TicketEvent.at))) or edge
        end = min(edge, since + STRIDE)
        if until is not None and end <= until:
            return
        told = (TicketEvent.at < end, *([] if until is None else [TicketEvent.at >= until]))
        tickets = db.session.scalars(select(TicketEvent.ticket_id).where(*told).distinct()).all()
        for first in range(0, len(tickets), AT_ONCE):
            if _marked() != until:
                break
            _renew(list(tickets[first : first + AT_ONCE]), zones[figure_settled.ELSEWHERE])
            yield since
        if _marked() == until:
            db.session.execute(update(FigureMark).values(until=end))
            yield end


def forget() -> None:
    """Nothing kept is used any more, and the next `settle` makes all rows anew."""
    db.session.execute(update(FigureMark).values(until=None))


def _begin() -> dict[str, str]:
    """See that there is a mark; where a campus changed its clocks, all days are worked out anew. Gives the zones."""
    zones = figure_settled.zones(figure_settled.zone_here())
    values: dict[str, Any] = {"institution_id": current_institution(), "until": None, "zones": zones}
    db.session.execute(insert(FigureMark).values(values).on_conflict_do_nothing())
    before = db.session.execute(select(FigureMark.zones).with_for_update()).scalar_one()
    if before != zones:
        db.session.execute(update(FigureMark).values(zones=zones))
        if not figure_settled.same_days(before, zones):
            forget()
    return zones


def _marked() -> datetime | None:
    """The mark, locked until the step is committed: a second copy of the job waits and goes on from there."""
    return db.session.execute(select(FigureMark.until).with_for_update()).scalar_one()


def _renew(tickets: list[int], zone: str) -> None:
    """Make the rows of these requests anew."""
    db.session.execute(delete(FigureRow).where(FigureRow.ticket_id.in_(tickets)))
    given = {"institution": current_institution(), "tickets": tickets, "zone": zone, "thirty": PROVISIONAL}
    for statement in _INSERTS:
        named = {name: value for name, value in given.items() if name in statement._bindparams}
        db.session.execute(statement, named)
