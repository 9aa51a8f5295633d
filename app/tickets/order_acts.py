"""An act on an order as the forms of the crew and of dispatchers send it: asked about first, done later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import request

from app.core import clock, forms, transaction
from app.core.errors import Rejected
from app.core.http import current_actor
from app.tickets import code_tries, order_photos
from app.tickets.order_forms import OrderActForm, explained, given_note, handed, named
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import orders
from app.tickets.services.done import OrderDone

When = Callable[[dict[str, Any], datetime], dict[str, Any]]
"""What a form says of when it happened, as `services.orders.act` takes it."""


def check(order_id: int, wanted: OrderAct, when: When) -> tuple[str, int]:
    """Whether the act would be done as filled in: 204, and nothing is done. Else what `do` raises. js/later.js asks."""
    data = forms.Form(OrderActForm).load(named(request.form, wanted.value), named(request.files, wanted.value))
    if data is None:
        raise Rejected
    do(order_id, wanted, data, when)
    transaction.abandon()
    return "", 204


def do(order_id: int, wanted: OrderAct, data: dict[str, Any], when: When) -> OrderDone:
    """The act itself, with what the form carries. Raises Rejected, Stale, Conflict, NotAllowed."""
    actor, now = current_actor(), clock.now()
    code_tries.count(order_id, data["code"])
    if wanted is OrderAct.DONE:
        order_photos.receive_all(data, actor=actor, now=now, order_id=order_id)
    return orders.act(
        actor=actor,
        now=now,
        order_id=order_id,
        act=wanted,
        seen=data["version"],
        reason=explained(data),
        note=given_note(data),
        until=data["until"],
        handed=handed(data),
        **when(data, now),
    )
