"""Calling the duty lead for an order nobody takes, again and again until somebody answers by name (38, 39, N1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import insert, select, update

from app.accounts.models import Person
from app.core import settings
from app.core.actor import Actor, Located
from app.core.db import current_institution, db
from app.core.errors import Conflict, NotFound
from app.core.held import unchanged
from app.core.i18n import iso
from app.events.tickets.duty import DutyCallAnswered, DutyCallDue, DutyCallWanted, DutyLeadCalled
from app.sites.calendars import queries as calendars
from app.sites.rules.worktime import WorkTime
from app.tickets import policies
from app.tickets.models import DutyCall
from app.tickets.queries import crews, sla
from app.tickets.queries import duty_calls as queries
from app.tickets.rules import duty
from app.tickets.rules.dispatching import EMERGENCY
from app.tickets.rules.duty import CallEnd, Cause
from app.tickets.rules.history import Remark
from app.tickets.services import clocks
from app.tickets.services.case import Case, by_order, by_order_for
from app.tickets.services.held import HeldOrder


def call(case: Case, order: HeldOrder, cause: Cause, refusals: int) -> int:
    """Call whoever leads on duty for an order of the locked case; returns the call. An older open one ends with it."""
    leads = _leads(order, case.now)
    order.lead_called_at = case.now
    _end(order.id, case.now)
    call_id = db.session.scalars(
        insert(DutyCall)
        .values(
            institution_id=current_institution(),
            order_id=order.id,
            ticket_id=case.ticket.id,
            campus_id=order.campus_id,
            building_id=order.building_id,
            cause=cause.value,
            refusals=refusals,
            called=list(leads),
            times=1,
            called_at=case.now,
            last_at=case.now,
        )
        .returning(DutyCall.id)
    ).one()
    case.remark(
        Remark.ESCALATION,
        order_id=order.id,
        by_system=True,
        data={"cause": cause.value, "refusals": refusals, "person_ids": [str(each) for each in leads]},
    )
    _tell(case, order, call_id, leads, refusals, 1)
    return call_id


def call_before_due(*, actor: Actor, now: datetime, order_id: int) -> bool:
    """The timer of `before_due`: the clock's hours have begun. Safe to repeat; returns whether he was called now."""
    case, order = by_order(order_id, actor=actor, now=now)
    called = before_due(case, order)
    case.write()
    return called


def before_due(case: Case, order: HeldOrder) -> bool:
    """What the dispatch clock does shortly before its due: call the duty lead unless somebody has the order (38).

    Outside the hours of that clock he is called when they begin, in an emergency at once (39). Returns whether he was
    called now; False where he has been, or where the order has a holder or needs none.
    """
    if order.lead_called_at is not None or not duty.still_needed(order.state, case.ticket.status):
        return False
    first = duty.called_from(case.now, hours(case, order), emergency=order.priority == EMERGENCY)
    if first > case.now:
        case.tell(DutyCallWanted(order.id), key=f"duty-call:{order.id}:{iso(first)}", due=first)
        return False
    call(case, order, Cause.DUE_SOON, 0)
    return True


def hours(case: Case, order: HeldOrder) -> WorkTime:
    """The working time of an order's dispatch clock; without one, that of its priority's policy."""
    version_id = sla.dispatch_calendar(order.id)
    return calendars.work(clocks.terms_of(case).calendar if version_id is None else version_id)


def within_hours(case: Case, order: HeldOrder) -> bool:
    """Whether the duty lead may be called for an order now (39)."""
    if order.priority == EMERGENCY:
        return True
    return duty.may_call(case.now, hours(case, order), emergency=False)


def repeat(*, actor: Actor, now: datetime, order_id: int, call_id: int, times: int) -> None:
    """The timer of a call: whoever leads now is called again; a call that is no longer needed ends."""
    case, order = by_order(order_id, actor=actor, now=now)
    found = _open(call_id)
    if found is None or found.times != times:
        return
    if not duty.still_needed(order.state, case.ticket.status):
        _end(order_id, case.now)
        order.lead_called_at = None  # the next time it is needed is another call
        case.write()
        return
    leads = _leads(order, case.now)
    _change(call_id, times=times + 1, called=list(leads), last_at=case.now)
    _tell(case, order, call_id, leads, found.refusals, times + 1)
    case.write()


