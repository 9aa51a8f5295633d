"""Reminders from many tabs at once count once; a technician's act beside one is never stale by it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.core import clock
from app.core.actor import Actor
from app.core.db import db
from app.core.errors import Conflict, DomainError
from app.tickets.models import Ticket, TicketEvent, WorkOrder
from app.tickets.queries import timeline
from app.tickets.services import dispatching, orders, urging
from tests.tickets.test_services_races import World, together, work

pytestmark = pytest.mark.race


def test_twelve_tabs_are_one_reminder_and_the_technician_wins_his_own_act(committed: Flask) -> None:
    world = work(committed, lambda: World(1))
    filed = work(committed, world.file)
    order_id = filed.order_id or 0
    offered = work(
        committed, lambda: dispatching.dispatch_order(actor=Actor.system(1), now=clock.now(), order_id=order_id)
    )
    late = filed.promised_at + timedelta(minutes=1)

    def remind() -> Any:
        urging.urge(actor=world.student, now=late, ticket_id=filed.id)
        return "told"

    def accept() -> Any:
        return orders.transition(
            actor=world.technicians[0], now=clock.now(), order_id=order_id, to="accepted", seen=offered.version
        )

    *reminded, accepted = together(committed, *([remind] * 12), accept, tries=20)
    assert reminded.count("told") == 1
    refused = [each for each in reminded if each != "told"]
    assert all(isinstance(each, Conflict) and each.code == "too-early" for each in refused)
    assert not isinstance(accepted, DomainError)
    counted = work(
        committed,
        lambda: (
            db.session.scalar(select(func.count()).where(TicketEvent.kind == "remind")),
            db.session.scalar(select(Ticket.urged).where(Ticket.id == filed.id)),
            db.session.scalar(select(WorkOrder.urged).where(WorkOrder.id == order_id)),
            timeline.folded(filed.id).urged,
        ),
    )
    assert counted == (1, 1, 1, 1)
