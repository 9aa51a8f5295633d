"""Open requests whose place is only words, by what they say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select

from app.core.actor import Actor
from app.core.db import db
from app.core.prepared import Count, among, number
from app.sites import queries as places
from app.sites.rules import aliases
from app.tickets.models import Ticket
from app.tickets.queries import viewer
from app.tickets.rules.states import TICKET_OPEN

AT_MOST = 500
SHOWN = 30
COUNTED = 100


@dataclass(slots=True)
class Words:
    """One wording, the requests that carry it (id, number, filed_at, place_text), the nearest places.

    `means`: the way of the place they were said to mean; their requests are just being moved there, or could not be.
    """

    text: str
    tickets: list[Any] = field(default_factory=list)
    near: Sequence[Any] = ()
    means: str | None = None


def waiting(actor: Actor, *, after: int = 0) -> Sequence[Any]:
    """Open requests without a place of the register the actor sees, the oldest first; at most AT_MOST `after` one."""
    return db.session.execute(
        select(Ticket.id, Ticket.number, Ticket.filed_at, Ticket.place_text)
        .where(
            Ticket.id > after,
            Ticket.place_id.is_(None),
            Ticket.place_text.is_not(None),
            Ticket.status.in_(sorted(status.value for status in TICKET_OPEN)),
            viewer.tickets_seen(actor),
        )
        .order_by(Ticket.id)
        .limit(AT_MOST)
    ).all()


@cache
def _counted() -> Select[Any]:
    some = (
        select(Ticket.id)
        .where(
            Ticket.place_id.is_(None),
            Ticket.place_text.is_not(None),
            among(Ticket.status, [status.value for status in TICKET_OPEN]),
        )
        .limit(number(COUNTED))
    )
    return select(func.count()).select_from(some.subquery())


def _nothing(_actor: Actor) -> dict[str, Any]:
    return {}


COUNT = Count(_counted, _nothing)
"""The number beside the navigation's entry, for whoever triages the whole institution (`policies.sees_unlisted`)."""


def by_words(actor: Actor, on: date, *, of: int | None = None) -> list[Words]:
    """The wordings that wait, the oldest first, with suggestions; three statements, and what a closed place takes.

    `of`: that of one request alone, where it waits (nothing where it does not).
    """
    found: dict[str, Words] = {}
    for row in waiting(actor):
        found.setdefault(aliases.key(row.place_text), Words(row.place_text)).tickets.append(row)
    asked = [each for each in found.values() if of is None or any(row.id == of for row in each.tickets)]
    shown = asked[:SHOWN]
    near = places.nearest([each.text for each in shown], on)
    meant = places.places_of_words([each.text for each in shown], on)
    for each in shown:
        place = meant.get(aliases.key(each.text))
        each.near, each.means = near.get(each.text, ()), place.path if place else None
    return shown
