"""What services refuse and the small ways: remarks, photos, ratings, who sees what."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.core.actor import Actor, Grant, Scope
from app.core.errors import NEVER, Conflict, NotAllowed, NotFound, Rejected, Stale
from app.core.outbox import OutboxEvent
from app.events.tickets import orders as events
from app.tickets import policies
from app.tickets.models import Ticket, TicketEvent, TicketFollower, WorkOrder
from app.tickets.queries import followed, viewer
from app.tickets.queries import orders as order_queries
from app.tickets.queries import tickets as ticket_queries
from app.tickets.rules.workflow import OrderAct, TicketAct, Who
from app.tickets.services import (
    acts,
    case,
    dispatching,
    extensions,
    opening,
    orders,
    photos,
    priorities,
    reclassifying,
    splitting,
    timers,
)
from app.tickets.services.reclassifying import Wish
from tests.factories import accounts, tickets
from tests.tickets.walking import deliver

SYSTEM = Actor.system(1)


@pytest.fixture
def ground(database: Session, frozen: datetime) -> tickets.Ground:
    return tickets.Ground()


def actor(person: Person) -> Actor:
    return accounts.actor(person)


def picture() -> io.BytesIO:
    kept = io.BytesIO()
    Image.new("RGB", (8, 8), "blue").save(kept, "PNG")
    kept.seek(0)
    return kept


def test_notes_are_staffs(ground: tickets.Ground, database: Session, now: datetime) -> None:
    filed = ground.file()
    acts.note(actor=actor(ground.dispatcher), now=now, ticket_id=filed.id, text="住户下午在家")
    event = database.scalars(select(TicketEvent).where(TicketEvent.kind == "note")).one()
    assert (event.note, event.audience) == ("住户下午在家", "staff")
    with pytest.raises(Rejected):
        acts.note(actor=actor(ground.dispatcher), now=now, ticket_id=filed.id, text=" ")
    with pytest.raises(NotAllowed):
        acts.note(actor=actor(ground.student), now=now, ticket_id=filed.id, text="x")


def test_a_report_through_a_sticker_has_no_reporter(ground: tickets.Ground, database: Session, now: datetime) -> None:
    anonymous = Actor.anonymous(1)
    from app.tickets.services import filing

    filed = filing.file_ticket(
        actor=anonymous, now=now, category="tap", place_id=ground.room.id, description="漏水", origin="qr"
    )
    ticket = database.get_one(Ticket, (1, filed.id))
    assert (ticket.reporter_id, ticket.origin) == (None, "qr")
    photos.add_to_filed(actor=anonymous, now=now, ticket_id=filed.id, stream=picture())
    with pytest.raises(NotFound):
        ticket_queries.one(anonymous, filed.id)
    with pytest.raises(NotAllowed):
        filing.file_ticket(actor=anonymous, now=now, category="tap", place_id=ground.room.id)
    by_system = filing.file_ticket(actor=SYSTEM, now=now, category=ground.category.id, place_id=ground.room.id)
    assert by_system.status == "accepted"
    with pytest.raises(Rejected) as refused:
        ground.file(by=ground.dispatcher, reporter_id=10**9)
    assert set(refused.value.fields) == {"reporter_id"}


def test_ratings_are_the_reporters_and_in_time(ground: tickets.Ground, now: datetime) -> None:
    filed = ground.file()
    stars = {"quality": 5, "speed": 5, "manner": 5}
    with pytest.raises(Conflict):
        acts.rate(actor=actor(ground.student), now=now, ticket_id=filed.id, **stars)
    with pytest.raises(NotAllowed):
        acts.rate(actor=actor(ground.dispatcher), now=now, ticket_id=filed.id, **stars)
    with pytest.raises(Rejected) as refused:
        acts.rate(actor=actor(ground.student), now=now, ticket_id=filed.id, quality=0, speed=6, manner=3)
    assert set(refused.value.fields) == {"quality", "speed"}


def test_not_fixed_names_a_finished_order(ground: tickets.Ground, database: Session, now: datetime) -> None:
    technician = ground.technician()
    filed = ground.file()
    with pytest.raises(Conflict):
        acts.not_fixed(actor=actor(ground.student), now=now, ticket_id=filed.id, seen=1, note="x")
    deliver()
    for act in (OrderAct.ACCEPT, OrderAct.START, OrderAct.DONE):
        orders.act(actor=actor(technician), now=now, order_id=filed.order_id or 0, act=act, seen=None, note="好了")
    with pytest.raises(Rejected) as refused:
        acts.not_fixed(actor=actor(ground.student), now=now, ticket_id=filed.id, seen=None, note="x", order_id=10**9)
    assert set(refused.value.fields) == {"order_id"}
    done = acts.not_fixed(
        actor=actor(ground.student), now=now, ticket_id=filed.id, seen=None, note="x", order_id=filed.order_id
    )
    assert done.status == "in_service"
    published = database.scalars(select(OutboxEvent.payload).where(OutboxEvent.kind == "TicketNotFixed")).one()
    assert published["times"] == 1


def test_moves_the_tables_do_not_have(ground: tickets.Ground, now: datetime) -> None:
    filed = ground.file()
    order_id = filed.order_id or 0
    dispatcher = actor(ground.dispatcher)
    with pytest.raises(Conflict):
        acts.accept(actor=dispatcher, now=now, ticket_id=filed.id, seen=None)
    with pytest.raises(Conflict):
        orders.act(actor=dispatcher, now=now, order_id=order_id, act=OrderAct.REQUEUE, seen=None)
    with pytest.raises(Conflict):
        orders.transition(actor=dispatcher, now=now, order_id=order_id, to="done", seen=None)
    with pytest.raises(NotAllowed):
        orders.act(actor=dispatcher, now=now, order_id=order_id, act=OrderAct.START, seen=None)
    with pytest.raises(NotAllowed):
        orders.transition(actor=actor(accounts.person("leader")), now=now, order_id=order_id, to="done", seen=None)
    acts.reject(actor=dispatcher, now=now, ticket_id=filed.id, seen=None, reason="refused")
    with pytest.raises(Conflict):
        opening.open_order(actor=dispatcher, now=now, ticket_id=filed.id, trade="water")


def test_what_is_over_or_says_nothing_is_refused(ground: tickets.Ground, now: datetime) -> None:
    desk = actor(ground.dispatcher)
    open_one, over = (
        {"actor": desk, "now": now, "ticket_id": each.id, "seen": None} for each in (ground.file(), ground.file())
    )
    acts.reject(reason="refused", **over)
    for act in (
        lambda: extensions.ask(until=now + timedelta(days=9), reason="x", **over),
        lambda: priorities.override(priority="high", reason="x", **over),
        lambda: splitting.split(category="tap", description="x", **over),
    ):
        with pytest.raises(Conflict):
            act()
    for act, field in (
        (lambda: splitting.split(category="tap", description=" ", **open_one), "description"),
        (lambda: reclassifying.reclassify(wish=Wish(urgency="high"), reason=" ", **open_one), "reason"),
        (lambda: reclassifying.reclassify(wish=Wish(urgency="mild"), reason="x", **open_one), "urgency"),
        (lambda: reclassifying.reclassify(wish=Wish(impact="world"), reason="x", **open_one), "impact"),
    ):
        with pytest.raises(Rejected) as refused:
            act()
        assert set(refused.value.fields) == {field}


def test_who_names_no_version_has_seen_none(ground: tickets.Ground, now: datetime) -> None:
    filed = ground.file()
    with pytest.raises(Stale) as refused:
        orders.act(
            actor=actor(ground.dispatcher), now=now, order_id=filed.order_id or 0, act=OrderAct.CANCEL, seen=NEVER
        )
    assert refused.value.current["version"] == 1


def test_a_priority_is_of_what_is_open(ground: tickets.Ground, database: Session, now: datetime) -> None:
    filed, desk = ground.file(), actor(ground.dispatcher)
    more = opening.open_order(actor=desk, now=now, ticket_id=filed.id, trade="water")
    orders.act(actor=desk, now=now, order_id=more.id, act=OrderAct.CANCEL, seen=None, reason="not_needed")
    priorities.override(actor=desk, now=now, ticket_id=filed.id, priority="high", reason="x")
    found = dict(database.execute(select(WorkOrder.id, WorkOrder.priority)).all())
    assert found == {filed.order_id: "high", more.id: "normal"}


def test_orders_are_opened_with_sense(ground: tickets.Ground, database: Session, now: datetime) -> None:
    filed = ground.file()
    dispatcher = actor(ground.dispatcher)
    for wrong, field in (({"trade": "none"}, "trade"), ({"minutes": 0}, "minutes"), ({"after": 10**9}, "after")):
        with pytest.raises(Rejected) as refused:
            opening.open_order(
                actor=dispatcher,
                now=now,
                ticket_id=filed.id,
                **{"trade": "water", **wrong},
            )
        assert set(refused.value.fields) == {field}
    with pytest.raises(NotAllowed):
        opening.open_order(actor=actor(ground.student), now=now, ticket_id=filed.id, trade="water")
    heading = ground.file(place_text="外面")
    database.execute(update(tickets.Category).where(tickets.Category.id == ground.category.id).values(trade_id=None))
    with pytest.raises(Rejected):
        acts.accept(actor=dispatcher, now=now, ticket_id=heading.id, seen=None)


def test_late_timers_find_nothing(ground: tickets.Ground, now: datetime) -> None:
    filed = ground.file()
    order_id = filed.order_id or 0
    timers.close_by_default(actor=SYSTEM, now=now, ticket_id=filed.id, cycle=1)
    timers.answer_overdue(actor=SYSTEM, now=now, ticket_id=filed.id, asked_at="2026-01-01T00:00:00Z")
    timers.hold_due(actor=SYSTEM, now=now, timer=events.HoldDue(order_id, 1))
    dispatching.expire_offer(actor=SYSTEM, now=now, order_id=order_id, offer_id=1)
    acts.withdraw(actor=actor(ground.student), now=now, ticket_id=filed.id, seen=1)
    assert dispatching.dispatch_order(actor=SYSTEM, now=now, order_id=order_id) is None


def test_followers_see_the_reduced_ticket_and_keep_it_alive(
    ground: tickets.Ground, database: Session, now: datetime
) -> None:
    filed = ground.file()
    follower = accounts.person("student")
    database.add(TicketFollower(ticket_id=filed.id, person_id=follower.id, since=now))
    database.flush()
    assert [row.id for row in followed.page(actor(follower)).items] == [filed.id]
    assert not viewer.sees_ticket(actor(follower), filed.id)
    assert ticket_queries.page(actor(follower), ticket_queries.TicketFilter(mine=True)).items == []
    with pytest.raises(NotFound):
        acts.confirm(actor=actor(follower), now=now, ticket_id=filed.id, seen=None)
    left = acts.withdraw(actor=actor(ground.student), now=now, ticket_id=filed.id, seen=None)
    assert left.status == "accepted"
    assert viewer.sees_ticket(actor(follower), filed.id)  # it is his now (N8)
    assert not viewer.sees_ticket(actor(ground.student), filed.id)


def test_photos_of_orders_are_seen_with_the_order_or_its_ticket(ground: tickets.Ground, now: datetime) -> None:
    technician = ground.technician()
    filed = ground.file()
    deliver()
    order_id = filed.order_id or 0
    assert viewer.sees_order_photo(actor(technician), order_id, now)
    assert viewer.sees_order_photo(actor(ground.student), order_id, now)
    assert not viewer.sees_order_photo(actor(accounts.person("student")), order_id, now)
    with pytest.raises(NotAllowed):
        photos.add_to_order(
            actor=actor(accounts.person("leader")), now=now, order_id=order_id, moment="after", stream=picture()
        )
    photos.add_to_ticket(actor=actor(technician), now=now, ticket_id=filed.id, stream=picture())


def test_lists_narrow_orders(ground: tickets.Ground, now: datetime) -> None:
    technician = ground.technician()
    ids = [ground.file().order_id for _ in range(3)]
    deliver()
    wanted = order_queries.OrderFilter
    worker, staff = actor(technician), actor(ground.dispatcher)
    for viewing in (worker, staff):
        page = order_queries.page(viewing, wanted(), limit=2)
        rest = order_queries.page(viewing, wanted(), limit=2, cursor=page.next)
        assert [row.id for row in [*page.items, *rest.items]] == ids[::-1]
        assert len(order_queries.page(viewing, wanted(trade="water", states=("offered",))).items) == 3
        assert order_queries.page(viewing, wanted(trade="none")).items == []
        assert order_queries.page(viewing, wanted(waiting="dispatcher")).items == []
    assert len(order_queries.page(staff, wanted(assignee=technician.id)).items) == 3
    assert len(order_queries.of_ticket(staff, order_queries.one(staff, ids[0] or 0).ticket_id)) == 1
    building = accounts.person("dormmanager", scope_kind="building", scope_id=ground.building.id)
    assert len(order_queries.page(actor(building), wanted()).items) == 3
    assert ticket_queries.ratings(1) == []


def test_parts_come_from_permissions_and_scopes(ground: tickets.Ground) -> None:
    class Thing:
        campus_id, building_id, reporter_id, state, assignee_id, pooled = 1, 2, 3, "working", 4, False
        third_party = False
        left_at: datetime | None = None

    def somebody(number: int, kind: str, scope_id: int | None, *permissions: str) -> Actor:
        grant = Grant("r", frozenset(permissions), Scope(kind, scope_id))
        return Actor(kind="person", institution_id=1, id=number, grants=(grant,))

    thing = Thing()
    assert policies.parts_of_ticket(somebody(3, "own", None, "tickets.own"), thing) == {Who.REPORTER}
    assert policies.parts_of_ticket(somebody(3, "own", None), thing) == frozenset()
    assert policies.parts_of_ticket(somebody(9, "campus", 1, "tickets.triage"), thing) == {Who.DISPATCHER}
    assert policies.parts_of_ticket(somebody(9, "building", 7, "tickets.triage"), thing) == frozenset()
    accepts = somebody(9, "building", 2, "tickets.accept_third")
    assert policies.parts_of_ticket(accepts, thing) == frozenset()
    thing.third_party = True  # V, where the category demands it and in scope
    assert policies.parts_of_ticket(accepts, thing) == {Who.THIRD_PARTY}
    assert policies.parts_of_ticket(somebody(9, "building", 7, "tickets.accept_third"), thing) == frozenset()
    thing.left_at, thing.third_party = datetime(2026, 7, 1, tzinfo=UTC), False  # N5: the contact of one who has left
    assert policies.parts_of_ticket(accepts, thing) == {Who.REPORTER}
    assert policies.parts_of_ticket(SYSTEM, thing) == policies.parts_of_order(SYSTEM, thing) == {Who.SYSTEM}
    assert policies.possible_parts_of_order(SYSTEM, thing) == {Who.SYSTEM}
    assert policies.parts_of_order(somebody(4, "institution", None, "tickets.work"), thing) == {Who.HOLDER}
    assert policies.parts_of_order(somebody(9, "building", 2, "tickets.dispatch"), thing) == {Who.DISPATCHER}
    thing.state = "done"
    assert policies.parts_of_order(somebody(4, "institution", None, "tickets.work"), thing) == frozenset()
    assert policies.acting_as({Who.DISPATCHER}, frozenset({Who.REPORTER})) is None
    everything = somebody(1, "institution", None, "tickets.triage", "tickets.crews", "tickets.catalogue_write")
    assert policies.may_triage(everything)
    assert policies.may_edit_crews(everything)
    assert policies.may_edit_catalogue(everything)
    assert not policies.may_work(everything)
    assert not policies.may_read(Actor.anonymous(1))


def test_a_case_is_written_only_as_it_was_read(ground: tickets.Ground, database: Session, now: datetime) -> None:
    """The comparison in the write itself, should anybody ever change a row without the ticket's lock."""
    filed = ground.file()
    order_id = filed.order_id or 0
    held, order = case.by_order(order_id, actor=actor(ground.dispatcher), now=now)
    with pytest.raises(NotFound):
        held.order(10**9)
    held.move_order(order, OrderAct.CANCEL, reason="not_needed")
    database.execute(update(WorkOrder).where(WorkOrder.id == order_id).values(version=9))
    with pytest.raises(Stale):
        held.write()
    database.execute(update(WorkOrder).where(WorkOrder.id == order_id).values(version=1))
    held = case.by_ticket(filed.id, actor=actor(ground.student), now=now)
    held.move_ticket(TicketAct.WITHDRAW)
    database.execute(update(Ticket).where(Ticket.id == filed.id).values(version=9))
    with pytest.raises(Stale, check=lambda refused: refused.current["state"] == "withdrawn"):
        held.write()
    stranger = case.by_ticket(filed.id, actor=actor(accounts.person("leader")), now=now)
    with pytest.raises(NotAllowed):
        stranger.ticket_row(TicketAct.WITHDRAW)


