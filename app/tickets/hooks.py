"""What other systems hear of tickets and orders through webhooks: ids and states, never a name, a text or a phone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.outbox import Event
from app.events.tickets.dispatch import OrderQueued
from app.events.tickets.duty import DutyLeadCalled
from app.events.tickets.orders import OrderAccepted, OrderDone, OrderOnHold, OrderReleased
from app.events.tickets.tickets import TicketFiled, TicketNotFixed, TicketStatusChanged
from app.notifications.webhooks.services import Told


def _filed(event: TicketFiled) -> Mapping[str, Any]:
    return {
        "ticket_id": str(event.ticket_id),
        "number": event.number,
        "status": event.status,
        "priority": event.priority,
    }


def _status(event: TicketStatusChanged) -> Mapping[str, Any]:
    return {
        "ticket_id": str(event.ticket_id),
        "act": event.act,
        "from": event.from_status,
        "to": event.to_status,
        "cycle": event.cycle,
    }


def _order(event: Any) -> dict[str, Any]:
    return {"order_id": str(event.order_id), "ticket_id": str(event.ticket_id)}


def _held(event: OrderOnHold) -> Mapping[str, Any]:
    return {**_order(event), "reason": event.reason, "until": event.until}


def _released(event: OrderReleased) -> Mapping[str, Any]:
    return {**_order(event), "act": event.why}


def _lead(event: DutyLeadCalled) -> Mapping[str, Any]:
    return {**_order(event), "refusals": event.refusals}


def _reopened(event: TicketNotFixed) -> Mapping[str, Any]:
    return {
        "ticket_id": str(event.ticket_id),
        "order_id": str(event.rework_order_id),
        "cycle": event.cycle,
        "times": event.times,
    }


TOLD: dict[type[Event], Told] = {
    TicketFiled: Told("ticket.filed", _l("A request was filed"), _filed),
    TicketStatusChanged: Told("ticket.status_changed", _l("A request changed its status"), _status),
    TicketNotFixed: Told("ticket.not_fixed", _l("A repair did not hold"), _reopened),
    OrderQueued: Told("order.queued", _l("An order waits for a technician"), _order),
    OrderAccepted: Told("order.accepted", _l("A technician took an order"), _order),
    OrderOnHold: Told("order.on_hold", _l("Work on an order stands still"), _held),
    OrderReleased: Told("order.released", _l("A technician lost an order"), _released),
    OrderDone: Told("order.done", _l("The work of an order is done"), _order),
    DutyLeadCalled: Told("duty.called", _l("The duty lead is called for an order"), _lead),
}
"""Event → what is told of it; wiring fills `webhooks.services.EVENTS` with it."""
