"""List and board show what presses first: what is due, late before all; what stands still comes last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core import clock
from app.tickets.models import Ticket, WorkOrder
from app.tickets.queries import dispatch_list
from app.tickets.queries.dispatch_list import Wanted
from app.tickets.services import acts
from tests.factories import accounts
from tests.factories import tickets as factory


def walked(actor: Any, view: str = "open") -> list[int]:
    """Every order of a view, two to a page."""
    found: list[int] = []
    cursor = None
    while True:
        page = dispatch_list.page(actor, view, Wanted(), cursor=cursor, limit=2)
        found += [row.id for row in page.items]
        cursor = page.next
        if cursor is None:
            return found


def test_late_before_due_before_what_stands_still(ground: factory.Ground, database: Session) -> None:
    now = clock.now()
    made = {
        "late": {"due_at": now - timedelta(hours=5)},
        "emergency": {"priority": "emergency", "due_at": now + timedelta(hours=9)},
        "reminded": {"urged": 1, "due_at": now + timedelta(hours=10)},
        "soon": {"due_at": now + timedelta(hours=1), "priority": "low"},
        "later, of a higher turn": {"due_at": now + timedelta(hours=2), "priority": "high"},
        "held, its clock runs on": {"state": "on_hold", "due_at": now + timedelta(hours=3)},
        "no due time": {"due_at": None},
        "held emergency": {
            "state": "on_hold", "priority": "emergency", "due_at": None, "hold_until": now + timedelta(hours=1),
        },
        "held longer": {"state": "on_hold", "due_at": None, "hold_until": now + timedelta(days=1)},
        "held without an end": {"state": "on_hold", "due_at": None, "hold_until": None},
    }  # fmt: skip
    wanted = ["emergency", "reminded", *(name for name in made if name not in ("emergency", "reminded"))]
    ids = {}
    for name in reversed(made):  # the ids tell nothing of the order
        ids[name] = ground.file().order_id or 0
        database.execute(update(WorkOrder).where(WorkOrder.id == ids[name]).values(**made[name]))
    names = {order_id: name for name, order_id in ids.items()}
    desk = accounts.actor(ground.dispatcher)
    assert [names[each] for each in walked(desk)] == wanted
    held = [each for each in wanted if each.startswith("held")]
    assert [names[row.id] for row in dispatch_list.column(desk, "hold", Wanted(), 30)] == held
    assert [names[each] for each in walked(desk, "hold")] == held


def test_a_request_whose_reporter_was_asked_comes_after_those_that_wait_for_staff(
    ground: factory.Ground, database: Session
) -> None:
    asked, later, sooner = (ground.file(place_text=f"外面 {each}").id for each in range(3))
    acts.ask(actor=accounts.actor(ground.dispatcher), now=clock.now(), ticket_id=asked, seen=None, note="哪一个？")
    for ticket_id, hours in ((later, 8), (sooner, 2)):
        due = {"due_at": clock.now() + timedelta(hours=hours), "due_clock": "respond"}
        database.execute(update(Ticket).where(Ticket.id == ticket_id).values(**due))
    database.execute(update(Ticket).where(Ticket.id == asked).values(due_at=None, due_clock=None, priority="emergency"))
    desk = accounts.actor(ground.dispatcher)
    first = dispatch_list.waits(desk, Wanted(), limit=2)
    rest = dispatch_list.waits(desk, Wanted(), limit=2, cursor=first.next)
    assert [row.id for row in (*first.items, *rest.items)] == [sooner, later, asked]