def test_an_order_that_waits_stays_planned_after_an_answer(
    ground: tickets.Ground, database: Session, now: datetime
) -> None:
    filed = ground.file()
    dispatcher = actor(ground.dispatcher)
    opening.open_order(actor=dispatcher, now=now, ticket_id=filed.id, trade="water", after=filed.order_id)
    acts.ask(actor=dispatcher, now=now, ticket_id=filed.id, seen=None, note="哪个？")
    acts.answer(actor=actor(ground.student), now=now, ticket_id=filed.id, seen=None, note="左边")
    states = [row.state for row in order_queries.of_ticket(dispatcher, filed.id)]
    assert states == ["queued", "planned"]


def test_nobody_without_a_permission_sees_anything(ground: tickets.Ground, now: datetime) -> None:
    ground.file()
    nobody = Actor(kind="person", institution_id=1, id=ground.student.id)
    assert ticket_queries.page(nobody, ticket_queries.TicketFilter()).items == []
    assert order_queries.page(nobody, order_queries.OrderFilter()).items == []
    staff = actor(ground.dispatcher)
    assert len(ticket_queries.page(staff, ticket_queries.TicketFilter(category=ground.category.id)).items) == 1
    assert len(ticket_queries.page(staff, ticket_queries.TicketFilter(priorities=("normal",))).items) == 1
