"""Keeping views of the dispatcher's list and board: under a name, for oneself or a role, and the one to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, delete, func, select

from app.audit import labels
from app.audit import services as audit
from app.core.actor import Actor
from app.core.db import constraint_error, db
from app.core.errors import Conflict, NotAllowed, Rejected
from app.core.held import QUICKER, held, locking
from app.core.refusals import permit
from app.core.seen import Seen, check
from app.sites import queries as places
from app.tickets import policies
from app.tickets.models import DefaultView, SavedView
from app.tickets.queries import saved_views as queries
from app.tickets.queries.dispatch_list import VIEWS, WAITS
from app.tickets.rules import saved_views as rules
from app.tickets.rules.priority import URGENCIES, URGENCY_LABELS

OWN_AT_MOST = 50
KEEP: Any = object()  # of a change: this stays as it is
STATES = frozenset({*VIEWS, WAITS})
STATE_LABELS = {
    "open": _l("Open"),
    WAITS: _l("Waits for a person"),
    "queued": _l("Queued"),
    "offered": _l("Offered"),
    "work": _l("In work"),
    "hold": _l("On hold"),
    "planned": _l("Planned"),
}
"""What the views of the list, and the columns of the board, are called."""
PRIORITIES = frozenset(URGENCIES)
_TAKEN = _l("Another view has this name.")

constraint_error("uq_saved_view_own", lambda: Rejected(fields={"name": _TAKEN}))
constraint_error("uq_saved_view_shared", lambda: Rejected(fields={"name": _TAKEN}))
constraint_error("uq_default_view_person", lambda: Conflict(QUICKER))
labels.declare(
    verbs={
        "view.keep": _l("Kept a view"),
        "view.change": _l("Changed a view"),
        "view.remove": _l("Removed a view"),
        "view.default": _l("Chose a view to begin with"),
    },
    objects={"view": _l("View")},
    names={"view": labels.named_by(SavedView.id, SavedView.name)},
    fields={"filters": _l("Filters"), "state": _l("State"), "campus": _l("Campus"), "building": _l("Building")},
    references={"campus": "place", "building": "place"},
    codes={
        "priority": {code: _l(label) for code, label in URGENCY_LABELS.items()},
        "state": STATE_LABELS,
    },
)


def keep(*, actor: Actor, now: datetime, name: str, filters: Mapping[str, Any], role_id: int | None) -> SavedView:
    """Keep filters under a name. Raises NotAllowed (sharing without the right), Rejected, Conflict (too many)."""
    if actor.id is None or not policies.may_dispatch(actor):
        raise NotAllowed
    mine = select(func.count()).select_from(SavedView).where(SavedView.owner_id == actor.id)
    if (db.session.scalar(mine) or 0) >= OWN_AT_MOST:
        raise Conflict(_l("You have kept 50 views. Remove one you no longer need."))
    _check_role(actor, role_id, now)
    _check_name(name, actor.id, role_id, None)
    made = SavedView(owner_id=actor.id, role_id=role_id, changed_at=now, **_named(name), filters=_standing(filters))
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "view.keep", "view", made.id, now=now, after=_noted(made))
    return made


def change(
    *,
    actor: Actor,
    now: datetime,
    view_id: int,
    seen: Seen | int | None,
    name: str = KEEP,
    filters: Mapping[str, Any] = KEEP,
    role_id: int | None = KEEP,
) -> SavedView:
    """Rename it, share it or take it back, keep other filters. Raises NotFound, NotAllowed, Stale, Rejected.

    A shared view belongs to many: changing it takes the right to share. Its owner, and he alone, may always take it
    back.
    """
    view = _held(actor, view_id, seen)
    takes_back = role_id is None and name is KEEP and filters is KEEP
    if not (may_change(actor, view) or (takes_back and view.owner_id == actor.id)):
        raise NotAllowed
    if role_id is None and view.role_id is not None and view.owner_id != actor.id:
        raise NotAllowed
    before = _noted(view)
    if role_id is not KEEP and role_id != view.role_id:
        _check_role(actor, role_id, now)
        view.role_id = role_id
    if name is not KEEP:
        for column, given in _named(name).items():
            setattr(view, column, given)
    if filters is not KEEP:
        view.filters = _standing(filters)
    _check_name(view.name, view.owner_id, view.role_id, view.id)
    view.changed_at = now
    view.version += 1
    db.session.flush()
    if view.role_id is None:  # whoever began with it and cannot see it any more begins with everything
        db.session.execute(
            delete(DefaultView).where(DefaultView.view_id == view.id, DefaultView.person_id != view.owner_id)
        )
    audit.record_change(actor, "view.change", "view", view.id, now=now, before=before, after=_noted(view))
    return view


def remove(*, actor: Actor, now: datetime, view_id: int, seen: int | None) -> None:
    """Nobody is offered it any more. Raises NotFound, NotAllowed, Stale."""
    view = _held(actor, view_id, seen)
    if not may_remove(actor, view):
        raise NotAllowed
    db.session.execute(delete(DefaultView).where(DefaultView.view_id == view.id))
    noted = _noted(view)
    db.session.delete(view)
    db.session.flush()
    audit.record(actor, "view.remove", "view", view_id, now=now, before=noted)


def begin_with(*, actor: Actor, now: datetime, view_id: int | None) -> None:
    """The actor's list and board begin with this view; None: with everything. Raises NotFound."""
    if actor.id is None:
        raise NotAllowed
    if view_id is not None:
        queries.one(actor, view_id)
    former = db.session.scalars(locking(select(DefaultView).where(DefaultView.person_id == actor.id))).one_or_none()
    before = former.view_id if former else None
    if before == view_id:
        return
    if former is None:
        db.session.add(DefaultView(person_id=actor.id, view_id=view_id))
    elif view_id is None:
        db.session.delete(former)
    else:
        former.view_id = view_id
    db.session.flush()
    audit.record(actor, "view.default", "view", view_id or before, now=now, after={"enabled": view_id is not None})


