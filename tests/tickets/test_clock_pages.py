"""Clocks on pages of staff and crew: chips in lists, and the panel with the trail behind a due time (tickets-rules 3).

The clock stands in November 2026; 18 November is a Wednesday. Office hours are 8 to 12 and 14 to 18.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, i18n
from app.core.actor import Actor
from app.sites.models import Place
from app.tickets.models import WorkOrder
from app.tickets.queries import clock_view
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import acts, escalating, extensions
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import do, offered

Login = Callable[..., FlaskClient]


def local(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of November 2026 on a clock in Shanghai."""
    return datetime(2026, 11, day, tzinfo=UTC) + timedelta(hours=hour - 8, minutes=minute)


def page(client: FlaskClient, path: str, at: datetime) -> str:
    with clock.frozen(at):
        answer = client.get(path, headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def text(client: FlaskClient, path: str, at: datetime) -> str:
    """A page without its tags and runs of white space."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page(client, path, at)))


class Taken:
    """A ticket filed on Wednesday at 10:00, its order accepted at 10:10 by a technician."""

    def __init__(self, ground: make.Ground, **more: object) -> None:
        self.technician = ground.technician()
        with clock.frozen(local(18, 10)):
            self.order_id = offered(ground, local(18, 10), **more)
        self.do(local(18, 10, 10), OrderAct.ACCEPT)

    def do(self, at: datetime, *acts: OrderAct, **more: object) -> None:
        do(self.technician, self.order_id, *acts, now=at, **more)


def ticket_of(database: Session, order_id: int) -> int:
    return database.scalars(select(WorkOrder.ticket_id).where(WorkOrder.id == order_id)).one()


def test_the_history_says_what_an_escalation_did(ground: make.Ground, database: Session, login: Login) -> None:
    """20, 38: of which clock, how near its due time, who was told or called; staff reads it, the reporter does not."""
    filed = ground.file(at=local(18, 10))
    system = Actor.system(1)
    for at in (local(18, 10, 21), local(18, 15)):
        with clock.frozen(at):
            escalating.take_steps(actor=system, now=at, ticket_id=filed.id)
    said = text(login(ground.dispatcher), f"/tickets/{filed.id}", local(18, 15))
    assert "Assignment: 10 min before it is due called: the duty lead" in said
    assert "Somebody has to have it soon, and nobody does. called: the duty lead" in said
    assert "Assignment: it is due told: the duty lead" in said
    assert "Assignment: 1 h overdue told: the supervisors" in said
    assert "the duty lead" not in text(login(ground.student), f"/tickets/{filed.id}", local(18, 15))


class TestPanel:
    def test_each_clock_says_how_it_stands_and_why(self, ground: make.Ground, database: Session, login: Login) -> None:
        """1 to 4: first answer kept when it was accepted, assignment stands, arrival and repair run."""
        taken = Taken(ground)
        said = text(login(ground.dispatcher), f"/dispatch/{taken.order_id}", local(18, 10, 20))
        assert "First answer kept Kept: stopped" in said
        assert "Kept: stopped 10:10, 3 h 50 min of working time to spare." in said
        assert " stands Stands since 10:10: somebody has the order." in said
        assert "Target 1 working day Due 18:00 tomorrow" in said
        assert "Repair It runs. Target 3 working days Due Monday 18:00" in said
        assert "Target What the reporter was told" in said
        assert "Promised to the reporter: Monday 18:00" in said
        assert "Usual service level, version 1 · priority Normal · " in said

    def test_the_trail_tells_of_pauses_with_their_reason(
        self, ground: make.Ground, database: Session, login: Login
    ) -> None:
        """5: a hold for parts pauses repair and arrival; the promise runs on (25)."""
        taken = Taken(ground)
        taken.do(local(18, 11), OrderAct.HOLD, reason="parts", until=local(20, 9))
        client = login(ground.dispatcher)
        said = text(client, f"/dispatch/{taken.order_id}", local(18, 14))
        assert "Paused since 11:00: Waiting for parts." in said
        assert "Paused: Waiting for parts" in said
        taken.do(local(19, 9), OrderAct.START)
        said = text(client, f"/dispatch/{taken.order_id}", local(19, 9, 30))
        assert "Runs on: " in said
        assert "Paused: Request accepted" not in said  # taken back in the same minute (8)
        assert "Used 1 h 30 min" in said  # an hour before the hold, half an hour since (9)

    def test_what_was_missed_and_excused_stands_side_by_side(
        self, ground: make.Ground, database: Session, login: Login
    ) -> None:
        """10, 18: late by working minutes; the excuse stands beside the figure."""
        taken = Taken(ground, urgency="high")
        ticket_id = ticket_of(database, taken.order_id)
        taken.do(local(18, 14, 30), OrderAct.START)
        client = login(ground.dispatcher)
        late = local(18, 14, 30)
        assert "Broken: stopped 14:30, 30 min of working time too late." in text(client, f"/tickets/{ticket_id}", late)
        arrive = next(view for view in clock_view.views(ticket_id, late) if view.key.kind == "arrive")
        assert (arrive.left, arrive.raw) == (-30, -150)  # due at noon; the break does not work
        extensions.excuse(
            actor=make.actor(accounts.person("supervisor")),
            now=late,
            ticket_id=ticket_id,
            clock_id=arrive.id,
            reason="停水抢修",
        )
        said = text(client, f"/tickets/{ticket_id}", local(18, 14, 40))
        assert " missed Excused Broken: stopped 14:30, 30 min of working time too late." in said
        assert "Excused: 停水抢修" in said

    def test_a_request_ended_undone_counts_nowhere(self, ground: make.Ground, login: Login) -> None:
        with clock.frozen(local(18, 10)):
            filed = ground.file()
        acts.withdraw(actor=make.actor(ground.student), now=local(18, 10, 5), ticket_id=filed.id, seen=None)
        said = text(login(ground.dispatcher), f"/tickets/{filed.id}", local(18, 11))
        assert "Repair not counted The request ended without being done; no figure counts it." in said

    def test_the_reporter_sees_no_inner_clock(self, ground: make.Ground, login: Login) -> None:
        with clock.frozen(local(18, 10)):
            filed = ground.file()
        said = text(login(ground.student), f"/tickets/{filed.id}", local(18, 10, 5))
        assert "First answer" not in said
        assert "How it came to this" not in said


class TestChips:
    def test_lists_name_the_earliest_due_clock(self, ground: make.Ground, database: Session, login: Login) -> None:
        """1, 30: late and left in working minutes, those of the wall clock on hover."""
        with clock.frozen(local(18, 11, 50)):
            order_id = offered(ground, local(18, 11, 50))
        ticket_id = ticket_of(database, order_id)
        client = login(ground.dispatcher)
        found = page(client, "/dispatch", local(18, 14, 40))
        assert "Assignment late 20 min" in found  # due at 14:20
        assert 'title="20 min by the wall clock"' in found
        found = page(client, "/tickets", local(18, 12, 30))
        assert "Assignment by 14:20 today" in found  # the break does not work: no minutes run down
        assert "Assignment in" not in found
        assert 'title="1 h 50 min by the wall clock"' in found
        assert f'href="/tickets/{ticket_id}"' in found
        found = page(client, "/tickets", local(18, 14, 5))
        assert "Assignment in 15 min" in found

    def test_the_board_names_the_clock_and_counts_working_minutes(self, ground: make.Ground, login: Login) -> None:
        """30; what is on hold says so, unless it is late all the same."""
        with clock.frozen(local(18, 11, 50)):
            offered(ground, local(18, 11, 50))
        client = login(ground.dispatcher)
        assert "Assignment late 20 min" in text(client, "/dispatch/board", local(18, 14, 40))
        taken = Taken(ground)
        taken.do(local(18, 11), OrderAct.HOLD, reason="parts", until=local(27, 9))
        assert "Paused: Waiting for parts" in text(client, "/dispatch/board", local(18, 14, 40))
        assert "Promise late 30 min" in text(client, "/dispatch/board", local(24, 8, 30))

    def test_what_waits_for_a_person_too(self, ground: make.Ground, login: Login) -> None:
        with clock.frozen(local(18, 10)):
            ground.file(place_text="后山")
        client = login(ground.dispatcher)
        assert "First answer by 16:00 today" in text(client, "/dispatch?state=waits", local(18, 10, 5))
        assert "First answer late 30 min" in text(client, "/dispatch?state=waits", local(18, 16, 30))

    def test_the_crew_sees_it_on_day_and_order(self, ground: make.Ground, login: Login) -> None:
        taken = Taken(ground)
        client = login(taken.technician)
        assert "Arrival by 18:00 tomorrow" in text(client, "/crew", local(18, 10, 30))
        assert "Arrival in 30 min" in text(client, "/crew", local(19, 17, 30))
        late = page(client, "/crew", local(20, 8, 30))
        assert "Arrival late 30 min" in late
        assert "job--late" in late
        assert "Arrival late 30 min" in text(client, f"/crew/{taken.order_id}", local(20, 8, 30))

    def test_lists_take_the_same_few_statements(self, ground: make.Ground, login: Login) -> None:
        client = login(ground.dispatcher)
        Taken(ground)
        for path in ("/tickets", "/dispatch"):
            page(client, path, local(18, 11))
            with counted() as few:
                page(client, path, local(18, 11))
            with clock.frozen(local(18, 10)):
                ground.file()
            page(client, path, local(18, 11))
            with counted() as many:
                page(client, path, local(18, 11))
            assert len(few) == len(many)


class TestZone:
    def test_times_are_said_in_the_zone_of_the_campus(
        self, ground: make.Ground, database: Session, login: Login
    ) -> None:
        taken = Taken(ground)
        campus = database.get_one(Place, (1, ground.campus.id))
        campus.zone_name = "Asia/Tokyo"
        database.flush()
        client = login(ground.dispatcher)
        assert "Due Monday 19:00" in text(client, f"/dispatch/{taken.order_id}", local(18, 10, 20))
        assert "Arrival by 19:00 tomorrow" in text(client, "/dispatch", local(18, 10, 20))


@pytest.mark.parametrize(
    ("moment", "english", "chinese"),
    [
        (local(18, 18), "18:00 today", "今天 18:00"),
        (local(19, 12), "12:00 tomorrow", "明天 12:00"),
        (local(17, 9), "09:00 yesterday", "昨天 09:00"),
        (local(20, 18), "Friday 18:00", "周五 18:00"),
        (local(22, 18), "Sunday 18:00", "周日 18:00"),
        (local(24, 18), "Tuesday 18:00", "下周二 18:00"),
        (local(25, 18), "25 Nov, 18:00", "11月25日 18:00"),
        (local(16, 18), "16 Nov, 18:00", "11月16日 18:00"),
        (local(18, 0), "24:00 yesterday", "昨天 24:00"),
        (local(19, 0), "24:00 today", "今天 24:00"),
        (local(20, 0), "24:00 tomorrow", "明天 24:00"),
        (local(21, 0), "Friday 24:00", "周五 24:00"),
        (local(23, 0), "Sunday 24:00", "周日 24:00"),
        (local(24, 0), "Monday 24:00", "下周一 24:00"),
        (local(30, 0), "29 Nov, 24:00", "11月29日 24:00"),
        (local(20, 0, 1), "Friday 00:01", "周五 00:01"),
    ],
)
def test_a_due_time_in_words(app: Flask, moment: datetime, english: str, chinese: str) -> None:
    """21: said as people say it, from a Wednesday."""
    with app.app_context(), clock.frozen(local(18, 10)):
        with i18n.speaking("en"):
            assert i18n.format_due(moment) == english
        with i18n.speaking("zh-CN"):
            assert i18n.format_due(moment) == chinese
