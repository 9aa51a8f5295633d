"""Following a ticket instead of filing the same fault again, and what that leads to (N7, N8)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import BigInteger, DateTime, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.core.actor import Actor
from app.core.db import current_institution, db
from app.core.errors import Conflict, NotAllowed, NotFound
from app.events.tickets.tickets import ReporterChanged, TicketJoined
from app.tickets.models import Ticket, TicketFollower
from app.tickets.queries import similar
from app.tickets.queries.similar import About
from app.tickets.rules import similarity
from app.tickets.rules.history import Remark
from app.tickets.rules.workflow import TicketStatus
from app.tickets.services.case import Case, by_ticket

NOTHING = About()


def join(*, actor: Actor, now: datetime, ticket_id: int, seen: int | None = None, about: About = NOTHING) -> int:
    """The actor has the same fault: he follows the ticket instead of filing his own. Returns the ticket he follows.

    Open to whoever files, for what concerns him (`similar.may_follow`; `about` is what he is about to report); the
    ticket is open or was resolved a short time ago (of a duplicate its original is followed). He comes to see no more
    than the reduced ticket. Again is no second time. Raises NotFound, Stale, Conflict.
    """
    if actor.id is None or not actor.can("tickets.own"):
        raise NotAllowed
    case = by_ticket(ticket_id, actor=_system(actor), now=now)
    if not (similar.may_follow(actor, ticket_id, about, case.now) or _follows(actor.id, ticket_id)):
        raise NotFound
    if case.ticket.status is TicketStatus.DUPLICATE and case.ticket.duplicate_of_id is not None:
        original = by_ticket(case.ticket.duplicate_of_id, actor=_system(actor), now=now)
        followed = _follow(actor, actor.id, original, None)
        case.seen_ticket(seen)  # of what nobody may join nothing is said
        return followed
    return _follow(actor, actor.id, case, seen)


def _system(actor: Actor) -> Actor:
    return Actor.system(actor.institution_id)


def _follow(actor: Actor, person_id: int, case: Case, seen: int | None) -> int:
    case.actor = actor
    ticket = case.ticket
    if not similarity.joinable(ticket.status, ticket.resolved_at, case.now):
        raise NotFound
    case.seen_ticket(seen)
    if ticket.reporter_id == person_id:
        raise Conflict(_l("You have reported this yourself; you are told how it goes on."), code="own-ticket")
    statement = insert(TicketFollower).values(
        institution_id=current_institution(), ticket_id=ticket.id, person_id=person_id, since=case.now
    )
    was = TicketFollower.ended_at
    joined = db.session.execute(
        statement.on_conflict_do_update(
            constraint="uq_ticket_follower",
            set_={"ended_at": None, "merge_id": None, "since": statement.excluded.since},
            where=was.is_not(None),
        ).returning(TicketFollower.id)
    ).first()
    if joined is not None:
        case.remark(Remark.JOIN)
        case.tell(TicketJoined(ticket.id, person_id))
        case.write()
    return ticket.id


def _follows(person_id: int, ticket_id: int) -> bool:
    present = select(TicketFollower.id).where(
        TicketFollower.ticket_id == ticket_id,
        TicketFollower.person_id == person_id,
        TicketFollower.ended_at.is_(None),
    )
    return db.session.scalar(present) is not None


def leave(*, actor: Actor, now: datetime, ticket_id: int, seen: int | None = None) -> None:
    """No longer follow a ticket, which is locked: its reporter may just hand it on to him.

    Raises NotFound for one the actor does not follow, Stale.
    """
    if actor.id is None or not _follows(actor.id, ticket_id):
        raise NotFound
    case = by_ticket(ticket_id, actor=_system(actor), now=now)
    left = db.session.execute(
        update(TicketFollower)
        .where(
            TicketFollower.ticket_id == ticket_id,
            TicketFollower.person_id == actor.id,
            TicketFollower.ended_at.is_(None),
        )
        .values(ended_at=case.now)
        .returning(TicketFollower.id)
        .execution_options(synchronize_session=False)
    ).first()
    if left is None:
        raise NotFound
    case.seen_ticket(seen)


def hand_over(case: Case) -> None:
    """The reporter no longer needs it but others follow: the first of them becomes its reporter (N8).

    Somebody follows it. The contact and the leave to enter were the first reporter's own, and what was written and
    photographed before stays his: the new reporter sees of it what a follower does (`viewer.taken_over`).
    """
    row = db.session.execute(
        select(TicketFollower.id, TicketFollower.person_id)
        .where(TicketFollower.ticket_id == case.ticket.id, TicketFollower.ended_at.is_(None))
        .order_by(TicketFollower.since, TicketFollower.id)
        .limit(1)
        .with_for_update()
    ).one()
    db.session.execute(
        update(TicketFollower)
        .where(TicketFollower.id == row.id)
        .values(ended_at=case.now)
        .execution_options(synchronize_session=False)
    )
    ticket = case.ticket
    before, ticket.reporter_id = ticket.reporter_id, row.person_id
    ticket.left_at = None  # whoever left was the first one (N5)
    db.session.execute(
        update(Ticket)
        .where(Ticket.id == ticket.id)
        .values(on_behalf_by=None, contact_name=None, contact_phone=None, may_enter=False, taken_over_at=case.now)
        .execution_options(synchronize_session=False)
    )
    case.remark(Remark.HANDED_ON, person_id=row.person_id, data={"from": before})
    case.tell(ReporterChanged(ticket.id, before, row.person_id))


def carry_over(ticket_ids: Collection[int], into_id: int, *, merge_id: int, at: datetime) -> None:
    """Reporters and followers of merged tickets follow the original from now on; `merge_id` says by which merge."""
    db.session.execute(
        _CARRY_OVER,
        {
            "institution": current_institution(),
            "ticket_ids": sorted(ticket_ids),
            "into_id": into_id,
            "merge_id": merge_id,
            "at": at,
        },
    )


def take_back(into_ids: Collection[int], *, at: datetime) -> None:
    """Whoever followed an original only because of a merge that was undone no longer does.

    Whom another duplicate still leads there, and who joined by himself, stays. Run when the tickets are written.
    """
    db.session.execute(_TAKE_BACK, {"into_ids": sorted(into_ids), "at": at})


_CARRY_OVER = text(
    """
    INSERT INTO ticket_follower (institution_id, ticket_id, person_id, since, merge_id)
    SELECT :institution, :into_id, people.person_id, :at, :merge_id
    FROM (
        SELECT reporter_id AS person_id FROM ticket WHERE id = ANY (:ticket_ids) AND reporter_id IS NOT NULL
        UNION
        SELECT person_id FROM ticket_follower WHERE ticket_id = ANY (:ticket_ids) AND ended_at IS NULL
    ) AS people
    JOIN ticket AS original ON original.id = :into_id
    WHERE people.person_id IS DISTINCT FROM original.reporter_id
    ORDER BY people.person_id
    ON CONFLICT ON CONSTRAINT uq_ticket_follower DO UPDATE
        SET ended_at = NULL, since = excluded.since, merge_id = excluded.merge_id
        WHERE ticket_follower.ended_at IS NOT NULL
    """
).bindparams(
    bindparam("ticket_ids", type_=ARRAY(BigInteger)),
    bindparam("at", type_=DateTime(timezone=True)),
    *(bindparam(name, type_=BigInteger) for name in ("into_id", "merge_id")),
)

_TAKE_BACK = text(
    """
    UPDATE ticket_follower AS follower SET ended_at = :at
    WHERE follower.ticket_id = ANY (:into_ids) AND follower.ended_at IS NULL AND follower.merge_id IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM ticket AS duplicate
            WHERE duplicate.institution_id = follower.institution_id AND duplicate.duplicate_of_id = follower.ticket_id
                AND (duplicate.reporter_id = follower.person_id OR EXISTS (
                    SELECT FROM ticket_follower AS other
                    WHERE other.institution_id = duplicate.institution_id AND other.ticket_id = duplicate.id
                        AND other.person_id = follower.person_id AND other.ended_at IS NULL)))
    """
).bindparams(bindparam("into_ids", type_=ARRAY(BigInteger)), bindparam("at", type_=DateTime(timezone=True)))
