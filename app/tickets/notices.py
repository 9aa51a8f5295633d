"""Who is told what about tickets and orders: handlers that turn events into notifications.

Reporter and followers hear of each step that concerns them (not of what they did themselves), technicians of offers
and of orders they lose, the duty lead of orders nobody takes. One statement reads what the sentences need.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, func, select

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.db import db
from app.core.i18n import iso
from app.events import tickets as events
from app.notifications import rendering, services
from app.sites.models import Place
from app.tickets.models import Category, CategoryVersion, Ticket, TicketEvent, TicketFollower, WorkOrder
from app.tickets.queries import crews, due, followed, leavers
from app.tickets.rules import reasons, workflow
from app.tickets.rules.workflow import TICKET_STAFF_LABELS, OrderAct, TicketAct, TicketStatus
from app.tickets.services import dispatching

CALLED = "duty-lead-called"
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


def facts_of(ticket_id: int, order_id: int | None = None) -> Any:
    """Number, category and place of a ticket, its reporter and followers, and the number of one of its orders."""
    followers = (
        select(func.array_agg(TicketFollower.person_id))
        .where(
            TicketFollower.institution_id == Ticket.institution_id,
            TicketFollower.ticket_id == Ticket.id,
            TicketFollower.ended_at.is_(None),
        )
        .scalar_subquery()
    )
    order = (
        select(WorkOrder.number)
        .where(WorkOrder.institution_id == Ticket.institution_id, WorkOrder.id == order_id)
        .scalar_subquery()
    )
    categories = and_(Category.institution_id == Ticket.institution_id, Category.id == Ticket.category_id)
    query = followed.with_places(
        select(
            Ticket.id,
            Ticket.number,
            Ticket.reporter_id,
            Ticket.left_at,
            Ticket.campus_id,
            Ticket.building_id,
            Category.name.label("category"),
            func.coalesce(Place.path, Ticket.place_text).label("place"),
            followed.coarse_place(None).label("coarse_place"),
            Ticket.promised_at,
            due.zone(Ticket),
            followers.label("followers"),
            order.label("order_number"),
        )
        .join(Category, categories)
        .where(Ticket.id == ticket_id)
    )
    return db.session.execute(query).one()


def data_of(facts: Any, **more: Any) -> dict[str, Any]:
    """What every template of a ticket knows, and what this one needs besides."""
    known = {"number": facts.number, "category": facts.category, "place": facts.place}
    if facts.zone:
        known["zone"] = facts.zone
    if facts.order_number:
        known["order"] = facts.order_number
    return known | {name: value for name, value in more.items() if value is not None}


def reporter_of(facts: Any, now: datetime, but: int | None = None, *, asks: bool = False) -> list[int]:
    """The reporter, unless he did it himself; who has left is told no more, his dorm office is (N5).

    `asks`: it asks for what only the reporter can say.
    """
    found: list[int] = [] if facts.reporter_id is None else [facts.reporter_id]
    if facts.left_at is not None:
        found = found if leavers.still_here(facts.reporter_id, now) else []
        if not asks:
            people = leavers.office(campus_id=facts.campus_id, building_id=facts.building_id, now=now)
            found += [person.id for person in people]
    return [each for each in found if each != but]


def followers_of(facts: Any, but: int | None = None) -> list[int]:
    """Whoever follows, without the one who did it himself."""
    return sorted(set(facts.followers or ()) - {but, facts.reporter_id})


def reduced_of(facts: Any, **more: Any) -> dict[str, Any]:
    """What a follower is told: no words, and no place finer than the floor."""
    known = {"number": facts.number, "category": facts.category, "place": facts.coarse_place or ""}
    if facts.zone:
        known["zone"] = facts.zone
    return known | {name: value for name, value in more.items() if value is not None}


def page_of(ticket_id: int) -> str:
    return f"/tickets/{ticket_id}"


def _day(order_id: int) -> str:
    return f"/crew/{order_id}"


def on_filed(event: events.TicketFiled, actor: Actor, now: datetime) -> None:
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


def on_status(event: events.TicketStatusChanged, actor: Actor, now: datetime) -> None:
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
        data_of(
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


def _tell_followers(event: events.TicketStatusChanged, facts: Any, now: datetime) -> None:
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


def on_reporter_changed(event: events.ReporterChanged, actor: Actor, now: datetime) -> None:
    """The first follower learns that the request is his now."""
    facts = facts_of(event.ticket_id)
    services.notify(
        [event.reporter_id],
        "ticket-yours",
        data_of(facts),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:yours:{event.before_id or 0}",
    )


def on_reclassified(event: events.TicketReclassified, actor: Actor, now: datetime) -> None:
    """The reporter learns that what or where is told differently now; urgency and reach are the desk's."""
    if event.reporter_id is None or not {"category", "place"}.intersection(event.changed):
        return
    facts = facts_of(event.ticket_id)
    services.notify(
        reporter_of(facts, now),
        "ticket-changed",
        data_of(facts),
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


def on_reminded(event: events.AnswerReminded, actor: Actor, now: datetime) -> None:
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
        data_of(facts, note=question),
        page_of(facts.id),
        now,
        key=f"ticket:{facts.id}:reminded:{event.number}:{now:%Y%m%d}",
    )


