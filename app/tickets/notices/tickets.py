"""Reporter and followers hear of each step that concerns them, not of what they did themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, select

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.db import db
from app.core.i18n import iso
from app.events.tickets.tickets import (
    AnswerReminded,
    ContactPassed,
    MessageWritten,
    ReporterChanged,
    TicketFiled,
    TicketNotFixed,
    TicketReclassified,
    TicketStatusChanged,
    TicketUrged,
)
from app.notifications import rendering, services
from app.tickets.models import CategoryVersion, Ticket, TicketEvent, WorkOrder
from app.tickets.notices.facts import data_of, facts_of, followers_of, own_of, page_of, reduced_of, reporter_of
from app.tickets.queries import crews
from app.tickets.rules import reasons
from app.tickets.rules.workflow import TICKET_STAFF_LABELS, TicketAct, TicketStatus

THIRD_TIME = 3  # N10: from here on a repair that does not hold is an alarm

ALARMED = ("supervisor", "leader")

_STATUS_KINDS: dict[str, str] = {
    TicketAct.ACCEPT.value: "ticket-accepted",
    TicketAct.ASK.value: "ticket-question",
    TicketAct.REJECT.value: "ticket-rejected",
    TicketAct.NO_ANSWER.value: "ticket-rejected",
    TicketAct.RECONSIDER.value: "ticket-reopened",
    TicketAct.MERGE.value: "ticket-merged",
    TicketAct.UNMERGE.value: "ticket-reopened",
    TicketAct.WITHDRAW.value: "ticket-withdrawn",
    TicketAct.ALL_DONE.value: "ticket-resolved",
    TicketAct.CONFIRM.value: "ticket-closed",
    TicketAct.ACCEPT_THIRD.value: "ticket-closed",
    TicketAct.DEFAULT.value: "ticket-closed",
    TicketAct.NOT_FIXED.value: "ticket-reopened",
}
"""What the reporter hears of a change of status, by act; the others are told by the order's own events."""

_NOT_FOR_FOLLOWERS = frozenset({TicketAct.ASK.value, TicketAct.ANSWER.value})


def on_filed(event: TicketFiled, actor: Actor, now: datetime) -> None:
    """The receipt in the reporter's inbox where it was accepted at once, and what its category replies by itself."""
    if event.reporter_id is None:
        return
    reply = db.session.scalar(
        select(CategoryVersion.reply)
        .join(
            Ticket,
            and_(
                Ticket.institution_id == CategoryVersion.institution_id,
                Ticket.category_version_id == CategoryVersion.id,
            ),
        )
        .where(Ticket.id == event.ticket_id)
    )
    accepted = event.status == TicketStatus.ACCEPTED
    if not accepted and reply is None:
        return
    facts = facts_of(event.ticket_id)
    services.notify(
        [event.reporter_id],
        "ticket-accepted" if accepted else "ticket-received",
        data_of(facts, note=reply, until=iso(facts.promised_at)),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:filed",
    )


def on_status(event: TicketStatusChanged, actor: Actor, now: datetime) -> None:
    """A change of status, told to reporter and followers."""
    if event.actor_id is not None:
        services.no_longer_asks(event.actor_id, page_of(event.ticket_id), now)  # whoever acts has seen what it was
    kind = _STATUS_KINDS.get(event.act)
    facts = facts_of(event.ticket_id)
    _tell_followers(event, facts, now)
    if kind is None:
        return
    done = db.session.execute(
        select(TicketEvent.note, TicketEvent.reason).where(TicketEvent.id == event.event_id)
    ).first()
    reason = _reason(event.act, done.reason if done else None)
    services.notify(
        reporter_of(facts, now, but=event.actor_id, asks=event.act == TicketAct.ALL_DONE),
        kind,
        own_of(
            facts,
            note=done.note if done else None,
            reason=reason,
            by=event.act,
            until=iso(facts.promised_at) if event.act == TicketAct.ACCEPT else None,
        ),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:{event.event_id}",
    )


def _tell_followers(event: TicketStatusChanged, facts: Any, now: datetime) -> None:
    """The state, and of a rejection the listed reason; nobody's words (N8, tickets.md 6)."""
    if event.act in _NOT_FOR_FOLLOWERS:
        return
    given = db.session.scalar(select(TicketEvent.reason).where(TicketEvent.id == event.event_id))
    reason = _reason(event.act, given) if event.act == TicketAct.REJECT else None
    services.notify(
        followers_of(facts, but=event.actor_id),
        "followed-status",
        reduced_of(
            facts,
            status=rendering.in_both(_l(TICKET_STAFF_LABELS[TicketStatus(event.to_status)])),
            reason=reason if isinstance(reason, dict) else None,
        ),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:{event.event_id}:followed",
    )


