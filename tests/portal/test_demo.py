"""The demo campus keeps its promises (contract.md): small history, the whole cast."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts import queries as accounts
from app.accounts.models import Person
from app.core import clock
from app.core.actor import Actor
from app.core.db import db, institution_bound
from app.core.transaction import abandon
from app.imports import queries as imports
from app.notifications.models import Notification
from app.portal import home
from app.portal.demo import catalogue, command
from app.sites.calendars import queries as calendars
from app.sites.models import Place
from app.tickets.models import (
    Category,
    Clock,
    DutyCall,
    SlaPolicy,
    SlaPolicyVersion,
    TechnicianProfile,
    Ticket,
    WorkOrder,
)
from app.tickets.models.crews import Walk
from app.tickets.models.orders import OrderHelper
from app.tickets.queries import accepting, extensions, tickets
from app.tickets.queries.filters import TicketFilter
from app.tickets.services import dispatching, filing
from tests import ground

pytestmark = pytest.mark.race

MOMENT = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # a Wednesday, 10:00 on the campus
HOURS = (0, 3, 7, 9, 12, 15, 18, 21, 23, 72, 81)  # later; the last two on a Saturday


@pytest.fixture(scope="module")
def campus(app: Flask, servers: ground.Ground) -> Iterator[Flask]:
    with app.app_context(), institution_bound(1), clock.frozen(MOMENT):
        command.fill(1, random.Random(1), "demo-pass-2026", MOMENT, 25)
    yield app
    ground.empty(app, servers)


def test_everybody_has_an_ordinary_limit_and_the_offer_goes_to_who_can_be_played(campus: Flask) -> None:
    """At any hour, for any category that is no emergency, on both campuses."""
    with campus.app_context(), institution_bound(1):
        people = {each.username: each for each in db.session.scalars(select(Person)) if each.username}
        played = {people[name].id for name in ("technician", "technician2")}
        caps = dict(db.session.execute(select(TechnicianProfile.person_id, TechnicianProfile.cap)).all())
        assert len(caps) > 8
        assert {cap for person_id, cap in caps.items() if person_id not in played} <= {3, 4, 5, 6}
        urgent = {code for code, *_rest in catalogue.EMERGENCIES}
        usual = [
            (each.id, each.code)
            for each in db.session.scalars(select(Category))
            if each.trade_id is not None and each.code not in urgent
        ]
        assert len(usual) >= 8
        rooms = [
            db.session.scalars(select(Place.id).where(Place.kind == "room", Place.campus_id == one).limit(1)).one()
            for one in db.session.scalars(select(Place.id).where(Place.kind == "campus").order_by(Place.id))
        ]
        reporter = accounts.actor_of(people["student"].id, 1, MOMENT)
        assert reporter is not None
        db.session.rollback()
        for turn, hours in enumerate(HOURS):
            at = MOMENT + timedelta(hours=hours)
            for number, (category_id, code) in enumerate(usual):
                with clock.frozen(at):
                    assert _offered(reporter, at, category_id, code, rooms[(turn + number) % 2]) in played, (code, at)


def test_a_visitor_finds_something_of_everything(campus: Flask) -> None:
    with campus.app_context(), institution_bound(1):
        assert db.session.scalars(select(WorkOrder.state).where(WorkOrder.pooled)).all() == ["queued"]
        assert len(db.session.scalars(select(OrderHelper).where(OrderHelper.left_at.is_(None))).all()) == 1
        call = db.session.scalars(select(DutyCall)).first()
        assert call is not None
        assert call.answered_by is not None
        assert len(db.session.scalars(select(Walk)).all()) > 20
        states = set(db.session.scalars(select(WorkOrder.state)))
        assert states >= {"queued", "accepted", "en_route", "working", "on_hold", "done", "closed"}
        assert set(db.session.scalars(select(Ticket.status))) >= {
            "submitted", "needs_info", "accepted", "in_service", "resolved", "closed", "withdrawn", "duplicate",
        }  # fmt: skip
        db.session.rollback()


def test_each_login_finds_something_of_its_own(campus: Flask) -> None:
    with campus.app_context(), institution_bound(1), clock.frozen(MOMENT):
        people = {each.username: each.id for each in db.session.scalars(select(Person)) if each.username}

        def actor(name: str) -> Actor:
            found = accounts.actor_of(people[name], 1, MOMENT)
            assert found is not None
            return found

        supervisor, keeper = actor("supervisor"), actor("dormmanager")
        assert [each.asked_by_name for each in extensions.page(supervisor).items] != []
        assert db.session.scalars(
            select(WorkOrder.state).where(WorkOrder.kind == "rework", WorkOrder.assignee_id.is_(None))
        ).all() == ["planned", "planned"]
        kinds = set(db.session.scalars(select(Notification.kind).where(Notification.person_id == supervisor.id)))
        assert kinds >= {"extension-asked", "order-rework"}
        assert {each.category_name["en"] for each in accepting.page(keeper).items} == {"Bunk bed is loose"}
        assert imports.waiting_for(actor("registry")) == imports.waiting_for(actor("admin")) == 1
        seen = [each.id for each in tickets.page(actor("dispatcher2"), TicketFilter()).items]
        for name in ("student", "registry", "counsellor", "energy", "finance", "leader"):
            assert tickets.page(actor(name), TicketFilter(mine=True, statuses=home.OPEN)).items, name
        of = select(Place.code).join(Ticket, Ticket.campus_id == Place.id).where(Ticket.id.in_(seen))
        assert set(db.session.scalars(of)) == {"N"}
        db.session.rollback()


def test_nobody_is_at_two_orders_at_once(campus: Flask) -> None:
    with campus.app_context(), institution_bound(1):
        at_work = db.session.scalars(select(WorkOrder.assignee_id).where(WorkOrder.state == "working")).all()
        assert len(at_work) == len(set(at_work)) > 2
        db.session.rollback()


def test_a_second_service_level_and_a_second_calendar_are_in_use(campus: Flask) -> None:
    with campus.app_context(), institution_bound(1):
        codes = set(
            db.session.scalars(
                select(SlaPolicy.code)
                .join(SlaPolicyVersion, SlaPolicyVersion.policy_id == SlaPolicy.id)
                .join(Clock, Clock.policy_version_id == SlaPolicyVersion.id)
            )
        )
        assert codes == {"usual", "late"}
        south, north = (db.session.scalars(select(Place.id).where(Place.code == code)).one() for code in "SN")
        assert calendars.in_force_by_class(south)["office"] != calendars.in_force_by_class(north)["office"]
        db.session.rollback()


def _offered(reporter: Actor, at: datetime, category_id: int, code: str, room_id: int) -> int | None:
    """Whom a request filed at that moment is offered to; nothing of it stays."""
    try:
        filed = filing.file_ticket(
            actor=reporter,
            now=at,
            category=category_id,
            place_id=room_id,
            description="",
            answers=catalogue.ANSWERS.get(code),
        )
        dispatching.dispatch_order(actor=Actor.system(1), now=at, order_id=filed.order_id or 0)
        return db.session.scalar(select(WorkOrder.assignee_id).where(WorkOrder.id == filed.order_id))
    finally:
        abandon()