def on_message(event: events.MessageWritten, actor: Actor, now: datetime) -> None:
    """A message, told to the other side: the reporter's to whoever holds an order, else to the desk's dispatcher."""
    facts = facts_of(event.ticket_id)
    text = db.session.scalar(select(TicketEvent.note).where(TicketEvent.id == event.event_id))
    who = db.session.scalar(select(Person.name).where(Person.id == event.actor_id))
    data = data_of(facts, note=text, who=who)
    key = f"message:{event.event_id}"
    if event.from_reporter:
        services.notify(event.holders or _dispatchers(facts.id), "order-message", data, page_of(facts.id), now, key=key)
        return
    services.notify(reporter_of(facts, now), "ticket-message", data, page_of(facts.id), now, key=key)
    if event.to_followers:
        told = followers_of(facts, but=event.actor_id)
        reduced = reduced_of(facts, note=text, who=who)
        services.notify(told, "ticket-message", reduced, page_of(facts.id), now, key=f"{key}:followed")


def _dispatchers(ticket_id: int) -> list[int | None]:
    """Who of the desk has had a hand in a ticket's orders."""
    having = select(WorkOrder.dispatcher_id).where(WorkOrder.ticket_id == ticket_id).distinct()
    return list(db.session.scalars(having))


def on_taken(event: events.OrderAccepted, actor: Actor, now: datetime) -> None:
    """Somebody has taken it; the offer no longer asks for him."""
    services.no_longer_asks(event.person_id, _day(event.order_id), now, kind="order-offered")
    _tell_about_order(event, "ticket-taken", now)


def on_the_way(event: events.OrderOnTheWay, actor: Actor, now: datetime) -> None:
    """Somebody has set out."""
    _tell_about_order(event, "ticket-on-the-way", now)


def _tell_about_order(event: events.OrderAccepted | events.OrderOnTheWay, kind: str, now: datetime) -> None:
    facts = facts_of(event.ticket_id, event.order_id)
    who = db.session.scalar(select(Person.name).where(Person.id == event.person_id))
    services.notify(
        reporter_of(facts, now, but=event.person_id),
        kind,
        data_of(facts, who=who),
        page_of(facts.id),
        now,
        key=f"order:{event.order_id}:{kind}:{now:%Y%m%dT%H%M%S}",
    )


def on_hold(event: events.OrderOnHold, actor: Actor, now: datetime) -> None:
    """The work waits for something: why, and until when."""
    facts = facts_of(event.ticket_id, event.order_id)
    labels = {each.code: each.label for each in workflow.choices(OrderAct.HOLD)}
    reason = rendering.in_both(_l(labels[event.reason])) if event.reason in labels else event.reason
    services.notify(
        reporter_of(facts, now),
        "ticket-on-hold",
        data_of(facts, until=event.until, reason=reason, absent=event.reason in reasons.HOLD_NEEDS_CARD),
        page_of(facts.id),
        now,
        key=f"order:{event.order_id}:on-hold:{event.until or now.strftime('%Y%m%d')}",
    )


def on_offer(event: events.OfferMade, actor: Actor, now: datetime) -> None:
    """The person it is offered to."""
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        [event.person_id],
        "order-offered",
        data_of(facts, until=event.until),
        _day(event.order_id),
        now,
        key=f"offer:{event.offer_id}",
    )


_TAKEN_BACK = frozenset({"revoked", "replaced", "suspended", "cancelled"})


