"""Kept views of the dispatcher's list and board: whose they are, and what their filters name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Text, and_, any_, case, or_, select

from app.accounts.models import Person, Role
from app.core.actor import Actor
from app.core.db import db, valid_on
from app.core.errors import NotFound
from app.core.prepared import Question, Reading, value, values
from app.sites.models import Place
from app.tickets import policies
from app.tickets.models import DefaultView, SavedView, Trade
from app.tickets.rules.saved_views import PLACES, Known, Surroundings

AT_MOST = 200


def _seen() -> ColumnElement[bool]:
    """His own, those shared with a role of his; whoever keeps shared views sees them all."""
    return or_(
        SavedView.owner_id == value("person", BigInteger),
        Role.code == any_(values("roles", Text)),
        and_(value("keeps", Boolean), SavedView.role_id.is_not(None)),
    )


@cache
def _listing() -> Reading:
    shared_last = case((SavedView.role_id.is_(None), 0), else_=1)
    return Reading(_rows().order_by(shared_last, SavedView.folded, SavedView.id).limit(AT_MOST))


@cache
def _single() -> Reading:
    return Reading(_rows().where(SavedView.id == value("view", BigInteger)))


def _rows() -> Any:
    return (
        select(
            SavedView.id,
            SavedView.name,
            SavedView.filters,
            SavedView.owner_id,
            Person.name.label("owner_name"),
            SavedView.role_id,
            Role.name.label("role_name"),
            SavedView.version,
            DefaultView.id.is_not(None).label("is_default"),
        )
        .join(Person, and_(Person.institution_id == SavedView.institution_id, Person.id == SavedView.owner_id))
        .outerjoin(Role, and_(Role.institution_id == SavedView.institution_id, Role.id == SavedView.role_id))
        .outerjoin(
            DefaultView,
            and_(
                DefaultView.institution_id == SavedView.institution_id,
                DefaultView.view_id == SavedView.id,
                DefaultView.person_id == value("person", BigInteger),
            ),
        )
        .where(_seen())
    )


def _of(actor: Actor) -> dict[str, Any]:
    return {"person": actor.id or 0, "roles": list(actor.roles), "keeps": policies.may_share_views(actor)}


def listed(actor: Actor) -> Sequence[Any]:
    """The views the actor may pick, his own first, then by name. One statement."""
    return asked(actor).rows()


def asked(actor: Actor) -> Question:
    """The same, to be asked with others."""
    return Question(_listing(), _of(actor))


def one(actor: Actor, view_id: int) -> Any:
    """A view the actor may pick. Raises NotFound."""
    row = _single().first({**_of(actor), "view": view_id})
    if row is None:
        raise NotFound
    return row


def surroundings(filters: Iterable[Mapping[str, Any]]) -> Surroundings:
    """What the places and trades named by some filters are; at most two statements."""
    wanted = list(filters)
    ids = {each[name] for each in wanted for name in PLACES if isinstance(each.get(name), int)}
    codes = {str(each["trade"]) for each in wanted if each.get("trade") is not None}
    places = (
        db.session.execute(
            select(Place.id, Place.kind, Place.name, Place.valid_to).where(Place.id.in_(sorted(ids)))
        ).all()
        if ids
        else ()
    )
    trades = (
        db.session.execute(
            select(Trade.code, Trade.name, Trade.valid_to).where(Trade.code.in_(sorted(codes))).order_by(Trade.id)
        ).all()
        if codes
        else ()
    )
    found: dict[str, Known] = {}
    for row in trades:  # a code may have been given anew: what is present counts
        if row.code not in found or row.valid_to is None:
            found[row.code] = Known(row.name, row.valid_to is None)
    return Surroundings(
        places={row.id: (row.kind, Known(row.name, row.valid_to is None)) for row in places}, trades=found
    )


def roles(day: Any) -> Sequence[Any]:
    """The roles a view can be shared with, those that dispatch: (id, code, name)."""
    rows = db.session.execute(
        select(Role.id, Role.code, Role.name)
        .where(Role.permissions.contains([policies.DISPATCH]), valid_on(Role, day))
        .order_by(Role.id)
    )
    return rows.all()
