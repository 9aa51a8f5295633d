"""Technicians hear of offers and of orders they lose, reporters of who comes, the desk of what it has to give."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Person
from app.core.actor import Actor
from app.core.db import db
from app.events.tickets.dispatch import OfferEnded, OfferMade, OrderPooled
from app.events.tickets.orders import (
    HelpAsked,
    HelperAdded,
    HoldReminded,
    OrderAccepted,
    OrderOnHold,
    OrderOnTheWay,
    OrderProposed,
    OrderReleased,
)
from app.notifications import rendering, services
from app.tickets.notices.facts import data_of, day_of, facts_of, own_of, page_of, reporter_of
from app.tickets.rules import reasons, workflow
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import dispatching


def on_taken(event: OrderAccepted, actor: Actor, now: datetime) -> None:
    """Somebody has taken it; the offer no longer asks for him."""
    services.no_longer_asks(event.person_id, day_of(event.order_id), now, kind="order-offered")
    _tell_about_order(event, "ticket-taken", now)


def on_the_way(event: OrderOnTheWay, actor: Actor, now: datetime) -> None:
    """Somebody has set out."""
    _tell_about_order(event, "ticket-on-the-way", now)


def _tell_about_order(event: OrderAccepted | OrderOnTheWay, kind: str, now: datetime) -> None:
    facts = facts_of(event.ticket_id, event.order_id)
    who = db.session.scalar(select(Person.name).where(Person.id == event.person_id))
    services.notify(
        reporter_of(facts, now, but=event.person_id),
        kind,
        own_of(facts, who=who),
        page_of(facts.id),
        now,
        key=f"order:{event.order_id}:{kind}:{now:%Y%m%dT%H%M%S}",
    )


def on_hold(event: OrderOnHold, actor: Actor, now: datetime) -> None:
    """The work waits for something: why, and until when."""
    facts = facts_of(event.ticket_id, event.order_id)
    labels = {each.code: each.label for each in workflow.choices(OrderAct.HOLD)}
    reason = rendering.in_both(_l(labels[event.reason])) if event.reason in labels else event.reason
    services.notify(
        reporter_of(facts, now),
        "ticket-on-hold",
        own_of(facts, until=event.until, reason=reason, absent=event.reason in reasons.HOLD_NEEDS_CARD),
        page_of(facts.id),
        now,
        key=f"order:{event.order_id}:on-hold:{event.version or now.strftime('%Y%m%dT%H%M%S')}",
    )


def on_offer(event: OfferMade, actor: Actor, now: datetime) -> None:
    """The person it is offered to."""
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        [event.person_id],
        "order-offered",
        data_of(facts, until=event.until),
        day_of(event.order_id),
        now,
        key=f"offer:{event.offer_id}",
    )


_TAKEN_BACK = frozenset({"revoked", "replaced", "suspended", "cancelled"})


def on_offer_ended(event: OfferEnded, actor: Actor, now: datetime) -> None:
    """An offer that was taken back, not one he declined or let pass; it no longer asks either way."""
    services.no_longer_asks(event.person_id, day_of(event.order_id), now, kind="order-offered")
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


def on_released(event: OrderReleased, actor: Actor, now: datetime) -> None:
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


def on_pooled(event: OrderPooled, actor: Actor, now: datetime) -> None:
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


def on_proposed(event: OrderProposed, actor: Actor, now: datetime) -> None:
    """Those who decide on a further order."""
    _tell_dispatch(event, "order-proposed", now, key=f"order:{event.order_id}:proposed")


def on_help_asked(event: HelpAsked, actor: Actor, now: datetime) -> None:
    """Those who can send somebody; once an hour, however often it is asked."""
    _tell_dispatch(event, "order-help-asked", now, key=f"order:{event.order_id}:help:{now:%Y%m%dT%H}")


def _tell_dispatch(event: OrderProposed | HelpAsked, kind: str, now: datetime, key: str) -> None:
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(event.person_ids, kind, data_of(facts), f"/dispatch/{event.order_id}", now, key=key)


def on_helper_added(event: HelperAdded, actor: Actor, now: datetime) -> None:
    """Whoever is to help."""
    facts = facts_of(event.ticket_id, event.order_id)
    services.notify(
        [event.person_id], "order-help", data_of(facts), day_of(event.order_id), now, key=f"helper:{event.helper_id}"
    )


def on_hold_reminded(event: HoldReminded, actor: Actor, now: datetime) -> None:
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
