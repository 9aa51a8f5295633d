"""What a dispatcher says when an order is given to somebody by hand: reason and words, in the API and on pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Person
from app.tickets.models import TicketEvent, WorkOrder
from app.tickets.rules.reasons import reason_label
from app.tickets.rules.workflow import OrderAct
from app.tickets.services import dispatching
from tests.factories import tickets as make
from tests.tickets.at_work import ENGLISH, do, filed, offered
from tests.tickets.test_api_tickets import Caller

pytestmark = pytest.mark.usefixtures("frozen")


def give(ground: make.Ground, order_id: int, to: Person, now: datetime, **said: Any) -> None:
    dispatching.assign(
        actor=make.actor(ground.dispatcher), now=now, order_id=order_id, assignee_id=to.id, seen=None, **said
    )


def test_a_note_beside_the_reason_is_taken_over_the_api_and_kept(
    ground: make.Ground, client: FlaskClient, database: Session
) -> None:
    absent = ground.technician(on_shift=False)
    order_id = filed(ground)
    desk, path = Caller(client, ground.dispatcher), f"/work-orders/{order_id}/assignment"
    sent = {"assignee": str(absent.id), "reason": "agreed", "note": "钥匙在值班室\n二楼"}
    given = desk.post(path, sent, seen=1)
    assert (given.status_code, given.json["assignee"]["id"]) == (200, str(absent.id)), given.json
    kept = database.scalars(select(TicketEvent).where(TicketEvent.kind == "offer")).one()
    assert (kept.reason, kept.note) == ("agreed", "钥匙在值班室\n二楼")
    told = desk.get(f"/tickets/{kept.ticket_id}/events").json["items"]
    assert [(each["reason"], each["note"]) for each in told if each["kind"] == "offer"] == [(kept.reason, kept.note)]
    long = desk.post(path, {**sent, "note": "x" * 2001}, seen=given.json["version"])
    assert [each["field"] for each in long.json["errors"]] == ["note"]


def test_the_ranking_takes_no_words(ground: make.Ground, client: FlaskClient, database: Session) -> None:
    """Nobody is named to whom they could be said, and nothing that was written is dropped in silence."""
    ground.technician()
    order_id = filed(ground)
    refused = Caller(client, ground.dispatcher).post(
        f"/work-orders/{order_id}/assignment", {"auto": True, "note": "Please"}, seen=1
    )
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "note")
    assert database.scalar(select(WorkOrder.state).where(WorkOrder.id == order_id)) == "queued"


def test_the_note_stands_in_the_document(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert "note" in document["components"]["schemas"]["Assignment"]["properties"]


def test_the_card_says_who_gave_it_why_and_in_what_words(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    """The whole of what was said, on the card, on the order's page, and still while it is held."""
    technician = ground.technician()
    order_id = filed(ground)
    give(ground, order_id, technician, now, reason="urgent", note="Bring the long ladder")
    browser = login(technician)

    def pages(*paths: str) -> list[str]:
        return [browser.get(path, headers=ENGLISH).get_data(as_text=True) for path in paths]

    for page in pages("/crew", "/crew/day", f"/crew/{order_id}"):
        assert "Given to you by 王调度: It cannot wait" in page
        assert "Bring the long ladder" in page
        assert "Why you" not in page
    do(technician, order_id, OrderAct.ACCEPT, now=now)
    (held,) = pages(f"/crew/{order_id}")
    assert "Given to you by 王调度: It cannot wait" in held
    assert "Bring the long ladder" in held


def test_a_reassignment_is_explained_to_the_next_and_to_the_desk(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    first, second = ground.technician(), ground.technician()
    order_id = filed(ground)
    give(ground, order_id, first, now)
    do(first, order_id, OrderAct.ACCEPT, now=now)
    give(ground, order_id, second, now, reason="better_suited", note="You know this pump")
    card = login(second).get("/crew", headers=ENGLISH).get_data(as_text=True)
    assert "Given to you by 王调度: Somebody else is better suited" in card
    assert "You know this pump" in card
    panel = login(ground.dispatcher).get(f"/dispatch/{order_id}", headers=ENGLISH).get_data(as_text=True)
    assert "Given, because: Somebody else is better suited" in panel
    assert "You know this pump" in panel


def test_what_was_said_to_one_is_not_said_to_the_next(
    ground: make.Ground, now: datetime, login: Callable[..., FlaskClient]
) -> None:
    """An order that went back and is offered by the ranking came from nobody's hand."""
    first = ground.technician()
    order_id = offered(ground, now)
    second = ground.technician(level=1)
    do(first, order_id, OrderAct.DECLINE, now=now, reason="busy")
    give(ground, order_id, first, now, reason="urgent", note="Only you can")
    do(first, order_id, OrderAct.ACCEPT, OrderAct.GIVE_BACK, now=now, reason="unwell")
    dispatching.assign_automatically(actor=make.actor(ground.dispatcher), now=now, order_id=order_id, seen=None)
    for person in (first, second):
        assert "Only you can" not in login(person).get("/crew", headers=ENGLISH).get_data(as_text=True)


@pytest.mark.parametrize(("act", "stored"), [("reassign", "urgent"), ("offer", "balance"), ("reassign", "balance")])
def test_one_reason_may_say_both_that_it_moves_and_that_the_shift_is_overridden(act: str, stored: str) -> None:
    assert reason_label(OrderAct(act), stored) != stored