def answer(*, actor: Actor, now: datetime, call_id: int, seen: int | None = None) -> None:
    """Somebody takes the order on by name: no more calls, and he is responsible until somebody has it (N1).

    Whoever was called may, and whoever dispatches there; the same person twice is once. Raises NotFound; Stale where
    `seen` is not its version, naming who has it; Conflict, naming whoever was faster, or where nobody is needed any
    more.
    """
    order_id = db.session.scalar(select(DutyCall.order_id).where(DutyCall.id == call_id))
    if order_id is None or actor.id is None:
        raise NotFound
    case, order = by_order_for(order_id, actor=actor, now=now)
    found = db.session.execute(select(*_COLUMNS).where(DutyCall.id == call_id)).one()
    if not may_answer(actor, order, found.called):
        raise NotFound
    if found.answered_by == actor.id:
        return
    state = "open" if found.ended_at is None else found.ended_as
    unchanged(found.version, seen, state=state, assignee=_named(found.answered_by))
    if found.ended_at is not None:
        raise _too_late(found.answered_by)
    _change(call_id, answered_by=actor.id, ended_at=case.now, ended_as=CallEnd.ANSWERED.value)
    order.dispatcher_id = actor.id
    waited = int((case.now - found.called_at).total_seconds())
    case.remark(Remark.CALL_ANSWERED, order_id=order.id, data={"times": found.times, "after_s": waited})
    case.tell(DutyCallAnswered(order.id, case.ticket.id, call_id, actor.id, tuple(found.called)))
    case.write()


def may_answer(actor: Actor, order: Located, called: list[int]) -> bool:
    """Whether the actor may take on the order of a call that went to `called`."""
    return actor.id in called or policies.in_scope(actor, policies.DISPATCH, order)


_COLUMNS: tuple[Any, ...] = (
    DutyCall.times,
    DutyCall.refusals,
    DutyCall.called,
    DutyCall.called_at,
    DutyCall.answered_by,
    DutyCall.ended_at,
    DutyCall.ended_as,
    queries.VERSION,
)


def _leads(order: HeldOrder, now: datetime) -> tuple[int, ...]:
    return crews.duty_leads(campus_id=order.campus_id, building_id=order.building_id, trade_id=order.trade_id, now=now)


def _tell(case: Case, order: HeldOrder, call_id: int, leads: tuple[int, ...], refusals: int, times: int) -> None:
    case.tell(DutyLeadCalled(order.id, case.ticket.id, leads, refusals, call_id, times))
    next_at = duty.next_call(case.now, settings.get("tickets.duty_repeat_minutes"))
    due = duty.called_from(next_at, hours(case, order), emergency=order.priority == EMERGENCY)
    case.tell(DutyCallDue(order.id, call_id, times), key=f"duty-call:{call_id}:{times}", due=due)


def _open(call_id: int) -> Any:
    return db.session.execute(select(*_COLUMNS).where(DutyCall.id == call_id, DutyCall.ended_at.is_(None))).first()


def _change(call_id: int, **values: Any) -> None:
    db.session.execute(
        update(DutyCall).where(DutyCall.id == call_id).values(**values).execution_options(synchronize_session=False)
    )


def _end(order_id: int, now: datetime) -> None:
    """The open call of an order, if there is one, is over."""
    db.session.execute(
        update(DutyCall)
        .where(DutyCall.order_id == order_id, DutyCall.ended_at.is_(None))
        .values(ended_at=now, ended_as=CallEnd.OVER.value)
        .execution_options(synchronize_session=False)
    )


def _named(person_id: int | None) -> dict[str, str] | None:
    """A person as the API names him."""
    if person_id is None:
        return None
    name = db.session.scalar(select(Person.name).where(Person.id == person_id))
    return {"id": str(person_id), "name": name or ""}


def _too_late(answered_by: int | None) -> Conflict:
    if (who := _named(answered_by)) is None:
        return Conflict(_l("The order has somebody now. Nothing is left to do."))
    return Conflict(_l("%(name)s has taken it on already.", name=who["name"]))
