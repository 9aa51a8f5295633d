"""A sticker first, the order after: what is to be done at the place that was scanned, begun and taken from there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.sites import queries as places
from app.sites.models import Place
from app.sites.rules import stickers
from app.sites.services.stickers import issue_stickers, revoke_sticker
from app.tickets.models import TicketEvent, WorkOrder
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import pool
from tests.counting import counted
from tests.factories import accounts
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, filed, offered

pytestmark = pytest.mark.usefixtures("frozen")
Login = Callable[..., FlaskClient]


def secret(place: Place, now: datetime) -> str:
    (label,) = issue_stickers([place.id], actor=accounts.actor(accounts.person("admin")), now=now)
    return label.secret


def scanned(client: FlaskClient, token: str, status: int = 200) -> str:
    answer = client.post("/crew/scan", data={"place_token": token}, headers=ENGLISH)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def into_the_pool(ground: make.Ground, order_id: int, now: datetime) -> int:
    pool.put(actor=make.actor(ground.dispatcher), now=now, order_id=order_id, seen=None)
    return order_id


def test_todays_page_leads_to_it_and_the_camera_is_the_biggest_thing(ground: make.Ground, login: Login) -> None:
    client = login(ground.technician())
    assert 'href="/crew/scan"' in client.get("/crew", headers=ENGLISH).get_data(as_text=True)
    page = client.get("/crew/scan", headers=ENGLISH).get_data(as_text=True)
    assert "scan--big" in page
    assert 'data-into="f-place_token"' in page
    assert "js/scan.js" in page
    assert "Code of the sticker" in page, "without a camera it is typed"


def test_own_orders_are_begun_and_those_of_the_pool_taken_from_there(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician = ground.technician()
    mine = offered(ground, now)
    do(technician, mine, OrderAct.ACCEPT, now=now)
    elsewhere = offered(ground, now, place_id=make.place("room", "411", ground.floor).id)
    do(technician, elsewhere, OrderAct.ACCEPT, now=now)
    free = into_the_pool(ground, filed(ground), now)
    client, token = login(technician), secret(ground.room, now)
    page = scanned(client, token)
    assert f'action="/crew/{mine}/start"' in page
    assert f'action="/crew/pool/{free}/claim"' in page
    assert str(elsewhere) not in re.findall(r"/crew/(\d+)", page)
    version = re.findall(rf'action="/crew/{mine}/start".*?name="version" value="(\d+)"', page, re.DOTALL)[0]
    begun = client.post(f"/crew/{mine}/start", data={"version": version, "start_place_token": token})
    assert begun.status_code == 303
    database.expire_all()
    assert database.get_one(WorkOrder, (1, mine)).state == "working"
    start = database.query(TicketEvent).filter_by(order_id=mine, kind="start").one()
    assert (start.data or {})["scan"] == "right", "what was scanned stands for the scan at the start"
    assert f'action="/crew/{mine}/start"' not in scanned(client, token)
    assert client.post(f"/crew/pool/{free}/claim").status_code == 303


def test_the_printed_code_and_the_whole_address_do_as_well(ground: make.Ground, now: datetime, login: Login) -> None:
    technician = ground.technician()
    mine = offered(ground, now)
    do(technician, mine, OrderAct.ACCEPT, now=now)
    client, token = login(technician), secret(ground.room, now)
    code = stickers.code_of(places.sticker_digest(token))
    for given in (code, code.lower(), f"https://example.edu/r/{token}"):
        assert f'action="/crew/{mine}/start"' in scanned(client, given)


def test_a_sticker_of_a_floor_shows_what_is_inside_but_begins_only_what_is_of_the_floor(
    ground: make.Ground, now: datetime, login: Login
) -> None:
    """The sticker shows that somebody is at the right door; one of the corridor does not."""
    technician = ground.technician()
    inside, whole = offered(ground, now), offered(ground, now, place_id=ground.floor.id)
    for order_id in (inside, whole):
        do(technician, order_id, OrderAct.ACCEPT, now=now)
    page = scanned(login(technician), secret(ground.floor, now))
    assert f'href="/crew/{inside}"' in page
    assert f'action="/crew/{inside}/start"' not in page
    assert f'action="/crew/{whole}/start"' in page


def test_where_nothing_is_to_be_done_a_fault_can_be_reported(ground: make.Ground, now: datetime, login: Login) -> None:
    page = scanned(login(ground.technician()), secret(ground.room, now))
    assert "Nothing is to be done here" in page
    assert f'href="/report?place_id={ground.room.id}"' in page
    outside = scanned(login(ground.technician(role="contractor")), secret(ground.room, now))
    assert "Nothing is to be done here" in outside
    assert "/report?" not in outside, "who may not report is not led there"


@pytest.mark.parametrize("token", ["nonsense", "K7Q 2MD", "/r/", "' OR 1=1 --"])
def test_what_is_no_sticker_is_said_beside_the_field(token: str, ground: make.Ground, login: Login) -> None:
    assert "This is no sticker in use." in scanned(login(ground.technician()), token, 422)


def test_a_field_left_empty_and_a_sticker_taken_down_are_refused(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    from app.sites.models import PlaceSticker

    client, token = login(ground.technician()), secret(ground.room, now)
    assert "Please fill this in." in scanned(client, " ", 422)
    hung = database.query(PlaceSticker).one()
    revoke_sticker(hung.id, actor=accounts.actor(accounts.person("admin")), now=now)
    assert "This is no sticker in use." in scanned(client, token, 422)


def test_nobody_sees_the_orders_of_others(ground: make.Ground, now: datetime, database: Session, login: Login) -> None:
    holder = ground.technician()
    order_id = offered(ground, now)
    do(holder, order_id, OrderAct.ACCEPT, now=now)
    token = secret(ground.room, now)
    assert f"/crew/{order_id}" not in scanned(login(ground.technician()), token)
    database.execute(update(WorkOrder).where(WorkOrder.id == order_id).values(pooled=True))
    assert f"/crew/{order_id}" not in scanned(login(ground.technician()), token)
    assert login(accounts.person("student")).post("/crew/scan", data={"place_token": token}).status_code == 403


def test_the_page_costs_the_same_statements_however_much_is_there(
    ground: make.Ground, now: datetime, login: Login
) -> None:
    technician = ground.technician(cap=50)
    client, token = login(technician), secret(ground.room, now)

    def statements() -> int:
        with counted() as sent:
            scanned(client, token)
        return len(sent)

    do(technician, offered(ground, now), OrderAct.ACCEPT, now=now)
    into_the_pool(ground, filed(ground), now)
    statements()
    few = statements()
    for _each in range(5):
        do(technician, offered(ground, now), OrderAct.ACCEPT, now=now)
        into_the_pool(ground, filed(ground), now)
    assert statements() == few
