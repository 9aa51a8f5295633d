"""Trades and categories: added, changed, closed; never deleted, since tickets of every time point to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.audit import labels
from app.audit import services as audit
from app.core import words
from app.core.actor import Actor
from app.core.db import constraint_error, db, not_over
from app.core.errors import Rejected
from app.core.held import locking
from app.core.refusals import permit
from app.core.seen import Seen, still
from app.sites import queries as places
from app.tickets import policies
from app.tickets.models import Category, Trade
from app.tickets.queries import sla_policies
from app.tickets.rules import demands as demand_rules
from app.tickets.rules.limits import MAX_MINUTES
from app.tickets.rules.priority import IMPACTS
from app.tickets.services import category_versions

labels.declare(
    verbs={
        "trade.add": _l("Added a trade"),
        "trade.change": _l("Changed a trade"),
        "trade.close": _l("Closed a trade"),
        "category.add": _l("Added a category"),
        "category.change": _l("Changed a category"),
        "category.close": _l("Closed a category"),
    },
    objects={"trade": _l("Trade"), "category": _l("Category")},
    names={
        "trade": labels.named_by(Trade.id, Trade.name, Trade.code),
        "category": labels.named_by(Category.id, Category.name),
    },
    references={"trade_id": "trade", "trade": "trade"},
    fields={
        "trade_id": _l("Trade"),
        "planned_minutes": _l("Planned time"),
        "auto_dispatch": _l("Offer it at once"),
        "emergency_phone": _l("Number to call first"),
        "impact": _l("Usual reach"),
        "impacts": _l("Reach where it differs from the usual one"),
        "sla_policy": _l("Service level"),
        "price_class": _l("Price"),
    },
)

CHANGEABLE = frozenset(
    {
        "name",
        "icon",
        "parent_id",
        "trade_id",
        "position",
        "emergency",
        "emergency_phone",
        "auto_dispatch",
        "planned_minutes",
        "impact",
        "hints",
    }
)
MAX_DEPTH = 4

constraint_error("uq_trade_code_valid", lambda: Rejected(fields={"code": _l("Another trade has this code.")}))
constraint_error("uq_category_code_valid", lambda: Rejected(fields={"code": _l("Another category has this code.")}))


def add_trade(*, actor: Actor, now: datetime, code: str, name: Mapping[str, str]) -> int:
    """A new trade; returns its id. Raises NotAllowed, Rejected (field `code`)."""
    _permit(actor)
    if _taken(Trade, code):
        raise Rejected(fields={"code": _l("Another trade has this code.")})
    made = Trade(code=code, name=dict(name), valid_from=places.today(now))
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "trade.add", "trade", made.id, now=now, after={"code": code, "name": dict(name)})
    return made.id


def usable_trade(named: int | str, now: datetime, *, field: str = "trade") -> Trade:
    """The trade of an id or a code, not closed, to be given to something: nobody closes it before that is done.

    Raises Rejected (`field`).
    """
    column = Trade.code if isinstance(named, str) else Trade.id
    query = select(Trade).where(column == named, not_over(Trade, places.today(now)))
    found = db.session.scalars(locking(query, share=True)).first()
    if found is None:
        raise Rejected(fields={field: _l("This trade does not exist.")})
    return found


def add_category(*, actor: Actor, now: datetime, code: str, name: Mapping[str, str], **values: Any) -> int:
    """A new category with any of `CHANGEABLE` and `category_versions.FORM`; without a trade it is a heading.

    Returns its id. Raises NotAllowed, Rejected (fields `code`, `parent_id`, `planned_minutes`, `impact`,
    `emergency_phone`, `price_class`, `sla_policy`, `trade_id`, `demands.checklist`).
    """
    _permit(actor)
    if _taken(Category, code):
        raise Rejected(fields={"code": _l("Another category has this code.")})
    _check(None, values, now)
    kept, form = _parted(values)
    made = Category(code=code, name=dict(name), valid_from=places.today(now), version=0, **kept)
    db.session.add(made)
    db.session.flush()
    category_versions.write(made, actor=actor, now=now, **form)
    after = {"code": code, "name": dict(name), **values}
    audit.record(actor, "category.add", "category", made.id, now=now, after=after)
    return made.id


def change_category(*, actor: Actor, now: datetime, category_id: int, seen: Seen | None = None, **values: Any) -> None:
    """Change any of `CHANGEABLE` and `category_versions.FORM`.

    `seen`: what the actor had before him (None: not asked). Raises NotFound, Overtaken, and as `add_category`.
    """
    _permit(actor)
    category = _category(category_id, seen)
    _check(category, values, now)
    kept, form = _parted(values)
    held = category_versions.current(category)
    before = {name: getattr(category, name) for name in kept}
    before |= {name: getattr(held, name) for name in form if held is not None}
    for name, value in kept.items():
        setattr(category, name, value)
    db.session.flush()
    category_versions.write(category, actor=actor, now=now, **form)
    audit.record_change(actor, "category.change", "category", category.id, now=now, before=before, after=values)


def close_category(*, actor: Actor, now: datetime, category_id: int, seen: Seen | None = None) -> None:
    """From today on it can no longer be chosen; its tickets keep it.

    Raises NotAllowed, NotFound, Overtaken, Rejected.
    """
    _permit(actor)
    category = _category(category_id, seen)
    below = select(Category.id).where(Category.parent_id == category.id, Category.valid_to.is_(None)).limit(1)
    if db.session.scalar(below) is not None:
        raise Rejected(_l("Close what stands below this category first."))
    category.valid_to = places.today(now)
    db.session.flush()
    audit.record(actor, "category.close", "category", category.id, now=now, after={"valid_to": str(places.today(now))})


def _parted(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the category itself holds, and what only its versions do."""
    form = {name: value for name, value in values.items() if name in category_versions.FORM}
    return {name: value for name, value in values.items() if name not in form}, form


