"""Merging a ticket into another and taking the merge back (N7). Both timelines stay whole.

Every ticket a merge touches is locked first, in the order of ids, so that two merges crosswise wait for each other
and the second finds that its original is no original any more. What one merge did stands in one row: un-merging
undoes that, as far as nobody has changed it since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, NotFound, Rejected, Stale
from app.sites import scope_words
from app.tickets import policies
from app.tickets.models import Ticket, TicketMerge
from app.tickets.queries import viewer
from app.tickets.rules import joint
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import ORDER_OPEN, TICKET_OPEN, TicketAct, TicketStatus
from app.tickets.services import acts, done, following, opening
from app.tickets.services.case import Case, by_ticket
from app.tickets.services.done import TicketDone


@dataclass(frozen=True, slots=True)
class Moved:
    """A duplicate that pointed to the merged ticket and was re-pointed with it; `merge_id` made it a duplicate."""

    ticket_id: int
    merge_id: int | None

    def to_data(self) -> dict[str, Any]:
        return {"ticket_id": self.ticket_id, "merge_id": self.merge_id}


def merge(
    *, actor: Actor, now: datetime, ticket_id: int, into_id: int, seen: int | None = None, note: str | None = None
) -> TicketDone:
    """Both report one fault: the ticket becomes a duplicate of `into_id`, which alone is repaired.

    Into a resolved original: it is taken up again, as if staff had said that it is not fixed. Raises NotFound,
    NotAllowed, Stale, Conflict (work has begun, the other one is closed or itself a duplicate), Rejected (`into`).
    """
    if ticket_id == into_id:
        raise Rejected(fields={"into": _l("A request cannot be merged into itself.")})
    _may_see(actor, ticket_id, into_id)
    followed = _lock([ticket_id, into_id], of=ticket_id)
    case, original = by_ticket(ticket_id, actor=actor, now=now), by_ticket(into_id, actor=actor, now=now)
    _permit(case, TicketAct.MERGE)
    _permit(original, TicketAct.MERGE)
    case.seen_ticket(seen)
    if original.ticket.status is TicketStatus.DUPLICATE:
        raise Conflict(
            _l("The other request was itself merged into another one. Merge into that one."), code="not-original"
        )
    moved = [_as_system(each, actor, now) for each in followed]
    row = TicketMerge(
        ticket_id=ticket_id,
        into_id=into_id,
        at=case.now,
        actor_id=actor.id,
        moved=[Moved(each.ticket.id, each.ticket.merge_id).to_data() for each in moved],
        cancelled=[order.id for order in case.orders.values() if order.state in ORDER_OPEN],
    )
    db.session.add(row)
    db.session.flush()
    case.ticket.duplicate_of_id, case.ticket.merge_id = into_id, row.id
    case.move_ticket(
        TicketAct.MERGE,
        note=note,
        original_open=original.ticket.status in TICKET_OPEN or original.ticket.status is TicketStatus.RESOLVED,
        data={
            "into": into_id,
            "number": original.ticket.number,
            "merge_id": row.id,
            "moved": [e.ticket.id for e in moved],
        },
    )
    _receive(original, case, row.id)
    for each in moved:
        each.ticket.duplicate_of_id = into_id
        each.remark(Remark.REPOINTED, data={"into": into_id, "number": original.ticket.number, "merge_id": row.id})
    following.carry_over([ticket_id, *(each.ticket.id for each in moved)], into_id, merge_id=row.id, at=case.now)
    for each in (case, original, *moved):
        each.write()
    return done.ticket(case)


def _receive(original: Case, case: Case, merge_id: int) -> None:
    """What the merge means for the original; a resolved one is taken up again."""
    if original.ticket.status is TicketStatus.RESOLVED:
        acts.take_up_again(original, reported_again=case.ticket.number)
    original.remark(
        Remark.MERGED_IN, data={"ticket": case.ticket.id, "number": case.ticket.number, "merge_id": merge_id}
    )


def unmerge(
    *,
    actor: Actor,
    now: datetime,
    ticket_id: int,
    reason: str | None,
    note: str | None = None,
    seen: int | None = None,
) -> TicketDone:
    """It is another fault after all: the ticket goes its own way, with what was merged with it, and new orders.

    What somebody changed since stays as it is. Raises NotFound, NotAllowed, Stale, Conflict, Rejected (`reason`).
    """
    _may_see(actor, ticket_id)
    before = db.session.execute(
        select(Ticket.duplicate_of_id, TicketMerge.id, TicketMerge.into_id, TicketMerge.moved, TicketMerge.cancelled)
        .join(TicketMerge, (TicketMerge.institution_id == Ticket.institution_id) & (TicketMerge.id == Ticket.merge_id))
        .where(Ticket.id == ticket_id)
    ).first()
    moved_ids = [each["ticket_id"] for each in before.moved] if before else []
    _lock([ticket_id, *moved_ids, *([before.duplicate_of_id, before.into_id] if before else [])])
    case = by_ticket(ticket_id, actor=actor, now=now)
    _permit(case, TicketAct.UNMERGE)
    case.seen_ticket(seen)
    if before is None or case.ticket.merge_id != before.id or case.ticket.duplicate_of_id != before.duplicate_of_id:
        case.ticket_row(TicketAct.UNMERGE)  # refuses what is no duplicate
        raise case.stale()
    original = _as_system(before.duplicate_of_id, actor, now)
    case.ticket.duplicate_of_id = case.ticket.merge_id = None
    case.move_ticket(
        TicketAct.UNMERGE,
        reason=reason,
        note=note,
        data={"from": original.ticket.id, "number": original.ticket.number, "merge_id": before.id},
    )
    if joint.opens_orders(TicketAct.UNMERGE, case.ticket.status, case.states.values()):
        opening.again(case, before.cancelled)
    original.remark(Remark.PARTED, data={"ticket": case.ticket.id, "number": case.ticket.number, "merge_id": before.id})
    back = list(_moved_back(before, actor, now))
    for each in back:
        each.ticket.duplicate_of_id = ticket_id
        each.remark(Remark.REPOINTED, data={"into": ticket_id, "number": case.ticket.number, "merge_id": before.id})
    for each in (case, original, *back):
        each.settle()
        each.write()
    db.session.execute(
        update(TicketMerge)
        .where(TicketMerge.id == before.id)
        .values(undone_at=case.now, undone_by=actor.id)
        .execution_options(synchronize_session=False)
    )
    following.take_back({original.ticket.id, before.into_id}, at=case.now)
    return done.ticket(case)


def _moved_back(before: Any, actor: Actor, now: datetime) -> Iterable[Case]:
    """The duplicates this merge re-pointed and nobody touched since: still pointing where it put them."""
    for each in before.moved:
        found = _as_system(each["ticket_id"], actor, now)
        same = found.ticket.duplicate_of_id == before.into_id and found.ticket.merge_id == each["merge_id"]
        if found.ticket.status is TicketStatus.DUPLICATE and same:
            yield found


def _permit(case: Case, act: TicketAct) -> None:
    """Both sides of a merge lie in the actor's scope."""
    case.permit_ticket(act)
    scope_words.require(case.actor, case.ticket, policies.TRIAGE)


