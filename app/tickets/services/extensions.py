"""More time asked for and decided by another person; a missed due time excused (tickets-rules 16, 18, 23)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.actor import Actor
from app.core.db import constraint_error, db
from app.core.errors import Conflict, NotAllowed, NotFound, Rejected
from app.core.held import locking
from app.core.i18n import iso
from app.events.tickets.clocks import DelayExcused, ExtensionAsked, ExtensionDecided
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import Clock, Extension
from app.tickets.queries import crews
from app.tickets.rules.audiences import Audience
from app.tickets.rules.history import Remark
from app.tickets.rules.reasons import REASON_LIMIT
from app.tickets.rules.sla import Kind, Phase
from app.tickets.rules.workflow import ORDER_HELD, TICKET_OPEN
from app.tickets.services.case import Case, by_ticket

LONGEST = timedelta(days=366)
ASKED_ALREADY = _l("More time has been asked for already; somebody has to decide on that first.")

constraint_error("uq_ticket_extension_open", lambda: Conflict(ASKED_ALREADY))


@dataclass(frozen=True, slots=True)
class Extended:
    """A request for more time as it stands; `approved` None: nobody has decided yet."""

    id: int
    ticket_id: int
    until: datetime
    reason: str
    asked_by: int
    asked_at: datetime
    approved: bool | None
    decided_by: int | None
    decided_at: datetime | None
    note: str | None


def ask(
    *, actor: Actor, now: datetime, ticket_id: int, until: datetime, reason: str, seen: int | None = None
) -> Extended:
    """Whoever holds one of its orders, or staff, asks for more time.

    Raises NotFound, NotAllowed, Stale, Conflict (no longer open, or asked already), Rejected (`until`, `reason`).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    if actor.id is None or not may_ask(actor, case):
        raise scope_words.not_there(actor, case.ticket, [policies.TRIAGE])
    case.seen_ticket(seen)
    if case.ticket.status not in TICKET_OPEN:
        raise Conflict(_l("The request is no longer open."))
    _refuse(case, until, reason)
    if _open(ticket_id) is not None:
        raise Conflict(ASKED_ALREADY)
    made = Extension(
        ticket_id=ticket_id,
        cycle=case.ticket.cycle,
        until=_whole(until),
        reason=reason.strip(),
        asked_by=actor.id,
        asked_at=case.now,
    )
    db.session.add(made)
    db.session.flush()
    case.remark(
        Remark.EXTENSION,
        reason=made.reason,
        data={"asked_until": iso(made.until)},
        audience=Audience.STAFF.value,
    )
    people = _others(case, actor.id)
    case.tell(ExtensionAsked(ticket_id, made.id, actor.id, iso(made.until) or "", people))
    case.write()
    return _shown(made)


def may_ask(actor: Actor, case: Case) -> bool:
    """Whoever holds an order of the ticket, and staff in whose scope it lies."""
    if policies.in_scope(actor, policies.TRIAGE, case.ticket):
        return True
    return any(order.assignee_id == actor.id and order.state in ORDER_HELD for order in case.orders.values())


