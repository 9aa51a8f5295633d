"""One's own requests and the desk's list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.db import db
from app.tickets.services import acts, opening
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as made

Login = Callable[..., FlaskClient]
pytestmark = pytest.mark.usefixtures("frozen", "english")


@pytest.fixture
def english(client: FlaskClient) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"


@pytest.fixture
def ground(database: Session, frozen: datetime) -> made.Ground:
    return made.Ground()


def text(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def staff(ground: made.Ground) -> Actor:
    return made.actor(ground.dispatcher)


class TestMine:
    def test_only_ones_own(self, ground: made.Ground, login: Login) -> None:
        mine, other = ground.file(), ground.file(by=accounts.person("student"))
        page = text(login(ground.student), "/tickets")
        assert mine.number in page
        assert other.number not in page

    def test_what_waits_for_me_stands_first(self, ground: made.Ground, login: Login, now: datetime) -> None:
        asked, plain = ground.file(), ground.file()
        acts.ask(actor=staff(ground), now=now, ticket_id=asked.id, seen=None, note="哪个水龙头？")
        page = text(login(ground.student), "/tickets")
        assert "Waiting for you" in page
        assert page.index(asked.number) < page.index(plain.number)
        assert page.count(asked.number) == 1

    def test_nothing_yet_leads_to_the_form(self, ground: made.Ground, login: Login) -> None:
        page = text(login(ground.student), "/tickets")
        assert "You have not reported anything yet." in page
        assert 'href="/report"' in page

    def test_tabs_narrow(self, ground: made.Ground, login: Login, now: datetime) -> None:
        gone = ground.file()
        acts.withdraw(actor=made.actor(ground.student), now=now, ticket_id=gone.id, seen=None)
        still = ground.file()
        page = text(login(ground.student), "/tickets?status=open")
        assert still.number in page
        assert gone.number not in page
        page = text(login(ground.student), "/tickets?status=ended")
        assert gone.number in page, "withdrawn, rejected and doubled ones have ended, as closed ones have"
        assert still.number not in page

    def test_pages_follow_each_other(self, ground: made.Ground, login: Login) -> None:
        filed = [ground.file() for _ in range(3)]
        client = login(ground.student)
        first = text(client, "/tickets?limit=2")
        assert filed[2].number in first
        assert filed[0].number not in first
        cursor = first.split("cursor=")[1].split('"')[0]
        assert filed[0].number in text(client, f"/tickets?limit=2&cursor={cursor}")

    def test_technician_has_a_list_of_his_own_reports(self, ground: made.Ground, login: Login) -> None:
        technician = ground.technician()
        theirs, own = ground.file(), ground.file(by=technician)
        page = text(login(technician), "/tickets")
        assert own.number in page
        assert theirs.number not in page

    def test_staff_finds_own_reports_by_mine(self, ground: made.Ground, login: Login) -> None:
        other, own = ground.file(), ground.file(by=ground.dispatcher)
        page = text(login(ground.dispatcher), "/tickets?mine=1")
        assert own.number in page
        assert other.number not in page


class TestDesk:
    def test_row_says_what_where_who(self, ground: made.Ground, login: Login, now: datetime) -> None:
        filed = ground.file(at=now - timedelta(hours=2, minutes=5))
        page = text(login(ground.dispatcher), "/tickets")
        for word in (filed.number, "Tap", "水龙头漏水", ground.room.path, "Queued", ground.student.name):
            assert word in page, word
        assert "2 h 5 min" in page

    def test_open_is_the_usual_view(self, ground: made.Ground, login: Login, now: datetime) -> None:
        gone = ground.file()
        acts.reject(actor=staff(ground), now=now, ticket_id=gone.id, seen=None, reason="no_fault")
        client = login(ground.dispatcher)
        assert gone.number not in text(client, "/tickets")
        assert gone.number in text(client, "/tickets?status=all")
        assert gone.number in text(client, "/tickets?status=rejected")

    def test_filters(self, ground: made.Ground, login: Login) -> None:
        power = made.trade("power", "电工", "Electrician")
        lamp = made.category("lamp", power, "灯", "Lamp")
        hall = made.place("building", "图书馆", ground.campus)
        tap = ground.file()
        light = ground.file(category=lamp.code, place_id=hall.id, description="灯管闪烁", urgency="high")
        client = login(ground.dispatcher)
        narrowed = (
            f"place={hall.id}",
            "category=lamp",
            "priority=high",
            "trade=power",
            "q=闪烁",
            f"q={light.number}",
            f"place={hall.id}&trade=power&priority=high&category=lamp&q=灯管",
        )
        for query in narrowed:
            page = text(client, f"/tickets?{query}")
            assert f"/tickets/{light.id}" in page, query
            assert f"/tickets/{tap.id}" not in page, query
        assert "Remove all filters" in text(client, "/tickets?q=没有这样的")

    def test_blank_filters_of_the_form_are_none(self, ground: made.Ground, login: Login) -> None:
        filed = ground.file()
        page = text(login(ground.dispatcher), "/tickets?status=open&category=&priority=&trade=&q=")
        assert filed.number in page

    @pytest.mark.parametrize("query", ["status=nowhere", "priority=x", "place=x", "limit=0", "cursor=x", "mine=x"])
    def test_what_cannot_be_read_is_refused(self, ground: made.Ground, login: Login, query: str) -> None:
        assert login(ground.dispatcher).get(f"/tickets?{query}").status_code == 422

    def test_changed_filter_fetches_the_list_alone(self, ground: made.Ground, login: Login) -> None:
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
        page = login(ground.dispatcher).get("/tickets?q=x", headers=headers).get_data(as_text=True)
        assert page.strip().startswith('<div id="list"')

    def test_scope_of_a_building(self, ground: made.Ground, login: Login) -> None:
        elsewhere = made.place("building", "图书馆", ground.campus)
        here, there = ground.file(), ground.file(place_id=elsewhere.id)
        manager = accounts.person("dormmanager", scope_kind="building", scope_id=ground.building.id)
        page = text(login(manager), "/tickets")
        assert here.number in page
        assert there.number not in page

    def test_several_orders_show_the_least_advanced(self, ground: made.Ground, login: Login, now: datetime) -> None:
        first = ground.file()
        order_id = first.order_id
        opening.open_order(actor=staff(ground), now=now, ticket_id=first.id, trade="water", after=order_id)
        page = text(login(ground.dispatcher), "/tickets")
        assert "Planned" in page
        assert "of 2" in page


def test_filters_offer_the_catalogue_as_it_is_now(ground: made.Ground, login: Login, now: datetime) -> None:
    """Options are kept by what they are made of: a new name, an end and another language show at once."""
    client = login(ground.dispatcher)
    heading = made.category("roof", None, "屋顶", "Roof")
    leaf = made.category("gutter", ground.category.trade, "檐沟", "Gutter", parent_id=heading.id)
    made.trade("roofing", "屋面", "Roofing")

    def offered(language: str) -> str:
        client.environ_base["HTTP_ACCEPT_LANGUAGE"] = language
        return text(client, "/tickets")

    page = offered("en")
    assert '<option value="roof">Roof</option><option value="gutter">\u2003Gutter</option>' in page
    assert '<option value="roofing">Roofing</option>' in page
    assert '<option value="gutter">\u2003檐沟</option>' in offered("zh-CN")
    leaf.name = {"zh-CN": "檐沟", "en": "Eaves"}
    db.session.flush()
    assert '<option value="gutter">\u2003Eaves</option>' in offered("en")
    heading.valid_to = now.date()
    db.session.flush()
    page = offered("en")
    assert '"roof"' not in page
    assert '<option value="gutter">Eaves</option>' in page


@pytest.mark.parametrize(("who", "address"), [("student", "/tickets"), ("dispatcher", "/tickets")])
def test_statements_do_not_grow_with_the_rows(ground: made.Ground, login: Login, who: str, address: str) -> None:
    client: Any = login(getattr(ground, who))
    ground.file()
    client.get(address)
    with counted() as few:
        client.get(address)
    for _ in range(8):
        ground.file()
    with counted() as many:
        client.get(address)
    assert len(few) == len(many)