def _may_see(actor: Actor, *ticket_ids: int) -> None:
    """Raises NotFound for a ticket the actor may not see, before anything is locked."""
    if not all(viewer.sees_ticket(actor, each) for each in ticket_ids):
        raise NotFound


def _as_system(ticket_id: int, actor: Actor, now: datetime) -> Case:
    """The case of a ticket that follows from the act; written in the actor's name, whatever he sees."""
    case = by_ticket(ticket_id, actor=Actor.system(actor.institution_id), now=now)
    case.actor = actor
    return case


def _lock(ticket_ids: Sequence[int], of: int | None = None) -> list[int]:
    """Lock tickets in the order of their ids; with `of` its duplicates too, whose ids are returned.

    The duplicates are read before they are locked: where one has come since, nothing is done (Stale).
    """
    duplicates = _duplicates_of(of) if of is not None else []
    wanted = sorted({*ticket_ids, *duplicates})
    db.session.execute(
        select(Ticket.id).where(Ticket.id.in_(wanted)).order_by(Ticket.id).with_for_update(key_share=True)
    ).all()
    if of is not None and _duplicates_of(of) != duplicates:
        raise Stale(_l("The request has changed in the meantime. Look at it again."))
    return duplicates


def _duplicates_of(ticket_id: int) -> list[int]:
    return list(db.session.scalars(select(Ticket.id).where(Ticket.duplicate_of_id == ticket_id).order_by(Ticket.id)))
