"""What other systems hear of tickets and orders through webhooks: ids and states, never a name, a text or a phone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.core.outbox import Event
from app.events import tickets as events
from app.notifications.webhooks.services import Told


def _filed(event: events.TicketFiled) -> Mapping[str, Any]:
    return {
        "ticket_id": str(event.ticket_id),
        "number": event.number,
        "status": event.status,
        "priority": event.priority,
    }


def _status(event: events.TicketStatusChanged) -> Mapping[str, Any]:
    return {
        "ticket_id": str(event.ticket_id),
        "act": event.act,
        "from": event.from_status,
        "to": event.to_status,
        "cycle": event.cycle,
    }


def _order(event: Any) -> dict[str, Any]:
    return {"order_id": str(event.order_id), "ticket_id": str(event.ticket_id)}


def _held(event: events.OrderOnHold) -> Mapping[str, Any]:
    return {**_order(event), "reason": event.reason, "until": event.until}


def _released(event: events.OrderReleased) -> Mapping[str, Any]:
    return {**_order(event), "act": event.why}


def _lead(event: events.DutyLeadCalled) -> Mapping[str, Any]:
    return {**_order(event), "refusals": event.refusals}


def _reopened(event: events.TicketNotFixed) -> Mapping[str, Any]:
    return {
        "ticket_id": str(event.ticket_id),
        "order_id": str(event.rework_order_id),
        "cycle": event.cycle,
        "times": event.times,
    }


TOLD: dict[type[Event], Told] = {
    events.TicketFiled: Told("ticket.filed", _l("A request was filed"), _filed),
    events.TicketStatusChanged: Told("ticket.status_changed", _l("A request changed its status"), _status),
    events.TicketNotFixed: Told("ticket.not_fixed", _l("A repair did not hold"), _reopened),
    events.OrderQueued: Told("order.queued", _l("An order waits for a technician"), _order),
    events.OrderAccepted: Told("order.accepted", _l("A technician took an order"), _order),
    events.OrderOnHold: Told("order.on_hold", _l("Work on an order stands still"), _held),
    events.OrderReleased: Told("order.released", _l("A technician lost an order"), _released),
    events.OrderDone: Told("order.done", _l("The work of an order is done"), _order),
    events.DutyLeadCalled: Told("duty.called", _l("The duty lead is called for an order"), _lead),
}
"""Event → what is told of it; wiring fills `webhooks.services.EVENTS` with it."""
