"""What a reason demands besides: another one its words, nobody in a card or a time; forms say so beforehand."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tickets.models import TicketEvent, WorkOrder
from app.tickets.rules.workflow import OrderAct
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, offered
from tests.tickets.calling import Caller

Login = Callable[..., FlaskClient]
pytestmark = pytest.mark.usefixtures("frozen")
UNSAID = "Say in your own words what the other reason is."


def order(database: Session, order_id: int) -> WorkOrder:
    database.expire_all()
    return database.get_one(WorkOrder, (1, order_id))


def test_an_offer_is_not_declined_for_another_reason_without_words(
    ground: make.Ground, now: datetime, database: Session, login: Login
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    client = login(technician)
    sent = {"version": 2, "decline_reason": "other", "decline_words": " "}
    refused = client.post(f"/crew/{order_id}/decline", data=sent, headers=ENGLISH)
    assert refused.status_code == 422
    assert UNSAID in refused.get_data(as_text=True)
    assert order(database, order_id).state == "offered"
    said = client.post(f"/crew/{order_id}/decline", data={**sent, "decline_words": "At the dentist's"})
    assert said.status_code == 303
    assert order(database, order_id).state == "queued"


def test_over_the_api_the_listed_reason_is_one(
    client: FlaskClient, ground: make.Ground, now: datetime, database: Session
) -> None:
    """The tables demand a reason of the list or in own words (tickets-rules 2), nothing besides."""
    technician = ground.technician()
    order_id = offered(ground, now)
    me, at = Caller(client, technician), f"/work-orders/{order_id}/transitions"
    assert me.post(at, {"to": "declined", "reason": "other"}, seen=2).status_code == 200
    event = database.scalars(select(TicketEvent).where(TicketEvent.kind == "decline")).one()
    assert event.reason == "other"


def test_the_desk_says_in_words_why_it_overrides(ground: make.Ground, now: datetime, desk: FlaskClient) -> None:
    ground.technician()
    absent = ground.technician(on_shift=False)
    order_id = offered(ground, now)
    sent = {"version": 2, "assign_assignee": str(absent.id), "assign_reason": "other", "assign_words": ""}
    refused = desk.post(f"/dispatch/{order_id}/assign", data=sent, headers=ENGLISH)
    assert refused.status_code == 422
    assert UNSAID in refused.get_data(as_text=True)


def field(page: str, name: str) -> str:
    """A field of a form with its label and hint."""
    found = re.search(rf'<div class="field">\s*<label class="field__label" for="f-{name}".*?</div>', page, re.DOTALL)
    assert found is not None, name
    return found[0]


def needs(page: str, name: str) -> dict[str, str]:
    """What the choices of a field demand, by value."""
    return dict(re.findall(rf'name="{name}" value="(\w+)" data-needs="(\w+)"', page))


def test_the_forms_say_what_the_chosen_reason_demands(
    ground: make.Ground, now: datetime, login: Login, desk: FlaskClient
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    client = login(technician)
    page = client.get(f"/crew/{order_id}", headers=ENGLISH).get_data(as_text=True)
    assert needs(page, "decline_reason") == {"other": "words"}
    assert 'data-needed-by="decline_reason" data-need="words"' in field(page, "decline_words")
    assert "in your own words" in page, "without script too"
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    page = client.get(f"/crew/{order_id}", headers=ENGLISH).get_data(as_text=True)
    assert needs(page, "give_back_reason") == {"other": "words"}
    assert 'data-needed-by="give_back_reason" data-need="words"' in field(page, "give_back_words")
    wanted = needs(page, "hold_reason")
    assert (wanted["parts"], wanted["reporter_absent"], "access" in wanted) == ("until", "card", False)
    assert 'data-needed-by="hold_reason" data-need="until"' in field(page, "hold_until")
    note = field(page, "hold_note")
    assert 'data-need="card" data-required="required, or a new time"' in note
    assert "write here that a card was left, or give a new time above" in note, "without script too"
    login(ground.dispatcher)
    panel = desk.get(f"/dispatch/{order_id}").get_data(as_text=True)
    assert 'data-need="card" data-required="required, or a new time"' in field(panel, "hold_note")
    listed = desk.get("/dispatch").get_data(as_text=True)
    assert '<option value="reporter_absent" data-needs="until">' in listed, "many have no place for the word of a card"