def _permit(actor: Actor) -> None:
    permit(actor, policies.may_edit_catalogue)


def _taken(table: type[Trade] | type[Category], code: str) -> bool:
    """Whether a valid row has the code; the unique index decides where two are added at once."""
    return db.session.scalar(select(table.id).where(table.code == code, table.valid_to.is_(None))) is not None


def _category(category_id: int, seen: Seen | None = None) -> Category:
    return still(Category, category_id, seen, Category.valid_to.is_(None))


def _check(category: Category | None, values: Mapping[str, Any], now: datetime) -> None:
    unknown = set(values) - CHANGEABLE - category_versions.FORM
    if unknown:
        raise TypeError(f"a category has no {sorted(unknown)}")
    fields: dict[str, Any] = {}
    if not 0 < values.get("planned_minutes", 30) <= MAX_MINUTES:
        fields["planned_minutes"] = _l("Give the planned minutes, at most a week.")
    if values.get("impact", "room") not in IMPACTS:
        fields["impact"] = _l("Choose one of the offered values.")
    emergency, phone = (values.get(name, getattr(category, name, None)) for name in ("emergency", "emergency_phone"))
    if emergency and not phone:
        fields["emergency_phone"] = _l("Give the number people should call first.")
    fields |= _unpromised(values)
    if values.get("parent_id") is not None and _too_deep(category, values["parent_id"]):
        fields["parent_id"] = _l("Choose another category to stand below.")
    if values.get("trade_id") is not None and values["trade_id"] != getattr(category, "trade_id", None):
        fields |= _unusable(values["trade_id"], now)
    if fields:
        raise Rejected(fields=fields)


def _unpromised(values: Mapping[str, Any]) -> dict[str, Any]:
    """What no version can say of price, service level and demands."""
    fields: dict[str, Any] = {}
    if values.get("price_class") not in {None, *demand_rules.PRICES}:
        fields["price_class"] = _l("Choose one of the offered values.")
    if values.get("sla_policy") and not sla_policies.known(values["sla_policy"]):
        fields["sla_policy"] = _l("This service level does not exist any more. Choose another.")
    if len(demand_rules.checklist(values.get("demands"))) > demand_rules.CHECKLIST_AT_MOST:
        fields["demands.checklist"] = _l("Nobody ticks off so many points. Give at most twenty.")
    elif any(set(point) != set(words.LANGUAGES) for point in demand_rules.checklist(values.get("demands"))):
        fields["demands.checklist"] = _l("Give it in both languages.")
    return fields


def _unusable(trade_id: int, now: datetime) -> dict[str, Any]:
    """Why a category cannot have another trade than it has."""
    try:
        usable_trade(trade_id, now, field="trade_id")
    except Rejected as refused:
        return refused.fields
    return {}


def _too_deep(category: Category | None, parent_id: int) -> bool:
    """Whether the parent is missing, stands below the category itself, or is too far down."""
    above: int | None = parent_id
    for _ in range(MAX_DEPTH):
        if above is None:
            return False
        if category is not None and above == category.id:
            return True
        row = db.session.execute(
            select(Category.id, Category.parent_id).where(Category.id == above, Category.valid_to.is_(None))
        ).first()
        if row is None:
            return True
        above = row.parent_id
    return above is not None


def change_trade(
    *, actor: Actor, now: datetime, trade_id: int, name: Mapping[str, str], seen: Seen | None = None
) -> None:
    """Another name of a trade. `seen`: what the actor had before him. Raises NotAllowed, NotFound, Overtaken."""
    _permit(actor)
    trade = _open_trade(trade_id, seen)
    before, trade.name = trade.name, dict(name)
    db.session.flush()
    audit.record_change(
        actor, "trade.change", "trade", trade.id, now=now, before={"name": before}, after={"name": dict(name)}
    )


def close_trade(*, actor: Actor, now: datetime, trade_id: int, seen: Seen | None = None) -> None:
    """From today on no new order needs it. Raises NotAllowed, NotFound, Overtaken, Rejected while a category has it."""
    _permit(actor)
    trade = _open_trade(trade_id, seen)
    used = select(Category.id).where(Category.trade_id == trade.id, Category.valid_to.is_(None)).limit(1)
    if db.session.scalar(used) is not None:
        raise Rejected(_l("Give its categories another trade first, or close them."))
    trade.valid_to = places.today(now)
    db.session.flush()
    audit.record(actor, "trade.close", "trade", trade.id, now=now, after={"valid_to": str(places.today(now))})


def _open_trade(trade_id: int, seen: Seen | None = None) -> Trade:
    return still(Trade, trade_id, seen, Trade.valid_to.is_(None))
