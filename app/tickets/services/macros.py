"""Macros: kept by who may, used by dispatchers; an order is judged by the same table and guards as without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.accounts.models import Person
from app.audit import labels
from app.audit import services as audit
from app.core import i18n, words
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, Rejected
from app.core.refusals import permit
from app.core.seen import Seen, still
from app.sites import queries as places
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import Macro, Ticket, WorkOrder
from app.tickets.queries import macros as queries
from app.tickets.rules import macros as rules
from app.tickets.rules.history import Remark
from app.tickets.rules.macros import Content, MacroAct
from app.tickets.rules.reasons import reasons
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import done, messages, orders, pool
from app.tickets.services.case import by_order
from app.tickets.services.done import OrderDone

labels.declare(
    verbs={
        "macro.add": _l("Added a macro"),
        "macro.change": _l("Changed a macro"),
        "macro.close": _l("Closed a macro"),
    },
    objects={"macro": _l("Macro")},
    names={"macro": labels.named_by(Macro.id, Macro.name)},
    fields={"act": _l("Act")},
    codes={
        "act": {act.value: _l(label) for act, label in rules.MACRO_ACT_LABELS.items()},
        "reason": {
            each.code: _l(each.label)
            for act in (OrderAct.HOLD, OrderAct.REVOKE, OrderAct.CANCEL)
            for each in reasons(act).items
        },
    },
)


def add(*, actor: Actor, now: datetime, name: Mapping[str, str], position: int, content: Content) -> Macro:
    """A new macro. Raises NotAllowed, Rejected, Conflict (too many)."""
    _allowed(actor)
    _check(name, content)
    if (
        db.session.scalar(select(func.count()).select_from(Macro).where(Macro.valid_to.is_(None))) or 0
    ) >= queries.AT_MOST:
        raise Conflict(_l("There are 100 macros. Close one nobody uses."))
    made = Macro(name=dict(name), position=position, valid_from=places.today(now), **_columns(content))
    db.session.add(made)
    db.session.flush()
    audit.record(actor, "macro.add", "macro", made.id, now=now, after=_noted(made))
    return made


def change(
    *,
    actor: Actor,
    now: datetime,
    macro_id: int,
    seen: Seen | int | None,
    name: Mapping[str, str],
    position: int,
    content: Content,
) -> Macro:
    """Write it anew. Raises NotFound, NotAllowed, Stale, Rejected."""
    macro = _held(actor, macro_id, seen)
    _check(name, content)
    before = _noted(macro)
    macro.name, macro.position = dict(name), position
    for column, value in _columns(content).items():
        setattr(macro, column, value)
    macro.version += 1
    db.session.flush()
    audit.record_change(actor, "macro.change", "macro", macro.id, now=now, before=before, after=_noted(macro))
    return macro


def close(*, actor: Actor, now: datetime, macro_id: int, seen: int | None) -> None:
    """Nobody is offered it any more. Raises NotFound, NotAllowed, Stale."""
    macro = _held(actor, macro_id, seen)
    macro.valid_to = places.today(now)
    macro.version += 1
    db.session.flush()
    audit.record(actor, "macro.close", "macro", macro.id, now=now)


def content_of(macro: Any) -> Content:
    """What a stored macro does."""
    return Content(
        act=MacroAct(macro.act) if macro.act else None,
        reason=macro.reason,
        days=macro.days,
        note=macro.note,
        message=macro.message,
    )


def use(*, actor: Actor, now: datetime, order_id: int, seen: int | None, macro: Any) -> OrderDone:
    """Do what the macro says to one order: its act, then the note, then the message; all of it or nothing.

    Raises what the act itself would: NotFound, NotAllowed, Stale, Conflict, Rejected.
    """
    content = content_of(macro)
    case, order = by_order(order_id, actor=actor, now=now)
    scope_words.require(actor, order, policies.DISPATCH)
    case.seen_order(order, seen)
    until = _ends(content, now)
    found = done.order(case, order)
    if content.act is not None:
        found = _act(content.act, content.reason, until, actor=actor, now=now, order_id=order_id, seen=order.version)
    if content.note:
        case, order = by_order(order_id, actor=actor, now=now)
        case.remark(Remark.NOTE, order_id=order.id, note=content.note, data={"macro": macro.id})
        case.write()
    if content.message:
        text = _text(content.message, case.ticket.reporter_id, order.number, until)
        messages.send_message(actor=actor, now=now, ticket_id=case.ticket.id, text=text)
    return found


def message(macro: Any, order_id: int, now: datetime) -> str:
    """What the macro would write to the reporter of an order now, in his language; empty where it writes nothing."""
    content = content_of(macro)
    if not content.message:
        return ""
    row = db.session.execute(
        select(WorkOrder.number, Ticket.reporter_id)
        .join(Ticket, (Ticket.institution_id == WorkOrder.institution_id) & (Ticket.id == WorkOrder.ticket_id))
        .where(WorkOrder.id == order_id)
    ).one()
    return _text(content.message, row.reporter_id, row.number, _ends(content, now))


def _ends(content: Content, now: datetime) -> datetime | None:
    return now + timedelta(days=content.days) if content.days is not None else None


def _act(act: MacroAct, reason: str | None, until: datetime | None, **given: Any) -> OrderDone:
    of_table = act.of_table
    if of_table is not None:
        return orders.act(act=of_table, reason=reason, until=until, **given)
    return pool.put(**given) if act is MacroAct.POOL else pool.take_out(**given)


def _text(message: Mapping[str, str], reporter_id: int | None, number: str, until: datetime | None) -> str:
    """The message in the reporter's language, with his order and the day it goes on."""
    tag = None if reporter_id is None else db.session.scalar(select(Person.locale).where(Person.id == reporter_id))
    with i18n.speaking(tag or words.LANGUAGES[0]):
        values = {rules.NUMBER: number} | ({rules.UNTIL: i18n.format_moment(until)} if until else {})
        return rules.filled(words.text(message, i18n.locale()), values)


def _allowed(actor: Actor) -> None:
    permit(actor, policies.may_edit_macros)


def _held(actor: Actor, macro_id: int, seen: Seen | int | None) -> Macro:
    _allowed(actor)
    return still(Macro, macro_id, seen, Macro.valid_to.is_(None))


def _check(name: Mapping[str, str], content: Content) -> None:
    wrong: dict[str, Any] = {field: _l(said) for field, said in rules.faults(content).items()}
    if not name:
        wrong["name_zh"] = _l("Give the name in at least one language.")
    if wrong:
        raise Rejected(fields=wrong)


def _columns(content: Content) -> dict[str, Any]:
    return {
        **asdict(content),
        "act": content.act.value if content.act else None,
        "message": dict(content.message) if content.message else None,
    }


def _noted(macro: Macro) -> dict[str, Any]:
    return {"name": macro.name, "position": macro.position, **_columns(content_of(macro))}