def decide(
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    approve: bool,
    note: str | None = None,
    extension_id: int | None = None,
    seen: int | None = None,
) -> Extended:
    """Another person with the right decides; an approved one is the new promise, told to all (22, 23).

    `extension_id` is the request the decider has read. Raises NotFound, NotAllowed (also to whoever asked), Stale,
    Conflict (nothing asked for, another request than he has read, or too late).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    if actor.id is None:
        raise NotAllowed
    scope_words.require(actor, case.ticket, policies.EXTEND)
    case.seen_ticket(seen)
    found = _open(ticket_id, lock=True)
    if found is None:
        raise Conflict(_l("Nobody has asked for more time."))
    if extension_id not in (None, found.id):
        raise Conflict(_l("Somebody has decided on this already, and more time was asked for anew."))
    if found.asked_by == actor.id:
        raise NotAllowed(_l("Another person has to decide on this."))
    if approve and (case.ticket.status not in TICKET_OPEN or found.until <= case.now):
        raise Conflict(_l("The time asked for has passed, or the request is over. Refuse it; it can be asked anew."))
    promised = case.ticket.promised_at
    if approve and promised is not None and found.until <= promised:  # it moved later since it was asked for (22)
        raise Conflict(_l("More time has been promised since than was asked for. Refuse it; it can be asked anew."))
    found.approved, found.decided_by, found.decided_at, found.note = approve, actor.id, case.now, note or None
    if approve:
        case.remark(
            Remark.EXTENSION,
            reason=found.reason,
            note=note,
            data={"until": iso(found.until), "approved": True, "before": iso(case.ticket.promised_at)},
        )
    else:
        case.remark(
            Remark.EXTENSION,
            reason=found.reason,
            note=note,
            data={"asked_until": iso(found.until), "approved": False},
            audience=Audience.STAFF.value,
        )
    until, asked = iso(found.until) or "", _deciders(case)
    case.tell(ExtensionDecided(ticket_id, found.id, found.asked_by, approve, until, asked))
    case.write()
    return _shown(found)


def _others(case: Case, asker: int) -> tuple[int, ...]:
    order = next(iter(case.orders.values()), None)
    return crews.deciding(
        campus_id=case.ticket.campus_id,
        building_id=case.ticket.building_id,
        trade_id=None if order is None else order.trade_id,
        but=asker,
        now=case.now,
    )


def _deciders(case: Case) -> tuple[int, ...]:
    return crews.supervisors(campus_id=case.ticket.campus_id, building_id=case.ticket.building_id, now=case.now)


def excuse(*, actor: Actor, now: datetime, ticket_id: int, clock_id: int, reason: str, seen: int | None = None) -> None:
    """A supervisor excuses a due time that has passed: shown beside the figure, never inside (18).

    That of a promise is told to the reporter: it was he who was promised something. Raises NotFound, NotAllowed, Stale,
    Conflict (nothing has passed, or it is excused), Rejected (field `reason`).
    """
    case = by_ticket(ticket_id, actor=actor, now=now)
    scope_words.require(actor, case.ticket, policies.EXTEND)
    case.seen_ticket(seen)
    row = db.session.execute(
        select(
            Clock.kind,
            Clock.owner_kind,
            Clock.owner_id,
            Clock.cycle,
            Clock.kept,
            Clock.phase,
            Clock.due_at,
            Clock.excused,
        ).where(Clock.id == clock_id, Clock.ticket_id == ticket_id)
    ).first()
    if row is None:
        raise NotFound
    if not _missed(row, case.now):
        raise Conflict(_l("This due time has not passed, so there is nothing to excuse."))
    if row.excused:
        raise Conflict(_l("This delay is excused already."))
    if not reason.strip() or len(reason) > REASON_LIMIT:
        raise Rejected(fields={"reason": _l("Say why, in at most %(limit)s characters.", limit=REASON_LIMIT)})
    promise = row.kind == Kind.PROMISE.value
    order_id = row.owner_id if row.owner_kind == "order" else None
    case.remark(
        Remark.EXCUSE,
        order_id=order_id,
        reason=reason.strip(),
        data={"clock": row.kind, "order_id": order_id, "cycle": row.cycle},
        audience=(Audience.REPORTER if promise else Audience.STAFF).value,
    )
    if promise:
        case.tell(DelayExcused(ticket_id, row.cycle, clock_id))
    case.write()


def _missed(row: Any, now: datetime) -> bool:
    running = row.phase == Phase.RUNNING.value
    return row.kept is False or (running and row.due_at is not None and row.due_at < now)


def _open(ticket_id: int, *, lock: bool = False) -> Extension | None:
    query = select(Extension).where(Extension.ticket_id == ticket_id, Extension.decided_at.is_(None))
    return db.session.scalars(locking(query) if lock else query).first()


def _refuse(case: Case, until: datetime, reason: str) -> None:
    fields: dict[str, Any] = {}
    if not case.now < until <= case.now + LONGEST:
        fields["until"] = _l("Choose a time ahead, within a year.")
    elif case.ticket.promised_at is not None and until <= case.ticket.promised_at:
        fields["until"] = _l("Choose a time after the one promised.")
    if not reason.strip() or len(reason) > REASON_LIMIT:
        fields["reason"] = _l("Say why, in at most %(limit)s characters.", limit=REASON_LIMIT)
    if fields:
        raise Rejected(fields=fields)


def _whole(until: datetime) -> datetime:
    """A whole minute: instants of clocks are (8)."""
    return until.replace(second=0, microsecond=0)


def _shown(row: Extension) -> Extended:
    return Extended(
        row.id,
        row.ticket_id,
        row.until,
        row.reason,
        row.asked_by,
        row.asked_at,
        row.approved,
        row.decided_by,
        row.decided_at,
        row.note,
    )
