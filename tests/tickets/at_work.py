"""Steps that bring an order where a page's test wants it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from app.accounts.models import Person
from app.core.actor import Actor
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import dispatching, orders
from tests.factories import tickets as make

ENGLISH = {"Accept-Language": "en"}


def filed(ground: make.Ground, **more: Any) -> int:
    """File a ticket at a known place; returns its order, which is queued."""
    order_id = ground.file(**more).order_id
    assert order_id is not None
    return order_id


def offered(ground: make.Ground, now: datetime, **more: Any) -> int:
    """File a ticket and let the ranking offer its order; returns the order."""
    order_id = filed(ground, **more)
    dispatching.dispatch_order(actor=Actor.system(1), now=now, order_id=order_id)
    return order_id


def do(person: Person, order_id: int, *acts: OrderAct, now: datetime, **more: Any) -> None:
    """Acts of one person on an order, whatever version he saw; `more` is handed in with each."""
    for act in acts:
        orders.act(actor=make.actor(person), now=now, order_id=order_id, act=act, seen=None, **more)