def may_change(actor: Actor, view: Any) -> bool:
    """His own; a shared one with the right to share."""
    return policies.may_share_views(actor) if view.role_id is not None else bool(view.owner_id == actor.id)


def may_remove(actor: Actor, view: Any) -> bool:
    """Who may change it, and its owner."""
    return view.owner_id == actor.id or may_change(actor, view)


def gone(row: Any) -> dict[str, Any]:
    """The filters of a view that can no longer be asked for, with the words of what they named."""
    return rules.gone(row.filters, queries.surroundings([row.filters]), STATES, PRIORITIES)


def _held(actor: Actor, view_id: int, seen: Seen | int | None) -> SavedView:
    queries.one(actor, view_id)
    view = held(SavedView, view_id)
    check(view, seen, name=view.name)
    return view


def _named(name: str) -> dict[str, str]:
    return {"name": name, "folded": name.casefold()}


def _standing(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters that are on. Raises Rejected where one names what is not there."""
    found = rules.on(filters)
    wrong = rules.gone(found, queries.surroundings([found]), STATES, PRIORITIES)
    if wrong:
        raise Rejected(
            _l("A filter names something that no longer exists."),
            fields={f"filters.{name}": _l("Choose one of the offered values.") for name in wrong},
        )
    return found


def _check_name(name: str, owner_id: int, role_id: int | None, besides: int | None) -> None:
    """Raises Rejected where another view stands beside it under this name; the constraint has the last word."""
    beside = (
        SavedView.role_id == role_id if role_id else and_(SavedView.role_id.is_(None), SavedView.owner_id == owner_id)
    )
    with db.session.no_autoflush:
        found = db.session.scalar(
            select(SavedView.id).where(SavedView.folded == name.casefold(), beside, SavedView.id != (besides or 0))
        )
    if found is not None:
        raise Rejected(fields={"name": _TAKEN})


def _check_role(actor: Actor, role_id: int | None, now: datetime) -> None:
    if role_id is None:
        return
    permit(actor, policies.may_share_views)
    if role_id not in {row.id for row in queries.roles(places.today(now))}:
        raise Rejected(fields={"role": _l("Choose one of the offered values.")})


def _noted(view: SavedView) -> dict[str, Any]:
    return {"name": view.name, "filters": dict(view.filters), "role": view.role_id}