def on_reporter_changed(event: ReporterChanged, actor: Actor, now: datetime) -> None:
    """The first follower learns that the request is his now."""
    facts = facts_of(event.ticket_id)
    services.notify(
        [event.reporter_id],
        "ticket-yours",
        own_of(facts),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:yours:{event.before_id or 0}",
    )


def on_reclassified(event: TicketReclassified, actor: Actor, now: datetime) -> None:
    """The reporter learns that what or where is told differently now; urgency and reach are the desk's."""
    if event.reporter_id is None or not {"category", "place"}.intersection(event.changed):
        return
    facts = facts_of(event.ticket_id)
    services.notify(
        reporter_of(facts, now),
        "ticket-changed",
        own_of(facts),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:{event.event_id}:changed",
    )


def _reason(act: str, given: str | None) -> Any:
    """The reason in both languages, where it is one of the list; a sentence of somebody's stays as it is."""
    if act == TicketAct.NO_ANSWER:
        return rendering.in_both(_l("No answer to our question"))
    if not given:
        return None
    labels = {item.code: item.label for item in reasons.reasons(TicketAct(act)).items}
    return rendering.in_both(_l(labels[given])) if given in labels else given


def on_reminded(event: AnswerReminded, actor: Actor, now: datetime) -> None:
    """The question still waits."""
    facts = facts_of(event.ticket_id)
    question = db.session.scalar(
        select(TicketEvent.note)
        .where(TicketEvent.ticket_id == event.ticket_id, TicketEvent.kind == TicketAct.ASK.value)
        .order_by(TicketEvent.id.desc())
        .limit(1)
    )
    services.notify(
        reporter_of(facts, now),
        "ticket-question-again",
        own_of(facts, note=question),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:reminded:{event.number}:{now:%Y%m%d}",
    )


def on_message(event: MessageWritten, actor: Actor, now: datetime) -> None:
    """A message, told to the other side: the reporter's to whoever holds an order, else to the desk's dispatcher."""
    facts = facts_of(event.ticket_id)
    words = db.session.scalar(select(TicketEvent.note).where(TicketEvent.id == event.event_id))
    text = words or rendering.in_both(_l("(a photo)"))
    who = db.session.scalar(select(Person.name).where(Person.id == event.actor_id))
    key = f"message:{event.event_id}"
    if event.from_reporter:
        data = data_of(facts, note=text, who=who)
        services.notify(event.holders or _dispatchers(facts.id), "order-message", data, page_of(facts.id), now, key=key)
        return
    own = own_of(facts, note=text, who=who)
    services.notify(reporter_of(facts, now), "ticket-message", own, page_of(facts.id), now, key=key)
    if event.to_followers:
        told = followers_of(facts, but=event.actor_id)
        reduced = reduced_of(facts, note=text, who=who)
        services.notify(told, "ticket-message", reduced, page_of(facts.id), now, key=f"{key}:followed")


def _dispatchers(ticket_id: int) -> list[int | None]:
    """Who of the desk has had a hand in a ticket's orders."""
    having = select(WorkOrder.dispatcher_id).where(WorkOrder.ticket_id == ticket_id).distinct()
    return list(db.session.scalars(having))


def on_contact_passed(event: ContactPassed, actor: Actor, now: datetime) -> None:
    """The dorm office learns that it is the contact of a request from now on (N5)."""
    facts = facts_of(event.ticket_id)
    key = f"ticket:{facts.id}:contact"
    services.notify(event.person_ids, "ticket-contact", data_of(facts), page_of(facts.id), now, key=key)


def on_urged(event: TicketUrged, actor: Actor, now: datetime) -> None:
    """Whoever is responsible hears that the reporter is waiting."""
    facts = facts_of(event.ticket_id)
    services.notify(
        event.person_ids,
        "ticket-urged",
        data_of(facts, times=event.times),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:urged:{event.cycle}:{event.times}",
    )


def on_not_fixed(event: TicketNotFixed, actor: Actor, now: datetime) -> None:
    """The supervisors of the place choose who repairs it (44); from the third time on it is an alarm, to leadership
    too (N10)."""
    if event.times < THIRD_TIME:
        _rework(event, now)
        return
    facts = facts_of(event.ticket_id)
    services.notify(
        crews.holding(ALARMED, campus_id=facts.campus_id, building_id=facts.building_id, now=now),
        "ticket-not-fixed",
        data_of(facts, times=event.times),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:not-fixed:{event.cycle}",
    )


def _rework(event: TicketNotFixed, now: datetime) -> None:
    """The rework order is planned and waits for a supervisor of the place."""
    facts = facts_of(event.ticket_id, event.rework_order_id)
    services.notify(
        crews.supervisors(campus_id=facts.campus_id, building_id=facts.building_id, now=now),
        "order-rework",
        data_of(facts),
        f"/dispatch/{event.rework_order_id}",
        now,
        key=f"order:{event.rework_order_id}:rework",
    )
