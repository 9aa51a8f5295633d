"""Filing: one commit holds number, ticket, order, events and outbox."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import NotAllowed, Rejected
from app.core.outbox import OutboxDelivery, OutboxEvent
from app.tickets.models import Ticket, TicketEvent, WorkOrder
from tests.factories import accounts, tickets


@pytest.fixture
def ground(database: Session, frozen: datetime) -> tickets.Ground:
    return tickets.Ground()


def test_a_known_place_and_an_automatic_category_are_accepted_at_once(
    ground: tickets.Ground, database: Session
) -> None:
    filed = ground.file()
    assert (filed.number, filed.status, filed.priority, filed.version) == ("R26-000001", "accepted", "normal", 1)
    order = database.scalars(select(WorkOrder)).one()
    assert (order.id, order.number, order.state, order.trade_id) == (
        filed.order_id, "W26-000001", "queued", ground.trade.id,
    )  # fmt: skip
    kinds = database.execute(
        select(TicketEvent.kind, TicketEvent.from_state, TicketEvent.to_state, TicketEvent.actor_kind).order_by(
            TicketEvent.id
        )
    ).all()
    assert [tuple(row) for row in kinds] == [
        ("file", None, "submitted", "person"),
        ("accept", "submitted", "accepted", "system"),
        ("open", None, "planned", "system"),
        ("queue", "planned", "queued", "system"),
        ("promise", None, None, "system"),
    ]
    published = dict(database.execute(select(OutboxEvent.kind, OutboxEvent.payload)).all())
    assert published["OrderQueued"] == {"order_id": filed.order_id, "ticket_id": filed.id, "wake": "queued"}
    assert published["TicketFiled"]["number"] == filed.number
    assert "tickets.on_order_queued" in database.scalars(select(OutboxDelivery.handler)).all()


def test_a_place_in_words_waits_for_a_dispatcher(ground: tickets.Ground, database: Session) -> None:
    filed = ground.file(place_text="7号楼 999")
    assert (filed.status, filed.order_id) == ("submitted", None)
    ticket = database.scalars(select(Ticket)).one()
    assert (ticket.place_id, ticket.place_text, ticket.campus_id) == (None, "7号楼 999", None)
    assert database.scalars(select(TicketEvent.kind)).all() == ["file"]


def test_numbers_follow_each_other_per_kind(ground: tickets.Ground) -> None:
    numbers = [ground.file(place_text="外面" if turn == 1 else None).number for turn in range(3)]
    assert numbers == ["R26-000001", "R26-000002", "R26-000003"]


def test_what_is_missing_is_named(ground: tickets.Ground) -> None:
    with pytest.raises(Rejected) as refused:
        ground.file(category="nothing", place_id=None)
    assert set(refused.value.fields) == {"category", "place_id"}
    with pytest.raises(Rejected) as refused:
        ground.file(place_id=10**12)
    assert set(refused.value.fields) == {"place_id"}
    tickets.category("group", None, "水", "Water")
    with pytest.raises(Rejected):
        ground.file(category="group")


def test_an_emergency_counts_in_emergency_categories_only(ground: tickets.Ground) -> None:
    assert ground.file(urgency="emergency").priority == "high"
    tickets.category("flood", ground.trade, "爆管", "Burst pipe", emergency=True)
    assert ground.file(category="flood").priority == "emergency"


def test_on_behalf_needs_the_right(ground: tickets.Ground, database: Session) -> None:
    with pytest.raises(NotAllowed):
        ground.file(reporter_id=ground.dispatcher.id)
    filed = ground.file(by=ground.dispatcher, reporter_id=ground.student.id, urgency="emergency")
    ticket = database.get_one(Ticket, (1, filed.id))
    assert (ticket.reporter_id, ticket.on_behalf_by) == (ground.student.id, ground.dispatcher.id)
    assert filed.priority == "emergency"


def test_somebody_without_the_right_files_nothing(ground: tickets.Ground) -> None:
    with pytest.raises(NotAllowed):
        ground.file(by=accounts.person("contractor"))
