"""What the desk looks for among open orders and requests, what keys reach, and what came while a list stood open."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tickets.models import Ticket, WorkOrder
from app.tickets.queries import dispatch_list
from app.tickets.queries.dispatch_list import Wanted
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import filed, offered

pytestmark = pytest.mark.usefixtures("frozen")


def text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True)


def shown(page: str) -> set[int]:
    return {int(found) for found in re.findall(r'href="/dispatch/(\d+)[?"]', page)}


def number(database: Session, order_id: int) -> str:
    return database.scalars(select(WorkOrder.number).where(WorkOrder.id == order_id)).one()


class TestOrders:
    def test_every_word_must_occur_in_number_place_or_fault(
        self, ground: make.Ground, desk: FlaskClient, database: Session
    ) -> None:
        drip, smell = filed(ground, description="洗手池 drips all night"), filed(ground, description="下水道 smells")
        for said, wanted in {
            "drips": {drip},
            "DRIPS 412": {drip},
            "桃园3栋 412": {drip, smell},
            "drips smells": set(),
            "100%": set(),
            number(database, smell).lower(): {smell},
            database.scalars(select(Ticket.number).order_by(Ticket.id)).first() or "": {drip},
            "W26-999999": set(),
        }.items():
            for path in ("/dispatch", "/dispatch/board"):
                page = desk.get(path, query_string={"q": said}).get_data(as_text=True)
                assert shown(page) & {drip, smell} == wanted, (path, said)
                assert f'value="{said}"' in page

    def test_requests_that_wait_are_looked_for_too(self, ground: make.Ground, desk: FlaskClient) -> None:
        one, other = ground.file(place_text="操场 gate"), ground.file(place_text="礼堂 stage")
        page = text(desk, "/dispatch?state=waits&q=stage")
        assert f'href="/tickets/{other.id}"' in page
        assert f'href="/tickets/{one.id}"' not in page
        assert "state=waits" not in text(desk, "/dispatch?q=stage").split('class="views"')[0], "the tab is not kept"

    def test_all_that_match_are_those_that_are_shown(self, ground: make.Ground, desk: FlaskClient) -> None:
        """Whoever does something to all of a tab does it to what he looks at."""
        drip = filed(ground, description="drips")
        filed(ground, description="smells")
        actor = make.actor(ground.dispatcher)
        assert set(dispatch_list.matching(actor, "queued", Wanted(q="drips"), 100)) == {drip}
        assert dispatch_list.counts(actor, Wanted(q="drips"))["queued"] == 1
        page = text(desk, "/dispatch?state=queued&q=drips")
        assert "all of “Queued” (1)" in page
        assert 'action="/dispatch/bulk?state=queued&amp;q=drips&amp;to=list"' in page

    def test_a_search_is_not_kept_with_a_view(self, ground: make.Ground, desk: FlaskClient) -> None:
        assert "q=drips" not in re.findall(r'href="(/dispatch/views/new[^"]*)"', text(desk, "/dispatch?q=drips"))[0]

    def test_an_order_that_opens_stays_beside_what_was_looked_for(self, ground: make.Ground, desk: FlaskClient) -> None:
        drip = filed(ground, description="drips")
        address = re.findall(rf'href="(/dispatch/{drip}[^"]*)"', text(desk, "/dispatch?q=drips"))[0]
        beside = text(desk, address.replace("&amp;", "&"))
        assert 'name="q" value="drips"' in beside
        assert 'href="/dispatch?q=drips"' in beside, "closing it leads back"


class TestKeys:
    """The keys of the design; js/keys.js presses what carries them, tests/e2e presses them."""

    def test_of_list_and_board(self, ground: make.Ground, now: datetime, desk: FlaskClient) -> None:
        ground.technician()
        filed(ground)
        for path in ("/dispatch", "/dispatch/board"):
            page = text(desk, path)
            for key in "/captgmv":
                assert f'data-key="{key}"' in page, (path, key)
            assert "data-keys-help" in page
        listed = text(desk, "/dispatch")
        assert "data-steps" in listed, "h and l"
        assert "data-nothing-new" in listed, "n"

    def test_of_an_open_order(self, ground: make.Ground, now: datetime, desk: FlaskClient) -> None:
        ground.technician()
        order_id = filed(ground)
        panel = text(desk, f"/dispatch/{order_id}").split('id="panel"')[1]
        for key, what in {
            "a": "By the ranking",
            "t": "Give to…",
            "g": "Put into the pool",
            "p": "Put on hold…",
            "1": "Give to",
            "Escape": "Close",
        }.items():
            near = panel.split(f'data-key="{key}"')[1][:600]
            assert what in near or what in panel.split(f'data-key="{key}"')[0][-200:], key

    def test_of_the_list_of_requests(self, ground: make.Ground, desk: FlaskClient) -> None:
        ground.file()
        page = text(desk, "/tickets")
        for mark in ('data-key="/"', 'data-key="c"', "data-steps", "data-list"):
            assert mark in page

    def test_whoever_may_not_report_for_others_has_no_key_for_it(
        self, ground: make.Ground, login: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from app.core.actor import Actor

        usual = Actor.can
        monkeypatch.setattr(Actor, "can", lambda self, what: what != "tickets.on_behalf" and usual(self, what))
        assert 'data-key="c"' not in text(login(ground.dispatcher), "/dispatch")


class TestNews:
    def address(self, page: str) -> str:
        return re.findall(r'id="news"[^>]*hx-get="([^"]+)"', page)[0].replace("&amp;", "&")

    def test_requests_that_came_are_told_and_move_nothing(self, ground: make.Ground, desk: FlaskClient) -> None:
        ground.file()
        asks = self.address(text(desk, "/tickets?category=tap"))
        assert desk.get(asks).status_code == 204
        ground.file()
        bar = text(desk, asks)
        assert "1 new request" in bar
        assert 'data-key="n" href="/tickets?category=tap"' in bar
        ground.file()
        assert "2 new requests" in text(desk, self.address(bar))
        for _each in range(25):
            ground.file()
        assert "more than 20 new requests" in text(desk, self.address(bar))

    def test_what_does_not_fit_the_filters_is_no_news(self, ground: make.Ground, desk: FlaskClient) -> None:
        make.category("door", ground.trade, "门", "Door")
        asks = self.address(text(desk, "/tickets?category=door"))
        ground.file()
        quiet = text(desk, asks)
        assert "newsbar" not in quiet
        assert desk.get(self.address(quiet)).status_code == 204, "looked at once, not with each poll"

    def test_an_older_page_asks_nothing(self, ground: make.Ground, desk: FlaskClient) -> None:
        for _each in range(3):
            ground.file()
        cursor = text(desk, "/tickets?limit=2").split("cursor=")[1].split('"')[0]
        assert 'id="news"' not in text(desk, f"/tickets?limit=2&cursor={cursor}")

    def test_who_reads_only_his_own_is_told_nothing(
        self, ground: make.Ground, login: Callable[..., FlaskClient]
    ) -> None:
        ground.file()
        assert login(accounts.person("student")).get("/tickets/news?newest=0").status_code == 204


def test_the_search_costs_the_same_statements(ground: make.Ground, now: datetime, desk: FlaskClient) -> None:
    from tests.counting import counted

    ground.technician(cap=50)
    offered(ground, now)
    text(desk, "/dispatch")
    with counted() as plain:
        text(desk, "/dispatch")
    with counted() as searched:
        text(desk, "/dispatch?q=漏水")
    assert len(searched) == len(plain)
