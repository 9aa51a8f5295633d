"""What a reason demands besides: another one its words, nobody in a card or a time; forms say so beforehand."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.tickets.models import TicketEvent, WorkOrder
from app.tickets.rules.macros import Content, MacroAct, faults
from app.tickets.rules.reasons import explains
from app.tickets.rules.workflow import OVERRIDE_REASONS, OrderAct, TicketAct, reasons
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, offered
from tests.tickets.calling import Caller

Login = Callable[..., FlaskClient]
pytestmark = pytest.mark.usefixtures("frozen")
UNSAID = "Say in your own words what the other reason is."


def order(database: Session, order_id: int) -> WorkOrder:
    database.expire_all()
    return database.get_one(WorkOrder, (1, order_id))


@pytest.mark.parametrize("act", [*TicketAct, *OrderAct])
def test_another_reason_alone_explains_nothing(act: Any) -> None:
    codes = [each for each in reasons(act).codes if each != "other"]
    assert all(explains(act, code, None) for code in codes)
    if "other" in reasons(act).codes:
        assert not any(explains(act, code, note) for code in ("other", " Other ") for note in (None, "", "  "))
        assert explains(act, "other", "At the dentist's")
        assert explains(act, "At the dentist's", None)
    assert not explains(act, None, "a note is no reason")


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


def test_the_same_over_the_api_where_the_words_are_the_note(
    client: FlaskClient, ground: make.Ground, now: datetime, database: Session
) -> None:
    technician = ground.technician()
    order_id = offered(ground, now)
    me, at = Caller(client, technician), f"/work-orders/{order_id}/transitions"
    refused = me.post(at, {"to": "declined", "reason": "other"}, seen=2)
    assert refused.status_code == 422
    assert [(each["field"], each["message"]) for each in refused.json["errors"]] == [("reason", UNSAID)]
    told = {"to": "declined", "reason": "other", "note": "At the dentist's"}
    assert me.post(at, told, seen=2).status_code == 200
    event = database.scalars(select(TicketEvent).where(TicketEvent.kind == "decline")).one()
    assert (event.reason, event.note) == ("other", "At the dentist's")


def test_shift_and_cap_are_not_overridden_for_another_reason_without_words(
    client: FlaskClient, ground: make.Ground, now: datetime
) -> None:
    ground.technician()
    absent = ground.technician(on_shift=False)
    order_id = offered(ground, now)
    assert "other" in OVERRIDE_REASONS.codes
    desk, at = Caller(client, ground.dispatcher), f"/work-orders/{order_id}/assignment"
    assert desk.post(at, {"assignee": str(absent.id), "reason": "other"}, seen=2).status_code == 422
    assert desk.post(at, {"assignee": str(absent.id), "reason": "Lives next door"}, seen=2).status_code == 200


def test_a_macro_for_another_reason_says_which() -> None:
    assert faults(Content(act=MacroAct.CANCEL, reason="other", note="for the staff")) == {"reason": UNSAID}
    assert faults(Content(act=MacroAct.CANCEL, reason="Reported twice")) == {}


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
