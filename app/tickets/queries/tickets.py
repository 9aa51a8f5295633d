"""Lists of tickets and one ticket, as plain rows. One scoped statement per list, and at most two for its filters."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Subquery,
    Text,
    and_,
    case,
    func,
    literal,
    literal_column,
    null,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.elements import False_

from app.accounts.models import Person
from app.core import paging
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import NotFound
from app.core.prepared import Reading, value
from app.sites.models import Place
from app.tickets.models import Category, CategoryVersion, Rating, Ticket
from app.tickets.queries import due, filters, followed, viewer
from app.tickets.queries.filters import Shape, TicketFilter
from app.tickets.queries.viewer import Sight


def _columns(sight: Sight) -> tuple[Any, ...]:
    hidden = viewer.taken_over(sight)
    return (
        Ticket.id,
        Ticket.number,
        Ticket.status,
        Ticket.priority,
        Ticket.urgency,
        Ticket.impact,
        Ticket.promised_at,
        Category.code.label("category"),
        Category.name.label("category_name"),
        Category.icon,
        _but(hidden, Ticket.place_id),
        _but(hidden, func.coalesce(Place.path, Ticket.place_text), followed.coarse_path()).label("place"),
        _but(hidden, Ticket.description, literal("", Text())),
        Ticket.may_enter,
        Ticket.reporter_id,
        Person.name.label("reporter_name"),
        Ticket.origin,
        Ticket.cycle,
        Ticket.urged,
        Ticket.urged_at,
        Ticket.filed_at,
        Ticket.resolved_at,
        Ticket.closed_at,
        Ticket.version,
    )


def _but(hidden: ColumnElement[bool], column: Any, instead: Any = None) -> Any:
    """A column of a ticket, but of one that was taken over (N8) what stands instead, or nothing."""
    if isinstance(hidden, False_):
        return column
    shown = case((hidden, null() if instead is None else instead), else_=column)
    return shown.label(column.key) if isinstance(column, InstrumentedAttribute) else shown


_STAFF: Final = Sight(everything=True)
NAMES = tuple(column.key for column in _columns(_STAFF))
"""The columns of a row in their order, for `core.http.dumping`."""


def ticket_rows(page: Subquery | None = None, *, sight: Sight = _STAFF) -> Any:
    """The columns of a ticket as lists and pages show it; of those alone whose `id` a page has, where one is given.

    `sight`: for whom; left out where staff alone reads them.
    """
    rows = select(*_columns(sight))
    if page is not None:
        rows = rows.select_from(page).join(Ticket, Ticket.id == page.c.id)
    return (
        rows.join(Category, and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id))
        .outerjoin(Place, and_(Place.institution_id == Ticket.institution_id, Place.id == Ticket.place_id))
        .outerjoin(Person, and_(Person.institution_id == Ticket.institution_id, Person.id == Ticket.reporter_id))
    )


def page(
    actor: Actor, wanted: TicketFilter, *, cursor: str | None = None, limit: int = 50, with_due: bool = False
) -> paging.Page[Any]:
    """A page of tickets the actor sees, newest first; `with_due`: with what a page says of their due times."""
    before = paging.decode(cursor, 1)[0] if cursor else None
    asked = filters.ask(wanted)
    shape = filters.shape_of(asked, actor, after=bool(cursor), limit=limit)
    given = filters.values(asked, shape, actor, before=before if isinstance(before, int) else None)
    return _listing(shape, with_due).page(cursor, **given)


@lru_cache(maxsize=512)
def _listing(shape: Shape, with_due: bool) -> paging.Listing:
    which = filters.which(shape)
    keys = (("id", which.selected_columns.id.desc()),)
    rows = partial(_due_rows if with_due else ticket_rows, sight=shape.sight)
    return paging.Listing(which, keys, rows, after=shape.after, limit=shape.limit)


def _due_rows(shown: Subquery, *, sight: Sight) -> Any:
    return ticket_rows(shown, sight=sight).add_columns(Ticket.due_at, Ticket.due_clock, *due.columns(Ticket))


def one(actor: Actor, ticket_id: int) -> Any:
    """One ticket with what its page needs besides; raises NotFound for one the actor may not see."""
    row = _one(viewer.sight_of(actor)).first({**viewer.values_of(actor), "ticket_id": ticket_id})
    if row is None:
        raise NotFound
    return row


_Rules = aliased(CategoryVersion)
THIRD_PARTY: ColumnElement[Any] = literal_column("""'{"third_party": true}'::jsonb""")
"""What a version's demands hold where a third party accepts the work."""


@lru_cache(maxsize=64)
def _one(sight: Sight) -> Reading:
    hidden = viewer.taken_over(sight)
    return Reading(
        ticket_rows(sight=sight)
        .add_columns(
            _but(hidden, Ticket.place_text, literal("", Text())),
            Ticket.campus_id,
            Ticket.building_id,
            Ticket.category_id,
            Ticket.left_at,
            Ticket.contact_name,
            Ticket.contact_phone,
            Ticket.on_behalf_by,
            Ticket.asked_at,
            Ticket.rejected_at,
            Ticket.state_before,
            Ticket.reminders,
            Category.emergency,
            Category.emergency_phone,
            Ticket.published,
            Place.public.label("place_public"),
            _but(hidden, Ticket.visit_from),
            _but(hidden, Ticket.visit_to),
            Ticket.duplicate_of_id,
            Ticket.split_from_id,
            _but(hidden, Ticket.recurs_of_id),
            _but(hidden, Ticket.answers, literal_column("'{}'::jsonb")),
            (null() if isinstance(hidden, False_) else case((hidden, Ticket.taken_over_at))).label("taken_over_at"),
            CategoryVersion.questions.label("asked"),
            _Rules.reply,
            _Rules.demands,
            due.zone(Ticket),
            func.coalesce(_Rules.demands.op("@>")(THIRD_PARTY), False).label("third_party"),
        )
        .outerjoin(
            _Rules, and_(_Rules.institution_id == Ticket.institution_id, _Rules.id == Ticket.category_version_id)
        )
        .outerjoin(
            CategoryVersion,
            and_(
                CategoryVersion.institution_id == Ticket.institution_id, CategoryVersion.id == Ticket.asked_version_id
            ),
        )
        .where(Ticket.id == value("ticket_id", BigInteger), viewer.tickets_of(sight))
    )


def by_number(actor: Actor, number: str) -> int | None:
    """The id of a ticket the actor may see, by its number as it is written; None for any other."""
    found: int | None = db.session.scalar(select(Ticket.id).where(Ticket.number == number, viewer.tickets_seen(actor)))
    return found


def ratings(ticket_id: int) -> list[Any]:
    """The ratings of a ticket, by cycle."""
    return list(
        db.session.execute(
            select(
                Rating.cycle,
                Rating.person_id,
                Rating.quality,
                Rating.speed,
                Rating.manner,
                Rating.comment,
                Rating.at,
            )
            .where(Rating.ticket_id == ticket_id)
            .order_by(Rating.cycle, Rating.id)
        )
    )


__all__ = ["NAMES", "TicketFilter", "by_number", "one", "page", "ratings", "ticket_rows"]