def on_offer_ended(event: events.OfferEnded, actor: Actor, now: datetime) -> None:
    """An offer that was taken back, not one he declined or let pass; it no longer asks either way."""
    services.no_longer_asks(event.person_id, _day(event.order_id), now, kind="order-offered")
    if event.outcome not in _TAKEN_BACK:
        return
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        [event.person_id],
        "order-offer-ended",
        data_of(facts),
        "/crew",
        now,
        key=f"offer:{event.offer_id}:ended",
    )


def on_released(event: events.OrderReleased, actor: Actor, now: datetime) -> None:
    """Whoever held it, unless he gave it back himself."""
    if event.why == "give_back":
        return
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        [event.person_id],
        "order-released",
        data_of(facts, why=event.why),
        "/crew",
        now,
        key=f"order:{event.order_id}:released:{now:%Y%m%dT%H%M%S}",
    )


def on_pooled(event: events.OrderPooled, actor: Actor, now: datetime) -> None:
    """Everybody who could take it now; one line until it is read, however many follow."""
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        dispatching.who_could(actor=actor, now=now, order_id=event.order_id),
        "order-pooled",
        data_of(facts),
        "/crew/pool",
        now,
        key=f"order:{event.order_id}:pool:{event.version}",
    )


def on_proposed(event: events.OrderProposed, actor: Actor, now: datetime) -> None:
    """Those who decide on a further order."""
    _tell_dispatch(event, "order-proposed", now, key=f"order:{event.order_id}:proposed")


def on_help_asked(event: events.HelpAsked, actor: Actor, now: datetime) -> None:
    """Those who can send somebody; once an hour, however often it is asked."""
    _tell_dispatch(event, "order-help-asked", now, key=f"order:{event.order_id}:help:{now:%Y%m%dT%H}")


def _tell_dispatch(event: events.OrderProposed | events.HelpAsked, kind: str, now: datetime, key: str) -> None:
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(event.person_ids, kind, data_of(facts), f"/dispatch/{event.order_id}", now, key=key)


def on_helper_added(event: events.HelperAdded, actor: Actor, now: datetime) -> None:
    """Whoever is to help."""
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        [event.person_id], "order-help", data_of(facts), _day(event.order_id), now, key=f"helper:{event.helper_id}"
    )


def on_lead_called(event: events.DutyLeadCalled, actor: Actor, now: datetime) -> None:
    """The duty lead, else the fallback role; each time anew, so that mail goes out each time (38)."""
    facts = facts_of(event.ticket_id, event.order_id)
    link = _call(event.call_id) if event.call_id else page_of(facts.id)
    for person_id in event.person_ids:  # the line before is answered by this one
        services.no_longer_asks(person_id, link, now, kind=CALLED)
    services.notify(
        event.person_ids,
        CALLED,
        data_of(facts, refusals=event.refusals, times=event.times),
        link,
        now,
        key=f"call:{event.call_id or event.order_id}:{event.times}",
    )


def on_call_answered(event: events.DutyCallAnswered, actor: Actor, now: datetime) -> None:
    """Nobody else needs to answer."""
    for person_id in sorted({*event.called, event.person_id}):
        services.no_longer_asks(person_id, _call(event.call_id), now, kind=CALLED)


def _call(call_id: int) -> str:
    return f"/duty-calls/{call_id}"


def on_contact_passed(event: events.ContactPassed, actor: Actor, now: datetime) -> None:
    """The dorm office learns that it is the contact of a request from now on (N5)."""
    facts = facts_of(event.ticket_id)
    key = f"ticket:{facts.id}:contact"
    services.notify(event.person_ids, "ticket-contact", data_of(facts), page_of(facts.id), now, key=key)


def on_urged(event: events.TicketUrged, actor: Actor, now: datetime) -> None:
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


def on_hold_reminded(event: events.HoldReminded, actor: Actor, now: datetime) -> None:
    """The responsible persons, daily."""
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        event.person_ids,
        "order-hold-reminder",
        data_of(facts),
        page_of(facts.id),
        now,
        key=f"order:{event.order_id}:hold:{now:%Y%m%d}",
    )


def on_not_fixed(event: events.TicketNotFixed, actor: Actor, now: datetime) -> None:
    """N10: from the third time on it is an alarm to supervisors of the place and leadership."""
    if event.times < THIRD_TIME:
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
