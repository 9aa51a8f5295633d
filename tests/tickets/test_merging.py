"""Merging reports of one fault and parting them again (N7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.notifications.models import Notification
from app.tickets.models import Ticket, TicketEvent, TicketFollower, TicketMerge, WorkOrder
from app.tickets.queries import timeline
from app.tickets.rules import history
from tests.factories import accounts
from tests.factories import tickets as factory
from tests.tickets.calling import Caller
from tests.tickets.delivering import deliver_all

Login = Callable[..., FlaskClient]


@pytest.fixture
def ground(database: Session, frozen: datetime) -> factory.Ground:
    return factory.Ground()


def version(database: Session, ticket_id: Any) -> int:
    database.expire_all()
    return database.get_one(Ticket, (1, int(ticket_id))).version


def folds(ticket_id: Any) -> history.Story:
    """The history of a ticket is one the tables could have written, and its column says the same."""
    return timeline.folded(int(ticket_id))


def test_a_wrong_merge_is_undone_and_both_timelines_are_whole(
    client: FlaskClient, ground: factory.Ground, database: Session
) -> None:
    ground.technician()
    desk = Caller(client, ground.dispatcher)
    other = accounts.person("student")
    one, two = ground.file(), ground.file(by=other, description="马桶堵了")
    three = ground.file(by=accounts.person("student"))
    assert desk.post(f"/tickets/{three.id}/merge", {"into": str(two.id)}).status_code == 200
    merged = desk.post(f"/tickets/{two.id}/merge", {"into": str(one.id)}, seen=version(database, two.id))
    assert (merged.status_code, merged.json["status"]) == (200, "duplicate")
    rows = {each.id: each for each in database.scalars(select(Ticket))}
    database.expire_all()
    assert rows[three.id].duplicate_of_id == one.id  # depth 1: re-pointed in the same event
    orders = dict(database.execute(select(WorkOrder.ticket_id, WorkOrder.state)).all())
    assert (orders[one.id] in ("queued", "offered"), orders[two.id], orders[three.id]) == (
        True,
        "cancelled",
        "cancelled",
    )
    follows = database.scalars(
        select(TicketFollower.person_id).where(TicketFollower.ticket_id == one.id, TicketFollower.ended_at.is_(None))
    ).all()
    assert other.id in follows
    assert len(follows) == 2
    parted = desk.post(f"/tickets/{two.id}/unmerge", {"reason": "different_fault"}, seen=version(database, two.id))
    assert (parted.status_code, parted.json["status"]) == (200, "accepted")
    database.expire_all()
    assert (rows[two.id].duplicate_of_id, rows[three.id].duplicate_of_id) == (None, two.id)
    open_orders = database.scalars(
        select(WorkOrder.ticket_id).where(WorkOrder.state.in_(["queued", "offered"])).order_by(WorkOrder.id)
    ).all()
    assert list(open_orders) == [one.id, two.id]  # a new order for the cancelled one
    still = database.scalars(
        select(TicketFollower.person_id).where(TicketFollower.ticket_id == one.id, TicketFollower.ended_at.is_(None))
    ).all()
    assert still == []
    for ticket_id in (one.id, two.id, three.id):
        assert folds(ticket_id).status == rows[ticket_id].status
    kinds = database.scalars(
        select(TicketEvent.kind).where(TicketEvent.ticket_id == one.id).order_by(TicketEvent.id)
    ).all()
    assert [each for each in kinds if each in ("merged_in", "parted")] == ["merged_in", "parted"]
    undone = database.scalars(select(TicketMerge).where(TicketMerge.ticket_id == two.id)).one()
    assert undone.undone_by == ground.dispatcher.id


def test_what_had_no_order_before_a_merge(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    """What waited for its place waits again; where the only order was cancelled the category opens its first."""
    desk = Caller(client, ground.dispatcher)
    into, waits, bare = ground.file(), ground.file(place_text="后门"), ground.file()
    desk.post(f"/work-orders/{bare.order_id}/transitions", {"to": "cancelled", "reason": "not_needed"}, seen="*")
    for one, status, states in ((waits, "submitted", []), (bare, "accepted", ["cancelled", "queued"])):
        assert desk.post(f"/tickets/{one.id}/merge", {"into": str(into.id)}).status_code == 200
        parted = desk.post(f"/tickets/{one.id}/unmerge", {"reason": "different_fault"})
        assert (parted.status_code, parted.json["status"]) == (200, status)
        orders = select(WorkOrder.state).where(WorkOrder.ticket_id == one.id).order_by(WorkOrder.id)
        assert database.scalars(orders).all() == states


def test_what_was_changed_since_a_merge_stays(client: FlaskClient, ground: factory.Ground, database: Session) -> None:
    desk = Caller(client, ground.dispatcher)
    a, b, c, d = (ground.file(by=accounts.person("student")) for _ in range(4))

    def merge(one: Any, into: Any) -> int:
        return desk.post(f"/tickets/{one.id}/merge", {"into": str(into.id)}).status_code

    def part(one: Any) -> int:
        return desk.post(f"/tickets/{one.id}/unmerge", {"reason": "other"}).status_code

    def pointers() -> list[int | None]:
        database.expire_all()
        return [database.get_one(Ticket, (1, each.id)).duplicate_of_id for each in (a, b, c, d)]

    assert (merge(d, a), merge(a, b), merge(b, c)) == (200, 200, 200)
    assert pointers() == [c.id, c.id, None, c.id]
    assert part(a) == 200  # the merge of a is undone; d was re-pointed since by another, it stays
    assert pointers() == [None, c.id, None, c.id]
    assert part(b) == 200  # what that merge moved goes back to b: d; a was changed since
    assert pointers() == [None, None, None, b.id]
    assert part(d) == 200
    assert pointers() == [None] * 4
    assert part(d) == 409


def test_merging_needs_an_original_that_is_open_or_resolved(
    client: FlaskClient, ground: factory.Ground, database: Session, login: Login
) -> None:
    technician = ground.technician()
    desk, worker, student = (Caller(client, each) for each in (ground.dispatcher, technician, ground.student))
    one, two, three = ground.file(), ground.file(), ground.file()
    assert desk.post(f"/tickets/{one.id}/merge", {"into": str(one.id)}).json["errors"][0]["field"] == "into"
    assert desk.post(f"/tickets/{one.id}/merge", {"into": "999999"}).status_code == 404
    assert desk.post(f"/tickets/{one.id}/merge", {}).status_code == 422
    assert desk.post(f"/tickets/{one.id}/merge", {"into": str(two.id)}, seen=99).status_code == 412
    student.post(f"/tickets/{three.id}/withdraw", seen=1)
    assert desk.post(f"/tickets/{one.id}/merge", {"into": str(three.id)}).status_code == 409
    assert desk.post(f"/tickets/{two.id}/merge", {"into": str(one.id)}).status_code == 200
    crossed = desk.post(f"/tickets/{one.id}/merge", {"into": str(two.id)})
    assert (crossed.status_code, crossed.json["type"]) == (409, "not-original")
    # into a resolved one: it is taken up again (N7)
    deliver_all(clock.now())
    (order,) = worker.get("/work-orders", mine=1).json["items"]
    for to, more in (("accepted", {}), ("working", {}), ("done", {"note": "好了"})):
        order = worker.post(f"/work-orders/{order['id']}/transitions", {"to": to, **more}, seen=order["version"]).json
    four = ground.file(by=accounts.person("student"))
    assert desk.post(f"/tickets/{four.id}/merge", {"into": str(one.id)}).status_code == 200
    database.expire_all()
    again = database.get_one(Ticket, (1, one.id))
    assert (again.status, again.cycle) == ("in_service", 2)
    assert folds(one.id).status == "in_service"
    # the number of the other one's request is for staff
    read = [student.get(f"/tickets/{one.id}/events").json["items"], desk.get(f"/tickets/{one.id}/events").json["items"]]
    assert [[each["note"] for each in items if each["kind"] == "not_fixed"] for items in read] == [[None], [None]]
    assert four.number not in str(read[0])
    deliver_all(clock.now())
    (told,) = [
        each.data
        for each in database.scalars(
            select(Notification).where(
                Notification.person_id == ground.student.id, Notification.kind == "ticket-reopened"
            )
        )
    ]
    assert four.number not in str(told)
    for language, for_all, for_staff in (
        ("en", "<p>Reported again.</p>", f"<p>Reported again: {four.number}.</p>"),
        ("zh-CN", "<p>有人再次报修。</p>", f"<p>重复报修：{four.number}。</p>"),
    ):
        spoken = {"Accept-Language": language}
        page = login(ground.student).get(f"/tickets/{one.id}", headers=spoken).text
        assert for_all in page
        assert four.number not in page
        assert for_staff in login(ground.dispatcher).get(f"/tickets/{one.id}", headers=spoken).text
    # once somebody has worked on it, it is no longer merged
    assert desk.post(f"/tickets/{one.id}/merge", {"into": str(ground.file().id)}).status_code == 409


def test_pages_of_the_desk_merge_and_part(
    client: FlaskClient, ground: factory.Ground, login: Login, database: Session
) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    one, two = ground.file(), ground.file(by=accounts.person("student"))
    desk = login(ground.dispatcher)
    page = desk.get(f"/tickets/{two.id}/merge").get_data(as_text=True)
    assert one.number in page
    assert desk.post(f"/tickets/{two.id}/merge", data={"version": "1"}).status_code == 422
    assert desk.post(f"/tickets/{two.id}/merge", data={"number": "R26-999999"}).status_code == 422
    merged = desk.post(f"/tickets/{two.id}/merge", data={"version": "1", "number": one.number})
    assert merged.status_code == 303
    shown = desk.get(f"/tickets/{one.id}").get_data(as_text=True)
    assert two.number in shown
    seen = str(database.get_one(Ticket, (1, one.id)).version)
    refused = desk.post(f"/tickets/{one.id}/merge", data={"into": str(two.id), "version": seen})
    assert refused.status_code == 409
    assert "itself merged" in refused.get_data(as_text=True)
    version = database.get_one(Ticket, (1, two.id)).version
    bare = desk.post(f"/tickets/{two.id}/unmerge", data={"version": str(version)})
    assert bare.status_code == 422
    parted = desk.post(f"/tickets/{two.id}/unmerge", data={"version": str(version), "part_reason": "different_fault"})
    assert parted.status_code == 303
