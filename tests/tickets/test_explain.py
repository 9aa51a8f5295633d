"""No list reads a growing table from end to end: every list's statements, explained with the web role's rights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine

from app.core import paging
from app.core.actor import Actor
from app.core.db import db, frame_transactions, institution_bound
from app.tickets.dispatch import bar, board
from app.tickets.queries import (
    crew_day,
    dispatch_list,
    figure_rows,
    figures,
    loads,
    narrowing,
    open311,
    orders,
    progress,
    tickets,
)
from app.tickets.queries.orders import OrderFilter
from app.tickets.queries.tickets import TicketFilter
from app.tickets.rules.figures import Figure
from app.tickets.services import filing_statements
from bench import plans, rows
from tests import ground
from tests.factories import accounts
from tests.factories import tickets as made

COUNT = 30_000
OPEN = 300
READ_AT_MOST = 3_000  # rows of one step: whatever a page shows, it is not the history
CALLS, PLANNED_AT_FIRST = 15, 5  # five before the driver prepares a statement, five planned for their values alone
GROWING = {"ticket", "work_order", "offer", "ticket_event"}


class Desk:
    """The actors of a campus with many tickets, a building of it, and a connection as the web role."""

    def __init__(self, connection: Connection, actors: dict[str, Actor], building: int, category: str) -> None:
        self.connection, self.actors, self.building, self.category = connection, actors, building, category
        self.cursor = paging.encode([COUNT // 2])

    def whole(self, ask: Callable[[], Any]) -> set[str]:
        """The growing tables read from end to end by what `ask` sends."""
        return self._looked_at(ask, plans.read_whole)

    def singly(self, ask: Callable[[], Any]) -> set[str]:
        """The growing tables whose rows are compared one by one with a list of ids."""
        return self._looked_at(ask, plans.judged_singly)

    def most_read(self, ask: Callable[[], Any]) -> float:
        """The most rows of the growing tables that one step looks at."""
        with plans.seen() as sent:
            ask()
        return max(plans.most_read(self.connection, each, GROWING) for each in sent)

    def planned_anew(self, ask: Callable[[], Any]) -> set[str]:
        """The statements of `ask` that PostgreSQL goes on planning for the values of each call."""
        with plans.seen() as sent:
            for _call in range(CALLS):
                ask()
        kept = dict(
            db.session.connection().exec_driver_sql("SELECT statement, custom_plans FROM pg_prepared_statements").all()
        )
        assert kept.keys() >= {statement for statement, _values in sent}
        return {statement for statement, _values in sent if kept[statement] > PLANNED_AT_FIRST}

    def _looked_at(self, ask: Callable[[], Any], look: Callable[..., set[str]]) -> set[str]:
        with plans.seen() as sent:
            ask()
        assert sent
        return set().union(*(look(self.connection, each) for each in sent)) & GROWING


@pytest.fixture(scope="module")
def desk(app: Flask, servers: ground.Ground) -> Iterator[Desk]:
    """A copy of the database with many tickets; the application looks at it for the time of this module."""
    sockets = servers.addresses.sockets
    name = ground.clone(sockets, ground.template(sockets), f"explain_{servers.database[-12:]}")
    large = replace(servers, database=name)
    engine = create_engine(large.web_url)
    frame_transactions(engine)
    try:
        with app.app_context(), engine.connect() as connection:
            usual, db.engines[None] = db.engines[None], engine
            try:
                with institution_bound(1):
                    yield _filled(large, connection)
            finally:
                db.session.remove()
                db.engines[None] = usual
    finally:
        engine.dispose()
        ground.drop(sockets, name)


def _filled(large: ground.Ground, connection: Connection) -> Desk:
    place = made.Ground()
    people = {
        "dispatcher": place.dispatcher,
        "student": place.student,
        "technician": place.technician(),
        "manager": accounts.person("dormmanager", scope_kind="building", scope_id=place.building.id),
    }
    actors = {who: accounts.actor(person) for who, person in people.items()}
    building, category = place.building.id, place.category.code
    db.session.commit()
    with ground.superuser(large.addresses.sockets, large.database) as superuser:
        superuser.autocommit = False
        rows.fill(superuser, 1, COUNT, still_open=OPEN)
    return Desk(connection, actors, building, category)


TICKETS: dict[str, TicketFilter] = {
    "all": TicketFilter(),
    "open": TicketFilter(statuses=("accepted", "in_service")),
    "mine": TicketFilter(mine=True),
    "number": TicketFilter(q="R25-0000007"),
    "common": TicketFilter(q=rows.COMMON),
    "rare": TicketFilter(q=rows.RARE),
    "two words": TicketFilter(q="天花板 床上"),
}


@pytest.mark.parametrize("who", ["dispatcher", "student", "technician", "manager"])
@pytest.mark.parametrize("asked", TICKETS)
@pytest.mark.parametrize("deep", [False, True])
def test_tickets(desk: Desk, who: str, asked: str, deep: bool) -> None:
    cursor = desk.cursor if deep else None

    def ask() -> Any:
        return tickets.page(desk.actors[who], TICKETS[asked], cursor=cursor)

    assert not desk.whole(ask)
    assert not desk.singly(ask)
    assert desk.most_read(ask) <= READ_AT_MOST


@pytest.mark.parametrize("who", ["dispatcher", "student", "technician", "manager"])
def test_tickets_of_a_place_and_a_category(desk: Desk, who: str) -> None:
    for wanted in (
        TicketFilter(place=desk.building),
        TicketFilter(category=desk.category),
        TicketFilter(trade="water"),
    ):
        assert not desk.whole(lambda wanted=wanted: tickets.page(desk.actors[who], wanted))


@pytest.mark.parametrize("who", ["dispatcher", "technician", "manager"])
@pytest.mark.parametrize(
    "wanted", [OrderFilter(), OrderFilter(mine=True), OrderFilter(states=("offered",)), OrderFilter(ticket=7)], ids=str
)
def test_orders(desk: Desk, who: str, wanted: OrderFilter) -> None:
    assert not desk.whole(lambda: orders.page(desk.actors[who], wanted))
    assert desk.most_read(lambda: orders.page(desk.actors[who], wanted)) <= READ_AT_MOST


@pytest.mark.parametrize("view", dispatch_list.VIEWS)
def test_dispatch_list(desk: Desk, view: str) -> None:
    wanted = dispatch_list.Wanted()
    for who in ("dispatcher", "manager"):
        assert not desk.whole(lambda who=who: dispatch_list.page(desk.actors[who], view, wanted))
        assert desk.most_read(lambda who=who: dispatch_list.page(desk.actors[who], view, wanted)) <= READ_AT_MOST


def test_the_dispatch_list_goes_along_the_order_it_shows(desk: Desk) -> None:
    with plans.seen() as sent:
        dispatch_list.page(desk.actors["dispatcher"], "open", dispatch_list.Wanted())
    (statement,) = sent
    assert "ix_work_order_first" in plans.indexes(desk.connection, statement)
    assert plans.most_read(desk.connection, statement, GROWING) <= 51 < OPEN


def test_beside_the_dispatch_list(desk: Desk) -> None:
    dispatcher, wanted = desk.actors["dispatcher"], dispatch_list.Wanted()
    assert not desk.whole(lambda: dispatch_list.waits(dispatcher, wanted))
    assert not desk.whole(lambda: dispatch_list.counts(dispatcher, wanted))
    assert not desk.whole(dispatch_list.stamp)
    assert desk.most_read(lambda: dispatch_list.waits(dispatcher, wanted)) <= OPEN
    assert desk.most_read(lambda: dispatch_list.counts(dispatcher, wanted)) <= OPEN


def test_requests_without_an_open_order_are_counted_by_indexes_alone(desk: Desk) -> None:
    with plans.seen() as sent:
        dispatch_list.counts(desk.actors["dispatcher"], dispatch_list.Wanted())
    (statement,) = sent
    alone = plans.indexes_alone(desk.connection, statement)
    assert alone >= {"ix_work_order_open_ticket", "ix_ticket_status"}
    assert "ix_work_order_ticket" not in plans.indexes(desk.connection, statement)


def test_what_filters_offer_is_not_looked_for_among_rooms(desk: Desk) -> None:
    now = datetime.now(UTC)
    for ask in (lambda: bar.beside(desk.actors["dispatcher"], now, filters=True), narrowing.campuses_and_buildings):
        with plans.seen() as sent:
            ask()
        (statement,) = sent
        assert "place" not in plans.read_whole(desk.connection, statement)
        assert "ix_place_offered" in plans.indexes(desk.connection, statement)
        assert (
            plans.most_read(desk.connection, statement, {"place"}) <= rows.BUILDINGS + 10 < rows.ROOMS * rows.BUILDINGS
        )


@pytest.mark.parametrize("q", ["漏水", "漏水 桃园 none-such", "W26-000007", "R26-000007"])
def test_a_search_among_open_orders_reads_open_orders(desk: Desk, q: str) -> None:
    """However many requests there ever were: each open order looks at its own, and none is looked for."""
    dispatcher, wanted = desk.actors["dispatcher"], dispatch_list.Wanted(q=q)
    for ask in (
        lambda: dispatch_list.page(dispatcher, "open", wanted),
        lambda: dispatch_list.column(dispatcher, "queued", wanted, board.SLIPS),
        lambda: dispatch_list.counts(dispatcher, wanted),
        lambda: dispatch_list.waits(dispatcher, wanted),
    ):
        assert not desk.whole(ask)
        assert desk.most_read(ask) <= 2 * OPEN  # looked at, and read again where it is shown


@pytest.mark.parametrize("view", board.COLUMNS)
def test_columns_of_the_board(desk: Desk, view: str) -> None:
    """A column reads the open orders of its states, whatever the history holds."""
    for wanted in (dispatch_list.Wanted(), dispatch_list.Wanted(building=desk.building, trade="water")):
        for who in ("dispatcher", "manager"):

            def ask(who: str = who, wanted: dispatch_list.Wanted = wanted) -> Any:
                return dispatch_list.column(desk.actors[who], view, wanted, board.SLIPS)

            assert not desk.whole(ask)
            assert desk.most_read(ask) <= OPEN


def test_beside_the_board(desk: Desk) -> None:
    dispatcher, wanted = desk.actors["dispatcher"], dispatch_list.Wanted()
    technician = desk.actors["technician"].id or 0
    for ask in (
        lambda: dispatch_list.newer(dispatcher, wanted, 1),
        lambda: dispatch_list.matching(dispatcher, "queued", wanted, 100),
        lambda: loads.of([technician], datetime.now(UTC)),
    ):
        assert not desk.whole(ask)
        assert desk.most_read(ask) <= READ_AT_MOST


def test_the_day_of_a_technician(desk: Desk) -> None:
    technician = desk.actors["technician"].id or 0
    midnight = datetime(2000, 1, 1, tzinfo=UTC)  # all he ever did: what is shown is read, no more
    for ask in (
        lambda: crew_day.held(technician),
        lambda: crew_day.done_since(technician, midnight),
        lambda: crew_day.stamp(technician, midnight),
    ):
        assert not desk.whole(ask)
        assert desk.most_read(ask) <= crew_day.HELD_AT_MOST


def test_requests_of_some_days_are_found_by_when_they_were_filed(desk: Desk) -> None:
    """Open311 asks for a span of days: it reads that span along its index, not all that was ever filed."""
    since = datetime.now(UTC) - timedelta(minutes=COUNT // 2)  # one is filed a minute
    asked = open311.Asked(since=since, until=since + timedelta(minutes=500))
    with plans.seen() as sent:
        found = open311.requests(desk.actors["dispatcher"], asked)
    (statement,) = sent
    assert 490 <= len(found) <= 510
    assert "ix_ticket_filed" in plans.indexes(desk.connection, statement)
    assert plans.most_read(desk.connection, statement, {"ticket"}) <= 510


def test_what_is_asked_all_day_is_planned_once(desk: Desk) -> None:
    """A plan costs more than most statements: 4 ms of each crew page, 0.3 of one's own requests, 1 of each filing."""
    dispatcher, student, technician = (desk.actors[who] for who in ("dispatcher", "student", "technician"))
    now, found = datetime.now(UTC), {"category_id": None, "place_key": None, "reporter_id": None, "left_too": False}
    found |= {"code": desk.category, "place_id": desk.building, "today": now.date()}
    for ask in (
        lambda: crew_day.held(technician.id or 0),
        lambda: crew_day.helped(technician.id or 0),
        lambda: crew_day.done_since(technician.id or 0, now),
        lambda: crew_day.stamp(technician.id or 0, now),
        lambda: dispatch_list.counts(dispatcher, dispatch_list.Wanted()),
        lambda: dispatch_list.page(dispatcher, "open", dispatch_list.Wanted()),
        lambda: bar.beside(dispatcher, now, filters=True),
        lambda: bar.beside(dispatcher, now, filters=False),
        lambda: tickets.page(student, TicketFilter(mine=True)),
        lambda: tickets.page(dispatcher, TicketFilter()),
        lambda: orders.page(technician, OrderFilter(mine=True)),
        lambda: progress.orders_of([1, 2, 3]),
        lambda: filing_statements.FIND.one(found),
    ):
        assert not desk.planned_anew(ask)


def test_a_report_is_planned_for_its_span(desk: Desk) -> None:
    """The plan kept for any span expects a few rows, and joins a year of them one by one."""
    today, zone = datetime.now(UTC).date(), ZoneInfo("Asia/Shanghai")
    for days in [7, 1] * CALLS:
        wanted = figure_rows.Wanted(first=today - timedelta(days=days), last=today)
        asked = figure_rows.ask(desk.actors["dispatcher"], wanted, datetime.now(UTC), zone)
        figures.one(Figure.FILED, asked)
    kept = db.session.connection().exec_driver_sql(
        "SELECT custom_plans, generic_plans FROM pg_prepared_statements WHERE statement LIKE '%%rows_filed%%'"
    )
    ((custom, generic),) = kept.all()
    assert custom > PLANNED_AT_FIRST
    assert generic == 0


def test_orders_of_the_tickets_shown(desk: Desk) -> None:
    assert not desk.whole(lambda: progress.orders_of(list(range(COUNT - 50, COUNT))))
