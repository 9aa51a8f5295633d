"""Who is told what clocks do: promises that move, more time, delays, steps before and after a due time."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.db import db
from app.events.tickets.clocks import (
    ClockEndless,
    ClockEscalated,
    DelayExcused,
    ExtensionAsked,
    ExtensionDecided,
    PromiseTold,
)
from app.notifications import rendering, services
from app.tickets.models import Extension, TicketEvent
from app.tickets.notices.facts import data_of, facts_of, followers_of, own_of, page_of, reduced_of, reporter_of
from app.tickets.rules.audiences import Audience
from app.tickets.rules.history import Remark
from app.tickets.rules.promises import BECAUSE_LABELS, Because
from app.tickets.rules.sla import KIND_LABELS, Kind

ASKED = "extension-asked"

_TOLD_TO_FOLLOWERS = frozenset({Because.EXTENSION, Because.PRIORITY, Because.CALENDAR, Because.AGAIN})


def _reason_of_extension(ticket_id: int) -> str | None:
    """Why more time was needed, in the words of who asked: of the last that was approved."""
    query = (
        select(Extension.reason)
        .where(Extension.ticket_id == ticket_id, Extension.approved.is_(True))
        .order_by(Extension.decided_at.desc(), Extension.id.desc())
    )
    return db.session.scalar(query.limit(1))


def on_promise(event: PromiseTold, actor: Actor, now: datetime) -> None:
    """Another time is promised; the first stands in the notice of acceptance."""
    if event.first:
        return
    facts = facts_of(event.ticket_id)
    why = rendering.in_both(_l(BECAUSE_LABELS[Because(event.because)])) if event.because in set(Because) else None
    words = _reason_of_extension(facts.id) if event.because == Because.EXTENSION else None
    key = f"ticket:{facts.id}:promise:{event.until}"
    said = own_of(facts, until=event.until, why=why, note=words)
    services.notify(reporter_of(facts, now), "ticket-promise-moved", said, page_of(facts.id), now, key=key)
    # followers hear of nobody's words, nor of what was between him and us (tickets.md 6)
    told = reduced_of(facts, until=event.until, why=why if event.because in _TOLD_TO_FOLLOWERS else None)
    services.notify(followers_of(facts), "ticket-promise-moved", told, page_of(facts.id), now, key=f"{key}:followed")


def on_extension_asked(event: ExtensionAsked, actor: Actor, now: datetime) -> None:
    """Whoever may decide on more time."""
    facts = facts_of(event.ticket_id)
    services.notify(
        event.person_ids,
        ASKED,
        data_of(facts, who=_name(event.asked_by), until=event.until),
        _more_time(facts.id),
        now,
        key=f"extension:{event.extension_id}",
    )


def on_extension_decided(event: ExtensionDecided, actor: Actor, now: datetime) -> None:
    """Whoever asked; the deciders are no longer asked."""
    facts = facts_of(event.ticket_id)
    for person_id in event.person_ids:
        services.no_longer_asks(person_id, _more_time(facts.id), now, kind=ASKED)
    note = db.session.scalar(select(Extension.note).where(Extension.id == event.extension_id))
    services.notify(
        [event.asked_by],
        "extension-decided",
        data_of(facts, until=event.until, approved=event.approved, note=note),
        page_of(facts.id),
        now,
        key=f"extension:{event.extension_id}:decided",
    )


def on_escalated(event: ClockEscalated, actor: Actor, now: datetime) -> None:
    """Whom the steps of a clock turn to: one notice for all of them (20)."""
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        event.person_ids,
        "clock-escalated",
        data_of(facts, clock=rendering.in_both(_l(KIND_LABELS[Kind(event.clock)])), late=event.late, until=event.due),
        page_of(facts.id),
        now,
        key=f"clock:{facts.id}:{event.order_id or 0}:{event.clock}:{event.cycle}:{event.due}:{event.after}",
    )


def on_endless(event: ClockEndless, actor: Actor, now: datetime) -> None:
    """Who supervises there, once: no calendar of theirs will ever make this clock due (10)."""
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        event.person_ids,
        "clock-endless",
        data_of(facts, clock=rendering.in_both(_l(KIND_LABELS[Kind(event.clock)]))),
        page_of(facts.id),
        now,
        key=f"clock:{facts.id}:{event.order_id or 0}:{event.clock}:{event.cycle}:endless",
    )


def on_delay_excused(event: DelayExcused, actor: Actor, now: datetime) -> None:
    """The reporter learns why what was promised to him came late (18)."""
    facts = facts_of(event.ticket_id)
    query = (
        select(TicketEvent.reason)
        .where(
            TicketEvent.ticket_id == event.ticket_id,
            TicketEvent.kind == Remark.EXCUSE.value,
            TicketEvent.audience == Audience.REPORTER.value,
        )
        .order_by(TicketEvent.id.desc())
        .limit(1)
    )
    services.notify(
        reporter_of(facts, now),
        "ticket-delay",
        own_of(facts, note=db.session.scalar(query)),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:delay:{event.clock_id}",
    )


def _more_time(ticket_id: int) -> str:
    return f"/more-time/{ticket_id}"


def _name(person_id: int) -> str | None:
    return db.session.scalar(select(Person.name).where(Person.id == person_id))
